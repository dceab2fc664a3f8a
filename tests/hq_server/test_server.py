"""Told to end, head office answers whoever waits for news, instead of waiting for news with them."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn

from hq_server.app import create_app
from hq_server.server import HqServer
from sync.live import LIVE_WAIT_S_MAX, LiveRequest
from sync.messages import GLOBAL_SCOPE
from tests.hq_server.furnished import config_of
from tests.hq_server.served import ServedHq, StandingClock
from tests.waiting import until


def test_a_till_that_waits_for_news_is_answered_when_head_office_ends(furnished_sqlite: Path, tmp_path: Path) -> None:
    shutil.copytree(furnished_sqlite, tmp_path, dirs_exist_ok=True)
    clock = StandingClock()
    app = create_app(config_of(tmp_path), clock=clock)
    office = app.state.office
    server = HqServer(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None), office.news)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, what="head office to listen")
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    with ThreadPoolExecutor(1) as pool:
        hq = ServedHq(url, office, clock)
        till = hq.till()
        known = LiveRequest(
            epoch=till.epoch, cursors={GLOBAL_SCOPE: 10_000, "S01": 10_000}, wait_s=LIVE_WAIT_S_MAX, grants_after=10
        )
        answer = pool.submit(till.client.live, known)
        until(lambda: office.news.waiting, what="the till to wait")
        server.should_exit = True
        thread.join(LIVE_WAIT_S_MAX / 2)
        assert not thread.is_alive(), "it waits for the till, which waits for news"
        assert answer.result(1).epoch == till.epoch
        till.client.close()
