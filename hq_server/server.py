"""Owns the HTTP server that head office runs in: uvicorn, which answers whoever waits for news when it is told to end, notices lines that are dead, and takes no more of them
than the system lets it open. Called by `tongchu hq serve`."""

import contextlib
import logging
import resource
import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from hq_server.feed.news import NewsBoard
from hq_server.office import Office

logger = logging.getLogger(__name__)
_NOT_STARTED: Final = 3
_OTHER_FILES: Final = 200
"""Databases, keys, snapshots, logs."""
_LINES_OF_A_TILL: Final = 3
"""It syncs, it waits for news, and it asks before a payment."""
_DEAD_AFTER_S: Final = 60
_LINE_OPTIONS: Final = (
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", _DEAD_AFTER_S // 2),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", _DEAD_AFTER_S // 6),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", 1_000 * _DEAD_AFTER_S),
)
"""A till that lost its line says no goodbye. What the listening socket has, the lines that it takes have."""


class HqServer(uvicorn.Server):
    """Tills wait on the live channel for as long as nothing happens: an end that waited for them would take that long."""

    def __init__(self, config: uvicorn.Config, news: NewsBoard) -> None:
        super().__init__(config)
        self._news = news

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in (each for server in getattr(self, "servers", ()) for each in server.sockets):
            for level, name, value in _LINE_OPTIONS:
                # Each is Linux's; another system notices dead lines later.
                if hasattr(socket, name):
                    listening.setsockopt(level, getattr(socket, name), value)

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
        limit_concurrency=lines_at_most(office.config.waiting_calls_max),
    )
    server = HqServer(config, office.news)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(_NOT_STARTED)


def lines_at_most(tills: int) -> int:
    """How many lines may be open at once, after this process has been allowed as many files as the system gives it. Who comes then is answered 503; without a bound nobody would
    be answered any more, once no file can be opened."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    lines = max(1, files - _OTHER_FILES)
    if lines < tills * _LINES_OF_A_TILL:
        logger.warning(
            "the system lets this process open %s files: enough for some %s tills, and the configuration says %s; raise the limit (LimitNOFILE of the service)",
            files,
            lines // _LINES_OF_A_TILL,
            tills,
        )
    return lines
