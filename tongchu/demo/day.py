"""One day of the sample franchise, played at the tills as their cashiers would: codes come through scanners, receipts through printers, two tills lose the network.

Says what it does in plain sentences through `tell`. Decides nothing of money; a refusal that the story did not plan ends it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from hq_server import franchise_data
from stored_value.events import OrderLine, RefundLine, Tender, TenderKind
from stored_value.identity import MemberId, PromotionId
from stored_value.money import format_yuan
from stored_value.refusals import Refusal, RefusalCode
from sync.cards import FIRST_CARD_ISSUE, card_text
from terminal.counter.views import Completed, MemberView, PurchaseView, ShiftReport
from terminal.language import Texts
from terminal.screens.words import explain
from tongchu.demo.franchise import DemoFailed, Franchise, TillStand, wait_for

T = TypeVar("T")
Tell = Callable[[str], None]
FLOAT_MINOR = 50_000
SYNC_TIMEOUT_S = 60.0


def done(answer: T | Refusal, what: str) -> T:
    """The answer, when it is not a refusal."""
    if isinstance(answer, Refusal):
        raise DemoFailed(f"{what}: refused, {answer.code.value} {answer.data}")
    return answer


class Cashier:
    """A till with somebody signed in: the story's verbs. `drawer_minor` is the cash that went through these hands."""

    def __init__(self, stand: TillStand, tell: Tell) -> None:
        self.stand = stand
        self.tell = tell
        self.drawer_minor = FLOAT_MINOR

    def begin(self) -> None:
        counter = self.stand.till.counter
        people = [each for each in franchise_data.STAFF if each.store_id == self.stand.store_id and not each.manager]
        person = people[(int(self.stand.name[-1]) - 1) % len(people)]
        tile = next(tile for tile in counter.staff() if tile.name == person.name)
        done(counter.sign_in(tile.staff_id, person.pin), f"{person.name} signs in")
        done(counter.open_shift(FLOAT_MINOR), "opening the shift")
        self.tell(f"{self.stand.name}  {person.name} 开班, 备用金 {format_yuan(FLOAT_MINOR)}")

    def scan(self, code: str) -> MemberView | PurchaseView:
        self.stand.scanner.scan(code)
        found = self.stand.till.identify_next_scan()
        if isinstance(found, Refusal):
            raise DemoFailed(f"{self.stand.name}: scanning {code} was refused, {found.code.value} {found.data}")
        return found

    def scan_member(self, number: str, *, online: bool = True) -> MemberView:
        """A member of another store is known only to head office, so the cashier looks at the strip first."""
        if online:
            _await(lambda: self.stand.till.counter.status().online, f"{self.stand.name} is online")
        found = self.scan(card_text(number, FIRST_CARD_ISSUE))
        if not isinstance(found, MemberView):
            raise DemoFailed(f"{self.stand.name}: the card of {number} is no member")
        return found

    def top_up(self, member_id: MemberId, cash: int, wechat: int = 0, plan: str | None = None) -> Completed:
        counter = self.stand.till.counter
        amount = cash + wechat
        plan_id = PromotionId(plan) if plan else None
        quote = done(counter.quote_top_up(member_id, amount, plan_id), "the bonus preview")
        tenders = [Tender(kind=TenderKind.CASH, amount_minor=cash)] if cash else []
        if wechat:
            tenders.append(Tender(kind=TenderKind.WECHAT, amount_minor=wechat, reference="WX20261123"))
        action = counter.new_action()
        receipt = done(counter.top_up(action, member_id, amount, tuple(tenders), plan_id), "topping up")
        if receipt.bonus_minor != quote.bonus_minor:
            raise DemoFailed(f"{receipt.receipt_no}: promised {quote.bonus_minor}, gave {receipt.bonus_minor}")
        self.drawer_minor += cash
        self._tell(receipt, f"充值 {format_yuan(amount)}, 送 {format_yuan(quote.bonus_minor)}")
        return receipt

    def redeem(self, member_id: MemberId, **lines: int) -> Completed:
        """Twice with the same action: a double tap must not pay twice."""
        counter = self.stand.till.counter
        order = tuple(
            OrderLine(line_no=number, name=name, total_minor=amount)
            for number, (name, amount) in enumerate(lines.items(), start=1)
        )
        action = counter.new_action()
        receipt = done(counter.redeem(action, member_id, order, True), "redeeming")
        again = done(counter.redeem(action, member_id, order, True), "redeeming again")
        if again.receipt_no != receipt.receipt_no:
            raise DemoFailed(f"a double tap paid twice: {receipt.receipt_no} and {again.receipt_no}")
        self._tell(receipt, f"扣款 {format_yuan(receipt.amount_minor)} ({'、'.join(lines)})")
        return receipt

    def is_refused(self, member_id: MemberId, amount: int, code: RefusalCode) -> None:
        counter = self.stand.till.counter
        line = OrderLine(line_no=1, name="超额", total_minor=amount)
        answer = counter.redeem(counter.new_action(), member_id, (line,), True)
        if not isinstance(answer, Refusal) or answer.code is not code:
            raise DemoFailed(f"{self.stand.name}: {format_yuan(amount)} should have been refused as {code.value}")
        said = explain(answer, Texts())
        self.tell(f"{self.stand.name}  扣款 {format_yuan(amount)} 被拒: {said.title}。{said.why} {said.remedy}")

    def refund_line(self, receipt_no: str, line_no: int) -> Completed:
        """Found by the receipt's own code."""
        found = self.scan(f"TCR1{receipt_no}")
        if not isinstance(found, PurchaseView):
            raise DemoFailed(f"{receipt_no} is not a purchase here")
        counter = self.stand.till.counter
        line = next(line for line in found.lines if line.line_no == line_no)
        lines = (RefundLine(line_no=line_no, amount_minor=line.refundable_minor),)
        receipt = done(counter.refund(counter.new_action(), found.purchase_id, lines, "顾客退货"), "refunding")
        self._tell(receipt, f"退款 {format_yuan(receipt.amount_minor)} ({line.name}, 原单 {receipt_no})")
        return receipt

    def enrol(self, name: str, phone: str) -> MemberId:
        counter = self.stand.till.counter
        receipt = done(counter.enrol_member(counter.new_action(), name, phone), "enrolling")
        if receipt.member_id is None:
            raise DemoFailed(f"{receipt.receipt_no} enrolled nobody")
        self._tell(receipt, "开卡")
        return receipt.member_id

    def close(self, difference_minor: int = 0) -> ShiftReport:
        """Counts the drawer blind, off by `difference_minor`."""
        counter = self.stand.till.counter
        report = done(counter.close_shift(self.drawer_minor + difference_minor), "closing the shift")
        if report.difference_minor != difference_minor:
            raise DemoFailed(f"{self.stand.name}: the drawer differs by {report.difference_minor}")
        self.tell(f"{self.stand.name}  交班, 盲点差额 {format_yuan(difference_minor)}")
        return report

    def _tell(self, receipt: Completed, what: str) -> None:
        mark = " (断网, 未确认)" if receipt.provisional else ""
        self.tell(f"{receipt.receipt_no}  {what}{mark}")


