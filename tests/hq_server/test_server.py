"""Told to end, head office answers whoever waits for news, instead of waiting for news with them. It notices dead lines, and bounds how many are open."""

import resource
import shutil
import socket
import subprocess
import sys
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
        (line, *_) = server.server_state.connections
        taken: socket.socket = line.transport.get_extra_info("socket")
        assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), "a till whose line was cut would be waited for"
        server.should_exit = True
        thread.join(LIVE_WAIT_S_MAX / 2)
        assert not thread.is_alive(), "it waits for the till, which waits for news"
        assert answer.result(1).epoch == till.epoch
        till.client.close()


FILES = """
import logging, resource
from hq_server.server import lines_at_most
logging.basicConfig(format="%(message)s")
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 1000))
print(lines_at_most(200), lines_at_most(10_000), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_as_many_files_are_taken_as_the_system_gives_and_lines_are_bounded_by_them() -> None:
    """In a process of its own: a limit once lowered stays."""
    told = subprocess.run([sys.executable, "-c", FILES], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["800", "800", "1000", "1000"]
    assert told.stderr.count("LimitNOFILE") == 1, "of the one that is too many"
    assert "some 266 tills" in told.stderr
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 1_000
