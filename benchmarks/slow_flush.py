"""A disk that really flushes, for machines whose virtual disk says "done" at once: builds the preloaded library and gives the environment that uses it.

Only the measured child processes get it; PostgreSQL inherits it from them.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

DELAY_US: Final = 3_000
_SOURCE: Final = Path(__file__).with_name("slow_flush.c")


def flushes_of_this_thread() -> int | None:
    """So far; None where the library is not loaded."""
    try:
        counted = ctypes.CDLL(None).flushes_of_this_thread
    except AttributeError:
        return None
    counted.restype = ctypes.c_long
    return int(counted())


class NoSlowFlush(Exception):
    """It cannot be built here; the message says why."""


@dataclass(frozen=True, slots=True)
class SlowFlush:
    library: Path

    @classmethod
    def build(cls, folder: Path) -> Self:
        """`folder` is made readable for everybody, because PostgreSQL may run as somebody else. Raises `NoSlowFlush`."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not sys.platform.startswith("linux"):
            raise NoSlowFlush("a library can be preloaded this way on Linux only")
        if compiler is None:
            raise NoSlowFlush("there is no C compiler; install gcc for the columns with a slower flush")
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        library = folder / "slow_flush.so"
        built = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode != 0:
            raise NoSlowFlush(f"{compiler} could not build {_SOURCE.name}: {built.stderr.strip()}")
        return cls(library)

    def environment(self) -> dict[str, str]:
        return {**os.environ, "LD_PRELOAD": str(self.library), "SLOW_FLUSH_US": str(DELAY_US)}
