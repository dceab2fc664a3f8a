"""Owns waiting for news: of a feed's head, of a till's grants and recalls, of a member's wallet. Holds no rows; whoever is woken looks for himself."""

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

WAITERS_MAX: Final = 5_000
"""Unless the composition says otherwise."""


class TooManyWait(Exception):
    """This process holds as many waiting requests as it may."""


def till_topic(terminal_id: str) -> str:
    return f"till:{terminal_id}"


def member_topic(member_id: str) -> str:
    return f"member:{member_id}"


class Watch:
    """One waiting request. Whatever came after `watching` began, or after the last `wait` returned, ends the next `wait` at once."""

    def __init__(self, feeds: Mapping[str, int]) -> None:
        self.feeds = dict(feeds)
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._called = False

    def wake(self, *, called: bool) -> None:
        """From any thread. `called`: something happened to one of the topics, not only to the feeds."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, called)

    async def wait(self, timeout_s: float) -> bool:
        """Whether something happened to one of the topics; if not, the board's `latest` is all there is to know."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), timeout_s)
        self._told.clear()
        called, self._called = self._called, False
        return called

    def _tell(self, called: bool) -> None:
        self._called |= called
        self._told.set()


class NewsBoard:
    """`tell` and `call` may come from any thread; `watching` and `wait` from the server's event loop. `waiters_max` bounds memory only: it must leave room for every call
    that is let in, or the tills that wait for news would keep payments from waiting for a lease."""

    def __init__(self, waiters_max: int = WAITERS_MAX) -> None:
        self._waiters_max = waiters_max
        self._guard = threading.Lock()
        self._epoch = ""
        self._heads: dict[str, int] = {}
        self._watches: set[Watch] = set()
        self._topics: defaultdict[str, set[Watch]] = defaultdict(set)
        self._closed = False

    @property
    def closed(self) -> bool:
        """Nobody should begin to wait any more."""
        return self._closed

    def close(self) -> None:
        """Head office is about to end: whoever waits looks once more and answers."""
        with self._guard:
            self._closed = True
            woken = set(self._watches)
        for watch in woken:
            watch.wake(called=True)

    @property
    def waiting(self) -> int:
        with self._guard:
            return len(self._watches)

    def tell(self, epoch: str, heads: Mapping[str, int]) -> None:
        """A new epoch is news to everyone."""
        with self._guard:
            begun = epoch != self._epoch
            self._epoch, self._heads = epoch, dict(heads)
            woken = [watch for watch in self._watches if begun or _is_behind(watch.feeds, heads)]
        for watch in woken:
            watch.wake(called=begun)

    def latest(self, epoch: str, heads: Mapping[str, int], *feeds: str) -> dict[str, int]:
        """`heads` of these feeds, or what was told since: whoever looked himself may have seen more than the board."""
        with self._guard:
            told = self._heads if epoch == self._epoch else {}
            found = {feed: max(heads.get(feed, 0), told.get(feed, 0)) for feed in feeds}
        return {feed: head for feed, head in found.items() if head}

    def call(self, topics: Iterable[str]) -> None:
        """Something happened to a till or a member."""
        with self._guard:
            woken = {watch for topic in topics for watch in self._topics.get(topic, ())}
        for watch in woken:
            watch.wake(called=True)

    @contextlib.contextmanager
    def watching(self, topics: Iterable[str], feeds: Mapping[str, int]) -> Iterator[Watch]:
        """Begin before looking, so that nothing is missed in between. Raises `TooManyWait`."""
        watch, wanted = Watch(feeds), list(topics)
        with self._guard:
            if len(self._watches) >= self._waiters_max:
                raise TooManyWait(f"{self._waiters_max} requests wait for news already")
            self._watches.add(watch)
            for topic in wanted:
                self._topics[topic].add(watch)
        try:
            yield watch
        finally:
            with self._guard:
                self._watches.discard(watch)
                for topic in wanted:
                    self._topics[topic].discard(watch)
                    if not self._topics[topic]:
                        del self._topics[topic]

    async def wait(self, feed_id: str, after: int, timeout_s: float) -> None:
        """Returns when the feed's head has passed `after`, or the time is over. Too many waiters: returns at once."""
        try:
            with self.watching((), {feed_id: after}) as watch:
                with self._guard:
                    if self._closed or self._heads.get(feed_id, 0) > after:
                        return
                await watch.wait(timeout_s)
        except TooManyWait:
            return


def _is_behind(feeds: Mapping[str, int], heads: Mapping[str, int]) -> bool:
    return any(heads.get(feed, 0) > cursor for feed, cursor in feeds.items())
