"""A counter in memory for presenters and pictures: sample people, canned answers, the latest requests kept. Holds no rule of money but sums.

The real counter runs in tests/terminal/counter; here each state of a screen must be reachable at will.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from printers.document import Align, Cell, Columns, Cut, Mark, Qr, Receipt, Row, Rule, Text, Title
from printers.spool import Readiness
from stored_value.events import OrderLine, RefundLine, ShiftTotals, Tender
from stored_value.identity import EventId, MemberId, PromotionId, StaffId, StoreId, TerminalId, TierId
from stored_value.money import format_yuan, split
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import BonusBearer, FixedPlan, Rulebook, Tier, Words
from stored_value.topup import Reason, Reward
from stored_value.wallet import WalletStatus
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import (
    Completed,
    MemberView,
    PrinterState,
    PurchaseLineView,
    PurchaseView,
    ReceiptRow,
    RecentEntry,
    RedemptionPreview,
    ShiftReport,
    SignedIn,
    StaffRole,
    StaffTile,
    TillStatus,
    TopUpQuote,
)
from terminal.devices.scanner_state import ScannerState
from tests.terminal.screens.stand_in_findings import FindingsStandIn
from tests.terminal.screens.stand_in_money_out import MoneyOutStandIn
from tests.terminal.screens.stand_in_order import ORDER, StandInOrders
from tests.terminal.screens.stand_in_pin import PinStandIn

NOW = datetime(2026, 6, 18, 6, 2, 30, tzinfo=UTC)
PIN = "246810"
CARD = "TCM1000004821801"
RECEIPT_CODE = "TCR1S01-T1-000042"

WANG = MemberView(
    member_id=MemberId("m-wang"),
    member_no="0000048218",
    name_masked="王*丽",
    phone_last4="4821",
    tier_name=Words(zh="金卡", en="Gold"),
    status=WalletStatus.ACTIVE,
    principal_minor=86_533,
    bonus_minor=17_307,
    provisional_bonus_minor=0,
    owed_minor=0,
    spendable_now_minor=103_840,
    offline=False,
    as_of=NOW - timedelta(seconds=20),
    pending=False,
    next_tier_name=None,
    recent=(
        RecentEntry(event_id=EventId("e3"), kind="redeemed", receipt_no="S01-T1-000042", local_time="2026-06-18T13:48:05", amount_minor=-12_800, pending=False),
        RecentEntry(event_id=EventId("e2"), kind="topped_up", receipt_no="S01-T1-000031", local_time="2026-06-18T11:20:40", amount_minor=120_000, pending=False),
        RecentEntry(event_id=EventId("e1"), kind="purchase_refunded", receipt_no="S01-T1-000029", local_time="2026-06-18T10:05:10", amount_minor=3_600, pending=True),
    ),
)  # fmt: skip
LI = replace(
    WANG,
    member_id=MemberId("m-li"),
    member_no="0000051129",
    name_masked="李*",
    phone_last4="4821",
    tier_name=Words(zh="普通", en="Basic"),
    principal_minor=3_500,
    bonus_minor=0,
    spendable_now_minor=3_500,
    next_tier_name=Words(zh="银卡", en="Silver"),
    next_tier_missing_minor=96_500,
    recent=(),
)
LONG = replace(
    WANG,
    member_id=MemberId("m-long"),
    name_masked="阿卜杜热合曼·买买提******伊力哈木江·吐尔逊",
    tier_name=Words(zh="至尊黑金钻石终身荣誉卡", en="Lifetime Honorary Black Diamond"),
    principal_minor=398_765_432,
    bonus_minor=101_234_567,
    spendable_now_minor=499_999_999,
)
STAFF = (
    StaffTile(staff_id=StaffId("s1"), name="张敏", role=StaffRole.CASHIER),
    StaffTile(staff_id=StaffId("s2"), name="李强", role=StaffRole.CASHIER),
    StaffTile(staff_id=StaffId("s3"), name="陈晓燕", role=StaffRole.MANAGER),
    StaffTile(staff_id=StaffId("s4"), name="赵刚", role=StaffRole.CASHIER),
)
PLAN_1000 = FixedPlan(promotion_id=PromotionId("plan-1000"), name=Words(zh="充1000送200", en="1,000 gives 200 more"), pay_minor=100_000, bonus_minor=20_000)  # fmt: skip
PLAN_500 = FixedPlan(promotion_id=PromotionId("plan-500"), name=Words(zh="充500送60", en="500 gives 60 more"), pay_minor=50_000, bonus_minor=6_000)  # fmt: skip
RULEBOOK = Rulebook(
    version=1,
    effective_at=NOW,
    tiers=(Tier(tier_id=TierId("basic"), name=Words(zh="普通", en="Basic"), top_up_from_minor=0),),
    promotions=(PLAN_1000, PLAN_500),
)
FIRST_50 = Words(zh="首充送50", en="50 for the first top-up")

STATUS = TillStatus(
    store_id=StoreId("S01"),
    store_name="人民路店",
    terminal_id=TerminalId("S01-T1"),
    staff_name="张敏",
    staff_role=StaffRole.CASHIER,
    shift_opened_at="08:02",
    online=True,
    replica_as_of=NOW - timedelta(seconds=3),
    pending_entries=0,
    printers=(PrinterState(name="front", state=Readiness.READY, queued=0),),
    scanner=ScannerState.READY,
    stopped_reason=None,
    findings_open=0,
    findings_settled=0,
    local_time="14:02",
    offline_member_limit_minor=20_000,
)
OFFLINE = replace(
    STATUS,
    online=False,
    replica_as_of=NOW - timedelta(hours=3),
    pending_entries=14,
    printers=(PrinterState(name="front", state=Readiness.PAPER_OUT, queued=2, fault="paper_out"),),
)
PURCHASE = PurchaseView(
    purchase_id=EventId("e3"),
    receipt_no="S01-T1-000042",
    member_id=WANG.member_id,
    name_masked=WANG.name_masked,
    phone_last4=WANG.phone_last4,
    business_date=date(2026, 6, 18),
    local_time="2026-06-18T13:48:05",
    lines=(
        PurchaseLineView(line_no=1, name="洗剪吹", total_minor=6_800, refunded_minor=0, refundable_minor=6_800),
        PurchaseLineView(line_no=2, name="护发精油 100ml", total_minor=4_200, refunded_minor=1_200, refundable_minor=3_000),
        PurchaseLineView(line_no=3, name="茶水", total_minor=1_800, refunded_minor=1_800, refundable_minor=0),
    ),
)  # fmt: skip


def receipt(title: str, amount_minor: int, number: str) -> Receipt:
    return Receipt(
        blocks=(
            Title(text="人民路店"),
            Text(text="会员消费", align=Align.CENTER),
            Rule(),
            Row(left="单号", right=number),
            Row(left="时间", right="2026-06-18 14:02"),
            Row(left="收银员", right="张敏"),
            Row(left="会员", right="王*丽  4821"),
            Rule(),
            Columns(cells=(Cell(text=title, weight=2), Cell(text=format_yuan(amount_minor), align=Align.RIGHT))),
            Rule(),
            Row(left="合计", right=format_yuan(amount_minor), bold=True),
            Row(left="余额", right="￥910.40"),
            Mark(text="离线·未确认") if title == "离线" else Text(text="谢谢惠顾", align=Align.CENTER),
            Qr(data=f"TCR1{number}", caption=number),
            Cut(),
        )
    )


class StandInCounter(MoneyOutStandIn, StandInOrders, FindingsStandIn, PinStandIn):
    """Answers from its attributes, which a test sets; `asked` keeps what was asked for, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = STATUS
        self.people = {person.member_id: person for person in (WANG, LI, LONG)}
        self.asked: list[tuple[Any, ...]] = []
        self.refusal: Refusal | None = None
        self.actions = 0
        self.counted_difference_minor = 0

    def status(self) -> TillStatus:
        return self.state

    def staff(self) -> tuple[StaffTile, ...]:
        return STAFF

    def sign_in(self, staff_id: StaffId, pin: str) -> SignedIn | Refusal:
        self.asked.append(("sign_in", staff_id, pin))
        if pin != PIN:
            return Refusal(RefusalCode.PIN_WRONG, {"attempts_left_free": 2})
        tile = next(tile for tile in STAFF if tile.staff_id == staff_id)
        self.state = replace(self.state, staff_name=tile.name, staff_role=tile.role)
        return SignedIn(staff_id=tile.staff_id, name=tile.name, role=tile.role)

    def sign_out(self) -> None:
        self.state = replace(self.state, staff_name=None, staff_role=None)

    def open_shift(self, float_minor: int) -> Completed | Refusal:
        self.asked.append(("open_shift", float_minor))
        self.state = replace(self.state, shift_opened_at="14:02")
        return self._completed("shift_opened", None, float_minor)

    def x_report(self) -> ShiftReport | Refusal:
        return self._report(None)

    def close_shift(self, counted_minor: int) -> ShiftReport | Refusal:
        self.asked.append(("close_shift", counted_minor))
        self.state = replace(self.state, shift_opened_at=None)
        return self._report(counted_minor)

    def new_action(self) -> EventId:
        self.actions += 1
        return EventId(f"action-{self.actions}")

    def identify(self, scanned: str) -> MemberView | PurchaseView | Refusal:
        self.asked.append(("identify", scanned))
        if scanned == CARD:
            return self._now(WANG.member_id)
        return PURCHASE if scanned == RECEIPT_CODE else Refusal(RefusalCode.MEMBER_UNKNOWN)

    def find_member(self, text: str) -> tuple[MemberView, ...] | Refusal:
        self.asked.append(("find_member", text))
        if text.endswith("0000"):
            return ()
        if text.endswith("8000"):  # two phones with one tag and the same last four digits
            return self._now(WANG.member_id), self._now(LI.member_id)
        return (self._now(WANG.member_id),)

    def member(self, member_id: MemberId) -> MemberView | Refusal:
        return self._now(member_id)

    def enrol_member(
        self, action: EventId, name: str, phone: str, *, birthday_month: int | None = None
    ) -> Completed | Refusal:
        self.asked.append(("enrol_member", action, name, phone, birthday_month))
        return self.refusal or self._completed("member_enrolled", MemberId("m-new"), 0)

    def plans(self) -> tuple[FixedPlan, ...]:
        return (PLAN_500, PLAN_1000)

    def quote_top_up(self, member_id: MemberId, amount_minor: int, plan_id: PromotionId | None) -> TopUpQuote | Refusal:
        if self.refusal is not None:
            return self.refusal
        chosen = next((plan for plan in self.plans() if plan.pay_minor == amount_minor), None)
        first = amount_minor >= 10_000
        reasons = (
            *(
                Reason(promotion_id=plan.promotion_id, name=plan.name, given=plan is chosen, code="given" if plan is chosen else "other_plan", data={"pay_minor": plan.pay_minor})
                for plan in self.plans()
            ),
            Reason(promotion_id=PromotionId("first-50"), name=FIRST_50, given=first, code="given" if first else "below_minimum", data={"from_minor": 10_000}),
        )  # fmt: skip
        rewards = tuple(
            Reward(
                promotion_id=reason.promotion_id,
                name=reason.name,
                bonus_minor=chosen.bonus_minor if chosen and chosen.promotion_id == reason.promotion_id else 5_000,
                bearer=BonusBearer.COLLECTING_STORE,
            )
            for reason in reasons
            if reason.given
        )
        bonus = sum(reward.bonus_minor for reward in rewards)
        return TopUpQuote(
            amount_minor=amount_minor,
            bonus_minor=bonus,
            rewards=rewards,
            reasons=reasons,
            rulebook=RULEBOOK,
            balance_after_minor=self.people[member_id].balance_minor + amount_minor + bonus,
            provisional=not self.state.online,
        )

    def top_up(
        self, action: EventId, member_id: MemberId, amount_minor: int, tenders: tuple[Tender, ...], plan_id: PromotionId | None
    ) -> Completed | Refusal:  # fmt: skip
        self.asked.append(("top_up", action, member_id, amount_minor, tenders, plan_id))
        return self.refusal or self._completed("topped_up", member_id, amount_minor, 25_000)

    def preview_redemption(
        self, member_id: MemberId, amount_minor: int, *, proven: ProvenMember | None = None
    ) -> RedemptionPreview | Refusal:
        person = self._now(member_id)
        if self.refusal is not None and proven is None:
            return self.refusal
        if amount_minor > person.principal_minor + person.bonus_minor:
            held = person.principal_minor + person.bonus_minor
            return Refusal(RefusalCode.BALANCE_TOO_LOW, {"balance_minor": held, "short_minor": amount_minor - held})
        if amount_minor > person.spendable_now_minor:
            return Refusal(RefusalCode.OFFLINE_LIMIT, {"limit_minor": 20_000, "used_minor": 0, "left_minor": 20_000})
        principal, bonus = split(amount_minor, [person.principal_minor, person.bonus_minor])
        return RedemptionPreview(
            amount_minor=amount_minor,
            principal_minor=principal,
            bonus_minor=bonus,
            balance_after_minor=person.balance_minor - amount_minor,
            offline=person.offline,
            in_words=amount_minor >= 100_000,
        )

    def redeem(
        self, action: EventId, member_id: MemberId, lines: tuple[OrderLine, ...], static_card: bool, *, proven: ProvenMember | None = None
    ) -> Completed | Refusal:  # fmt: skip
        self.asked.append(("redeem", action, member_id, lines, static_card))
        total = sum(line.total_minor for line in lines)
        return (self.refusal if proven is None else None) or self._completed("redeemed", member_id, total, total // 6)

    def purchase(self, receipt_no: str) -> PurchaseView | Refusal:
        self.asked.append(("purchase", receipt_no))
        found = next((each for each in (PURCHASE, ORDER) if each.receipt_no == receipt_no), None)
        return found or Refusal(RefusalCode.PURCHASE_UNKNOWN)

    def refund(self, action: EventId, purchase_id: EventId, lines: tuple[RefundLine, ...], reason: str) -> Completed | Refusal:  # fmt: skip
        self.asked.append(("refund", action, purchase_id, lines, reason))
        total = sum(line.amount_minor for line in lines)
        return self.refusal or self._completed("purchase_refunded", WANG.member_id, total, total // 6)

    def receipts(self, limit: int = 50) -> tuple[ReceiptRow, ...]:
        rows = (
            ("redeemed", 42, "13:48", WANG, -12_800, False, False, True, False),
            ("topped_up", 41, "13:20", WANG, 120_000, True, False, False, True),
            ("redeemed", 40, "12:58", LI, -3_500, True, False, True, False),
            ("purchase_refunded", 39, "12:31", LONG, 8_800, False, True, False, False),
            ("topped_up", 38, "11:47", LI, 10_000, False, False, False, False),
            ("shift_opened", 37, "08:02", None, 50_000, False, False, False, False),
        )
        return tuple(
            ReceiptRow(
                seq=seq,
                event_id=EventId(f"e-{seq}"),
                kind=kind,
                receipt_no=f"S01-T1-{seq:06d}",
                business_date=date(2026, 6, 18),
                local_time=f"2026-06-18T{clock}:00",
                staff_name="张敏",
                member_id=person.member_id if person else None,
                name_masked=person.name_masked if person else "",
                phone_last4=person.phone_last4 if person else "",
                amount_minor=amount,
                pending=pending,
                flagged=flagged,
                refundable=refundable,
                reversible=reversible,
            )
            for kind, seq, clock, person, amount, pending, flagged, refundable, reversible in rows
        )[:limit]

    def reprint(self, seq: int) -> Completed | Refusal:
        self.asked.append(("reprint", seq))
        return replace(self._completed("redeemed", WANG.member_id, 12_800), seq=seq)

    def _now(self, member_id: MemberId) -> MemberView:
        person = self.people[member_id]
        if self.state.online:
            return person
        return replace(person, offline=True, spendable_now_minor=min(20_000, person.spendable_now_minor))

    def _completed(self, kind: str, member_id: MemberId | None, amount_minor: int, bonus_minor: int = 0) -> Completed:
        return Completed(
            event_id=EventId(f"action-{self.actions}"),
            kind=kind,
            seq=43,
            receipt_no="S01-T1-000043",
            member_id=member_id,
            amount_minor=amount_minor,
            principal_minor=amount_minor - bonus_minor if kind != "topped_up" else amount_minor,
            bonus_minor=bonus_minor,
            principal_after_minor=75_867,
            bonus_after_minor=15_173,
            provisional=not self.state.online,
            receipt=receipt("消费 1" if self.state.online else "离线", amount_minor, "S01-T1-000043"),
            printing=True,
            opens_drawer=False,
        )

    def _report(self, counted_minor: int | None) -> ShiftReport:
        expected = 178_000
        return ShiftReport(
            opened_at="2026-06-18T08:02:11",
            business_date=date(2026, 6, 18),
            staff_name="张敏",
            float_minor=50_000,
            totals=ShiftTotals(
                topped_up_minor=328_000,
                bonus_minor=45_000,
                redeemed_minor=186_420,
                refunded_minor=3_600,
                tenders_minor={"cash": 128_000, "wechat": 150_000, "alipay": 50_000},
                counts={"topped_up": 5, "redeemed": 23, "purchase_refunded": 1},
            ),
            expected_minor=expected,
            counted_minor=counted_minor,
            difference_minor=None if counted_minor is None else counted_minor - expected,
            receipt=receipt("交班", expected, "S01-T1-000044"),
            seq=None if counted_minor is None else 44,
        )
