"""Owns head office's count of what a till took without a lease or hold since its last report, and the judgement of each payment by it (H8, L5): covered, within the risk
allowance, or without evidence. Of other ways out (H4): a cash-out has to be covered whole, things are judged by `thing_risk`, and what taking an entry back takes of other tills'
is told.

The count stands beside the till's row (`risk_taken`), whose lock its pushes hold, and ends where a report is heeded, or where a branch is claimed: that has an allowance of its own
(H6). Called by `keeping` before anything is applied and by `wallet_batch` entry by entry; must not write. No till is blamed for what head office forgot and it can show, or what
was written off, nor for what another copy of its disk used of the same reservations.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord, ReservationState
from hq_server.database.prepared import Prepared
from hq_server.ingest.other_copy import shared_with_other_copy
from hq_server.ingest.own_originals import Reversible
from hq_server.ingest.thing_risk import ThingRisk, decode_things, takes_things
from hq_server.ingest.understanding import Incoming
from hq_server.terminals.rows import TerminalRow
from stored_value.events import OrderPaid, Redeemed, TopUpReversed
from stored_value.events_money_out import CashOutRequested, RefundReversed
from stored_value.findings import Finding, FindingCode
from stored_value.occasion import EvidenceClass
from stored_value.reservation_records import ReservationId, ReservationKind
from stored_value.uncovered import (
    RiskTaken,
    beyond_risk,
    covered_minor,
    reserved_here_minor,
    taken_from_others,
)
from stored_value.wallet import Wallet
from sync.message_types import prepare

_WRITTEN_OFF: Final = Prepared(
    select(
        ReservationRecord.reservation_id,
        ReservationRecord.amount_minor,
        ReservationRecord.closed_at,
        ReservationRecord.things,
    ).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        among_given(ReservationRecord.reservation_id, "ids"),
        ReservationRecord.state == ReservationState.WRITTEN_OFF,
    )
)
_LEASES_WRITTEN_OFF: Final = Prepared(
    select(
        ReservationRecord.reservation_id,
        ReservationRecord.amount_minor,
        ReservationRecord.closed_at,
        ReservationRecord.member_id,
    ).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        among_given(ReservationRecord.member_id, "members"),
        ReservationRecord.state == ReservationState.WRITTEN_OFF,
        ReservationRecord.kind == ReservationKind.LEASE,
    )
)


class _Counted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Fen by member, and by reservation that excuses: written off while the till was silent, or shared with another copy. `things`: what was excused of things. `earlier`: fen by
    member of an epoch that is over, under the newest `_since`."""

    members: dict[str, int] = {}
    earlier: dict[str, dict[str, int]] = {}
    written_off: dict[str, int] = {}
    things: dict[str, int] = {}


_SINCE_REPORT: Final = ""
_decode = msgspec.json.Decoder(_Counted).decode
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(slots=True)
class _Use:
    """What one entry took of what nothing in the wallet covers."""

    member_id: str
    since: str
    risk_minor: int = 0
    written_off: Counter[str] = field(default_factory=Counter)


