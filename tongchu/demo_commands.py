"""`tongchu demo`: a head office and four tills on this machine live through a day; with a display one till's window opens on it."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tongchu.exits import FINDINGS, Unusable

if TYPE_CHECKING:
    from tongchu.demo.franchise import Franchise

WINDOW_TILL = "S01-T2"
DEFAULT_PORT = 8700


def demo(
    once: Annotated[bool, typer.Option("--once", help="Play the day, compare, print the settlement, exit.")] = False,
    play: Annotated[
        bool | None,
        typer.Option("--play/--no-play", help="Play the day at the tills. Default: yes, unless a window opens."),
    ] = None,
    window: Annotated[
        bool | None,
        typer.Option("--window/--no-window", help="Open a till's window. Default: when there is a display."),
    ] = None,
    port: Annotated[
        int, typer.Option(help="Head office's port; 0 takes any free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Keep the demo's files here; the folder must be empty.", file_okay=False),
    ] = None,
) -> None:
    """A sample franchise lives through a day: 3 stores, 4 tills, 300 members, two tills without network for a while.

    Everything is real: processes, HTTP on loopback, SQLite files, printers on TCP and serial lines. With --once the command
    exits 1 if any balance, receipt or total disagrees between tills, head office and the printed receipts.
    """
    from tongchu.demo.franchise import DemoFailed, free_port, running_franchise
    from tongchu.demo.till_process import TillFailed

    console = Console(highlight=False)
    has_window = not once and (window if window is not None else bool(os.environ.get("DISPLAY")))
    plays = once or (play if play is not None else not has_window)
    with _folder(folder) as place, _stoppable():
        console.print("Starting head office and four tills …", style="dim")
        try:
            chosen = free_port() if port == 0 or once else port
            windows = frozenset({WINDOW_TILL}) if has_window else frozenset[str]()
            with running_franchise(place, port=chosen, windows=windows) as franchise:
                _run(console, franchise, once=once, plays=plays, has_window=has_window)
        except (DemoFailed, TillFailed) as error:
            raise Unusable(f"the demo stopped: {error}") from error


def _run(console: Console, franchise: "Franchise", *, once: bool, plays: bool, has_window: bool) -> None:
    from tongchu.demo.day import play as play_day
    from tongchu.demo.report import print_settlement, print_welcome, witness

    print_welcome(console, franchise)
    window = _open_window(franchise) if has_window else None
    try:
        if plays:
            play_day(franchise, lambda line: console.print(line, style="dim" if line.startswith("──") else None))
            print_settlement(console, franchise)
            verdict = witness(franchise)
            if verdict.disagreements:
                for disagreement in verdict.disagreements:
                    console.print(f"[red]✗[/red] {disagreement}")
                raise typer.Exit(FINDINGS)
            console.print(
                f"[green]✓[/green] {verdict.papers} printed receipts, {verdict.entries} journal entries, "
                f"{verdict.members} members and {verdict.figures} settlement figures agree."
            )
        if once:
            return
        console.print(f"\nHead office stays up at [bold]{franchise.url}/console[/bold]. Ctrl-C ends the demo.")
        if window is not None:
            window.wait()
        else:
            threading.Event().wait()
    except KeyboardInterrupt:
        console.print("ended", style="dim")
    finally:
        if window is not None and window.poll() is None:
            window.terminate()
            window.wait(20)


def _open_window(franchise: "Franchise") -> subprocess.Popen[bytes]:
    config = franchise.stands[WINDOW_TILL].config_path
    with (config.parent / "till.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tongchu", "till", "run", "--config", str(config)], stdout=log, stderr=log
        )


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is None:
        with tempfile.TemporaryDirectory(prefix="tongchu-demo-") as made:
            yield Path(made)
        return
    wanted.mkdir(parents=True, exist_ok=True)
    if any(wanted.iterdir()):
        raise Unusable(f"{wanted} is not empty; name another folder with --dir, or empty it")
    yield wanted.absolute()


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does, so that its processes are never left behind."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
