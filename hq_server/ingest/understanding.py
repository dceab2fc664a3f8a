"""Owns what HQ makes of one proven entry: an event that can be applied, or an entry that is set aside and settled by its header (H7). Pure; never raises for content."""

import re
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import MINYEAR, date
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from hq_server.ingest.anchor_trail import Neighbours
from hq_server.ingest.entry_days import as_counted, count_days, loses_bonus
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.reservations.silence import LostLease
from stored_value.events import (
    HEAD_OFFICE_KINDS,
    Event,
    MemberEnrolled,
    PurchaseRefunded,
    Redeemed,
    ShiftClosed,
    ShiftOpened,
    ToppedUp,
    TopUpReversed,
)
from stored_value.findings import Finding, FindingCode
from stored_value.identity import MemberId, StoreId, is_member_no, receipt_no
from stored_value.reservation_records import Reservation
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from sync.entry import Entry, Header
from sync.errors import BodyUnreadable
from sync.event_codec import UnknownKind, event_of, stored_value_moved
from sync.hole import HOLE_KIND, DeclaredHole
from sync.unreadable import UNREADABLE_KIND, is_stand_in, why_unreadable

ID_SHAPE: Final = re.compile(r"[0-9A-Za-z._:-]{1,36}")
_KIND: Final = re.compile(r"[0-9a-z_]{1,40}")
COUNTED_MINOR_MAX: Final = 10**12
"""Of one entry. The sums of a store's day must fit into 63 bits whatever a till sends: the consumer of the outbox adds them up for everybody."""
_YEAR_MAX: Final = 9000
"""Months and terms are added to business dates; a calendar ends with the year 9999."""
_SETTLES_NOTHING: Final = frozenset({FindingCode.UNREADABLE_HEADER, FindingCode.NOT_A_TILLS_KIND})
"""Set aside with a header that is not believed either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose journal it is; `zone` gives the date of an entry that does not tell its own."""

    store_id: StoreId
    zone: ZoneInfo


@dataclass(slots=True, kw_only=True)
class Incoming:
    """A proven entry with what is known of it. `event` is None when it is set aside, else as it counts (`entry_days`); `member_id` None when no wallet is touched. `anchored`:
    its anchor is head office's own; `earlier_epoch`: head office may have forgotten the reservations it names (H1); `is_late`: the books of its month were closed (L9);
    `lost_lease` is the one it accepts and head office has forgotten, to be kept again; `shown_holds` are those it uses that head office has forgotten and signed;
    `takes_back` the seq of the entry of the same push that it reverses."""

    entry: Entry
    attachment: bytes
    event: Event | None
    event_id: str
    kind: str
    member_id: MemberId | None
    store_id: StoreId
    receipt_no: str
    business_date: date
    rulebook: Rulebook
    findings: list[Finding] = field(default_factory=list)
    anchored: bool = False
    earlier_epoch: bool = False
    is_late: bool = False
    lost_lease: LostLease | None = None
    shown_holds: tuple[Reservation, ...] = ()
    takes_back: int | None = None

    @property
    def seq(self) -> int:
        return self.entry.header.seq

    @property
    def is_lost(self) -> bool:
        """Nobody knows what it took, so what was reserved before it waits for a person (H7)."""
        return self.kind in {HOLE_KIND, UNREADABLE_KIND} and self.member_id is None