class TillRisk:
    """One unit of work's. An entry that is judged again, because its member is done again, counts once."""

    def __init__(self, terminal: TerminalRow, *, judges: bool = True) -> None:
        """`judges` is False for a till whose program knows no reservations."""
        counted = _decode(terminal.risk_taken) if terminal.risk_taken else _Counted()
        self._taken: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for since, members in {_SINCE_REPORT: counted.members, **counted.earlier}.items():
            self._taken[since].update(members)
        self._used = Counter(counted.written_off)
        self._things = ThingRisk(counted.things)
        self._terminal = terminal
        self._judges = judges
        self._excusing: dict[str, int] = {}
        self._leases_excusing: defaultdict[str, set[str]] = defaultdict(set)
        self._uses: dict[int, _Use] = {}
        self._reversible = Reversible()

    def learn(self, session: ReadSession, incoming: Sequence[Incoming], wallets: Mapping[str, Wallet | None]) -> None:
        """Reads what was written off of the reservations that entries name and the wallets do not keep any more, and of the leases that a cash-out may rest on
        without naming them; of a branch that was taken over also what the other copy may have used. Nothing is asked when there are none."""
        kept = {
            each.reservation_id for wallet in wallets.values() if wallet is not None for each in wallet.reservations
        }
        judged = [each for each in incoming if _is_payment(each) or _is_cash_out(each) or takes_things(each)]
        missing = sorted({name for each in judged for name in each.entry.header.reservations} - kept)
        place = {"store": self._terminal.store_id, "terminal": self._terminal.terminal_id}
        if missing:
            for name, amount_minor, closed_at, things in _WRITTEN_OFF.rows(session, **place, ids=missing):
                if self._note_written_off(name, amount_minor, closed_at):
                    self._things.excuse(name, decode_things(things))
        members = sorted({member for each in judged if _is_cash_out(each) for member in each.entry.header.members})
        if members:
            for name, amount_minor, closed_at, member_id in _LEASES_WRITTEN_OFF.rows(session, **place, members=members):
                if self._note_written_off(name, amount_minor, closed_at):
                    self._leases_excusing[member_id].add(name)
        adopted = {member for each in judged if _is_adopted(each) for member in each.entry.header.members}
        if adopted:
            for shared in shared_with_other_copy(session, self._terminal, adopted):
                self._excusing[shared.reservation_id] = shared.amount_minor
                self._things.excuse(shared.reservation_id, decode_things(shared.things))
                if shared.kind == ReservationKind.LEASE:
                    self._leases_excusing[shared.member_id].add(shared.reservation_id)

    def _note_written_off(self, name: str, amount_minor: int, closed_at: datetime | None) -> bool:
        """Unless the till has reported since, and so knows of it."""
        reported_at = self._terminal.reported_at
        unknown_there = reported_at is None or closed_at is None or closed_at >= reported_at
        if unknown_there:
            self._excusing[name] = amount_minor
        return unknown_there

    def judge(self, each: Incoming, wallet: Wallet) -> Finding | None:
        """On the wallet as it is before the entry. A finding: so much of the payment has no evidence."""
        if not _is_payment(each):
            return None
        self._take_back(each.seq)
        if not self._judges or _says_none(each):
            return None
        header = each.entry.header
        names = [ReservationId(name) for name in header.reservations]
        left = header.out_minor - covered_minor(wallet, names, header.terminal_id)
        if left <= 0:
            return None
        unknown = set(names).difference(kept.reservation_id for kept in wallet.reservations)
        use = _Use(header.members[0], _since(each))
        # Of what is still there the other copy may have used a part.
        left = self._excused(use, left, names if _is_adopted(each) else unknown)
        before = self._taken[use.since]
        taken = RiskTaken(member_minor=before[use.member_id], till_minor=before.total())
        found = beyond_risk(each.rulebook.offline.risk, left, taken, _unheard(each)) if left else None
        if found is None:
            use.risk_minor = left
        self._count(each.seq, use)
        return found

    def judge_things(self, each: Incoming, wallet: Wallet) -> Finding | None:
        """The same of coupons, uses of passes and points, of which there is no allowance: all that the entry takes of them has evidence, or none of it."""
        if not self._judges:
            return None
        names = set(each.entry.header.reservations)
        unknown = names.difference(kept.reservation_id for kept in wallet.reservations)
        return self._things.judge(each, wallet, names if _is_adopted(each) else unknown)

    def refuses(self, each: Incoming, wallet: Wallet) -> Finding | None:
        """A cash-out that nothing of the till's own covers: nobody has been paid when it is asked for, so nothing leaves the wallet. Counters reserve all of it, online (H4).
        And a reversal of what gave nothing."""
        return self._reversible.refuses(each) or self._uncovered(each, wallet)

    def _uncovered(self, each: Incoming, wallet: Wallet) -> Finding | None:
        if not _is_cash_out(each) or not self._judges:
            return None
        self._take_back(each.seq)
        header = each.entry.header
        names = [ReservationId(name) for name in header.reservations]
        left = header.out_minor - reserved_here_minor(wallet, names, header.terminal_id)
        if left <= 0:
            return None
        use = _Use(header.members[0], _since(each))
        left = self._excused(use, left, {*header.reservations, *self._leases_excusing[use.member_id]})
        self._count(each.seq, use)
        if not left:
            return None
        data = {"amount_minor": header.out_minor, "covered_minor": header.out_minor - left}
        return Finding(FindingCode.CASH_OUT_UNCOVERED, dict(data))

    def remarks(self, each: Incoming, before: Wallet, after: Wallet) -> tuple[Finding, ...]:
        """Of an entry that was applied: what taking another back took of other tills' leases and holds."""
        self._reversible.note(each, before, after)
        if not self._judges or not isinstance(each.event, TopUpReversed | RefundReversed):
            return ()
        found = taken_from_others(before, after, each.event.occasion)
        return () if found is None else (found,)

    def counted(self) -> str:
        """For the till's row."""
        taken = {since: dict(members) for since, each in self._taken.items() if (members := +each)}
        present, newest = taken.pop(_SINCE_REPORT, {}), max(taken, default="")
        earlier = {newest: taken[newest]} if newest else {}
        used, things = dict(+self._used), self._things.used()
        if not (present or earlier or used or things):
            return ""
        return _encode(_Counted(members=present, earlier=earlier, written_off=used, things=things)).decode()

    def _excused(self, use: _Use, left_minor: int, unknown: Collection[str]) -> int:
        """What the reservations that head office wrote off, or gave to another copy as well, do not cover either; each gives once what was granted."""
        for name in sorted(self._excusing.keys() & set(unknown)):
            given = max(0, min(left_minor, self._excusing[name] - self._used[name]))
            use.written_off[name] = given
            left_minor -= given
        return left_minor

    def _count(self, seq: int, use: _Use) -> None:
        self._uses[seq] = use
        self._taken[use.since][use.member_id] += use.risk_minor
        self._used.update(use.written_off)

    def _take_back(self, seq: int) -> None:
        use = self._uses.pop(seq, None)
        if use is not None:
            self._taken[use.since][use.member_id] -= use.risk_minor
            self._used.subtract(use.written_off)


