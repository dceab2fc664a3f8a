"""Owns the taking in of a push: prove it, understand each entry, apply them to their wallets, write everything in one unit of work, answer entry by entry.

Read it from `take_in` downward. Called by the endpoint, in a worker thread; several pushes run at once. A till's pushes take turns at its row in `terminals`;
pushes of different tills meet only in members' wallets, where they stand in line (`member_line`) and whose versions guard them.
"""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.engine import DatabaseBusy, ReadSession, StorageFull, WriteSession
from hq_server.database.models import UNCLAIMED, Terminal, TerminalStatus
from hq_server.database.prepared import Prepared
from hq_server.errors import ApiProblem
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_about_till
from hq_server.feed.news import member_topic
from hq_server.feed.publishing import current_epoch
from hq_server.ingest.keeping import (
    Beside,
    hashes_of,
    held_entries,
    journal_head,
    keep,
    known_outcomes,
    step,
    with_retries,
)
from hq_server.ingest.member_line import LinePlace
from hq_server.ingest.pin_proofs import concerns_pin
from hq_server.ingest.push_chain import Fault, Received, prove, read_pushed
from hq_server.ingest.understanding import ID_SHAPE
from hq_server.office import Office
from hq_server.own_journal.place import Moment
from hq_server.reservations.closing import Heeded, Report, heed, members_of
from hq_server.reservations.reported import give_back_reported
from hq_server.sessions.anchors import anchor_for
from hq_server.sessions.tokens import TillToken
from hq_server.terminals.rows import TerminalRow, hold_terminal, read_terminal, write_terminal
from hq_server.wallets.guarded import Stamp, lock_wallets
from stored_value.identity import MemberId
from sync.errors import SignatureError
from sync.messages import PUSH_ENTRIES_MAX, Outcome, Push, PushReply
from sync.versions import CURRENT, knows_holds

logger = logging.getLogger(__name__)
_HELD: Final = Prepared(
    select(Terminal.accepted_seq).where(
        Terminal.store_id == bindparam("store"), Terminal.terminal_id == bindparam("terminal")
    )
)


def take_in(office: Office, till: TillToken, push: Push, *, protocol: str = CURRENT) -> PushReply:
    """Idempotent: the same entries again are answered `exists`, with the versions and findings of the first time, and change nothing. `protocol`: the till's."""
    if push.epoch != till.epoch:
        raise ApiProblem("epoch_over", f"this head office is in epoch {till.epoch}", {"epoch": till.epoch})
    if max(len(push.entries), len(push.signed_holds)) > PUSH_ENTRIES_MAX:
        raise ApiProblem("request_invalid", f"a push has at most {PUSH_ENTRIES_MAX} entries, and as many signed holds")
    try:
        received = read_pushed(push.entries, push.head, office.clock())
    except SignatureError as error:
        raise ApiProblem("body_unreadable", f"entries: {error}") from error
    step("push_decoded")
    reply = _answer_replay(office, till, received, push) or with_retries(
        lambda repeats: _take_in_whole(office, till, Pushed(received, push, protocol, repeats))
    )
    try:
        office.sequencer.nudge()
    except (StorageFull, DatabaseBusy) as error:
        # What was taken in is safe in the outbox; the background round goes on with it.
        logger.warning("sequencing waits: %s", error)
    return reply


def _answer_replay(office: Office, till: TillToken, received: Sequence[Received], push: Push) -> PushReply | None:
    """The answer to a push that brings nothing new, without a write; None when there may be something to do."""
    if not received:
        return None
    with office.database.look() as session:
        found = _HELD.row(session, store=till.store_id, terminal=till.terminal_id)
    if found is None or received[-1].entry.header.seq > found[0]:
        return None
    with office.database.read() as session:
        terminal = read_terminal(session, till.store_id, till.terminal_id)
        if terminal is None:
            return None
        if push.head.is_report and not Report(push.head, push.epoch).is_known(terminal):
            return None
        held = held_entries(session, terminal, received, push.head.seq)
        proven = prove(received, push.head, journal_head(terminal), hashes_of(held))
        if proven.fault is not None or proven.fresh:
            return None
        return _reply(session, office, terminal, push.epoch, known_outcomes(proven, held))


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push as it was read; `repeats`: whether to look for events that their members have already."""

    received: Sequence[Received]
    push: Push
    protocol: str
    repeats: bool

    def knows_holds(self, terminal: TerminalRow) -> bool:
        """Whether the till's program reserves before value leaves. Reports are as old as holds: who ever made one, or spoke a version that has them, knows them, whatever he says
        to speak now."""
        if terminal.knows_holds or knows_holds(self.protocol):
            return True
        return terminal.reported_at is not None or self.push.head.is_report


def _take_in_whole(office: Office, till: TillToken, pushed: Pushed) -> PushReply:
    with _place(office) as place, office.database.write() as session:
        reply, fault, moved, heeded = _take_in_once(office, session, till, pushed, place)
    step("ingest_committed")
    if heeded.top_ups:
        give_back_reported(office.desk, Moment.at(office.clock()), heeded.top_ups)
    office.news.call(member_topic(member_id) for member_id in moved)
    office.leases.touched(moved)
    if fault is not None:
        raise ApiProblem(fault.code, fault.message, {"seq": fault.seq, "accepted_through": reply.accepted_through})
    return reply


def _place(office: Office) -> contextlib.AbstractContextManager[LinePlace | None]:
    """SQLite has one writer at a time: nobody waits behind another's wallets there."""
    return contextlib.nullcontext() if office.database.is_sqlite else office.line.place()


