"""Owns head office's judgement of what one till takes of a member by the printed card alone on one day (H8): a counter counts its own payments, so what passes the card's limit by
them alone has no evidence. What passes it only together with other tills' is `stored_value.presence`'s to tell.

A payment is of the day that it says, but of none before the day that was over when its till last heard of head office: by the signed time in the entry, and by the grants of the
leases and holds that it names. Asks only when the wallet's count passes the limit, or a day is so old. Called by `judges`; must not write. No till is blamed for what its disk may
not have known: entries of a branch that was taken over, of a dead till, from before a restore.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import bindparam, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import JournalEntry, ReservationRecord, WalletEventRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import Incoming
from hq_server.sessions.anchors import CLOCK_LEEWAY
from hq_server.stores.zones import zone_of
from hq_server.terminals.rows import TerminalRow
from stored_value.events import OrderPaid, Redeemed
from stored_value.findings import Finding, FindingCode
from stored_value.occasion import EvidenceClass
from stored_value.presence import counts_as_card, static_card_used_minor
from stored_value.reservation_records import ReservationKind
from stored_value.uncovered import WITHOUT_EVIDENCE, unproved_minor
from stored_value.wallet import Wallet
from sync.entry import Header, read_entry
from sync.messages import OutcomeFinding

_UNKNOWN_TO_THE_TILL: Final = frozenset({FindingCode.FORK_ADOPTED, FindingCode.RECOVERED, FindingCode.RECOVERED_SIGNED})
_DAY: Final = timedelta(days=1)
_FURTHEST_EAST: Final = timedelta(hours=14)
"""How far a zone's clock goes before UTC."""
_decode_findings = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode

_PLACES: Final = Prepared(
    select(WalletEventRecord.seq, WalletEventRecord.business_date).where(
        among_given(WalletEventRecord.member_id, "members"),
        WalletEventRecord.store_id == bindparam("store"),
        WalletEventRecord.terminal_id == bindparam("terminal"),
        WalletEventRecord.incarnation == bindparam("incarnation"),
        WalletEventRecord.seq <= bindparam("through"),
        WalletEventRecord.received_at >= bindparam("since"),
    )
)
_ENTRIES: Final = Prepared(
    select(JournalEntry.seq, JournalEntry.raw, JournalEntry.findings).where(
        JournalEntry.store_id == bindparam("store"),
        JournalEntry.terminal_id == bindparam("terminal"),
        JournalEntry.incarnation == bindparam("incarnation"),
        JournalEntry.seq >= bindparam("first"),
        JournalEntry.seq <= bindparam("last"),
        among_given(JournalEntry.member_id, "members"),
    )
)
_GRANTED: Final = Prepared(
    select(
        ReservationRecord.reservation_id,
        ReservationRecord.granted_at,
        ReservationRecord.kind,
        ReservationRecord.incarnation,
    ).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        among_given(ReservationRecord.reservation_id, "ids"),
    )
)
Unproven = Callable[[Incoming, Wallet | None], bool]
"""Whether the payment PIN that an entry claims is not proven."""


def by_card(header: Header, codes: Collection[str]) -> bool:
    """A payment, or what may be one (H7), of which nothing but a card shows that the member was there; `codes` of its findings."""
    if header.kind not in {Redeemed.kind, OrderPaid.kind} and FindingCode.UNKNOWN_KIND not in codes:
        return False
    evidence = header.evidence.evidence_class
    return counts_as_card(evidence) or (evidence is EvidenceClass.PIN and FindingCode.PIN_NOT_PROVEN in codes)


class _Taken(NamedTuple):
    """By the card; `by_pin`: though a PIN was claimed. Its counter did not count that."""

    member_id: str
    day: date
    minor: int
    by_pin: bool


class _Granted(NamedTuple):
    """To which life of the till, and when."""

    reservation_id: str
    granted_at: datetime
    kind: str
    incarnation: int