def _since(each: Incoming) -> str:
    """From when on what an entry took is added up: since the till's last report. Of an epoch that is over head office may have forgotten the reports: since what it had accepted
    when it signed the entry's anchor. A report that was heard would have brought another one, so no honest till has counted less. Sorted by time."""
    anchor = each.entry.header.anchor
    if not each.earlier_epoch or anchor is None:
        return _SINCE_REPORT
    return f"{anchor.epoch}/{anchor.accepted_seq:020}"


def _is_payment(each: Incoming) -> bool:
    """Or may be one: whatever is not understood, its header alone says what it took (H7)."""
    return each.event is None or isinstance(each.event, Redeemed | OrderPaid)


def _is_cash_out(each: Incoming) -> bool:
    return isinstance(each.event, CashOutRequested)


def _unheard(each: Incoming) -> timedelta | None:
    """How long the till had been without head office when it paid: by the signed time in the entry, which the till itself decides by. Anchors that prove nothing and times that do
    not fit have a finding of their own (`anchor_trail`); no till is blamed for keys that head office revoked."""
    header = each.entry.header
    if header.anchor is None:
        return None
    return header.occurred_at - header.anchor.hq_time if each.anchored else timedelta()


def _is_adopted(each: Incoming) -> bool:
    """Of a losing branch that a person took over (H6), written in the life before."""
    return any(found.code is FindingCode.FORK_ADOPTED for found in each.findings)


def _says_none(each: Incoming) -> bool:
    """All of it is in suspense by its own word."""
    return each.event is not None and each.event.occasion.evidence is EvidenceClass.NONE


prepare(globals())
