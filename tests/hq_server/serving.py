"""Owns serving a head office that is there already: a data folder, possibly a copy of another, behind real HTTP with the test's clock."""

import contextlib
from collections.abc import Iterator

from hq_server.app import create_app
from hq_server.config import HqConfig
from tests.hq_server.quick_server import served_at
from tests.hq_server.served import ServedHq, StandingClock


@contextlib.contextmanager
def serving(config: HqConfig, clock: StandingClock) -> Iterator[ServedHq]:
    app = create_app(config, clock=clock)
    with served_at(app) as url:
        served = ServedHq(url, app.state.office, clock)
        with served.clients:
            yield served
