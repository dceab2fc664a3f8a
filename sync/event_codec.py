"""Events to and from entry bodies. The occasion's machine facts live in the header, the rest in the body; unknown optional body fields are ignored, unknown kinds are reported."""

from dataclasses import MISSING, Field, fields
from datetime import date
from typing import Any, Final

import msgspec

from stored_value.events import (
    EVENT_TYPES,
    Event,
    InstalmentReleased,
    MemberEnrolled,
    Occasion,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    PointsRedeemed,
    PurchaseRefunded,
    Redeemed,
    ShiftClosed,
    ShiftOpened,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
)
from stored_value.events_money_out import (
    CardReplaced,
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    IdentityRecorded,
    LotExpired,
    MoneyOutEvent,
    PinCleared,
    PinSet,
    RefundReversed,
    StatusChanged,
    SuspenseDecided,
    SuspenseVerdict,
    TransferredIn,
    TransferredOut,
)
from stored_value.events_reservation import ReservationEvent
from stored_value.identity import MemberId, ShiftId, StaffId, StoreId
from stored_value.reservation_records import ReservationId
from sync.entry import SCHEMA_VERSION, AnchorRef, Entry, Evidence, Header, write_entry
from sync.errors import BodyUnreadable
from sync.message_types import prepare

_BY_KIND: dict[str, type[Event]] = {kind.kind: kind for kind in EVENT_TYPES}
_to_builtins = msgspec.to_builtins


class UnknownKind(BodyUnreadable):
    """A kind from a newer till: kept, settled by its header, flagged."""


class _BodyOccasion(msgspec.Struct, frozen=True, kw_only=True):
    business_date: date
    local_time: str
    offline: bool
    rulebook: int
    shift_id: ShiftId
    staff_id: StaffId
    store_id: StoreId


_PLACE_FIELDS = _BodyOccasion.__struct_fields__


def _decoder_of(kind: type[Event]) -> msgspec.json.Decoder[Any]:
    """A decoder for a body: the event's own fields beside what the body says of its occasion, the rest of which is the header's."""
    own = [
        (field.name, field.type, field.default) if _has_default(field) else (field.name, field.type)
        for field in fields(kind)
        if field.name != "occasion"
    ]
    body_type = msgspec.defstruct(kind.__name__ + "Body", own, bases=(_BodyOccasion,), kw_only=True, frozen=True)
    return msgspec.json.Decoder(body_type)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING


_DECODERS: Final = {kind.kind: _decoder_of(kind) for kind in EVENT_TYPES}
"""Made while there is one thread, as all messages are (see `message_types`)."""


def stored_value_moved(event: Event) -> tuple[int, int]:
    """(in, out) of the member's wallet in minor units, as the header states them."""
    if isinstance(event, MoneyOutEvent):
        return _money_out_moved(event)
    if isinstance(event, ReservationEvent):
        return 0, 0
    match event:
        case ToppedUp():
            return event.amount_minor + sum(promise.bonus_minor for promise in event.promised), 0
        case PurchaseRefunded():
            return event.amount_minor, 0
        case OrderPaid():
            return 0, event.balance_minor
        case OrderRefunded():
            return event.balance_minor, 0
        case Redeemed() | TopUpReversed():
            return 0, event.amount_minor
        case InstalmentReleased():
            return event.amount_minor, 0
        case MemberEnrolled() | PassUsed() | PointsRedeemed() | TierReviewed() | ShiftOpened() | ShiftClosed():
            return 0, 0


def _money_out_moved(event: MoneyOutEvent) -> tuple[int, int]:
    """A cash-out leaves the wallet when it is asked for; its payment moves nothing more."""
    match event:
        case DepositTaken() | DepositRestored() | TransferredIn():
            return event.amount_minor, 0
        case CashOutRejected():
            return event.restored_minor, 0
        case CashOutRequested():
            return 0, event.reserved_minor
        case SuspenseDecided():
            return 0, event.amount_minor if event.verdict is SuspenseVerdict.MEMBER else 0
        case DepositReturned() | DepositKept() | RefundReversed() | TransferredOut() | LotExpired():
            return 0, event.amount_minor
        case CashOutPaid() | CashOutReversed() | StatusChanged() | CardReplaced() | IdentityRecorded():
            return 0, 0
        case PinSet() | PinCleared():
            return 0, 0


def entry_of(event: Event, *, seq: int, prev: str, incarnation: int, anchor: AnchorRef | None) -> Entry:
    """The journal entry that records `event` as the `seq`-th of its journal."""
    occasion = event.occasion
    in_minor, out_minor = stored_value_moved(event)
    members: tuple[MemberId, ...] = () if isinstance(event, ShiftOpened | ShiftClosed) else (event.member_id,)
    header = Header(
        v=SCHEMA_VERSION,
        id=occasion.event_id,
        kind=event.kind,
        terminal_id=occasion.terminal_id,
        incarnation=incarnation,
        seq=seq,
        prev=prev,
        occurred_at=occasion.occurred_at,
        anchor=anchor,
        members=members,
        reservations=occasion.reservations,
        in_minor=in_minor,
        out_minor=out_minor,
        evidence=Evidence(evidence_class=occasion.evidence, ref=occasion.evidence_ref),
    )
    body = {field.name: _to_builtins(getattr(event, field.name)) for field in fields(event) if field.name != "occasion"}
    for name in _PLACE_FIELDS:
        body[name] = _to_builtins(getattr(occasion, name))
    return write_entry(header, body)


def event_of(entry: Entry) -> Event:
    """Raises `UnknownKind`, or `BodyUnreadable` naming the field at fault."""
    header = entry.header
    kind = _BY_KIND.get(header.kind)
    if kind is None or header.v > SCHEMA_VERSION:
        raise UnknownKind(f"kind {header.kind!r} of schema {header.v} is not known here")
    try:
        own = msgspec.structs.asdict(_DECODERS[kind.kind].decode(entry.body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable(f"{header.kind}: {error}") from error
    occasion = Occasion(
        event_id=header.id,
        occurred_at=header.occurred_at,
        terminal_id=header.terminal_id,
        evidence=header.evidence.evidence_class,
        evidence_ref=header.evidence.ref,
        reservations=tuple(ReservationId(each) for each in header.reservations),
        **{name: own.pop(name) for name in _PLACE_FIELDS},
    )
    return kind(occasion=occasion, **own)


prepare(globals())
