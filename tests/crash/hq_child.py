"""Owns head office as a child process: the real application under uvicorn on a fixed port, killed at a step when told to, and started again on what is left."""

import signal
import socket
from contextlib import suppress
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self

from hq_server import server
from hq_server.app import create_app
from hq_server.config import HqConfig
from sync.client import KEPT_LINE_S
from tests.crash.fork_server import fork_server
from tests.crash.kill_at import Kill, arm
from tests.waiting import until


def serve(config: HqConfig, kill: Kill | None) -> None:
    arm(kill)
    server.serve(create_app(config), host=config.host, port=config.port, keep_alive_s=KEPT_LINE_S)


class HqProcess:
    """`start` returns when it answers. The port stays through all lives."""

    def __init__(self, config: HqConfig) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.config = config.model_copy(update={"port": port})
        self._process: BaseProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    def start(self, kill: Kill | None = None) -> None:
        """Until it listens, or was killed already: what the life before left to be sequenced is sequenced at once."""
        process = fork_server().Process(target=serve, args=(self.config, kill), name="hq")
        process.start()
        self._process = process
        until(lambda: not process.is_alive() or self._listens(), what="head office to listen", timeout_s=60)
        was_killed = kill is not None and process.exitcode == -signal.SIGKILL
        assert was_killed or process.is_alive(), f"head office ended with {process.exitcode} before it answered"

    def exit_code(self, timeout_s: float) -> int | None:
        """Of the life that was started last; None while it goes on."""
        assert self._process is not None
        self._process.join(timeout_s)
        return self._process.exitcode

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join(30)
            self._process.kill()
            self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.config.port), timeout=1):
            return True
        return False
