"""Owns the command `tongchu` as a technician types it: a process of its own with its own folder, environment and streams, forked where everything is imported already."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.crash.fork_server import fork_server
from tongchu.cli import main

_HUNG_S = 60


@dataclass(frozen=True, slots=True)
class Ended:
    returncode: int | None
    stdout: str
    stderr: str


def _run(arguments: tuple[str, ...], home: Path, streams: Path) -> None:
    os.chdir(home)
    os.environ |= {"XDG_DATA_HOME": str(home), "COLUMNS": "120", "NO_COLOR": "1"}
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        with (streams / name).open("rb" if number == 0 else "wb") as stream:
            os.dup2(stream.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    sys.argv = ["tongchu", *arguments]
    main()


def tongchu(*arguments: str, home: Path, typed: str = "") -> Ended:
    """`typed` is what stands on its standard input."""
    streams = home / "streams"
    streams.mkdir(exist_ok=True)
    (streams / "stdin").write_text(typed, "utf-8")
    process = fork_server().Process(target=_run, args=(arguments, home, streams))
    process.start()
    process.join(_HUNG_S)
    said, complained = ((streams / name).read_text("utf-8") for name in ("stdout", "stderr"))
    return Ended(process.exitcode, said, complained)
