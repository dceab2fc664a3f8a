"""Owns when snapshots are made: in one background thread, for a store whose newest one is missing, of an old epoch or far behind its feed; and from what: the
newest one's plain file and what changed since, or the whole database.

Made and closed by the composition root. Endpoints ask for the newest and may wait a little for the first one.
"""

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Self

from sqlalchemy import select

from hq_server.database.engine import Database, ReadSession
from hq_server.database.models import Store
from hq_server.feed.publishing import current_epoch, heads_of
from hq_server.keys.generations import current_key
from hq_server.keys.key_files import HqKeys
from hq_server.snapshots.replica_file import ReplicaFacts, renew_replica, write_replica
from hq_server.snapshots.shelf import Shelf
from sync import replica_schema
from sync.messages import PAGE_ROWS, SnapshotManifest
from sync.snapshot import file_sha256, pack_file

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 30.0
ROWS_BEHIND_MAX = 8 * PAGE_ROWS
AGE_MAX = timedelta(hours=12)
_PREFIX_BYTES = 8


class SnapshotBuilder:
    """`clock` is head office's. Use as a context manager, or call `start` and `close`; `build` may also be called from any thread."""

    def __init__(self, database: Database, keys: HqKeys, folder: Path, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self.shelf = Shelf(folder)
        self._template = folder / "empty-replica.db"
        self._template_guard = threading.Lock()
        self._template_made = False
        self._wanted: set[str] = set()
        self._news = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="snapshots", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def latest(self, scope: str, *, wait_s: float = 0.0) -> SnapshotManifest | None:
        """The newest of the current epoch. When there is none it is made at once, and waited for `wait_s` at most; by the calling thread when `start` was not called."""
        manifest = self._current(scope)
        if manifest is not None or not wait_s:
            return manifest
        if self._thread.ident is None:
            return self.build(scope)
        with self._news:
            self._wanted.add(scope)
            self._news.notify_all()
            self._news.wait_for(lambda: self._closing or scope not in self._wanted, timeout=wait_s)
        return self._current(scope)

    def build(self, scope: str) -> SnapshotManifest:
        """Makes the store's snapshot now, on the newest one where it can."""
        workshop = self.shelf.workshop(scope)
        try:
            plain, packed = workshop / "replica.db", workshop / "packed"
            as_of = self._clock()
            with self._database.read() as session:
                renewed = self._renewed(session, plain, scope, as_of)
                facts = renewed or self._whole(session, plain, scope, as_of)
                key = current_key(session, self._keys, scope)
            pack_file(plain, packed, key.key, self._keys.random(_PREFIX_BYTES))
            manifest = SnapshotManifest(
                scope=scope,
                epoch=facts.epoch,
                cursor=facts.cursor,
                global_cursor=facts.global_cursor,
                sha256=file_sha256(packed),
                size_bytes=packed.stat().st_size,
                plain_sha256=file_sha256(plain),
                plain_size_bytes=plain.stat().st_size,
                key_id=key.key_id,
                as_of=as_of,
            )
            self.shelf.put(packed, manifest)
            self.shelf.keep_plain(plain, scope)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
        told = {"members": facts.members, "bytes": manifest.size_bytes, "renewed": renewed is not None}
        logger.info("snapshot made", extra={"scope": scope, **told})
        return manifest

    def _whole(self, session: ReadSession, plain: Path, scope: str, as_of: datetime) -> ReplicaFacts:
        shutil.copyfile(self._empty_replica(), plain)
        return write_replica(session, plain, scope, as_of=as_of)

    def _renewed(self, session: ReadSession, plain: Path, scope: str, as_of: datetime) -> ReplicaFacts | None:
        """From the newest snapshot's plain file, when it is really that and of this version's shape."""
        newest, kept = self.shelf.latest(scope), self.shelf.plain(scope)
        if newest is None or kept is None:
            return None
        shutil.copyfile(kept, plain)
        if file_sha256(plain) != newest.plain_sha256:
            return None
        if not replica_schema.is_current(plain):
            return None
        return renew_replica(session, plain, scope, as_of=as_of)

    def _empty_replica(self) -> Path:
        """Made once a process, so that it is of this version: running migrations is slow and not for two threads at a time."""
        with self._template_guard:
            if not self._template_made:
                self._template.parent.mkdir(parents=True, exist_ok=True)
                draft = self._template.with_name(f"{self._template.name}.{token_hex(8)}")
                replica_schema.upgrade(draft)
                draft.replace(self._template)
                self._template_made = True
        return self._template

    def _current(self, scope: str) -> SnapshotManifest | None:
        manifest = self.shelf.latest(scope)
        if manifest is None:
            return None
        with self._database.read() as session:
            key_id = current_key(session, self._keys, scope).key_id
            return manifest if (manifest.epoch, manifest.key_id) == (current_epoch(session), key_id) else None

    def stale(self) -> list[str]:
        """The stores whose snapshot ought to be made anew."""
        with self._database.read() as session:
            epoch = current_epoch(session)
            heads = heads_of(session, epoch)
            stores = list(session.scalars(select(Store.store_id).order_by(Store.store_id)))
            key_ids = {store_id: current_key(session, self._keys, store_id).key_id for store_id in stores}
        return [each for each in stores if self._is_stale(each, epoch, heads.get(each, 0), key_ids[each])]

    def _is_stale(self, store_id: str, epoch: str, head: int, key_id: str) -> bool:
        manifest = self.shelf.latest(store_id)
        if manifest is None or manifest.epoch != epoch or manifest.key_id != key_id:
            return True
        behind = head - manifest.cursor
        return behind > ROWS_BEHIND_MAX or (behind > 0 and self._clock() - manifest.as_of > AGE_MAX)

    def _work(self) -> None:
        while not self._closing:
            self._round()
            with self._news:
                if not self._wanted and not self._closing:
                    self._news.wait(LOOK_EVERY_S)

    def _round(self) -> None:
        """One store's that cannot be made keeps no other's: whoever waits for it gets "not ready" and asks again."""
        with self._news:
            due = sorted(self._wanted)
        with _last_resort("*"):
            due += self.stale()
        for scope in dict.fromkeys(due):
            if self._closing:
                return
            with _last_resort(scope):
                self.build(scope)
            self._told(scope)

    def _told(self, scope: str) -> None:
        with self._news:
            self._wanted.discard(scope)
            self._news.notify_all()


@contextlib.contextmanager
def _last_resort(scope: str) -> Iterator[None]:
    """Of the thread: the next round tries again."""
    try:
        yield
    except Exception:
        logger.exception("a snapshot could not be made", extra={"scope": scope})
