"""A head office whose snapshots are built by the test, not in the background, and opened as a till would."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from hq_server.config import HqConfig
from hq_server.database.engine import Database
from hq_server.feed.publishing import publish
from hq_server.keys.key_files import load_keys
from hq_server.snapshots.builder import SnapshotBuilder
from stored_value.identity import StoreId
from sync.messages import SnapshotManifest, StoreRow
from sync.snapshot import unpack_file
from tests.hq_server.opened import NOW


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Hq:
    def __init__(self, config: HqConfig) -> None:
        self.config = config
        self.clock = Clock()
        self.database = Database(config.database)
        self.keys = load_keys(config.keys)
        self.builder = SnapshotBuilder(self.database, self.keys, config.snapshots_dir, self.clock)

    def opened(self, manifest: SnapshotManifest, folder: Path) -> Path:
        """As a till opens it."""
        packed = self.builder.shelf.path(manifest.scope, manifest.sha256)
        assert packed is not None
        plain = folder / f"replica-{manifest.sha256[:8]}.db"
        key = self.keys.scope_key(manifest.scope).key
        unpack_file(packed, plain, key, manifest.sha256, manifest.plain_sha256)
        return plain

    def publish_rows(self, count: int) -> None:
        with self.database.write() as session:
            rows = [StoreRow(store_id=StoreId("S01"), name="人民路店", zone="Asia/Shanghai")] * count
            publish(session, "S01", *rows, at=self.clock.now)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as replica:
        return replica.execute(query).fetchall()
