"""The serial scanner on a real pty: codes, garbage, unplugging and coming back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.devices.framing import Rejected, Rejection
from terminal.devices.scanner import SerialScanner
from terminal.devices.scanner_state import ScannerState
from terminal.devices.simulated import SimulatedScanner
from tests.waiting import until


class Till:
    """What the till heard."""

    def __init__(self, port: str) -> None:
        self.codes: list[str] = []
        self.rejected: list[Rejected] = []
        self.scanner = SerialScanner(port, self.codes.append, self.rejected.append)

    def ready(self) -> None:
        until(lambda: self.scanner.state is ScannerState.READY, what="the scanner to be ready")


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "scanner"


@pytest.fixture
def till(link: Path) -> Iterator[Till]:
    till = Till(str(link))
    with till.scanner:
        yield till


def test_a_scanned_code_arrives(link: Path, till: Till) -> None:
    with SimulatedScanner(link) as scanner:
        till.ready()
        scanner.scan("TCM1000000001700")
        scanner.scan("TCR1S01-T1-000042")
        until(lambda: len(till.codes) == 2, what="both codes")
    assert till.codes == ["TCM1000000001700", "TCR1S01-T1-000042"]


def test_garbage_is_told_and_the_next_scan_is_good(link: Path, till: Till) -> None:
    with SimulatedScanner(link) as scanner:
        till.ready()
        scanner.type_bytes(b"\x80\x81\xfe\r\n")
        scanner.type_bytes(b"A" * 2000 + b"\r\n")
        scanner.scan("TCM1000000001700")
        until(lambda: till.codes, what="the good code")
    assert till.codes == ["TCM1000000001700"]
    assert till.rejected == [Rejected(Rejection.NOISE), Rejected(Rejection.TOO_LONG)]


def test_a_code_that_stops_half_way_is_dropped_after_a_silence(link: Path, till: Till) -> None:
    with SimulatedScanner(link) as scanner:
        till.ready()
        scanner.type_bytes(b"TCM10000")
        until(lambda: till.rejected, what="the report")
        scanner.scan("TCM1000000001700")
        until(lambda: till.codes, what="the good code")
    assert till.rejected == [Rejected(Rejection.UNFINISHED)]
    assert till.codes == ["TCM1000000001700"]


def test_an_unplugged_scanner_comes_back_by_itself(link: Path, till: Till) -> None:
    with SimulatedScanner(link) as first:
        till.ready()
        first.scan("FIRST-CODE")
        until(lambda: till.codes, what="the first code")
    until(lambda: till.scanner.state is ScannerState.ABSENT, what="the till to notice")
    with SimulatedScanner(link) as second:
        till.ready()
        second.scan("SECOND-CODE")
        until(lambda: len(till.codes) == 2, what="the second code")
    assert till.codes == ["FIRST-CODE", "SECOND-CODE"]


def test_a_scanner_that_is_not_there_is_absent_and_the_till_stops_cleanly(till: Till) -> None:
    assert till.scanner.state is ScannerState.ABSENT
    till.scanner.stop()
    assert till.codes == []
