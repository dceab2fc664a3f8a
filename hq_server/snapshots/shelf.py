"""Owns the folder of packed snapshots: a file named by its hash, a manifest that says which is the newest, and throwing old ones away.

A file is never changed once it has its name, so any cache may keep it and a broken download goes on where it stopped. Several processes may share the folder.
"""

import contextlib
import re
from pathlib import Path
from secrets import token_hex

import msgspec

from sync.messages import SnapshotManifest

KEPT = 3
"""Older files of a scope stay this many snapshots long, for tills that are downloading one."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCOPE = re.compile(r"[A-Za-z0-9_-]{1,24}")
_LATEST = "latest.json"
_PLAIN = "newest-plain.db"


class Shelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def workshop(self, scope: str) -> Path:
        """A new, empty folder beside the scope's files, for making one; the maker removes it."""
        path = self._scope_folder(scope) / f"making-{token_hex(8)}"
        path.mkdir(parents=True)
        return path

    def put(self, packed: Path, manifest: SnapshotManifest) -> None:
        """Gives the finished file its name, then makes it the newest: a manifest never names a file that is not there."""
        folder = self._scope_folder(manifest.scope)
        packed.replace(self._file(manifest.scope, manifest.sha256))
        draft = folder / f"{_LATEST}.{token_hex(8)}"
        draft.write_bytes(msgspec.json.encode(manifest))
        draft.replace(folder / _LATEST)
        self._prune(manifest)

    def keep_plain(self, plain: Path, scope: str) -> None:
        """The newest snapshot's plain file, which the next one is made from; for head office's eyes only. Takes the file away."""
        plain.chmod(0o600)
        plain.replace(self._scope_folder(scope) / _PLAIN)

    def plain(self, scope: str) -> Path | None:
        """Not necessarily the newest one's, when several processes build: compare its hash."""
        path = self._scope_folder(scope) / _PLAIN
        return path if path.is_file() else None

    def latest(self, scope: str) -> SnapshotManifest | None:
        try:
            raw = (self._scope_folder(scope) / _LATEST).read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(raw, type=SnapshotManifest)

    def path(self, scope: str, sha256: str) -> Path | None:
        """None when there is no such file, or the names are none of ours."""
        if not (_SCOPE.fullmatch(scope) and _SHA256.fullmatch(sha256)):
            return None
        path = self._file(scope, sha256)
        return path if path.is_file() else None

    def _scope_folder(self, scope: str) -> Path:
        if not _SCOPE.fullmatch(scope):
            raise ValueError(f"not a scope: {scope!r}")
        return self._folder / scope

    def _file(self, scope: str, sha256: str) -> Path:
        return self._scope_folder(scope) / f"{sha256}.snapshot"

    def _prune(self, newest: SnapshotManifest) -> None:
        keep = self._file(newest.scope, newest.sha256)
        others = [path for path in self._scope_folder(newest.scope).glob("*.snapshot") if path != keep]
        by_age = sorted(others, key=_age)
        for path in by_age[: max(0, len(by_age) - (KEPT - 1))]:
            # Another process may prune the same folder.
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
