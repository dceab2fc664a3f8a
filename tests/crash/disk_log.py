"""Owns the log of a recorded disk and what a power cut leaves of it: reads what disk_shim.c wrote, goes through it, and lays out the folder as it may be found at any cut.

The disk that is played: a write is durable once its file was flushed, not before; until then each write is kept, dropped or torn at a sector, in any order. A flush that
failed leaves what it should have written in that same lottery, and no later flush mends it. Names (new files, renames, deletions) reach the disk in their order, as a
journalling file system keeps them, and are durable only when a folder was flushed: stricter than ext4, which also takes them along with any file's flush.
"""

import random
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SECTOR: Final = 512
_HEAD: Final = struct.Struct("<cIqI")
_DISPOSABLE: Final = "-shm"
"""SQLite's map of the log lives in memory; the first to open the database makes it anew."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record: `kind` is a letter of the shim; `handle` names an opening, `number` an offset, a length or a kind."""

    kind: str
    handle: int
    number: int
    data: bytes


def read_changes(log: Path) -> list[Change]:
    raw = log.read_bytes()
    changes: list[Change] = []
    at = 0
    while at + _HEAD.size <= len(raw):
        kind, handle, number, size = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        changes.append(Change(kind.decode(), handle, number, raw[at : at + size]))
        at += size
    return changes


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Naming:
    """A change of names that no folder's flush has made durable; `file` None: the name goes away."""

    name: str
    file: _File | None
    old_name: str = ""


@dataclass(slots=True)
class Cut:
    """What one power cut did: how many unflushed writes it kept, dropped and tore, how many names it lost, and which files were being written."""

    kept: int = 0
    dropped: int = 0
    torn: int = 0
    names_lost: int = 0
    unflushed: frozenset[str] = frozenset()


class Disk:
    """Begins as the folder is; `apply` in the order of the log, `lay_out` as often as wanted between."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._names: dict[str, _File] = {}
        self._durable: dict[str, _File] = {}
        self._namings: list[_Naming] = []
        self._folders = {""}
        self._open: dict[int, tuple[str, _File | None]] = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_dir():
                self._folders.add(name)
            elif not name.endswith(_DISPOSABLE):
                self._durable[name] = self._names[name] = _File(bytearray(path.read_bytes()))

    def apply(self, change: Change) -> None:
        match change.kind:
            case "O":
                self._opened(change.handle, change.data.decode())
            case "W" | "T":
                file = self._open[change.handle][1]
                if file is not None:
                    file.pending.append(change)
            case "S":
                self._flushed(change.handle)
            case "F":
                file = self._open[change.handle][1]
                if file is not None:
                    _lottery(file.durable, file.pending, self._chance, "random", Cut())
                    file.pending.clear()
            case "U":
                self._rename(change.data.decode(), None)
            case "R":
                old, new = change.data.decode().split("\0")
                self._rename(old, new)
            case "D":
                self._folders.add(change.data.decode())

    def lay_out(self, folder: Path, seed: int) -> Cut:
        """The folder as the machine may find it when the power comes back, in a new `folder`."""
        chance = random.Random(seed)
        mode = chance.choice(["random", "random", "prefix", "all", "none"])
        cut = Cut(unflushed=frozenset(name for name, file in self._names.items() if file.pending))
        names = dict(self._durable)
        kept = chance.randint(0, len(self._namings))
        cut.names_lost = len(self._namings) - kept
        for naming in self._namings[:kept]:
            _give_name(names, naming)
        for each in sorted(self._folders):
            (folder / each).mkdir(parents=True, exist_ok=True)
        for name, file in names.items():
            content = file.durable
            if file.pending:
                content = bytearray(content)
                _lottery(content, file.pending, chance, mode, cut)
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        return cut

    def _opened(self, handle: int, name: str) -> None:
        if name in self._folders or name.endswith(_DISPOSABLE):
            self._open[handle] = name, None
            return
        if name not in self._names:
            self._names[name] = _File()
            self._namings.append(_Naming(name, self._names[name]))
        self._open[handle] = name, self._names[name]

    def _flushed(self, handle: int) -> None:
        name, file = self._open[handle]
        if file is not None:
            for change in file.pending:
                _write(file.durable, change)
            file.pending.clear()
        elif name in self._folders:
            for naming in self._namings:
                _give_name(self._durable, naming)
            self._namings.clear()

    def _rename(self, old: str, new: str | None) -> None:
        file = self._names.pop(old, None)
        if file is None:
            return
        if new is None:
            self._namings.append(_Naming(old, None))
        else:
            self._names[new] = file
            self._namings.append(_Naming(new, file, old))


def _give_name(names: dict[str, _File], naming: _Naming) -> None:
    if naming.old_name:
        names.pop(naming.old_name, None)
    if naming.file is None:
        names.pop(naming.name, None)
    else:
        names[naming.name] = naming.file


def _lottery(content: bytearray, pending: list[Change], chance: random.Random, mode: str, cut: Cut) -> None:
    """Each unflushed change is kept, dropped or, where it is a write, torn."""
    prefix = chance.randint(0, len(pending))
    for place, change in enumerate(pending):
        if mode == "prefix":
            fate = "kept" if place < prefix else "dropped"
        else:
            fate = {"all": "kept", "none": "dropped"}.get(mode) or chance.choice(["kept", "dropped", "torn"])
        if fate == "torn" and change.kind == "W":
            cut.torn += 1
            for sector in _sectors(change):
                if chance.random() < 0.5:
                    _write(content, sector)
        elif fate == "dropped":
            cut.dropped += 1
        else:
            cut.kept += 1
            _write(content, change)


def _sectors(change: Change) -> Iterator[Change]:
    """The write in the pieces that a disk takes whole."""
    at, end = change.number, change.number + len(change.data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        yield Change("W", change.handle, at, change.data[at - change.number : until - change.number])
        at = until


def _write(content: bytearray, change: Change) -> None:
    if len(content) < change.number:
        content.extend(bytes(change.number - len(content)))
    if change.kind == "T":
        del content[change.number :]
    else:
        content[change.number : change.number + len(change.data)] = change.data


def faults_by_place(changes: list[Change]) -> Counter[tuple[str, str]]:
    """Injected failures by the last step that the till had named and by what failed on which file."""
    opened = {change.handle: change.data.decode() for change in changes if change.kind == "O"}
    kinds = {
        "W": "write",
        "S": "flush",
        "T": "resize",
        "A": "reserve",
        "O": "create",
        "U": "delete",
        "R": "rename",
        "D": "create",
    }
    found: Counter[tuple[str, str]] = Counter()
    step = "start"
    for change in changes:
        if change.kind == "M" and change.data.startswith(b"step "):
            step = change.data[5:].decode()
        elif change.kind == "X":
            name = change.data.decode() or opened.get(change.handle, "")
            found[step, f"{kinds[chr(change.number)]} {Path(name).name}"] += 1
    return found
