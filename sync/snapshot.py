"""Snapshots on the wire: a ready replica.db, compressed, encrypted under the scope's key in chunks, named by the hash of the bytes served."""

import contextlib
import hashlib
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.errors import PageError

CHUNK_BYTES = 1024 * 1024
Taker = Callable[[memoryview], None]
_TAG_BYTES = 16
_PREFIX_BYTES = 8
_BUFFERS = 4


def pack_file(plain: Path, packed: Path, key: bytes, prefix: bytes) -> None:
    """Writes `packed` from the SQLite file `plain`; `prefix` is 8 bytes never used twice under this key, the rest of each nonce counts chunks."""
    if len(prefix) != _PREFIX_BYTES:
        raise ValueError(f"the nonce prefix has {_PREFIX_BYTES} bytes")
    cipher = AESGCM(key)
    compressed = packed.with_suffix(".zst")
    with plain.open("rb") as source, compressed.open("wb") as target:
        zstandard.ZstdCompressor(level=3).copy_stream(source, target)
    size = compressed.stat().st_size
    with compressed.open("rb") as source, packed.open("wb") as target:
        target.write(prefix)
        for number, chunk in enumerate(_chunks(source, CHUNK_BYTES)):
            last = source.tell() >= size
            target.write(cipher.encrypt(_nonce(prefix, number), chunk, _chunk_label(number, last)))
        target.flush()
        os.fsync(target.fileno())
    compressed.unlink()


def unpack_file(packed: Path, plain: Path, key: bytes, sha256: str, plain_sha256: str) -> None:
    """Writes `plain` and syncs it; raises `PageError` when either hash or any chunk does not hold. The caller renames it into place.
    One thread decrypts and inflates, one hashes, one writes: a large file takes about as long as the slowest of them."""
    plain_hash = hashlib.sha256()
    with packed.open("rb") as source, plain.open("wb", buffering=0) as target:
        opened = _Opened(source, packed.stat().st_size, AESGCM(key))
        failed = _inflate(opened, plain_hash.update, partial(_write_all, target))
        if opened.finish() != sha256:
            raise PageError("the snapshot's bytes are not those of its address: download it again") from failed
        if failed is not None:
            raise PageError("the snapshot cannot be opened with the scope's key") from failed
        os.fsync(target.fileno())
    if plain_hash.hexdigest() != plain_sha256:
        raise PageError("the snapshot's file is not the one head office made: download it again")


class _Opened:
    """Reads the compressed bytes out of a packed file, for `zstandard`; hashes the packed ones on the way."""

    def __init__(self, source: BinaryIO, size: int, cipher: AESGCM) -> None:
        self._source = source
        self._size = size
        self._cipher = cipher
        self._hash = hashlib.sha256()
        self._prefix = self._take(_PREFIX_BYTES)
        self._number = 0

    def read(self, _size: int = -1) -> bytes:
        """The next chunk, whatever was asked for; empty at the end."""
        chunk = self._take(CHUNK_BYTES + _TAG_BYTES)
        if not chunk:
            return b""
        last = self._source.tell() >= self._size
        number, self._number = self._number, self._number + 1
        return self._cipher.decrypt(_nonce(self._prefix, number), chunk, _chunk_label(number, last))

    def finish(self) -> str:
        """The hash of the whole packed file, also when it could not be opened to its end."""
        while self._take(CHUNK_BYTES):
            pass
        return self._hash.hexdigest()

    def _take(self, size: int) -> bytes:
        chunk = self._source.read(size)
        self._hash.update(chunk)
        return chunk


def _inflate(opened: _Opened, *takers: Taker) -> InvalidTag | zstandard.ZstdError | ValueError | None:
    """Gives every part of the file to each taker, in a thread of the taker's own, while the next parts are made. What ended it before its end."""
    under_way: deque[list[Future[None]]] = deque()
    with contextlib.ExitStack() as stack:
        threads = [stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="snapshot")) for _ in takers]
        reader = zstandard.ZstdDecompressor().stream_reader(cast(BinaryIO, opened), read_size=CHUNK_BYTES)
        for buffer in itertools.cycle([bytearray(CHUNK_BYTES) for _ in range(_BUFFERS)]):
            if len(under_way) == _BUFFERS:
                _finish(under_way.popleft())
            try:
                filled = reader.readinto(buffer)
            except (InvalidTag, zstandard.ZstdError, ValueError) as error:
                return error
            if not filled:
                break
            part = memoryview(buffer)[:filled]
            under_way.append([thread.submit(taker, part) for thread, taker in zip(threads, takers, strict=True)])
        for each in under_way:
            _finish(each)
    return None


def _finish(taking: Iterable[Future[None]]) -> None:
    """Raises what a taker raised, a full disk for one."""
    for future in taking:
        future.result()


def _write_all(target: BinaryIO, part: memoryview) -> None:
    while part:
        part = part[target.write(part) :]


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(source: BinaryIO, size: int) -> Iterator[bytes]:
    while chunk := source.read(size):
        yield chunk


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")


def _chunk_label(number: int, last: bool) -> bytes:
    return f"tongchu/snapshot/1/{number}/{'last' if last else 'more'}".encode()
