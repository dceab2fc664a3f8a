"""Owns serving a head office that is there already: a data folder, possibly a copy of another, behind real HTTP with the test's clock."""

import contextlib
import threading
from collections.abc import Iterator

import uvicorn

from hq_server.app import create_app
from hq_server.config import HqConfig
from tests.hq_server.served import ServedHq, StandingClock
from tests.waiting import until


@contextlib.contextmanager
def serving(config: HqConfig, clock: StandingClock) -> Iterator[ServedHq]:
    app = create_app(config, clock=clock)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, name="hq", daemon=True)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive(), what="head office to listen")
        port = server.servers[0].sockets[0].getsockname()[1]
        served = ServedHq(f"http://127.0.0.1:{port}", app.state.office, clock)
        with served.clients:
            yield served
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "head office did not stop"
