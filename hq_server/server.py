"""Owns the HTTP server that head office runs in: uvicorn, which answers whoever waits for news when it is told to end. Called by `tongchu hq serve`."""

import contextlib
import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from hq_server.feed.news import NewsBoard
from hq_server.office import Office

_NOT_STARTED: Final = 3


class HqServer(uvicorn.Server):
    """Tills wait on the live channel for as long as nothing happens: an end that waited for them would take that long."""

    def __init__(self, config: uvicorn.Config, news: NewsBoard) -> None:
        super().__init__(config)
        self._news = news

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._news.close()
        await super().shutdown(sockets)


def serve(application: FastAPI, *, host: str, port: int, keep_alive_s: int) -> None:
    """Until SIGTERM or Ctrl-C; what is being answered then is answered to its end. Exits with 3 when it cannot listen."""
    office: Office = application.state.office
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_keep_alive=keep_alive_s,
    )
    server = HqServer(config, office.news)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(_NOT_STARTED)
