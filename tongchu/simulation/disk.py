"""A till's disk that can be full: SQLite itself then refuses to let the journal grow, as it does when the file system has no room. Owns no file."""

import sqlite3
from collections.abc import Callable
from typing import Any, Final

_NO_LIMIT: Final = 4_294_967_294


class Disk:
    def __init__(self) -> None:
        self.full = False

    def connection_class(self) -> type[sqlite3.Connection]:
        disk = self

        class OnThisDisk(sqlite3.Connection):
            _told_full = False

            def execute(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
                if statement == "BEGIN IMMEDIATE" and (disk.full or self._told_full):
                    # Never below what the file has: SQLite takes 1 as "no page more".
                    super().execute(f"PRAGMA max_page_count = {1 if disk.full else _NO_LIMIT}")
                    self._told_full = disk.full
                return super().execute(statement, parameters)

        return OnThisDisk

    @property
    def opener(self) -> Callable[..., sqlite3.Connection]:
        kind = self.connection_class()

        def connect(*where: Any, **how: Any) -> sqlite3.Connection:
            return sqlite3.connect(*where, factory=kind, **how)

        return connect
