"""Owns the taking in of what a dead till left: the chain is proven from the head that head office holds, vouched for by the rescuing till's key and a person's leave.

Called by the endpoint, in a worker thread. Idempotent and resumable: what is held already is answered `exists`, and an empty request only tells how far head office has come.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from hq_server.audit.log import record
from hq_server.database.engine import DatabaseBusy, ReadSession, StorageFull, WriteSession
from hq_server.database.models import (
    RecoveryApproval,
    ReservationRecord,
    ReservationState,
)
from hq_server.errors import ApiProblem
from hq_server.feed.news import member_topic
from hq_server.ingest.keeping import Beside, hashes_of, held_entries, journal_head, keep, known_outcomes, with_retries
from hq_server.ingest.push_chain import End, Fault, Received, prove_chain, read_pushed
from hq_server.office import Office
from hq_server.recovery.approvals import ApprovalRefused, approval_of
from hq_server.sessions.tokens import TillToken
from hq_server.terminals.rows import TerminalRow, hold_terminal, read_terminal, write_terminal
from hq_server.terminals.standing import Standing, revoke
from stored_value.findings import Finding, FindingCode
from stored_value.identity import MemberId, TerminalId
from sync.errors import SignatureError
from sync.messages import PUSH_ENTRIES_MAX, Outcome
from sync.recovery import Recovery, RecoveryReply, RescuedHead, check_own, check_rescue

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _TakenIn:
    reply: RecoveryReply
    fault: Fault | None
    moved: frozenset[MemberId]


def take_in_recovery(office: Office, rescuer: TillToken, terminal_id: TerminalId, recovery: Recovery) -> RecoveryReply:
    """The dead till is revoked with the first entry, and when the copy turns out to hold none. Its reservations stay open until a person writes them off: nobody can
    know that the copy is whole (H2)."""
    if recovery.epoch != rescuer.epoch:
        raise ApiProblem("epoch_over", f"this head office is in epoch {rescuer.epoch}", {"epoch": rescuer.epoch})
    if max(len(recovery.entries), len(recovery.signed_holds)) > PUSH_ENTRIES_MAX:
        raise ApiProblem("request_invalid", f"a push has at most {PUSH_ENTRIES_MAX} entries, and as many signed holds")
    try:
        received = read_pushed(recovery.entries, recovery.head, office.clock()) if recovery.head is not None else ()
    except SignatureError as error:
        raise ApiProblem("body_unreadable", f"entries: {error}") from error
    taken = with_retries(lambda _: _take_in_whole(office, rescuer, terminal_id, received, recovery))
    office.news.call(member_topic(member_id) for member_id in taken.moved)
    office.leases.touched(taken.moved)
    try:
        office.sequencer.nudge()
    except (StorageFull, DatabaseBusy) as error:
        logger.warning("sequencing waits: %s", error)
    if taken.fault is not None:
        data = {"seq": taken.fault.seq, "accepted_through": taken.reply.accepted_through}
        raise ApiProblem(taken.fault.code, taken.fault.message, data)
    return taken.reply


def _take_in_whole(
    office: Office, rescuer: TillToken, terminal_id: TerminalId, received: Sequence[Received], recovery: Recovery
) -> _TakenIn:
    now = office.clock()
    with office.database.write() as session:
        try:
            approval = approval_of(
                session, recovery.approval, terminal_id, rescuer.store_id, rescuer.terminal_id, now=now
            )
        except ApprovalRefused as refused:
            raise ApiProblem(refused.code, str(refused)) from refused
        dead = hold_terminal(session, approval.store_id, approval.terminal_id).row
        if recovery.head is None:
            return _TakenIn(_reply(session, dead, ()), None, frozenset())
        is_own = _vouched(session, dead, rescuer, recovery.head)
        _take_over(office, session, dead, approval, rescuer)
        lasting = hold_terminal(session, approval.store_id, approval.terminal_id)
        dead = lasting.row
        held = held_entries(session, dead, received)
        public_key = _public_key(session, rescuer)
        end = End(recovery.head.seq, recovery.head.hash)
        proven = prove_chain(received, end, journal_head(dead), hashes_of(held), declarer=public_key)
        code = FindingCode.RECOVERED_SIGNED if is_own else FindingCode.RECOVERED
        remark = Finding(code, {"by": rescuer.terminal_id, "approved_by": approval.approved_by})
        knows_holds = dead.knows_holds or dead.reported_at is not None
        beside = Beside(remark, recovery.signed_holds)
        kept = keep(office, session, dead, proven, recovery.epoch, beside=beside, knows_holds=knows_holds)
        write_terminal(session, lasting)
        outcomes = (*known_outcomes(proven, held), *kept.outcomes)
        moved = frozenset(each.member_id for each in kept.incoming if each.member_id is not None)
        if recovery.is_whole and proven.fault is None:
            _note_whole(office, session, dead, approval, rescuer)
        return _TakenIn(_reply(session, dead, outcomes), proven.fault, moved)


def _vouched(session: ReadSession, dead: TerminalRow, rescuer: TillToken, head: RescuedHead) -> bool:
    """True when the dead till's own key vouches as well."""
    said = (head.terminal_id, head.incarnation, head.rescuer)
    if said != (dead.terminal_id, dead.incarnation, rescuer.terminal_id):
        raise ApiProblem(
            "journal_broken", f"what was signed is not of {dead.terminal_id}, incarnation {dead.incarnation}"
        )
    try:
        check_rescue(_public_key(session, rescuer), head)
    except SignatureError as error:
        raise ApiProblem("signature_refused", "the rescuing till did not sign this") from error
    if not head.own_signature:
        return False
    try:
        check_own(dead.public_key, head)
    except SignatureError:
        logger.warning("a dead till's own signature does not hold", extra={"terminal_id": dead.terminal_id})
        return False
    return True


