"""Snapshots on the wire: a ready replica.db, compressed, encrypted under the scope's key in chunks, named by the hash of the bytes served."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.errors import PageError

CHUNK_BYTES = 1024 * 1024
_TAG_BYTES = 16
_PREFIX_BYTES = 8


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
    """Writes `plain` and syncs it; raises `PageError` when either hash or any chunk does not hold. The caller renames it into place."""
    if file_sha256(packed) != sha256:
        raise PageError("the snapshot's bytes are not those of its address: download it again")
    cipher = AESGCM(key)
    size = packed.stat().st_size
    written = hashlib.sha256()
    try:
        with packed.open("rb") as source, plain.open("wb") as target:
            prefix = source.read(_PREFIX_BYTES)
            inflate = zstandard.ZstdDecompressor().decompressobj()
            for number, chunk in enumerate(_chunks(source, CHUNK_BYTES + _TAG_BYTES)):
                last = source.tell() >= size
                part = inflate.decompress(cipher.decrypt(_nonce(prefix, number), chunk, _chunk_label(number, last)))
                written.update(part)
                target.write(part)
            target.flush()
            os.fsync(target.fileno())
    except (InvalidTag, zstandard.ZstdError, ValueError) as error:
        raise PageError("the snapshot cannot be opened with the scope's key") from error
    if written.hexdigest() != plain_sha256:
        raise PageError("the snapshot's file is not the one head office made: download it again")


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