def _take_in_once(
    office: Office, session: WriteSession, till: TillToken, pushed: Pushed, place: LinePlace | None
) -> tuple[PushReply, Fault | None, frozenset[MemberId], Heeded]:
    """With the members whose wallets changed, and what became of the till's report."""
    now, received, push = office.clock(), pushed.received, pushed.push
    row = hold_terminal(session, till.store_id, till.terminal_id)
    terminal = row.row
    if current_epoch(session) != push.epoch:
        # Begun since the token was looked at: what the till reported there would close what it was granted here (H1).
        raise ApiProblem("epoch_over", f"head office began a new epoch after {push.epoch}")
    if terminal.status != TerminalStatus.ACTIVE:
        raise ApiProblem(f"terminal_{terminal.status}", terminal.status_reason or "head office stopped this till")
    if terminal.branch_from == UNCLAIMED:
        raise ApiProblem("journal_forked", "head office waits for this till to show where its journal parts")
    step("ingest_begun")
    held = held_entries(session, terminal, received, push.head.seq)
    proven = prove(received, push.head, journal_head(terminal), hashes_of(held))
    report = Report(push.head, push.epoch)
    if push.head.is_report or any(concerns_pin(each.entry.header) for each in proven.fresh):
        # What a report closes, and a PIN that one of them sets, is decided on what is committed.
        named = {member_id for each in proven.fresh for member_id in each.entry.header.members}
        own = {member_id for member_id in named if ID_SHAPE.fullmatch(member_id)}
        wanted = own | (members_of(session, terminal, report) if push.head.is_report else set())
        if place is not None:
            place.stand_alone(wanted)
        lock_wallets(session, wanted)
    terminal.knows_holds = pushed.knows_holds(terminal)
    kept = keep(
        office,
        session,
        terminal,
        proven,
        push.epoch,
        beside=Beside(signed_holds=push.signed_holds),
        repeats=pushed.repeats,
        knows_holds=terminal.knows_holds,
        place=place,
    )
    terminal.last_seen_at = now
    if proven.fault is not None and proven.fault.stops:
        terminal.status, terminal.status_reason = TerminalStatus.STOPPED, proven.fault.message[:200]
        logger.error("till stopped: %s", proven.fault.message, extra={"terminal_id": terminal.terminal_id})
        raise_about_till(session, terminal, _of_fault(proven.fault), now=now)
    moved = frozenset(each.member_id for each in kept.incoming if each.member_id is not None)
    heeded = Heeded()
    if _is_whole_report(push, terminal):
        terminal.risk_taken = ""
        heeded = heed(session, terminal, report, Stamp(now, office.keys.random))
    write_terminal(session, row)
    outcomes = (*known_outcomes(proven, held), *kept.outcomes)
    moved |= heeded.freed | {each.member_id for each in heeded.top_ups}
    return _reply(session, office, terminal, push.epoch, outcomes), proven.fault, moved, heeded


def _of_fault(fault: Fault) -> TillFinding:
    return TillFinding(
        code=ExceptionCode(fault.code), data={"seq": fault.seq, "why": fault.message}, seq=fault.seq, reopens=True
    )


def _is_whole_report(push: Push, terminal: TerminalRow) -> bool:
    """Head office now holds every entry that the report speaks of, and no later one."""
    head = push.head
    return (
        terminal.status == TerminalStatus.ACTIVE
        and head.is_report
        and ((head.seq, head.hash) == (terminal.accepted_seq, terminal.head_hash))
    )


def _reply(
    session: ReadSession, office: Office, terminal: TerminalRow, epoch: str, outcomes: tuple[Outcome, ...]
) -> PushReply:
    return PushReply(
        epoch=epoch,
        outcomes=outcomes,
        accepted_through=terminal.accepted_seq,
        head_hash=terminal.head_hash,
        anchor=anchor_for(session, office.keys, terminal, now=office.clock()),
    )
