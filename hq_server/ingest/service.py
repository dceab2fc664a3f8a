"""Owns the taking in of a push: prove it, understand each entry, apply them to their wallets, write everything in one unit of work, answer entry by entry.

Read it from `take_in` downward. Called by the endpoint, in a worker thread; several pushes run at once. A till's pushes take turns at its row in `terminals`;
pushes of different tills meet only in members' wallets, whose versions guard them.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from hq_server.database.engine import DatabaseBusy, ReadSession, StorageFull, WriteSession
from hq_server.database.models import Store, Terminal, TerminalStatus
from hq_server.errors import ApiProblem
from hq_server.feed.news import member_topic
from hq_server.ingest.anchor_trail import neighbours
from hq_server.ingest.batch_writer import writer_for
from hq_server.ingest.entry_rows import BatchRows, outcome_of_held, write_rows
from hq_server.ingest.loading import HeldEntry, load_entries, load_wallets
from hq_server.ingest.push_chain import Fault, JournalHead, Proven, Received, prove, read_push
from hq_server.ingest.understanding import Incoming, Place, understand
from hq_server.ingest.wallet_batch import MemberBatch, apply_to_member
from hq_server.members.personal import store_personal
from hq_server.office import Office
from hq_server.reservations.closing import Report, heed
from hq_server.reservations.lost_grants import mark_earlier
from hq_server.reservations.settling import note_settled
from hq_server.sessions.anchors import anchor_for
from hq_server.sessions.tokens import TillToken
from hq_server.wallets.guarded import Stamp
from stored_value.events import MemberEnrolled
from stored_value.identity import MemberId, StoreId
from sync.entry import AnchorRef
from sync.errors import SignatureError
from sync.keys import TrustedKeys
from sync.messages import PUSH_ENTRIES_MAX, Outcome, Push, PushReply

logger = logging.getLogger(__name__)
steps = logging.getLogger("hq_server.steps")
ATTEMPTS: Final = 5
_decode_anchor = msgspec.json.Decoder(AnchorRef).decode
_encode_anchor = msgspec.json.Encoder(order="sorted").encode


def step(name: str) -> None:
    steps.debug(name, extra={"step": name})


def take_in(office: Office, till: TillToken, push: Push) -> PushReply:
    """Idempotent: the same entries again are answered `exists`, with the versions and findings of the first time, and change nothing."""
    if push.epoch != till.epoch:
        raise ApiProblem("epoch_over", f"this head office is in epoch {till.epoch}", {"epoch": till.epoch})
    if len(push.entries) > PUSH_ENTRIES_MAX:
        raise ApiProblem("request_invalid", f"a push has at most {PUSH_ENTRIES_MAX} entries")
    try:
        received = read_push(push)
    except SignatureError as error:
        raise ApiProblem("body_unreadable", f"entries: {error}") from error
    step("push_decoded")
    reply = _answer_replay(office, till, received, push) or _take_in_with_retries(office, till, received, push)
    try:
        office.sequencer.nudge()
    except (StorageFull, DatabaseBusy) as error:
        # What was taken in is safe in the outbox; the background round goes on with it.
        logger.warning("sequencing waits: %s", error)
    return reply


def _answer_replay(office: Office, till: TillToken, received: Sequence[Received], push: Push) -> PushReply | None:
    """The answer to a push that brings nothing new, without a write; None when there may be something to do."""
    with office.database.read() as session:
        terminal = session.get(Terminal, (till.store_id, till.terminal_id))
        if terminal is None or not received:
            return None
        if push.head.is_report and not Report(push.head, push.epoch).is_known(terminal):
            return None
        last = received[-1].entry
        if last is None or last.header.seq > terminal.accepted_seq:
            return None
        held = _held_entries(session, terminal, received, push)
        proven = prove(received, push.head, _journal_head(terminal), {seq: each.hash for seq, each in held.items()})
        if proven.fault is not None or proven.fresh:
            return None
        return _reply(session, office, terminal, push.epoch, _known_outcomes(proven, held))


def _take_in_with_retries(office: Office, till: TillToken, received: Sequence[Received], push: Push) -> PushReply:
    """Two batches may wait for each other, or bring the same new member: done again, one finds what the other left."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _take_in_whole(office, till, received, push)
        except (DatabaseBusy, IntegrityError, UniqueViolation) as error:
            logger.info("taken in again after a conflict: %s", type(error).__name__)
    return _take_in_whole(office, till, received, push)


def _take_in_whole(office: Office, till: TillToken, received: Sequence[Received], push: Push) -> PushReply:
    with office.database.write() as session:
        reply, fault, moved = _take_in_once(office, session, till, received, push)
    step("ingest_committed")
    office.news.call(member_topic(member_id) for member_id in moved)
    office.leases.touched(moved)
    if fault is not None:
        raise ApiProblem(fault.code, fault.message, {"seq": fault.seq, "accepted_through": reply.accepted_through})
    return reply