def understand(entry: Entry, attachment: bytes, place: Place, around: Neighbours, rulebooks: Rulebooks) -> Incoming:
    header = entry.header
    event, finding = _event(entry, place)
    why = finding.code if finding is not None else None
    incoming = Incoming(
        entry=entry,
        attachment=attachment,
        event=event,
        event_id=header.id if ID_SHAPE.fullmatch(header.id) else "",
        kind=header.kind
        if _KIND.fullmatch(header.kind) and why is not FindingCode.UNREADABLE_HEADER
        else UNREADABLE_KIND,
        member_id=_member(entry, event) if why not in _SETTLES_NOTHING else None,
        store_id=place.store_id,
        receipt_no=receipt_no(place.store_id, header.terminal_id, header.seq),
        business_date=event.occasion.business_date if event else header.occurred_at.astimezone(place.zone).date(),
        rulebook=rulebooks.newest_book,
        findings=[finding] if finding else [],
        anchored=header.anchor is not None and around.sound,
    )
    if isinstance(event, ShiftOpened | ShiftClosed):
        incoming.findings.extend(around.findings(header.occurred_at))
    elif event is not None or incoming.member_id is not None:
        counted, told = count_days(header.occurred_at, event, around, place.zone)
        incoming.findings.extend(told)
        incoming.event = as_counted(event, counted) if event is not None else None
        incoming.business_date = counted.on or incoming.business_date
    if event is not None:
        _pin_rulebook(incoming, event.occasion.rulebook, around, rulebooks)
    return incoming


def _absurdity(header: Header) -> str:
    """What a header says that no till can mean and no column holds; empty when nothing. Such a header is not settled."""
    if not ID_SHAPE.fullmatch(header.id):
        return "header.id is not an id"
    if not all(map(ID_SHAPE.fullmatch, (*header.members, *header.reservations))):
        return "the header names a member or a reservation that cannot be"
    if max(header.in_minor, header.out_minor) > COUNTED_MINOR_MAX:
        return "the header's amounts are beyond what is counted"
    return ""


def set_aside(incoming: Incoming, why: str) -> None:
    """For an entry whose body turns out to be impossible only when it is applied."""
    incoming.event = incoming.lost_lease = incoming.takes_back = None
    incoming.findings.append(Finding(FindingCode.UNREADABLE_BODY, {"why": why[:200]}))


def _event(entry: Entry, place: Place) -> tuple[Event | None, Finding | None]:
    if is_stand_in(entry):
        return None, Finding(FindingCode.UNREADABLE_HEADER, {"why": why_unreadable(entry)[:200]})
    if entry.header.kind == HOLE_KIND:
        return None, _hole(entry)
    absurd = _absurdity(entry.header)
    if absurd:
        return None, Finding(FindingCode.UNREADABLE_HEADER, {"why": absurd})
    if entry.header.kind in HEAD_OFFICE_KINDS and place.store_id != HEAD_OFFICE_STORE:
        return None, Finding(FindingCode.NOT_A_TILLS_KIND, {"kind": entry.header.kind})
    try:
        event = event_of(entry)
    except UnknownKind:
        return None, Finding(FindingCode.UNKNOWN_KIND, {"kind": entry.header.kind[:40]})
    except BodyUnreadable as error:
        return None, Finding(FindingCode.UNREADABLE_BODY, {"why": str(error)[:200]})
    wrong = _first_wrong(event, entry, place)
    if wrong:
        return None, Finding(FindingCode.UNREADABLE_BODY, {"why": wrong})
    return event, None


def _hole(entry: Entry) -> Finding:
    """What was lost, as far as anybody knows."""
    try:
        hole = msgspec.json.decode(entry.body, type=DeclaredHole)
    except msgspec.DecodeError:
        return Finding(FindingCode.UNKNOWN_KIND, {"kind": HOLE_KIND})
    data: dict[str, int | str] = {"kind": hole.kind[:40], "member_id": hole.member_id[:36], "by": hole.declared_by[:64]}
    return Finding(FindingCode.HOLE_DECLARED, {name: value for name, value in data.items() if value})


