"""`tongchu replay`, `tongchu schema` and `tongchu rulebook check`: the auditor's tools. Words and exit codes only."""

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tongchu.exits import FINDINGS, Unusable

if TYPE_CHECKING:
    from stored_value.rulebook import Rulebook


rulebook_app = typer.Typer(help="A rulebook: one JSON document a version.", no_args_is_help=True)


class Subject(StrEnum):
    RULEBOOK = "rulebook"
    EVENTS = "events"


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


def replay(
    events: Annotated[
        Path, typer.Argument(help="Events, one JSON object a line; docs/REPLAY.md explains them.", dir_okay=False)
    ],
    rulebook: Annotated[
        list[Path],
        typer.Option("--rulebook", "-r", help="A rulebook as JSON; several for several versions.", dir_okay=False),
    ],
    shown: Annotated[
        Format, typer.Option("--format", help="Tables for people, or one JSON object an event.")
    ] = Format.TABLE,
) -> None:
    """Apply events by the rules that till and head office use; print wallets, lots drawn, postings and findings after each.

    Exit 1 when there were findings, 2 when a file has mistakes: each is named by line and field.
    """
    from tongchu.replay.printing import as_json, print_tables
    from tongchu.replay.reading import EventsUnreadable, read_events
    from tongchu.replay.replaying import replay as replay_events

    books = {book.version: book for book in map(_read_rulebook, rulebook)}
    try:
        read = read_events(_text(events).splitlines(), max(books))
    except EventsUnreadable as error:
        raise Unusable("\n".join(f"{events}: {mistake}" for mistake in error.mistakes)) from error
    steps = replay_events(read, books)
    if shown is Format.TABLE:
        found = print_tables(Console(highlight=False), steps)
    else:
        found = 0
        for step in steps:
            found += len(step.findings)
            typer.echo(as_json(step))
    if found:
        raise typer.Exit(FINDINGS)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _read_rulebook(path: Path) -> "Rulebook":
    from stored_value.document_reader import RulebookError
    from stored_value.rulebook_document import parse_rulebook

    try:
        return parse_rulebook(_text(path))
    except RulebookError as error:
        raise Unusable("\n".join(f"{path}: {problem}" for problem in error.problems)) from error


def schema(subject: Annotated[Subject, typer.Argument(help="What is written by hand.")]) -> None:
    """Print the JSON Schema of a rulebook, or of one line of a file of events."""
    from tongchu.replay.schemas import events_schema, rulebook_schema

    made = rulebook_schema() if subject is Subject.RULEBOOK else events_schema()
    typer.echo(json.dumps(made, indent=2, ensure_ascii=False))


@rulebook_app.command("check")
def check(
    rulebook: Annotated[Path, typer.Argument(help="The rulebook as JSON.", dir_okay=False)],
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to check for. Default: today.")
    ] = None,
    share: Annotated[int, typer.Option(help="Warn of rewards above this percentage of what is paid.", min=0)] = 50,
    yearly: Annotated[
        int, typer.Option(help="What one member may be thought to top up or spend in a year, in yuan.", min=0)
    ] = 100_000,
) -> None:
    """Lint a rulebook: rules that can never give, overlap, give too much, lie in the past; tiers nobody can reach. Exit 1 when something was found."""
    from stored_value.money import MINOR_PER_MAJOR
    from stored_value.rulebook_check import CheckOptions, Severity, check_rulebook

    book = _read_rulebook(rulebook)
    day = (on or datetime.now().astimezone()).date()
    options = CheckOptions(on=day, share_at_most=share * 100, yearly_minor=yearly * MINOR_PER_MAJOR)
    complaints = check_rulebook(book, options)
    for complaint in complaints:
        colour = typer.colors.RED if complaint.severity is Severity.MISTAKE else typer.colors.YELLOW
        typer.secho(f"{complaint.severity.value:8} {complaint.path}: {complaint.says.en}", fg=colour)
        typer.echo(f"{'':8} {complaint.says.zh}")
    if complaints:
        raise typer.Exit(FINDINGS)
    typer.echo(f"{rulebook}: version {book.version}, {len(book.promotions)} promotions: nothing found")
