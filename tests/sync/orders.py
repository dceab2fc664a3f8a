"""Entries of orders for the golden files: an order with every field in use, a refund of it, and a pass used without one."""

from dataclasses import replace

from stored_value.events import Event, EvidenceClass
from stored_value.events_order import (
    CouponUsed,
    Discount,
    DiscountSource,
    LineAmount,
    LineDiscount,
    OrderItem,
    OrderPaid,
    OrderRefunded,
    OrderRefundLine,
    PassCover,
    PassUsed,
    PointsUsed,
    SoldLine,
)
from stored_value.identity import LotId, TierId
from stored_value.occasion import ExpectedDraw, Tender, TenderKind
from tests.stored_value.miniature import MEMBER, occasion

TEA = OrderItem(
    line_no=1,
    name="茶",
    unit_price_minor=1_800,
    item_id="tea",
    category="drink",
    quantity=3,
    member_price_minor=1_500,
    discount=Discount(basis_points=1_000, reason="opening week"),
    tax_basis_points=600,
    tax_category="vat6",
)
CUT = OrderItem(
    line_no=2,
    name="剪发",
    unit_price_minor=4_500,
    item_id="cut",
    category="care",
    covered_by=PassCover(holding_id=LotId("o0/s/1"), units=1),
)
CARD = OrderItem(line_no=3, name="十次卡", unit_price_minor=30_000, item_id="cut10", sells_pass="cut10")


def _less(source: DiscountSource, amount: int) -> LineDiscount:
    return LineDiscount(source=source, amount_minor=amount)


def order_kinds() -> list[Event]:
    place = occasion("o1", evidence=EvidenceClass.HOLD)
    paid = OrderPaid(
        occasion=place,
        member_id=MEMBER,
        lines=(
            SoldLine(
                item=TEA,
                total_minor=4_026,
                discounts=(
                    _less(DiscountSource.MEMBER_PRICE, 900),
                    _less(DiscountSource.LINE, 450),
                    _less(DiscountSource.ORDER, 24),
                ),
            ),
            SoldLine(item=CUT, total_minor=0, discounts=(_less(DiscountSource.PASS, 4_500),)),
            SoldLine(item=CARD, total_minor=29_824, discounts=(_less(DiscountSource.ORDER, 176),)),
        ),
        balance_minor=2_850,
        tenders=(
            Tender(kind=TenderKind.CASH, amount_minor=10_000),
            Tender(kind=TenderKind.WECHAT, amount_minor=18_500, reference="4200001"),
        ),
        order_discounts=(Discount(amount_minor=200, reason="rounding"),),
        coupons=(CouponUsed(holding_id=LotId("g1/c/1"), lines=(LineAmount(line_no=1, amount_minor=2_000),)),),
        points=PointsUsed(points=500, value_minor=500),
        tier_id=TierId("basic"),
        expected_draw=(ExpectedDraw(lot_id=LotId("t1/p"), amount_minor=2_850),),
    )
    refunded = OrderRefunded(
        occasion=replace(place, event_id=occasion("of1").event_id),
        member_id=MEMBER,
        purchase_id=place.event_id,
        lines=(OrderRefundLine(line_no=1, amount_minor=2_013), OrderRefundLine(line_no=2, units=1)),
        balance_minor=81,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=285),),
        reason="cold",
        expected_draw=(ExpectedDraw(lot_id=LotId("t1/p"), amount_minor=81),),
    )
    used = PassUsed(
        occasion=replace(place, event_id=occasion("u1").event_id),
        member_id=MEMBER,
        holding_id=LotId("o1/s/3"),
        units=2,
        name="剪发",
        item_id="cut",
        category="care",
        tax_basis_points=600,
        tax_category="vat6",
    )
    return [paid, refunded, used]
