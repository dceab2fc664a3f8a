"""What is small and sent often is compressed in contexts that are kept: the bytes are those of a new one, in every thread, also after a failure."""

import threading

import pytest
import zstandard

from sync.compression import KEPT_BYTES_MAX, compressed, inflated

TEXTS = [b"", b"one", b"two" * 4_000, bytes(range(256)) * (KEPT_BYTES_MAX // 128), b"one"]


def test_the_bytes_are_those_of_a_new_context_whatever_was_compressed_before() -> None:
    assert [compressed(each) for each in TEXTS] == [zstandard.compress(each) for each in TEXTS]


def test_threads_do_not_meet_in_a_context() -> None:
    wrong: list[bytes] = []

    def work(text: bytes) -> None:
        wrong.extend(text for _ in range(200) if inflated(compressed(text), most=len(text)) != text)

    threads = [threading.Thread(target=work, args=(bytes([place]) * 5_000,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_torn_is_refused_and_the_next_is_read() -> None:
    torn = zstandard.compress(b"a page" * 100)[:-3]
    with pytest.raises(zstandard.ZstdError):
        inflated(torn, most=1_000)
    assert inflated(zstandard.compress(b"whole"), most=1_000) == b"whole"


def test_a_frame_without_its_size_may_not_become_larger_than_said() -> None:
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(100_000))
    with pytest.raises(zstandard.ZstdError):
        inflated(frame, most=1_000)
