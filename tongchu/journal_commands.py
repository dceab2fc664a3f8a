"""`tongchu journal …`: checking a till's journal without trusting the machine it lies on."""

from pathlib import Path
from typing import Annotated

import typer

from tongchu.exits import FINDINGS, Unusable

app = typer.Typer(help="A till's journal: what happened, entry by entry.", no_args_is_help=True)


@app.command("verify")
def verify(
    path: Annotated[Path, typer.Argument(help="A till's folder, its journal.db, or a mirror of it.")],
    hq: Annotated[
        str, typer.Option("--hq", metavar="URL", help="Also compare the end with what this head office recorded.")
    ] = "",
) -> None:
    """Find any changed, missing, swapped or (with --hq) truncated entry. Exit 1 when something was found."""
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
    compared = f", head office has {report.hq_head}" if report.hq_head is not None else ""
    typer.echo(
        f"{report.terminal_id}: {report.entries} entries, head {report.head_seq} {report.head_hash[:16]}{compared}: "
        + (f"{len(report.faults)} faults" if report.faults else "every entry is as it was written")
    )
    if not report.ok:
        raise typer.Exit(FINDINGS)