def _first_wrong(event: Event, entry: Entry, place: Place) -> str:
    """What a rightly shaped body says that cannot be; empty when nothing."""
    header, occasion = entry.header, event.occasion
    if occasion.store_id != place.store_id:
        return f"store_id is not {place.store_id}"
    if not MINYEAR < occasion.business_date.year < _YEAR_MAX:
        return "business_date is beyond what can be reckoned with"
    texts = {"staff_id": occasion.staff_id, "shift_id": occasion.shift_id}
    if not isinstance(event, ShiftOpened | ShiftClosed):
        if header.members != (event.member_id,):
            return "member_id is not the header's"
        texts["member_id"] = event.member_id
    match event:
        case MemberEnrolled():
            texts["home_store_id"] = event.home_store_id
            if not is_member_no(event.member_no):
                return "member_no has a wrong check digit"
            if len(event.home_store_id) > 16:
                return "home_store_id is too long"
        case PurchaseRefunded():
            texts["purchase_id"] = event.purchase_id
        case TopUpReversed():
            texts["top_up_id"] = event.top_up_id
        case _:
            pass
    for name, text in texts.items():
        if not ID_SHAPE.fullmatch(text):
            return f"{name} is not an id"
    if (header.in_minor, header.out_minor) != stored_value_moved(event):
        return "the header's amounts are not the body's"
    return _wrong_amount(event)


_BEYOND: Final = "an amount is below zero or beyond what is counted"


def _wrong_amount(event: Event) -> str:
    """What is wrong when an amount is below zero or beyond what is counted. A drawer may be short: what was counted and expected may be negative."""
    match event:
        case MemberEnrolled():
            return ""
        case ToppedUp() | TopUpReversed():
            amounts = [event.amount_minor, *(tender.amount_minor for tender in event.tenders)]
            if isinstance(event, ToppedUp):
                amounts += [event.reserved_minor or 0, *(promise.bonus_minor for promise in event.promised)]
        case Redeemed():
            amounts = [event.amount_minor, *(line.total_minor for line in event.lines)]
            amounts += [draw.amount_minor for draw in event.expected_draw]
        case PurchaseRefunded():
            amounts = [event.amount_minor, event.suspense_minor, *(line.amount_minor for line in event.lines)]
            amounts += [draw.amount_minor for draw in event.expected_draw]
        case ShiftOpened():
            amounts = [event.float_minor]
        case ShiftClosed():
            amounts = [event.float_minor, abs(event.counted_minor), abs(event.expected_minor)]
        case _:
            return "" if _countable(event) else _BEYOND
    return "" if min(amounts) >= 0 and max(amounts) <= COUNTED_MINOR_MAX else _BEYOND


def _countable(value: object) -> bool:
    """Every amount at any depth; for the kinds that are too rare to be listed above."""
    if isinstance(value, tuple):
        return all(_countable(item) for item in value)
    if not is_dataclass(value):
        return True
    held = {field.name: getattr(value, field.name) for field in fields(value)}
    amounts = [amount for name, amount in held.items() if name.endswith("_minor") and isinstance(amount, int)]
    return all(0 <= amount <= COUNTED_MINOR_MAX for amount in amounts) and all(map(_countable, held.values()))


def _member(entry: Entry, event: Event | None) -> MemberId | None:
    """The wallet that an entry moves; a set-aside one only when its header names a wallet and amounts that can be settled."""
    header = entry.header
    if isinstance(event, ShiftOpened | ShiftClosed) or not header.members:
        return None
    if event is None and not (header.in_minor or header.out_minor):
        return None
    return header.members[0]


def _pin_rulebook(incoming: Incoming, version: int, around: Neighbours, rulebooks: Rulebooks) -> None:
    book = rulebooks.pinned(version)
    if book is None:
        book = rulebooks.newest_up_to(version)
        incoming.findings.append(Finding(FindingCode.RULEBOOK_UNKNOWN, {"version": version, "used": book.version}))
    elif around.sound and not around.fits(book, rulebooks):
        # An ended promotion is not brought back by a till that was set back in time: no bonus under this version.
        incoming.findings.append(Finding(FindingCode.OUTSIDE_ANCHORS, {"why": "rulebook", "version": book.version}))
    incoming.rulebook = replace(book, promotions=()) if loses_bonus(incoming.findings) else book
