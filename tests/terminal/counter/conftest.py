"""The till that the counter's tests stand at."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.counter.till import Till


@pytest.fixture(scope="session")
def enrolled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A till's files right after enrolment and first sync, made once: migrations take longer than most scenarios."""
    folder = tmp_path_factory.mktemp("enrolled")
    Till(folder).close()
    return folder


@pytest.fixture
def till(tmp_path: Path, enrolled_folder: Path) -> Iterator[Till]:
    folder = tmp_path / "till"
    shutil.copytree(enrolled_folder, folder)
    till = Till(folder)
    yield till
    till.close()


@pytest.fixture
def open_till(till: Till) -> Till:
    """A cashier is signed in, a shift is open, 王*丽 is known with ￥500 and ￥100 bonus; no network."""
    till.know_wang()
    till.open_shift()
    return till
