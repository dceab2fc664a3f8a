"""Owns what is done with proven entries, whoever sent them: understand each, apply them to their wallets, write every row, in the caller's unit of work.

Called by the taking in of a push and by the recovery of a dead till; both hold the terminal's row. Must not judge chains or signatures: `push_chain` did.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from hq_server.database.batch_writer import writer_for
from hq_server.database.engine import CLASHES, DatabaseBusy, ReadSession, WriteSession
from hq_server.ingest.anchor_trail import neighbours
from hq_server.ingest.card_days import CardDays
from hq_server.ingest.entry_rows import BatchRows, outcome_of_held, write_new, write_rows, write_shared
from hq_server.ingest.judges import Judges
from hq_server.ingest.loading import ByMember, HeldEntry, load_behind, load_entries, load_wallets
from hq_server.ingest.member_line import LinePlace, Overtaken
from hq_server.ingest.own_originals import refuse_unfounded
from hq_server.ingest.pin_proofs import PinProofs
from hq_server.ingest.poison import Kept, written
from hq_server.ingest.push_chain import JournalHead, Proven, Received
from hq_server.ingest.rows import WalletRow
from hq_server.ingest.shift_check import check_shifts
from hq_server.ingest.till_risk import TillRisk
from hq_server.ingest.understanding import Incoming, Place, understand
from hq_server.ingest.wallet_batch import HeldWallet, MemberBatch, apply_to_member
from hq_server.members.personal import store_personal
from hq_server.office import Office
from hq_server.reservations.lost_grants import mark_earlier
from hq_server.reservations.settling import note_settled
from hq_server.reservations.signed_holds import Shown, show_again
from hq_server.stores.zones import zone_of
from hq_server.terminals.rows import TerminalRow
from stored_value.events import MemberEnrolled
from stored_value.findings import Finding, FindingCode
from stored_value.identity import StoreId
from stored_value.periods import is_prior_period
from sync.entry import AnchorRef
from sync.messages import Outcome
from sync.signed_hold import SignedHold

logger = logging.getLogger(__name__)
steps = logging.getLogger("hq_server.steps")
T = TypeVar("T")
ATTEMPTS: Final = 5
_decode_anchor = msgspec.json.Decoder(AnchorRef).decode
_encode_anchor = msgspec.json.Encoder(order="sorted").encode


def step(name: str) -> None:
    steps.debug(name, extra={"step": name})


def with_retries(take_in: Callable[[bool], T]) -> T:
    """Two batches may wait for each other, or bring the same new member or event: done again, one finds what the other left. `take_in` is told whether to look
    for events that their members have already, which only a copied journal brings: the first time it may leave that to the table's key."""
    repeats = False
    for _ in range(ATTEMPTS - 1):
        try:
            return take_in(repeats)
        except (DatabaseBusy, *CLASHES) as error:
            repeats = repeats or not isinstance(error, DatabaseBusy)
            logger.info("taken in again after a conflict: %s", type(error).__name__)
    return take_in(True)


def journal_head(terminal: TerminalRow) -> JournalHead:
    return JournalHead(
        terminal_id=terminal.terminal_id,
        incarnation=terminal.incarnation,
        public_key=terminal.public_key,
        seq=terminal.accepted_seq,
        hash=terminal.head_hash,
        branch_open=terminal.branch_open,
    )


def held_entries(
    session: ReadSession, terminal: TerminalRow, received: Sequence[Received], *also: int
) -> dict[int, HeldEntry]:
    """Those that head office holds already, of the entries received and of the seqs `also`."""
    seqs = [each.entry.header.seq for each in received]
    wanted = [seq for seq in (*seqs, *also) if seq <= terminal.accepted_seq]
    if not wanted:
        return {}
    return load_entries(session, terminal.store_id, terminal.terminal_id, terminal.incarnation, wanted)


def hashes_of(held: dict[int, HeldEntry]) -> dict[int, str]:
    return {seq: each.hash for seq, each in held.items()}


