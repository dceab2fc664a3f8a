"""Owns a till as a child process: a real `Station` on real files that works through a list of errands until it is killed, telling its parent through a pipe.

What it says: `Begun` before an action, `Done` after the counter has answered `Completed` (that is the acknowledgement), `Stood` for what it shows at the end.
"""

import queue
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection

from stored_value.events import OrderLine, RefundLine, Tender, TenderKind
from stored_value.identity import EventId, MemberId, StaffId
from stored_value.refusals import Refusal
from sync.cards import FIRST_CARD_ISSUE, card_text
from terminal.clock import SystemClock
from terminal.config import TillConfig
from terminal.counter import Counter
from terminal.counter.views import Completed, MemberView, PurchaseView
from terminal.devices.framing import Rejected
from terminal.language import Language
from terminal.station import Station
from tests.crash.kill_at import Kill, arm
from tests.waiting import until

FLOAT_MINOR = 50_000
_IDLE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a customer wants. `action` is set when an earlier life of the till began it and died. `receipt_no`: the purchase to refund from."""

    kind: str
    member_no: str = ""
    amount_minor: int = 0
    receipt_no: str = ""
    phone: str = ""
    action: EventId | None = None

    @property
    def code(self) -> str:
        return f"TCR1{self.receipt_no}" if self.receipt_no else card_text(self.member_no, FIRST_CARD_ISSUE)


@dataclass(frozen=True, slots=True)
class Scan:
    """The child asks the customer for the code."""

    code: str


@dataclass(frozen=True, slots=True)
class Begun:
    errand: Errand
    action: EventId


@dataclass(frozen=True, slots=True)
class Done:
    action: EventId
    kind: str
    receipt_no: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Stood:
    """Balances as the till shows them once everything is settled and printed, and the receipts that a person had to ask for again."""

    balances_minor: dict[str, int]
    printed_by_hand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One start of the till. With `kill` it ends by that; without, when everything is settled, printed and told."""

    config: TillConfig
    staff_id: StaffId
    pin: str
    errands: tuple[Errand, ...]
    kill: Kill | None = None
    show: tuple[str, ...] = ()


def live(connection: Connection, life: Life) -> None:
    codes: queue.Queue[str] = queue.Queue()
    station = Station(
        life.config, SystemClock(), on_scanned=codes.put, on_scan_rejected=_ignore, language=lambda: Language.ZH_CN
    )
    counter = station.counter
    signed_in = counter.sign_in(
        life.staff_id, life.pin
    )  # before the kill is armed: a plug pulled here counts as a wrong PIN
    assert not isinstance(signed_in, Refusal), signed_in
    if counter.status().shift_opened_at is None:
        assert not isinstance(counter.open_shift(FLOAT_MINOR), Refusal)
    arm(life.kill)
    station.start()
    if life.config.scanner:
        until(lambda: station.scanner_state().value == "ready", what="the scanner")
    for errand in life.errands:
        connection.send(serve(counter, errand, connection, codes))
    if life.kill is not None:
        threading.Event().wait(_IDLE_S)  # the sync and print threads are still to reach the step
        raise SystemExit(3)
    by_hand = settle(station)
    connection.send(Stood({number: _balance(counter, number) for number in life.show}, by_hand))
    station.close()


def _ignore(_: Rejected) -> None:
    """A code that did not arrive whole; nobody scans rubbish here."""


def serve(counter: Counter, errand: Errand, connection: Connection, codes: "queue.Queue[str]") -> Done:
    action = errand.action or counter.new_action()
    connection.send(Begun(errand, action))
    if errand.kind == "enrol":
        return _done(action, counter.enrol_member(action, "测试会员", errand.phone))
    connection.send(Scan(errand.code))
    found = counter.identify(codes.get(timeout=_IDLE_S))
    match found:
        case Refusal():
            return _done(action, found)
        case PurchaseView():
            lines = (RefundLine(line_no=1, amount_minor=errand.amount_minor),)
            return _done(action, counter.refund(action, found.purchase_id, lines, "退货"))
        case MemberView():
            return _done(action, _with_member(counter, errand, action, found.member_id))


def _with_member(counter: Counter, errand: Errand, action: EventId, member_id: MemberId) -> Completed | Refusal:
    if errand.kind == "top_up":
        tender = Tender(kind=TenderKind.CASH, amount_minor=errand.amount_minor)
        return counter.top_up(action, member_id, errand.amount_minor, (tender,), None)
    order = OrderLine(line_no=1, name="早餐", total_minor=errand.amount_minor)
    return counter.redeem(action, member_id, (order,), True)


def _done(action: EventId, answer: Completed | Refusal) -> Done:
    if isinstance(answer, Refusal):
        return Done(action, "", "", refused=answer.code.value)
    return Done(action, answer.kind, answer.receipt_no)


def settle(station: Station) -> int:
    """Everything at head office and on paper; what was interrupted too often is printed again by hand, as a cashier would."""

    def at_rest() -> bool:
        status = station.counter.status()
        return status.online and not status.pending_entries and not any(each.queued for each in status.printers)

    by_hand = 0
    for row in station.counter.receipts(limit=100_000):
        job = station.journal.print_job_of(row.seq)
        if job is not None and job.state.value == "unconfirmed":
            assert not isinstance(station.counter.reprint(row.seq), Refusal)
            by_hand += 1
    until(at_rest, what="everything at head office and on paper", timeout_s=60)
    return by_hand


def _balance(counter: Counter, number: str) -> int:
    """Whoever is not of this store is asked for at head office, which may be slow to answer."""

    def known() -> MemberView | None:
        found = counter.identify(number)
        return found if isinstance(found, MemberView) else None

    found = until(known, what=f"{number} to be known", timeout_s=30)
    assert found is not None
    return found.balance_minor