class CardDays:
    """One unit of work's. A member who is done again is learnt and judged again."""

    def __init__(self, terminal: TerminalRow, *, judges: bool = True) -> None:
        """`judges` is False for a till whose program knows no reservations."""
        self._terminal = terminal
        self._through = terminal.accepted_seq
        self._judges = judges
        self._zone = ZoneInfo("UTC")
        self._before: dict[str, list[_Taken]] = {}
        self._here: dict[int, _Taken] = {}

    def learn(
        self,
        session: ReadSession,
        incoming: Sequence[Incoming],
        wallets: Mapping[str, Wallet | None],
        is_unproven: Unproven,
    ) -> None:
        """Reads what the till took before of those members whose limit may be passed now."""
        own: defaultdict[str, list[Incoming]] = defaultdict(list)
        for each in incoming if self._judges else ():
            if each.member_id is None or each.member_id not in wallets:
                continue
            if _may_be_by_card(each, wallets[each.member_id], is_unproven):
                own[each.member_id].append(each)
        at_stake = {
            member_id: payments for member_id, payments in own.items() if _is_at_stake(payments, wallets[member_id])
        }
        for member_id in wallets:
            self._before.pop(member_id, None)
        if not at_stake:
            return
        self._zone = zone_of(session, self._terminal.store_id)
        days = [
            self._day(each.business_date, _heard(each, wallets[member_id]))
            for member_id, payments in at_stake.items()
            for each in payments
        ]
        self._before |= {member_id: [] for member_id in at_stake}
        for taken in self._taken(session, sorted(at_stake), min(days)):
            self._before[taken.member_id].append(taken)

    def judge(self, each: Incoming, wallet: Wallet, found: Sequence[Finding]) -> Finding | None:
        """On the wallet as it is before the entry, `found` by the other judges. A finding: so much of the payment has no evidence."""
        self._here.pop(each.seq, None)
        header, codes = each.entry.header, {told.code for told in (*each.findings, *found)}
        if each.member_id not in self._before or not by_card(header, codes) or each.earlier_epoch:
            return None
        shown = {kept.reservation_id for kept in each.shown_holds}
        if self._is_excused(codes, [kept for kept in _used(header, wallet) if kept.reservation_id not in shown]):
            return None
        amount_minor = header.out_minor - unproved_minor(found)
        if amount_minor <= 0:
            return None
        by_pin = header.evidence.evidence_class is EvidenceClass.PIN
        day = self._day(each.business_date, _heard(each, wallet))
        here = (taken for seq, taken in self._here.items() if seq < each.seq and taken.member_id == each.member_id)
        used_minor = sum(
            taken.minor
            for taken in (*self._before[each.member_id], *here)
            if taken.day >= day and (by_pin or not taken.by_pin)
        )
        limit_minor = each.rulebook.limits.static_card_day_minor
        if used_minor + amount_minor > limit_minor:
            data = {"amount_minor": amount_minor, "limit_minor": limit_minor, "used_minor": used_minor}
            return Finding(FindingCode.CARD_EXCEEDED, dict(data))
        self._here[each.seq] = _Taken(each.member_id, day, amount_minor, by_pin)
        return None

    def _taken(self, session: ReadSession, members: Sequence[str], since: date) -> list[_Taken]:
        """Of `since` and later days, from the tables. Nothing that counts on a day has come before it began."""
        place = {"store": self._terminal.store_id, "terminal": self._terminal.terminal_id}
        journal = {**place, "incarnation": self._terminal.incarnation, "members": members}
        began = datetime.combine(since, time(), self._zone) - CLOCK_LEEWAY
        said: dict[int, date] = dict(_PLACES.rows(session, **journal, through=self._through, since=began))
        if not said:
            return []
        found = [
            (said[seq], read_entry(raw).header, _decode_findings(findings))
            for seq, raw, findings in _ENTRIES.rows(session, **journal, first=min(said), last=max(said))
            if seq in said
        ]
        names = sorted({name for _, header, _ in found for name in header.reservations})
        granted = {row[0]: _Granted(*row) for row in _GRANTED.rows(session, **place, ids=names)} if names else {}
        taken: list[_Taken] = []
        for on, header, findings in found:
            codes = {told.code for told in findings}
            used = [granted[name] for name in header.reservations if name in granted]
            if not by_card(header, codes) or self._is_excused(codes, used):
                continue
            unproved = sum(int(told.data["amount_minor"]) for told in findings if told.code in WITHOUT_EVIDENCE)
            heard = [each.granted_at for each in used]
            if header.anchor is not None and not any(told.data.get("why") == "anchor" for told in findings):
                heard.append(header.anchor.hq_time)
            by_pin = header.evidence.evidence_class is EvidenceClass.PIN
            day = self._day(on, heard)
            taken.append(_Taken(header.members[0], day, header.out_minor - unproved, by_pin))
        return taken

    def _is_excused(self, codes: Collection[str], used: Sequence[_Granted]) -> bool:
        """The till's disk may not have known of its own payments. An entry of a branch that names a hold of the life after was not written before that was taken over (H6)."""
        life = self._terminal.incarnation
        of_life_after = any(kept.kind == ReservationKind.HOLD and kept.incarnation >= life for kept in used)
        excusing = _UNKNOWN_TO_THE_TILL - ({FindingCode.FORK_ADOPTED} if of_life_after else set())
        return not excusing.isdisjoint(codes)

    def _day(self, said: date, heard: Sequence[datetime]) -> date:
        """`heard`: what the till knew of head office's clock. A shift that was opened before that day was over may go on."""
        return max([said, *(at.astimezone(self._zone).date() - _DAY for at in heard)])


def _used(header: Header, wallet: Wallet | None) -> list[_Granted]:
    """What the wallet keeps of that which the entry names."""
    kept = wallet.reservations if wallet is not None and header.reservations else ()
    return [
        _Granted(each.reservation_id, each.granted_at, each.kind, each.incarnation)
        for each in kept
        if each.reservation_id in header.reservations and each.terminal_id == header.terminal_id
    ]


def _heard(each: Incoming, wallet: Wallet | None) -> list[datetime]:
    header = each.entry.header
    heard = [used.granted_at for used in _used(header, wallet)]
    return [*heard, header.anchor.hq_time] if header.anchor is not None and each.anchored else heard


def _may_be_by_card(each: Incoming, wallet: Wallet | None, is_unproven: Unproven) -> bool:
    codes = {told.code for told in each.findings}
    if each.entry.header.evidence.evidence_class is EvidenceClass.PIN and is_unproven(each, wallet):
        codes.add(FindingCode.PIN_NOT_PROVEN)
    return each.entry.header.out_minor > 0 and by_card(each.entry.header, codes)


def _is_at_stake(payments: Sequence[Incoming], wallet: Wallet | None) -> bool:
    """The limit may be passed, or a payment says a day that the wallet need not count any more."""
    total_minor = sum(each.entry.header.out_minor for each in payments)
    for each in payments:
        said = each.business_date
        used_minor = static_card_used_minor(wallet, said) if wallet is not None else 0
        if used_minor + total_minor > each.rulebook.limits.static_card_day_minor:
            return True
        if any(said < (at + _FURTHEST_EAST).date() - _DAY for at in _heard(each, wallet)):
            return True
    return False
