"""`tongchu till …`: enrolling, running and looking at a till. Words and exit codes only; the work is in `terminal`."""

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from stored_value.identity import TerminalId
from tongchu.exits import FINDINGS, Unusable
from tongchu.logs import log_to_stderr

if TYPE_CHECKING:
    from terminal.config import TillConfig
    from terminal.journal.mirror import MirrorStatus
    from terminal.recovery import DeadJournal, RecoveryReport

app = typer.Typer(help="A till: the counter's window, its journal and its devices.", no_args_is_help=True)
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="TOML file of this till. Without it, defaults in your data folder."),
]


def till_config(path: Path | None) -> "TillConfig":
    from terminal.config import ConfigError, TillConfig, load_config

    try:
        return TillConfig() if path is None else load_config(path)
    except ConfigError as error:
        raise Unusable(str(error)) from error


@app.command("enrol")
def enrol(
    url: Annotated[str, typer.Argument(help="Head office's address, like https://hq.example.com")],
    code: Annotated[str, typer.Argument(help="The one-time code that head office made for this store.")],
    config: ConfigOption = None,
    write_config: Annotated[
        Path | None, typer.Option(help="Also write a configuration file with every key explained.", dir_okay=False)
    ] = None,
) -> None:
    """Make this machine a till: own key, head office's key pinned, members downloaded."""
    from sync.errors import SyncError
    from terminal.config import example_toml
    from terminal.enrol import enrol as enrol_till
    from terminal.journal import JournalError
    from terminal.replica import ReplicaError
    from terminal.syncing import SyncingError
    from terminal.till_directory import KeyFileUnusable

    settings = till_config(config)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        identity = enrol_till(url, code, settings.data_dir, machine=platform.node())
    except (SyncError, SyncingError, JournalError, ReplicaError, KeyFileUnusable) as error:
        raise Unusable(f"not enrolled: {error}") from error
    typer.echo(f"this is now till {identity.terminal_id} of {identity.store_name}")
    if write_config is not None:
        write_config.write_text(example_toml(), encoding="utf-8")
        typer.echo(f"configuration  {write_config}")
    typer.echo("next           tongchu till run")


@app.command("run")
def run(config: ConfigOption = None) -> None:
    """Open the till's window. Runs without a network; nothing is lost when it is killed."""
    from terminal.app import run_till
    from terminal.journal import JournalError
    from terminal.replica import ReplicaError
    from terminal.till_directory import KeyFileUnusable

    settings = till_config(config)
    log_to_stderr()
    try:
        run_till(settings)
    except (JournalError, ReplicaError, KeyFileUnusable) as error:
        raise Unusable(str(error)) from error


@app.command("status")
def status(config: ConfigOption = None) -> None:
    """Say how this till stands, also while it runs. Exit 1 when something wants a person."""
    from terminal.standing_report import TillUnreadable, standing_of
    from terminal.till_directory import TillDirectory

    settings = till_config(config)
    try:
        standing = standing_of(TillDirectory(settings.data_dir), settings.mirror)
    except TillUnreadable as error:
        raise Unusable(str(error)) from error
    rows = {
        "till": f"{standing.terminal_id}  {standing.store_name}",
        "head office": f"{settings.hq_url or standing.hq_url}  epoch {standing.epoch[:8]}",
        "journal": f"{standing.head_seq} entries, {standing.pending} not yet confirmed by head office",
        "found by HQ": f"{standing.flagged} entries",
        "shift": f"open since {standing.shift_opened}" if standing.shift_opened else "closed",
        "members": f"{standing.members} as of {standing.replica_as_of or 'never'}, rulebook {standing.rulebook}",
        "printing": ", ".join(f"{count} {state}" for state, count in standing.print_jobs.items()) or "nothing waits",
        "mirror": _mirror_words(standing.mirror),
        "stopped": standing.stopped_reason or "no",
    }
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in rows.items():
        table.add_row(f"[bold]{name}[/bold]", value)
    Console().print(table)
    has_fault = standing.mirror is not None and standing.mirror.fault is not None
    if standing.stopped_reason or standing.flagged or standing.print_jobs.get("failed") or has_fault:
        raise typer.Exit(FINDINGS)


def _mirror_words(mirror: "MirrorStatus | None") -> str:
    if mirror is None:
        return "none set up"
    if mirror.fault is not None:
        return mirror.words
    return f"{mirror.lag_entries} entries behind" if mirror.lag_entries else "level with the journal"


@app.command("recover")
def recover(
    path: Annotated[
        Path,
        typer.Argument(
            help="What is left of the dead till: its folder, its journal.db, its mirror, or a card with a copy."
        ),
    ],
    code: Annotated[
        str,
        typer.Option("--code", help="What head office gave for this. Without it head office is only asked for leave."),
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Your name; it is kept with entries that cannot be read.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    config: ConfigOption = None,
) -> None:
    """Take over from a dead till of this store: ask head office for leave, then, with its code, push what it lacks. Exit 1 when something stays lost."""
    from datetime import UTC, datetime

    from sync.client import HqClient
    from sync.errors import SyncError
    from terminal import recovery
    from terminal.standing_report import TillUnreadable, standing_of
    from terminal.till_directory import KeyFileUnusable, TillDirectory

    settings = till_config(config)
    directory = TillDirectory(settings.data_dir)
    try:
        standing = standing_of(directory)
        rescuer = recovery.Rescuer(
            terminal_id=TerminalId(standing.terminal_id),
            key=directory.secrets().terminal_key,
            approval=code,
            technician=by or standing.terminal_id,
            now=datetime.now(UTC),
        )
        dead = recovery.read_copy(path)
        with HqClient(settings.hq_url or standing.hq_url) as client:
            if not code:
                _say_asked(dead, recovery.ask_for_leave(client, dead, rescuer).held_through)
                return
            report = recovery.recover(client, dead, rescuer, dry_run=dry_run)
    except (recovery.CopyUnusable, TillUnreadable, KeyFileUnusable, SyncError) as error:
        raise Unusable(f"not recovered: {error}") from error
    for line in _words_of(report):
        typer.echo(line)
    if report.tail.holes or report.tail.lost_from is not None:
        raise typer.Exit(FINDINGS)


def _say_asked(dead: "DeadJournal", held_through: int) -> None:
    typer.echo(f"dead till      {dead.terminal_id}; the copy ends at entry {dead.head_seq}")
    typer.echo(f"head office    holds its entries up to {held_through}")
    typer.echo("asked          a person at head office sees it now; run this again with the code that you are told")


def _words_of(report: "RecoveryReport") -> Iterator[str]:
    tail, reply = report.tail, report.reply
    yield f"dead till      {report.terminal_id}; the copy ends at entry {report.copy_head}"
    yield f"head office    holds its entries up to {report.hq_head}"
    key = "with its own key" if report.has_own_key else "without its key: head office flags each entry for a person"
    yield f"to recover     {len(tail.entries)} entries, {key}"
    for seq in tail.holes:
        yield f"hole           entry {seq} cannot be read; it is declared lost, and the entries behind it go on"
    if tail.lost_from is not None:
        yield f"lost           from entry {tail.lost_from} on the copy cannot be followed; try another copy"
    if reply is None:
        yield "dry run        nothing was sent"
        return
    yield f"done           head office holds the journal up to entry {reply.accepted_through}; the till is {reply.status}"
    if reply.open_reservations:
        yield f"still open     {reply.open_reservations} leases and holds, until somebody writes them off at head office"
