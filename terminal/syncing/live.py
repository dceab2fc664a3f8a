"""The live channel: a request that head office answers when there is news for this till. Wakes the sync worker, and gives recalled leases back at once, so that another
store's payment gets them within one round trip.

Owns its thread and its connection; the token is the one that the last cycle got. Without an answer the worker looks for news by itself, as before.
"""

import logging
import threading
from collections.abc import Callable
from math import inf
from typing import Final

from msgspec.structs import replace

from sync.client import HqClient
from sync.errors import HqRefused, SyncError
from sync.live import LiveRequest, News
from sync.messages import GLOBAL_SCOPE
from terminal.clock import Clock
from terminal.journal import Journal, JournalError
from terminal.leasing import Leasing
from terminal.replica import Replica, ReplicaError
from terminal.syncing.pauses import chance_of, pause_s

_log = logging.getLogger(__name__)
WAIT_S: Final = 20.0
_PAUSE_S: Final = 2.0
_PAUSE_MAX_S: Final = 10.0
_PAUSE_BETWEEN_S: Final = 0.1
"""After an answer without news, so that a head office that does not wait is not run over."""
_PAUSE_WITHOUT_CHANNEL_S: Final = 60.0
_SPREAD_MAX_S: Final = 30.0
_NOT_FOUND: Final = 404


class LiveChannel:
    """`start` and `stop` from the owner's thread; `step` is one request, on the thread that calls it."""

    def __init__(
        self,
        client: HqClient,
        token: Callable[[], str],
        journal: Journal,
        replica: Replica,
        leasing: Leasing,
        clock: Clock,
        *,
        on_news: Callable[[News], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._client = client
        self._token = token
        self._journal = journal
        self._replica = replica
        self._leasing = leasing
        self._clock = clock
        self._failures = 0
        self._on_news = on_news
        self._on_lost = on_lost
        self._is_open = False
        self._told = News(epoch="", heads={}, grants=0)
        self._due_s = inf
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="till-live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 0.5) -> None:
        """A request that waits at head office is left to itself: what it brings is not acted upon."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def is_open(self) -> bool:
        """Whether head office answered the last request: then it also tells of whatever comes. From any thread."""
        return self._is_open

    def step(self, wait_s: float = WAIT_S) -> float:
        """Returns how long to wait before the next."""
        self._client.token = self._token()
        if not self._client.token:
            return _PAUSE_S
        try:
            known = self._request(min(wait_s, self._due_in_s()))
            news = self._client.live(known)
        except (SyncError, JournalError, ReplicaError, OSError) as error:
            return self._lost(error)
        self._is_open = True
        self._failures = 0
        return 0.0 if self._stopping.is_set() else self._heed(news, known)

    def _request(self, wait_s: float) -> LiveRequest:
        """What was told but is not here yet is not asked for again: the worker is on its way."""
        epoch = self._journal.head_office.epoch
        told = self._told if self._told.epoch == epoch else News(epoch=epoch, heads={}, grants=0)
        cursors = {scope: max(cursor, told.heads.get(scope, 0)) for scope, cursor in self._replica.cursors().items()}
        return LiveRequest(
            epoch=epoch,
            cursors=cursors,
            grants_after=max(self._journal.reservations.grant_watermark(), told.grants),
            returned=self._leasing.recalled(),
            wait_s=wait_s,
        )

    def _heed(self, news: News, known: LiveRequest) -> float:
        if news.recalls:
            try:
                self._leasing.give_back_recalled(news.recalls)
            except (JournalError, ReplicaError) as error:
                _log.warning("a lease that is asked back stays for now: %s", error)  # the worker's cycle gives it back
        bare = replace(news, blocks=(), spread_s=0.0)
        is_old = not news.recalls and bare == replace(self._told, as_of=news.as_of)
        self._take_blocks(news)
        if is_old and self._due_in_s() > 0:
            return _PAUSE_BETWEEN_S
        if not is_old and news.spread_s and not news.recalls and _only_global_moved(news, known):
            rest_s = chance_of(self._clock) * min(news.spread_s, _SPREAD_MAX_S)
            self._due_s = min(self._due_s, self._clock.monotonic_s() + rest_s)
            self._told = bare
            return 0.0
        self._told, self._due_s = bare, inf
        self._on_news(news)
        return 0.0

    def _due_in_s(self) -> float:
        """How long until the worker hears of what all tills were told; infinite when there is nothing of the kind. Meanwhile the channel goes on: whatever else comes does not
        wait."""
        return max(0.0, self._due_s - self._clock.monotonic_s())

    def _take_blocks(self, news: News) -> None:
        """At once: the page that brings them too may have to wait until the other tills have it."""
        if not news.blocks:
            return
        try:
            self._replica.take_ahead(news.blocks, news.epoch)
        except ReplicaError as error:
            _log.warning("who may not pay is read with the feed: %s", error)

    def _lost(self, error: Exception) -> float:
        """The worker relied on being told: it looks at once what is the matter, so that the cashier sees the line fall. When head office starts again, each till comes back at a
        moment of its own."""
        self._failures += 1
        self._due_s = inf
        if self._is_open:
            self._is_open = False
            self._on_lost()
        _log.info("the live channel: %s", error)
        if isinstance(error, HqRefused) and error.http_status == _NOT_FOUND:
            return _PAUSE_WITHOUT_CHANNEL_S
        return pause_s(error, self._failures, self._clock, first_s=2 * _PAUSE_S, max_s=_PAUSE_MAX_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause_s = self.step()
            except Exception:  # the last resort of this thread: logged, and the worker looks for news by itself
                _log.exception("the live channel failed by a defect")
                pause_s = _PAUSE_WITHOUT_CHANNEL_S
            self._stopping.wait(pause_s)


def _only_global_moved(news: News, known: LiveRequest) -> bool:
    """Nothing is to be had from head office but what all tills want from it at this moment."""
    moved = {scope for scope, head in news.heads.items() if head > known.cursors.get(scope, 0)}
    return news.epoch == known.epoch and moved == {GLOBAL_SCOPE} and news.grants <= known.grants_after
