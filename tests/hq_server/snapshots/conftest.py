"""Head offices with the sample franchise and a snapshot builder that the test drives."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hq_server.config import HqConfig
from hq_server.initialise import initialise
from tests.hq_server.opened import NOW
from tests.hq_server.quick_secrets import quick_secrets
from tests.hq_server.snapshots.building import Hq


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head office on SQLite, made once and copied for each test: hashing PINs takes a second."""
    data_dir = tmp_path_factory.mktemp("sample") / "data"
    with quick_secrets():
        initialise(HqConfig(data_dir=data_dir), sample=True, now=NOW)
    return data_dir


def running(config: HqConfig) -> Iterator[Hq]:
    opened = Hq(config)
    yield opened
    opened.builder.close()
    opened.database.close()


@pytest.fixture
def hq(sample: Path, tmp_path: Path) -> Iterator[Hq]:
    shutil.copytree(sample, tmp_path / "data")
    yield from running(HqConfig(data_dir=tmp_path / "data"))


@pytest.fixture
def hq_on_each(hq_database_url: str, tmp_path: Path) -> Iterator[Hq]:
    config = HqConfig(data_dir=tmp_path / "each", database_url=hq_database_url)
    with quick_secrets():
        initialise(config, sample=True, now=NOW)
    yield from running(config)
