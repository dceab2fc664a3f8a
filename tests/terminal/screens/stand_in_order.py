"""The stand-in counter's answers about orders, passes and points; the part of `stand_in.StandInCounter` that would not fit there."""

from dataclasses import replace
from datetime import date
from typing import Any

from stored_value.cart import Cart
from stored_value.events import Tender, TenderKind
from stored_value.events_order import DiscountSource, LineDiscount, OrderItem, OrderRefundLine, SoldLine
from stored_value.identity import EventId, LotId, MemberId
from stored_value.money import split
from stored_value.refusals import Refusal
from stored_value.rulebook import Words
from stored_value.wallet import HoldingKind
from terminal.counter.order_views import (
    CouponPaid,
    CouponView,
    MemberHoldings,
    OrderPayment,
    OrderQuote,
    OrderRefundQuote,
    PassForSale,
    PassView,
    RewardView,
    Shelf,
)
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView, PurchaseLineView, PurchaseView, TillStatus

MEMBER = MemberId("m-wang")
WASH = Words(zh="洗车十次卡", en="Ten washes")
COUPON_20 = Words(zh="满100减20", en="20 off from 100")
HOLDINGS = MemberHoldings(
    coupons=(
        CouponView(holding_id=LotId("c-20"), name=COUPON_20, expires_on=date(2026, 6, 30), usable=True),
        CouponView(holding_id=LotId("c-tea"), name=Words(zh="奶茶兑换券", en="A free tea"), expires_on=None, usable=True),
    ),
    passes=(
        PassView(holding_id=LotId("p-wash"), name=WASH, kind=HoldingKind.PASS_USES, left=3, expires_on=date(2026, 12, 31), usable=True, uses_for=("洗车", "打蜡")),
        PassView(holding_id=LotId("p-gym"), name=Words(zh="健身时长卡", en="Gym minutes"), kind=HoldingKind.PASS_MINUTES, left=240, expires_on=None, usable=True, uses_for=()),
    ),
    points=1_280,
    points_worth_minor=1_280,
    rewards=(
        RewardView(reward_id="mug", name=Words(zh="马克杯", en="Mug"), points=500, worth_minor=3_000, gifts=(), missing=0),
        RewardView(reward_id="bike", name=Words(zh="自行车", en="Bicycle"), points=90_000, worth_minor=0, gifts=(), missing=88_720),
    ),
    offline=False,
)  # fmt: skip
SHELF = Shelf(
    categories=("护理", "零售", "洗车"),
    passes=(PassForSale(pass_id="wash-10", name=Words(zh="洗车十次卡", en="Ten washes"), price_minor=30_000),),
)


ORDER = PurchaseView(
    purchase_id=EventId("e4"),
    receipt_no="S01-T1-000044",
    member_id=MEMBER,
    name_masked="王*丽",
    phone_last4="4821",
    business_date=date(2026, 6, 18),
    local_time="2026-06-18T13:48:05",
    lines=(
        PurchaseLineView(line_no=1, name="护理（资深技师）", total_minor=16_200, refunded_minor=0, refundable_minor=16_200),
        PurchaseLineView(line_no=2, name="洗车", total_minor=0, refunded_minor=0, refundable_minor=0, units=2, units_left=2),
        PurchaseLineView(line_no=3, name="洗车十次卡", total_minor=30_000, refunded_minor=0, refundable_minor=27_000, only_whole=True),
    ),
    is_order=True,
)  # fmt: skip


def _sold(item: OrderItem) -> SoldLine:
    less = item.list_minor if item.covered_by else item.list_minor // 10 if item.category else 0
    source = DiscountSource.PASS if item.covered_by else DiscountSource.TIER
    discounts = (LineDiscount(source=source, amount_minor=less),) if less else ()
    return SoldLine(item=item, total_minor=item.list_minor - less, discounts=discounts)


