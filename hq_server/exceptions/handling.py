"""Owns what people do with an exception: naming who looks at it, and settling it in words. Called by the console; the caller commits. Each deed is in the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from hq_server.audit.log import record
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import ConsoleUser, ExceptionRecord, ExceptionState
from hq_server.exceptions.kinds import ABOUT_SUSPENSE, ExceptionCode
from hq_server.exceptions.telling import tell_store

WORDS_CHARS_MAX: Final = 1_000


class Handled(StrEnum):
    DONE = "done"
    UNKNOWN = "unknown"
    SETTLED_BEFORE = "settled_before"
    WORDS_MISSING = "words_missing"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ExceptionKey:
    store_id: str
    subject: str
    code: str

    def __str__(self) -> str:
        return f"{self.subject}/{self.code}"


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does it at head office, and when."""

    actor: str
    now: datetime


def assign(session: WriteSession, key: ExceptionKey, login: str, deed: Deed) -> Handled:
    """To a person of head office, or of the exception's own store; empty: to nobody, so that the kind decides again."""
    found = _locked(session, key)
    if found is None:
        return Handled.UNKNOWN
    if found.state == ExceptionState.RESOLVED:
        return Handled.SETTLED_BEFORE
    if login and not _may_look(session, login, key.store_id):
        return Handled.NOBODY
    found.assigned_to = login or None
    _audited(session, key, "exception_assigned", {"to": login}, deed)
    return Handled.DONE


def resolve(session: WriteSession, key: ExceptionKey, words: str, deed: Deed) -> Handled:
    """For good, unless the same is found again. What was settled, and how, must be said: the store's tills show those words."""
    said = words.strip()[:WORDS_CHARS_MAX]
    found = _locked(session, key)
    if found is None:
        return Handled.UNKNOWN
    if found.state == ExceptionState.RESOLVED:
        return Handled.SETTLED_BEFORE
    if not said:
        return Handled.WORDS_MISSING
    found.state = ExceptionState.RESOLVED
    found.resolved_at, found.resolved_by, found.resolution = deed.now, deed.actor, said
    _audited(session, key, "exception_resolved", {"store": key.store_id}, deed)
    tell_store(session, found)
    return Handled.DONE


def open_about(session: ReadSession, code: ExceptionCode, terminal_id: str) -> Sequence[ExceptionRecord]:
    """What waits for a person about a till, newest first."""
    return session.scalars(
        select(ExceptionRecord)
        .where(
            ExceptionRecord.code == code,
            ExceptionRecord.terminal_id == terminal_id,
            ExceptionRecord.state == ExceptionState.OPEN,
        )
        .order_by(ExceptionRecord.raised_at.desc())
    ).all()


def settle_about(session: WriteSession, code: ExceptionCode, terminal_id: str, words: str, deed: Deed) -> int:
    """By what a person has just decided about the till; returns how many were open."""
    waiting = open_about(session, code, terminal_id)
    for each in waiting:
        resolve(session, ExceptionKey(each.store_id, each.subject, each.code), words, deed)
    return len(waiting)


def settle_suspense(session: WriteSession, store_id: str, subject: str, words: str, deed: Deed) -> None:
    """By the decision who bears what an entry put there."""
    for code in sorted(ABOUT_SUSPENSE):
        resolve(session, ExceptionKey(store_id, subject, code), words, deed)


def _locked(session: WriteSession, key: ExceptionKey) -> ExceptionRecord | None:
    return session.get(ExceptionRecord, (key.store_id, key.subject, key.code), with_for_update=True)


def _may_look(session: WriteSession, login: str, store_id: str) -> bool:
    person = session.scalars(select(ConsoleUser).where(ConsoleUser.login == login)).one_or_none()
    return person is not None and person.active and person.store_id in {None, store_id}


def _audited(session: WriteSession, key: ExceptionKey, action: str, data: dict[str, int | str], deed: Deed) -> None:
    """The words of a resolution may name a person, so they stand in the exception only."""
    session.flush()
    record(session, actor=deed.actor, action=action, subject=str(key), data=data, now=deed.now)