@dataclass(frozen=True, slots=True)
class Beside:
    """What came with the entries: `remark` is told with each, `signed_holds` are shown by their till."""

    remark: Finding | None = None
    signed_holds: Sequence[SignedHold] = ()


NOTHING_BESIDE: Final = Beside()


def keep(
    office: Office,
    session: WriteSession,
    terminal: TerminalRow,
    proven: Proven,
    epoch: str,
    *,
    beside: Beside = NOTHING_BESIDE,
    repeats: bool = True,
    knows_holds: bool = True,
    place: LinePlace | None = None,
) -> Kept:
    """Moves the journal's head at head office to the last of them. `repeats` as in `with_retries`; `knows_holds` is False for a till whose program cannot reserve; `place` where
    the unit of work stands among others of the same members."""
    now = office.clock()
    judges = Judges(
        risk=TillRisk(terminal, judges=knows_holds),
        pins=PinProofs(office.keys, terminal, epoch, now),
        cards=CardDays(terminal, judges=knows_holds),
    )
    settling = _Settling(session, now, judges, repeats, place)

    def understood() -> list[Incoming]:
        incoming = _understood(office, session, terminal, proven, now)
        for each, received in zip(incoming, proven.fresh, strict=True):
            if received.is_adopted:
                each.findings.append(Finding(FindingCode.FORK_ADOPTED, {"incarnation": terminal.incarnation}))
        if beside.remark is not None:
            for each in incoming:
                each.findings.append(beside.remark)
        refuse_unfounded(session, terminal, incoming, now)
        mark_earlier(session, terminal, incoming, epoch, office.rulebooks.all(session), now)
        if beside.signed_holds:
            show_again(session, terminal, incoming, Shown(beside.signed_holds, epoch, office.keys.trusted))
        check_shifts(session, terminal, incoming)
        return incoming

    def write(incoming: Sequence[Incoming]) -> BatchRows:
        _enrolled(office, session, incoming, now)
        rows = settling.written(terminal.store_id, incoming)
        note_settled(session, rows.members, at=now)
        judges.pins.write(session)
        return rows

    try:
        kept = written(session, understood, write, settling.apart)
    except Overtaken:
        logger.info("settled again: others changed its members' wallets meanwhile")
        kept = written(session, understood, write, settling.apart)
    step("rows_written")
    if kept.incoming:
        _move_head(terminal, kept.incoming)
        terminal.risk_taken = judges.risk.counted()
    return kept


def _move_head(terminal: TerminalRow, incoming: Sequence[Incoming]) -> None:
    head = incoming[-1].entry
    terminal.accepted_seq, terminal.head_hash = head.header.seq, head.hash
    terminal.last_occurred_at = head.header.occurred_at
    anchors = [each.entry.header.anchor for each in incoming if each.anchored]
    if anchors:
        terminal.anchor_seen = _encode_anchor(anchors[-1])
    lost = [each.seq for each in incoming if each.is_lost]
    if lost:
        terminal.hole_seq = lost[-1]


def _understood(
    office: Office, session: WriteSession, terminal: TerminalRow, proven: Proven, now: datetime
) -> list[Incoming]:
    fresh = proven.fresh
    if not fresh:
        return []
    rulebooks = office.rulebooks.all(session)
    place = Place(store_id=StoreId(terminal.store_id), zone=zone_of(session, terminal.store_id))
    around = neighbours(
        [received.entry for received in fresh],
        trusted=office.keys.trusted,
        enrolled_at=terminal.enrolled_at,
        last_anchor=_decode_anchor(terminal.anchor_seen) if terminal.anchor_seen else None,
        received_at=now,
        newest_rulebook=rulebooks.newest,
    )
    incoming = [
        understand(received.entry, received.attachment, place, beside, rulebooks)
        for received, beside in zip(fresh, around, strict=True)
    ]
    today, settlement = now.astimezone(place.zone).date(), rulebooks.in_force(now).settlement
    for each in incoming:
        each.is_late = is_prior_period(each.business_date, today, settlement)
    return incoming