class StandInOrders:
    """`_now` and `_completed` are the whole counter's."""

    state: TillStatus
    asked: list[tuple[Any, ...]]
    refusal: Refusal | None

    def _now(self, member_id: MemberId) -> MemberView:
        raise NotImplementedError

    def _completed(self, kind: str, member_id: MemberId | None, amount_minor: int, bonus_minor: int = 0) -> Completed:
        raise NotImplementedError

    def shelf(self) -> Shelf:
        return SHELF

    def holdings(self, member_id: MemberId) -> MemberHoldings | Refusal:
        return replace(HOLDINGS, offline=not self.state.online)

    def price_order(
        self,
        member_id: MemberId,
        cart: Cart,
        tenders: tuple[Tender, ...] = (),
        *,
        proven: ProvenMember | None = None,
    ) -> OrderQuote | Refusal:
        """A tenth off what is in a category, ￥20 for a coupon, a fen a point; what a pass covers costs nothing."""
        lines = tuple(_sold(item) for item in cart.items)
        coupons = tuple(
            CouponPaid(holding_id=each.holding_id, name=each.name, amount_minor=2_000)
            for each in HOLDINGS.coupons
            if each.holding_id in cart.coupons
        )
        due = max(0, sum(line.total_minor for line in lines) - 2_000 * len(coupons) - cart.points)
        tendered = sum(tender.amount_minor for tender in tenders)
        person = self._now(member_id)
        most = person.balance_minor if self.state.online else person.spendable_now_minor
        with_pin = min(max(0, due - tendered), most)
        balance = with_pin if proven is not None else min(with_pin, person.spendable_now_minor)
        principal, bonus = split(balance, [person.principal_minor, person.bonus_minor])
        return OrderQuote(
            lines=lines,
            coupons=coupons,
            points=cart.points,
            points_minor=cart.points,
            points_most=min(due + cart.points, HOLDINGS.points),
            points_most_minor=min(due + cart.points, HOLDINGS.points),
            due_minor=due,
            tendered_minor=tendered,
            balance_minor=balance,
            principal_minor=principal,
            bonus_minor=bonus,
            tax_minor=0,
            refusals=() if self.refusal is None else (self.refusal,),
            offline=not self.state.online,
            with_pin_minor=with_pin,
        )

    def pay_order(
        self, action: EventId, member_id: MemberId, payment: OrderPayment, *, proven: ProvenMember | None = None
    ) -> Completed | Refusal:
        self.asked.append(("pay_order", action, member_id, payment))
        due = payment.balance_minor + sum(tender.amount_minor for tender in payment.tenders)
        return self.refusal or self._completed("order_paid", member_id, due, payment.balance_minor // 6)

    def use_pass(
        self,
        action: EventId,
        member_id: MemberId,
        holding_id: LotId,
        units: int,
        use_for: str = "",
        *,
        proven: ProvenMember | None = None,
    ) -> Completed | Refusal:
        self.asked.append(("use_pass", action, member_id, holding_id, units, use_for))
        return self.refusal or self._completed("pass_used", member_id, 0)

    def exchange_points(
        self, action: EventId, member_id: MemberId, reward_id: str, *, proven: ProvenMember | None = None
    ) -> Completed | Refusal:
        self.asked.append(("exchange_points", action, member_id, reward_id))
        return self.refusal or replace(self._completed("points_redeemed", member_id, 0), points_after=780)

    def quote_order_refund(
        self, purchase_id: EventId, lines: tuple[OrderRefundLine, ...]
    ) -> OrderRefundQuote | Refusal:
        amount = sum(line.amount_minor for line in lines)
        cash, balance = split(amount, [1, 2])
        return OrderRefundQuote(
            amount_minor=amount,
            tenders=(Tender(kind=TenderKind.CASH, amount_minor=cash),) if cash else (),
            principal_minor=balance - balance // 6,
            bonus_minor=balance // 6,
            owed_minor=0,
            points=amount // 100,
            coupons=(COUPON_20,) if amount > 15_000 else (),
            units=sum(line.units for line in lines),
        )

    def refund_order(
        self, action: EventId, purchase_id: EventId, lines: tuple[OrderRefundLine, ...], reason: str
    ) -> Completed | Refusal:
        self.asked.append(("refund_order", action, purchase_id, lines, reason))
        total = sum(line.amount_minor for line in lines)
        return self.refusal or self._completed("order_refunded", MEMBER, total, total // 6)
