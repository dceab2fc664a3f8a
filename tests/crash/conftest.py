"""Owns how a crash test tells the spread of its kills: past pytest's capture, so that it is seen when all is well. And what the tests of failing disks stand on."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.hours import Hours
from tests.crash.played_hour import furnish

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def told(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201 - the spread is part of the proof

    return told


@pytest.fixture(scope="session")
def disk_shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library to preload into a till, compiled here: it has to fit this machine's C library."""
    source, library = Path(__file__).with_name("disk_shim.c"), tmp_path_factory.mktemp("shim") / "disk_shim.so"
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def disks() -> Iterator[Path]:
    """Where the folders of played hours and cuts are laid out: in memory, where the machine has such a file system. What is durable there only the log decides."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="tongchu-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def hours(disk_shim: Path, disks: Path) -> Iterator[Hours]:
    furnish(disks / "furnished")
    with Hours(disk_shim, disks / "furnished", disks) as hours:
        yield hours