def _enrolled(office: Office, session: WriteSession, incoming: Sequence[Incoming], now: datetime) -> None:
    """New members are opened and kept before anything is applied: the same phone twice is told with the entry."""
    enrolments = [each for each in incoming if isinstance(each.event, MemberEnrolled)]
    if not enrolments:
        return
    pairs = [(each.event, each.attachment) for each in enrolments if isinstance(each.event, MemberEnrolled)]
    for each, findings in zip(enrolments, store_personal(session, office.keys, pairs, now=now), strict=True):
        each.findings.extend(findings)


@dataclass(frozen=True, slots=True)
class _Settling:
    """Of entries that are understood: on their members' wallets, and into the tables. Done a second time it stands on what is committed."""

    session: WriteSession
    now: datetime
    judges: Judges
    repeats: bool
    place: LinePlace | None

    def written(self, store_id: str, incoming: Sequence[Incoming]) -> BatchRows:
        """May raise `Overtaken`, but not the second time."""
        groups = _by_member(incoming)
        if self.place is not None:
            self.place.stand(groups)
            if self.place.is_behind:
                return self._behind(self.place, store_id, incoming, groups)
        rows = BatchRows(store_id, incoming, self._applied(incoming, groups), self.now)
        write_rows(writer_for(self.session), rows)
        return rows

    def apart(self, incoming: Sequence[Incoming]) -> None:
        """One entry's wallets will be locked while the next ones are not yet: nobody may be waited for any more."""
        if self.place is not None:
            self.place.stand_alone(_by_member(incoming))

    def _behind(self, place: LinePlace, store_id: str, incoming: Sequence[Incoming], groups: ByMember) -> BatchRows:
        """What is its own is written while those before it go on; wallets, and what others write too, after them."""
        members = self._batches(
            incoming, groups, load_behind(self.session, groups, place.made_before, repeats=self.repeats)
        )
        place.tell(members)
        rows, writer = BatchRows(store_id, incoming, members, self.now), writer_for(self.session)
        write_new(writer, rows)
        place.come_first()
        step("came_first")
        if writer.replace_wallets(_wallet_rows(members)):
            raise Overtaken
        write_shared(writer, rows)
        return rows

    def _applied(self, incoming: Sequence[Incoming], groups: ByMember) -> dict[str, MemberBatch]:
        """By member, what the batch does; the wallets are written. A member whose wallet came into being meanwhile is loaded and applied again, alone."""
        writer = writer_for(self.session)
        done: dict[str, MemberBatch] = {}
        left = dict(groups)
        for _ in range(ATTEMPTS):
            if not left:
                return done
            batches = self._batches(incoming, left, load_wallets(self.session, left, repeats=self.repeats))
            if self.place is not None:
                self.place.tell(done | batches)
            changed = writer.replace_wallets(_wallet_rows(batches))
            done.update((member_id, batch) for member_id, batch in batches.items() if member_id not in changed)
            left = {member_id: left[member_id] for member_id in changed}
        raise DatabaseBusy(f"{len(left)} wallets kept changing")

    def _batches(
        self, incoming: Sequence[Incoming], groups: ByMember, held: Mapping[str, HeldWallet]
    ) -> dict[str, MemberBatch]:
        wallets = {member_id: each.wallet for member_id, each in held.items()}
        self.judges.learn(self.session, incoming, wallets, groups)
        step("wallets_loaded")
        batches = {
            member_id: apply_to_member(groups[member_id], held[member_id], self.now, self.judges)
            for member_id in sorted(groups)
        }
        step("applied")
        return batches


def _by_member(incoming: Sequence[Incoming]) -> ByMember:
    groups: defaultdict[str, list[Incoming]] = defaultdict(list)
    for each in incoming:
        if each.member_id is not None:
            groups[each.member_id].append(each)
    return groups


def _wallet_rows(batches: Mapping[str, MemberBatch]) -> list[WalletRow]:
    return [row for batch in batches.values() for row in batch.wallet]


def known_outcomes(proven: Proven, held: dict[int, HeldEntry]) -> tuple[Outcome, ...]:
    return tuple(outcome_of_held(each.entry.header.seq, held[each.entry.header.seq]) for each in proven.known)
