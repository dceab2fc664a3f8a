"""Where the cashier is and where he can go: destinations with what they carry, and the stack of them. Pure; no widget, no use-case.

Presenters ask the `Navigator` to go; the window listens and shows the screen whose name the destination bears.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from stored_value.identity import EventId
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView, PurchaseView


class Purpose(StrEnum):
    """What a member is being looked for."""

    REDEEM = "redeem"
    TOP_UP = "top_up"
    ORDER = "order"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Lock:
    screen: ClassVar[str] = "lock"


@dataclass(frozen=True, slots=True)
class EnrolTill:
    screen: ClassVar[str] = "enrol_till"


@dataclass(frozen=True, slots=True)
class OpenShift:
    screen: ClassVar[str] = "shift_open"


@dataclass(frozen=True, slots=True)
class CloseShift:
    screen: ClassVar[str] = "shift_close"


@dataclass(frozen=True, slots=True)
class Home:
    screen: ClassVar[str] = "home"


@dataclass(frozen=True, slots=True)
class Identify:
    purpose: Purpose
    screen: ClassVar[str] = "identify"


@dataclass(frozen=True, slots=True)
class MemberCard:
    """`by_card`: his printed code was scanned just now, which is what the limits of a static card are about."""

    member: MemberView
    by_card: bool
    screen: ClassVar[str] = "member"


@dataclass(frozen=True, slots=True)
class Redeem:
    member: MemberView
    by_card: bool
    screen: ClassVar[str] = "redeem"


@dataclass(frozen=True, slots=True)
class TopUp:
    member: MemberView
    screen: ClassVar[str] = "top_up"


@dataclass(frozen=True, slots=True)
class Order:
    member: MemberView
    by_card: bool
    screen: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Passes to use and points to exchange."""

    member: MemberView
    by_card: bool
    screen: ClassVar[str] = "holdings"


@dataclass(frozen=True, slots=True)
class Refund:
    purchase: PurchaseView | None = None
    screen: ClassVar[str] = "refund"


@dataclass(frozen=True, slots=True)
class CashOut:
    member: MemberView
    screen: ClassVar[str] = "cash_out"


@dataclass(frozen=True, slots=True)
class Deposits:
    member: MemberView
    screen: ClassVar[str] = "deposits"


@dataclass(frozen=True, slots=True)
class CardCare:
    """A member's card and standing."""

    member: MemberView
    screen: ClassVar[str] = "card_care"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvePin:
    """The member types his payment PIN for `action`; `then` is called once it was right. `amount_minor` is 0 where no money is paid."""

    member: MemberView
    action: EventId
    amount_minor: int
    then: Callable[[ProvenMember], None]
    screen: ClassVar[str] = "prove_pin"


@dataclass(frozen=True, slots=True)
class SetPin:
    """The member sets or changes his payment PIN."""

    member: MemberView
    by_card: bool
    screen: ClassVar[str] = "set_pin"


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Of the entry of that event; None is this till's last one."""

    event_id: EventId | None = None
    screen: ClassVar[str] = "take_back"


@dataclass(frozen=True, slots=True)
class EnrolMember:
    phone: str = ""
    screen: ClassVar[str] = "enrol_member"


@dataclass(frozen=True, slots=True)
class Receipts:
    screen: ClassVar[str] = "receipts"


@dataclass(frozen=True, slots=True)
class Findings:
    screen: ClassVar[str] = "findings"


@dataclass(frozen=True, slots=True)
class Result:
    completed: Completed
    name_masked: str = ""
    change_minor: int = 0
    screen: ClassVar[str] = "result"


Destination = (
    Lock
    | EnrolTill
    | OpenShift
    | CloseShift
    | Home
    | Identify
    | MemberCard
    | Redeem
    | TopUp
    | Order
    | Holdings
    | Refund
    | CashOut
    | Deposits
    | CardCare
    | ProvePin
    | SetPin
    | TakeBack
    | EnrolMember
    | Receipts
    | Findings
    | Result
)
_ROOTS = (Lock, EnrolTill, Home, OpenShift)


def opened(stack: tuple[Destination, ...], to: Destination) -> tuple[Destination, ...]:
    """A root starts over; a result replaces what led to it, so that back never repeats it; a screen already open with other contents is replaced."""
    if isinstance(to, _ROOTS):
        return (to,)
    if isinstance(to, Result):
        return (Home(), to)
    kept = stack[:-1] if stack and type(stack[-1]) is type(to) else stack
    return (*kept, to)


def gone_back(stack: tuple[Destination, ...]) -> tuple[Destination, ...]:
    """One screen back; the search for a member is passed over, since it has been answered. The last one stays."""
    rest = stack[:-1] or stack
    while len(rest) > 1 and isinstance(rest[-1], Identify):
        rest = rest[:-1]
    return rest


def after_identifying(current: Destination, found: MemberView | PurchaseView, *, by_card: bool) -> Destination | None:
    """Where a scan or a search leads from here; None where scans mean nothing (locked, shift not open, counting)."""
    if isinstance(current, Lock | EnrolTill | OpenShift | CloseShift):
        return None
    if isinstance(found, PurchaseView):
        return Refund(found)
    match current:
        case Redeem() | Identify(purpose=Purpose.REDEEM):
            return Redeem(found, by_card)
        case TopUp() | Identify(purpose=Purpose.TOP_UP):
            return TopUp(found)
        case Order() | Identify(purpose=Purpose.ORDER):
            return Order(found, by_card)
        case Holdings():
            return Holdings(found, by_card)
        case CashOut():
            return CashOut(found)
        case Deposits():
            return Deposits(found)
        case CardCare():
            return CardCare(found)
        case _:
            return MemberCard(found, by_card)


class Navigator:
    """Holds the stack; used on the UI thread only."""

    def __init__(self, start: Destination) -> None:
        self._stack: tuple[Destination, ...] = (start,)
        self._listener: Callable[[Destination], None] = lambda _destination: None

    @property
    def current(self) -> Destination:
        return self._stack[-1]

    def listen(self, listener: Callable[[Destination], None]) -> None:
        self._listener = listener

    def go(self, to: Destination) -> None:
        self._show(opened(self._stack, to))

    def back(self) -> None:
        self._show(gone_back(self._stack))

    def home(self) -> None:
        self.go(Home())

    def _show(self, stack: tuple[Destination, ...]) -> None:
        self._stack = stack
        self._listener(stack[-1])
