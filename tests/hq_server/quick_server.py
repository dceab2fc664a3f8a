"""Owns serving an application in a thread of the test's own process: real HTTP on a free port of loopback, and an end without the naps that uvicorn takes on its way out."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from hq_server.server import HqServer
from tests.waiting import until


class QuickServer(HqServer):
    """uvicorn looks ten times a second whether it should end, then naps as long again and once more while a line is open: hundreds of tests would wait for that."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._over.wait()

    def end(self) -> None:
        """From another thread, once started. What is being answered is answered to its end."""
        self._loop.call_soon_threadsafe(self._over.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._news.close()
        for server in self.servers:
            server.close()
        for line in list(self.server_state.connections):
            line.shutdown()
        while answering := [each for each in self.server_state.tasks if not each.done()]:
            await asyncio.wait(answering)
        await self.lifespan.shutdown()


@contextlib.contextmanager
def served_at(app: FastAPI) -> Iterator[str]:
    """The URL that it answers at."""
    server = QuickServer(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on"), app.state.office.news
    )
    thread = threading.Thread(target=server.run, name="hq", daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), what="head office to listen", nap_s=0.002)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.end()
        thread.join(10)
        assert not thread.is_alive(), "head office did not stop"