def _take_in_once(
    office: Office, session: WriteSession, till: TillToken, received: Sequence[Received], push: Push
) -> tuple[PushReply, Fault | None, frozenset[MemberId]]:
    """With the members whose wallets changed."""
    now = office.clock()
    terminal = session.get_one(Terminal, (till.store_id, till.terminal_id), with_for_update=True)
    if terminal.status != TerminalStatus.ACTIVE:
        raise ApiProblem(f"terminal_{terminal.status}", terminal.status_reason or "head office stopped this till")
    step("ingest_begun")
    held = _held_entries(session, terminal, received, push)
    proven = prove(received, push.head, _journal_head(terminal), {seq: each.hash for seq, each in held.items()})
    incoming = _understood(office, session, terminal, proven, now)
    mark_earlier(session, terminal, incoming, push.epoch)
    _enrolled(office, session, incoming, now)
    rows = BatchRows(terminal.store_id, incoming, _applied(session, incoming, now), now)
    write_rows(writer_for(session), rows)
    note_settled(session, rows.members, at=now)
    step("rows_written")
    if incoming:
        head = incoming[-1].entry
        terminal.accepted_seq, terminal.head_hash = head.header.seq, head.hash
        terminal.last_occurred_at = head.header.occurred_at
        if head.header.anchor is not None:
            terminal.anchor_seen = _encode_anchor(head.header.anchor)
    terminal.last_seen_at = now
    if proven.fault is not None and proven.fault.stops:
        terminal.status, terminal.status_reason = TerminalStatus.STOPPED, proven.fault.message[:200]
        logger.error("till stopped: %s", proven.fault.message, extra={"terminal_id": terminal.terminal_id})
    moved = frozenset(each.member_id for each in incoming if each.member_id is not None)
    if _is_whole_report(push, terminal):
        moved |= heed(session, terminal, Report(push.head, push.epoch), Stamp(now, office.keys.random))
    session.flush()
    outcomes = (*_known_outcomes(proven, held), *rows.outcomes())
    return _reply(session, office, terminal, push.epoch, outcomes), proven.fault, moved


def _is_whole_report(push: Push, terminal: Terminal) -> bool:
    """Head office now holds every entry that the report speaks of, and no later one."""
    head = push.head
    return (
        terminal.status == TerminalStatus.ACTIVE
        and head.is_report
        and ((head.seq, head.hash) == (terminal.accepted_seq, terminal.head_hash))
    )


def _journal_head(terminal: Terminal) -> JournalHead:
    return JournalHead(
        terminal_id=terminal.terminal_id,
        incarnation=terminal.incarnation,
        public_key=terminal.public_key,
        seq=terminal.accepted_seq,
        hash=terminal.head_hash,
    )


def _held_entries(
    session: ReadSession, terminal: Terminal, received: Sequence[Received], push: Push
) -> dict[int, HeldEntry]:
    seqs = [each.entry.header.seq for each in received if each.entry is not None]
    wanted = [seq for seq in (*seqs, push.head.seq) if seq <= terminal.accepted_seq]
    if not wanted:
        return {}
    return load_entries(session, terminal.store_id, terminal.terminal_id, terminal.incarnation, wanted)


def _understood(
    office: Office, session: WriteSession, terminal: Terminal, proven: Proven, now: datetime
) -> list[Incoming]:
    fresh = [(each.entry, each.attachment) for each in proven.fresh if each.entry is not None]
    if not fresh:
        return []
    rulebooks = office.rulebooks.all(session)
    zone = session.execute(select(Store.zone).where(Store.store_id == terminal.store_id)).scalar_one()
    place = Place(store_id=StoreId(terminal.store_id), zone=ZoneInfo(zone))
    around = neighbours(
        [entry for entry, _ in fresh],
        trusted=TrustedKeys(office.keys.root_public_key, office.keys.certificates),
        enrolled_at=terminal.enrolled_at,
        last_anchor=_decode_anchor(terminal.anchor_seen) if terminal.anchor_seen else None,
        received_at=now,
        newest_rulebook=rulebooks.newest,
    )
    return [
        understand(entry, attachment, place, beside, rulebooks)
        for (entry, attachment), beside in zip(fresh, around, strict=True)
    ]


def _enrolled(office: Office, session: WriteSession, incoming: Sequence[Incoming], now: datetime) -> None:
    """New members are opened and kept before anything is applied: the same phone twice is told with the entry."""
    enrolments = [each for each in incoming if isinstance(each.event, MemberEnrolled)]
    if not enrolments:
        return
    pairs = [(each.event, each.attachment) for each in enrolments if isinstance(each.event, MemberEnrolled)]
    for each, findings in zip(enrolments, store_personal(session, office.keys, pairs, now=now), strict=True):
        each.findings.extend(findings)


def _applied(session: WriteSession, incoming: Sequence[Incoming], now: datetime) -> dict[str, MemberBatch]:
    """By member, what the batch does; the wallets are written. A member whose wallet changed meanwhile is loaded and applied again, alone."""
    groups: defaultdict[str, list[Incoming]] = defaultdict(list)
    for each in incoming:
        if each.member_id is not None:
            groups[each.member_id].append(each)
    writer = writer_for(session)
    done: dict[str, MemberBatch] = {}
    left = dict(groups)
    for _ in range(ATTEMPTS):
        if not left:
            return done
        held = load_wallets(session, left)
        step("wallets_loaded")
        batches = {member_id: apply_to_member(left[member_id], held[member_id], now) for member_id in sorted(left)}
        step("applied")
        changed = writer.replace_wallets([row for batch in batches.values() for row in batch.wallet])
        done.update((member_id, batch) for member_id, batch in batches.items() if member_id not in changed)
        left = {member_id: left[member_id] for member_id in changed}
    raise DatabaseBusy(f"{len(left)} wallets kept changing")


def _known_outcomes(proven: Proven, held: dict[int, HeldEntry]) -> tuple[Outcome, ...]:
    return tuple(
        outcome_of_held(each.entry.header.seq, held[each.entry.header.seq])
        for each in proven.known
        if each.entry is not None
    )


def _reply(
    session: ReadSession, office: Office, terminal: Terminal, epoch: str, outcomes: tuple[Outcome, ...]
) -> PushReply:
    return PushReply(
        epoch=epoch,
        outcomes=outcomes,
        accepted_through=terminal.accepted_seq,
        head_hash=terminal.head_hash,
        anchor=anchor_for(session, office.keys, terminal, now=office.clock()),
    )
