"""Owns waiting for news of a feed: who asked to be told, and waking them when its head moves. Holds no rows; readers fetch the page themselves."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Final

WAITERS_MAX: Final = 5_000


class NewsBoard:
    """`tell` may come from any thread; `wait` from the server's event loop."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._epoch = ""
        self._heads: dict[str, int] = {}
        self._waiters: dict[asyncio.Future[None], tuple[str, int]] = {}

    @property
    def waiting(self) -> int:
        with self._guard:
            return len(self._waiters)

    def tell(self, epoch: str, heads: Mapping[str, int]) -> None:
        """A new epoch is news to everyone."""
        with self._guard:
            begun = epoch != self._epoch
            self._epoch, self._heads = epoch, dict(heads)
            woken = [future for future, (feed, after) in self._waiters.items() if begun or heads.get(feed, 0) > after]
        for future in woken:
            future.get_loop().call_soon_threadsafe(_wake, future)

    async def wait(self, feed_id: str, after: int, timeout_s: float) -> None:
        """Returns when the feed's head has passed `after`, or the time is over. Too many waiters: returns at once."""
        future = asyncio.get_running_loop().create_future()
        with self._guard:
            if self._heads.get(feed_id, 0) > after or len(self._waiters) >= WAITERS_MAX:
                return
            self._waiters[future] = (feed_id, after)
        try:
            await asyncio.wait_for(future, timeout_s)
        except TimeoutError:
            return
        finally:
            with self._guard:
                self._waiters.pop(future, None)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
