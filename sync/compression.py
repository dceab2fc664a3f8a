"""Owns zstd for what is small and sent often: pushes, and open pages of the feed. Each thread keeps its context, because to make one takes several times as long as to use it.

What is larger than `KEPT_BYTES_MAX` gets a context of its own, so that no thread keeps a large one. Called by the client and by `feed`.
"""

import threading
from typing import Final

import zstandard

KEPT_BYTES_MAX: Final = 64 * 1024


class _Kept(threading.local):
    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor()
        self.decompressor = zstandard.ZstdDecompressor()


_kept = _Kept()


def compressed(plain: bytes) -> bytes:
    """The same bytes, whoever kept what."""
    compressor = _kept.compressor if len(plain) <= KEPT_BYTES_MAX else zstandard.ZstdCompressor()
    return compressor.compress(plain)


def inflated(data: bytes, *, most: int) -> bytes:
    """Raises `zstandard.ZstdError`. `most` bounds what a frame that does not say its size may become."""
    return _kept.decompressor.decompress(data, max_output_size=most)