def play(franchise: Franchise, tell: Tell) -> None:
    """Raises `DemoFailed`. At the end every shift is closed and everything has reached head office."""
    stands = [stand for stand in franchise.stands.values() if stand.process is not None]
    cashiers = {stand.name: Cashier(stand, tell) for stand in stands}
    people = [person.member_no for person in franchise_data.members(count=12, until=datetime.now(UTC))]
    for cashier in cashiers.values():
        cashier.begin()
    one, two, three = (cashiers[name] for name in ("S01-T1", "S02-T1", "S03-T1"))
    _morning(one, two, people)
    tell("── 建设路店、滨江店断网 ──")
    for cashier in (two, three):
        cashier.stand.cable.cut()
        _await(lambda: not cashier.stand.till.counter.status().online, f"{cashier.stand.name} notices")  # noqa: B023 - awaited in the loop
    _offline(two, three, people)
    _meanwhile(one, people)
    tell("── 网络恢复, 全部补传 ──")
    for cashier in (two, three):
        cashier.stand.cable.mend()
        cashier.stand.till.sync_now()
    wait_until_settled(stands)
    _evening(one, two, three, people)
    if "S01-T2" in cashiers:
        other = cashiers["S01-T2"]
        other.redeem(other.scan_member(people[4]).member_id, 洗车=12_000)
    wait_until_settled(stands)
    for place, cashier in enumerate(cashiers.values()):
        cashier.close(difference_minor=-100 if place == 0 else 0)
    wait_until_settled(stands)


def _morning(one: Cashier, two: Cashier, people: list[str]) -> None:
    """A top-up at one store is spent at another, and part of it goes back."""
    first = one.scan_member(people[0])
    one.top_up(first.member_id, 60_000, 40_000, plan="plan-1000")
    one.top_up(one.scan_member(people[1]).member_id, 30_000)
    one.top_up(one.scan_member(people[4]).member_id, 0, 100_000, plan="plan-1000")
    wait_until_settled([one.stand])
    visitor = two.scan_member(people[0])
    bought = two.redeem(visitor.member_id, 拿铁=2_800, 提拉米苏=2_550)
    two.refund_line(bought.receipt_no, 2)
    wait_until_settled([two.stand])


def _offline(two: Cashier, three: Cashier, people: list[str]) -> None:
    """No network: top-up, redemption, refund and a new member all go on; only what could be overspent is bounded."""
    guest = two.scan_member(people[0], online=False)
    bought = two.redeem(guest.member_id, 早餐=2_600, 果汁=1_900)
    two.is_refused(guest.member_id, 16_000, RefusalCode.OFFLINE_LIMIT)
    two.refund_line(bought.receipt_no, 1)
    newcomer = three.enrol("欧阳若琳", "13912345678")
    three.top_up(newcomer, 100_000, plan="plan-1000")
    snack = three.redeem(newcomer, 午餐=4_200, 甜点=2_800)
    three.refund_line(snack.receipt_no, 2)


def _meanwhile(one: Cashier, people: list[str]) -> None:
    """The stores that are connected notice nothing."""
    one.redeem(one.scan_member(people[1]).member_id, 便当=3_550, 酸奶=980)


def _evening(one: Cashier, two: Cashier, three: Cashier, people: list[str]) -> None:
    three.redeem(three.scan_member(people[1]).member_id, 咖啡豆=8_800)
    two.top_up(two.scan_member(people[5]).member_id, 20_000, 30_000)
    wait_until_settled([two.stand])
    one.redeem(one.scan_member(people[5]).member_id, 晚餐=15_600)


def wait_until_settled(stands: list[TillStand]) -> None:
    """Every entry has its outcome, every receipt is on paper."""
    for stand in stands:
        _await(lambda: _is_settled(stand), f"{stand.name} settles with head office")  # noqa: B023 - awaited in the loop


def _is_settled(stand: TillStand) -> bool:
    status = stand.till.counter.status()
    return status.online and not status.pending_entries and not any(printer.queued for printer in status.printers)


def _await(condition: Callable[[], bool], what: str) -> None:
    if not wait_for(condition, SYNC_TIMEOUT_S):
        raise DemoFailed(f"waited {SYNC_TIMEOUT_S:.0f} s in vain until {what}")
