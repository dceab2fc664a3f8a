"""What the trace of a run is made of: whatever the outside could see, and nothing of where the run's files happen to lie."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from tongchu.simulation.in_process import Answer, Call
from tongchu.simulation.record import Record

NOW = datetime(2026, 12, 1, tzinfo=UTC)
TOLD = '{"trouble":{"code":"storage","words":"%s/tills/S01-T1/journal.db: the disk is full"}}'


def digest_of(folder: Path, body: bytes, *headers: tuple[bytes, bytes]) -> str:
    record = Record(folder)
    call = Call(method="POST", target=b"/v1/sessions", headers=headers, body=body, patience_s=1.0)
    record.seen(NOW, "S01-T1", call, Answer(200, (), b"{}"))
    return record.digest


@pytest.mark.parametrize("compressed", [False, True])
def test_a_till_that_names_a_file_of_the_run_leaves_the_same_trace_wherever_the_run_lies(*, compressed: bool) -> None:
    digests = set()
    for folder in (Path("/dev/shm/run-a/seed-8"), Path("/tmp/run-b/seed-8")):
        body = (TOLD % folder).encode()
        if compressed:
            digests.add(digest_of(folder, zstandard.compress(body), (b"content-encoding", b"zstd")))
        else:
            digests.add(digest_of(folder, body))
    assert len(digests) == 1


def test_another_request_leaves_another_trace() -> None:
    assert digest_of(Path("/run"), b"one") != digest_of(Path("/run"), b"two")