def _public_key(session: ReadSession, rescuer: TillToken) -> str:
    row = read_terminal(session, rescuer.store_id, rescuer.terminal_id)
    assert row is not None, "the till has just shown its token"
    return row.public_key


def _take_over(
    office: Office, session: WriteSession, dead: TerminalRow, approval: RecoveryApproval, rescuer: TillToken
) -> None:
    """From now on the dead till's key opens nothing."""
    approval.rescuer = rescuer.terminal_id
    if revoke(session, TerminalId(dead.terminal_id), f"taken over by {rescuer.terminal_id}") is not Standing.CHANGED:
        return
    record(
        session,
        actor=approval.approved_by,
        action="terminal_taken_over",
        subject=dead.terminal_id,
        data={"by": rescuer.terminal_id, "from_seq": dead.accepted_seq + 1},
        now=office.clock(),
    )


def _note_whole(
    office: Office, session: WriteSession, dead: TerminalRow, approval: RecoveryApproval, rescuer: TillToken
) -> None:
    record(
        session,
        actor=approval.approved_by,
        action="terminal_recovered",
        subject=dead.terminal_id,
        data={"by": rescuer.terminal_id, "through_seq": dead.accepted_seq},
        now=office.clock(),
    )


def _reply(session: ReadSession, dead: TerminalRow, outcomes: tuple[Outcome, ...]) -> RecoveryReply:
    waiting = session.scalar(
        select(func.count())
        .select_from(ReservationRecord)
        .where(
            ReservationRecord.store_id == dead.store_id,
            ReservationRecord.terminal_id == dead.terminal_id,
            ReservationRecord.state == ReservationState.OPEN,
        )
    )
    return RecoveryReply(
        incarnation=dead.incarnation,
        accepted_through=dead.accepted_seq,
        head_hash=dead.head_hash,
        outcomes=outcomes,
        status=dead.status,
        open_reservations=waiting or 0,
    )
