"""`tongchu journal …`: checking a till's journal without trusting the machine it lies on."""

from pathlib import Path
from typing import Annotated

import typer

from tongchu.exits import FINDINGS, Unusable
from tongchu.till_commands import ConfigOption, till_config

app = typer.Typer(help="A till's journal: what happened, entry by entry.", no_args_is_help=True)


@app.command("declare-hole")
def declare_hole(
    seq: Annotated[
        int, typer.Argument(help="The entry that cannot be read, as the till or `journal verify` names it.")
    ],
    by: Annotated[str, typer.Option("--by", help="Your name: it is kept with the declaration.")],
    config: ConfigOption = None,
) -> None:
    """Say for ever that an entry's bytes are lost, so that the till goes on. Tries the mirror first. The till's window must be closed."""
    from datetime import UTC, datetime

    from terminal.journal import Journal, JournalError
    from terminal.journal.mirror import Mirror
    from terminal.till_directory import KeyFileUnusable, TillDirectory

    settings = till_config(config)
    directory = TillDirectory(settings.data_dir)
    try:
        key = directory.secrets().terminal_key
        journal = Journal.open(directory.journal)
        try:
            if settings.mirror:
                journal.holes.mend_from(Mirror(journal, settings.mirror).raw_of)
            if journal.holes.mend(seq):
                typer.echo(f"entry {seq} is whole again: its bytes were put back from the mirror")
                return
            hole = journal.holes.declare(seq, key, by=by, now=datetime.now(UTC))
        finally:
            journal.close()
    except (JournalError, KeyFileUnusable) as error:
        raise Unusable(str(error)) from error
    typer.echo(
        f"entry {seq} is declared lost: {hole.kind} of member {hole.member_id or 'nobody known'}, hash {hole.hash[:16]}"
    )
    typer.echo("next           start the till; head office flags the entry for a person")


@app.command("verify")
def verify(
    path: Annotated[Path, typer.Argument(help="A till's folder, its journal.db, or a mirror of it.")],
    hq: Annotated[
        str, typer.Option("--hq", metavar="URL", help="Also compare the end with what this head office recorded.")
    ] = "",
) -> None:
    """Find any changed, missing, swapped or (with --hq) truncated entry. Exit 1 when something was found; an entry declared lost is told and is no fault."""
    from sync.client import HqClient
    from sync.errors import SyncError
    from terminal.till_directory import KeyFileUnusable
    from terminal.verify import JournalUnreadable, verify_journal

    try:
        if hq:
            with HqClient(hq) as client:
                report = verify_journal(path, client)
        else:
            report = verify_journal(path)
    except (JournalUnreadable, KeyFileUnusable, SyncError) as error:
        raise Unusable(str(error)) from error
    for fault in report.faults:
        typer.secho(f"{fault.code:10} entry {fault.seq}: {fault.what}", fg=typer.colors.RED)
    for hole in report.declared:
        when = f"{hole.declared_at:%Y-%m-%d %H:%M} UTC"
        typer.secho(
            f"declared   entry {hole.seq}: its bytes are lost, as {hole.declared_by} declared on {when}",
            fg=typer.colors.YELLOW,
        )
    whole = "every other entry is as it was written" if report.declared else "every entry is as it was written"
    compared = f", head office has {report.hq_head}" if report.hq_head is not None else ""
    typer.echo(
        f"{report.terminal_id}: {report.entries} entries, head {report.head_seq} {report.head_hash[:16]}{compared}: "
        + (f"{len(report.faults)} faults" if report.faults else whole)
    )
    if not report.ok:
        raise typer.Exit(FINDINGS)
