"""Owns how much each till may be taking at risk without head office knowing (L5): by the highest allowance of any rulebook that the till may still decide by.

A till that is away goes on by the rulebooks that it holds. What it last sent here says which those are at the least: its last entry names the one that decided it, and carries head
office's signed time, below which the till's own time never runs again (H8). From that one on every published rulebook may be in use. Reads only; called by `exposure`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import and_, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import JournalEntry, Terminal
from hq_server.database.prepared import Prepared
from hq_server.ingest.rulebook_shelf import Rulebooks
from stored_value.offline_policy import RiskAllowance
from sync.entry import read_entry
from sync.errors import EntryUnreadable
from sync.message_types import prepare


class _Body(msgspec.Struct):
    """Every entry's body names the rulebook."""

    rulebook: int = 0


_LAST_ENTRIES: Final = Prepared(
    select(JournalEntry.terminal_id, JournalEntry.raw).join(
        Terminal,
        and_(
            Terminal.store_id == JournalEntry.store_id,
            Terminal.terminal_id == JournalEntry.terminal_id,
            Terminal.incarnation == JournalEntry.incarnation,
            Terminal.accepted_seq == JournalEntry.seq,
        ),
    )
)
_decode_body = msgspec.json.Decoder(_Body).decode


def risk_of_a_till(risk: RiskAllowance) -> int:
    """Nothing when any of its limits is 0: then no payment passes."""
    on = risk.payment_minor and risk.member_minor and risk.hours
    return risk.till_minor if on else 0


def allowances(
    session: ReadSession, rulebooks: Rulebooks, tills: Iterable[Terminal], doubted: Iterable[str] = ()
) -> dict[str, int]:
    """By till. Of those `doubted` there may be a copy, as old as the till: any rulebook since its enrolment counts."""
    told, unsure = _told(session, rulebooks), frozenset(doubted)
    most = _highest_from(rulebooks)
    found: dict[str, int] = {}
    for till in tills:
        first = rulebooks.in_force(till.enrolled_at).version
        known = None if till.terminal_id in unsure else told.get(till.terminal_id)
        found[till.terminal_id] = most[first if known is None else known]
    return found


def _told(session: ReadSession, rulebooks: Rulebooks) -> dict[str, int]:
    """By till, the oldest version that it may still decide by; tills that have told nothing are missing."""
    found = ((terminal_id, _read(raw)) for terminal_id, raw in _LAST_ENTRIES.rows(session))
    return {
        terminal_id: oldest.version
        for terminal_id, said in found
        if said is not None and (oldest := rulebooks.surely_known(*said)) is not None
    }


def _read(raw: bytes) -> tuple[int, datetime] | None:
    """The rulebook and the signed time of an entry; None when it does not say both."""
    try:
        entry = read_entry(raw)
        version = _decode_body(entry.body).rulebook
    except (EntryUnreadable, msgspec.DecodeError):
        return None
    anchor = entry.header.anchor
    return None if anchor is None or version < 1 else (version, anchor.hq_time)


def _highest_from(rulebooks: Rulebooks) -> Mapping[int, int]:
    """By version, the highest allowance from that one on."""
    highest: dict[int, int] = {}
    most = 0
    for book in rulebooks.newest_first():
        most = highest[book.version] = max(most, risk_of_a_till(book.offline.risk))
    return highest


prepare(globals())
