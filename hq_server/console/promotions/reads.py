"""Reads of the rulebook's versions: which one is in force, which come, and what one of them says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import ConsoleUser, RulebookVersion
from hq_server.sessions.epochs import BROUGHT_BACK
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import parse_rulebook


class Standing(StrEnum):
    COMING = "coming"
    IN_FORCE = "in_force"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """`published_by` is a console user's name, or the program that published it; `brought_back_by` the till from which a restored head office has it again, empty else."""

    version: int
    effective_at: datetime
    published_at: datetime
    published_by: str
    brought_back_by: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class RulebookView:
    lines: tuple[VersionLine, ...]
    shown: VersionLine | None
    book: Rulebook | None


def rulebook_view(session: ReadSession, version: int | None, *, now: datetime) -> RulebookView | None:
    """The version asked for, else the one in force, else the first that comes. None when that version does not exist."""
    rows = session.execute(
        select(RulebookVersion, ConsoleUser.name)
        .join(ConsoleUser, ConsoleUser.user_id == RulebookVersion.published_by, isouter=True)
        .order_by(RulebookVersion.version.desc())
    ).all()
    in_force = max((row.version for row, _ in rows if row.effective_at <= now), default=0)
    lines = tuple(_line(row, name, in_force) for row, name in rows)
    if version is None:
        version = in_force or (lines[-1].version if lines else None)
    shown = next((line for line in lines if line.version == version), None)
    if shown is None:
        return RulebookView(lines=(), shown=None, book=None) if version is None else None
    document = next(row.document for row, _ in rows if row.version == shown.version)
    return RulebookView(lines=lines, shown=shown, book=parse_rulebook(document))


def _line(row: RulebookVersion, name: str | None, in_force: int) -> VersionLine:
    standing = Standing.OVER
    if row.version == in_force:
        standing = Standing.IN_FORCE
    elif row.version > in_force:
        standing = Standing.COMING
    return VersionLine(
        version=row.version,
        effective_at=row.effective_at,
        published_at=row.published_at,
        published_by=name or row.published_by,
        brought_back_by=row.published_by.removeprefix(BROUGHT_BACK)
        if row.published_by.startswith(BROUGHT_BACK)
        else "",
        standing=standing,
    )
