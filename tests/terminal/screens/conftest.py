"""Kivy without a display, set before anything imports it; and a bench whose counter is the real one on real files."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("KIVY_NO_ARGS", "1")
os.environ.setdefault("KIVY_NO_FILELOG", "1")
os.environ.setdefault("KIVY_NO_CONSOLELOG", "1")
if not os.environ.get("DISPLAY"):
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")

from kivy.config import Config

from tests.terminal.counter.till import Till
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.driving import REFERENCE, be_born_with
from tests.terminal.screens.pin_setting import set_at_the_counter

be_born_with(REFERENCE)
Config.set("graphics", "maxfps", "0")  # nobody looks: no frame waits for its sixtieth of a second


@pytest.fixture(scope="session")
def enrolled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enrolled")
    Till(folder).close()
    return folder


@pytest.fixture
def till(tmp_path: Path, enrolled_folder: Path) -> Iterator[Till]:
    """A till with a real journal and replica; 王*丽 is known with ￥500 and ￥100 bonus; head office can be reached."""
    folder = tmp_path / "till"
    shutil.copytree(enrolled_folder, folder)
    till = Till(folder)
    till.know_wang()
    till.hq.online = True
    yield till
    till.close()


@pytest.fixture
def bench(till: Till) -> Bench:
    """Presenters over the real counter, at the lock screen."""
    return Bench(counter=till.counter)


@pytest.fixture
def open_bench(till: Till, bench: Bench) -> Bench:
    """The same with a cashier signed in and a shift open, at home."""
    till.open_shift()
    bench.navigator.home()
    return bench


@pytest.fixture
def pin_bench(till: Till, open_bench: Bench) -> Bench:
    """The same, and 王*丽 has a payment PIN that this till knows."""
    set_at_the_counter(till)
    return open_bench
