"""The occasions of orders, passes and points that the golden receipts show, beside those of `receipt_cases`."""

from dataclasses import replace
from datetime import date

from printers.document import Receipt
from stored_value.events import OrderPaid, OrderRefunded, PassUsed, PointsRedeemed, Tender, TenderKind
from stored_value.events_order import (
    CouponUsed,
    DiscountSource,
    LineAmount,
    LineDiscount,
    OrderItem,
    OrderRefundLine,
    PassCover,
    PointsUsed,
    SoldLine,
)
from stored_value.identity import LotId
from stored_value.rulebook import Words
from stored_value.wallet import HoldingKind
from terminal.receipt_words import CHINESE, ReceiptWords
from terminal.receipts import Split
from terminal.receipts_order import Balances, OrderFacts, PassFacts, order_receipt
from tests.terminal.receipt_cases import HQ_TIME, MEMBER, SALE, member, occasion, slip

COUPON, WASH, SOLD = LotId("g/c/tea"), LotId("g/s/wash"), LotId("o/s/4")
COUPONS = {COUPON: Words(zh="满100减20", en="20 off from 100")}
WASHES = PassFacts(
    name=Words(zh="洗车十次卡", en="Ten washes"), kind=HoldingKind.PASS_USES, left=2, expires_on=date(2027, 10, 31)
)
BEFORE = Balances(principal_minor=50_000, bonus_minor=10_000, owed_minor=0)


def _less(source: DiscountSource, amount_minor: int) -> LineDiscount:
    return LineDiscount(source=source, amount_minor=amount_minor)


def _item(line_no: int, name: str, unit_price_minor: int, quantity: int = 1) -> OrderItem:
    return OrderItem(line_no=line_no, name=name, unit_price_minor=unit_price_minor, quantity=quantity)


def order(words: ReceiptWords = CHINESE) -> Receipt:
    """The worked example's kinds of lines: discounts of every source, a wash on a pass, a pass sold, a coupon, points, two tenders and the balance."""
    care, tea = (
        _item(1, "护理（资深技师）", 20_000),
        _item(2, "护发精油 限量礼盒装 玫瑰与檀香味 二百毫升 附赠旅行套装", 3_333, 3),
    )
    wash = replace(_item(3, "洗车", 4_500), covered_by=PassCover(holding_id=WASH, units=1))
    card = replace(_item(4, "洗车十次卡", 30_000), sells_pass="wash-10")
    event = OrderPaid(
        occasion=occasion("2026-11-23 16:40:00"),
        member_id=MEMBER,
        lines=(
            SoldLine(
                item=care,
                total_minor=16_200,
                discounts=(_less(DiscountSource.MEMBER_PRICE, 2_000), _less(DiscountSource.ORDER, 1_800)),
            ),
            SoldLine(
                item=tea,
                total_minor=8_549,
                discounts=(
                    _less(DiscountSource.LINE, 99),
                    _less(DiscountSource.TIER, 401),
                    _less(DiscountSource.ORDER, 950),
                ),
            ),
            SoldLine(item=wash, total_minor=0, discounts=(_less(DiscountSource.PASS, 4_500),)),
            SoldLine(item=card, total_minor=30_000),
        ),
        balance_minor=20_000,
        tenders=(
            Tender(kind=TenderKind.CASH, amount_minor=20_000),
            Tender(kind=TenderKind.WECHAT, amount_minor=11_749),
        ),
        coupons=(
            CouponUsed(
                holding_id=COUPON,
                lines=(LineAmount(line_no=1, amount_minor=1_309), LineAmount(line_no=2, amount_minor=691)),
            ),
        ),
        points=PointsUsed(points=1_000, value_minor=1_000),
    )
    facts = OrderFacts(
        before=BEFORE,
        coupons=COUPONS,
        passes={WASH: WASHES},
        sold={4: replace(WASHES, left=10, expires_on=date(2027, 11, 23))},
        taxes=(("vat6", 1_231),),
        points_earned=517,
    )
    after = replace(member(33_334, 6_666, as_of=HQ_TIME), points=1_017)
    return order_receipt(slip(49, words), event, after, Split(principal_minor=16_666, bonus_minor=3_334), facts)


def cash_order_offline() -> Receipt:
    event = OrderPaid(
        occasion=occasion("2026-11-23 16:45:00", offline=True),
        member_id=MEMBER,
        lines=(SoldLine(item=_item(1, "茶", 1_800, 2), total_minor=3_600),),
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=3_600),),
    )
    facts = OrderFacts(before=BEFORE, points_earned=36)
    after = replace(member(50_000, 10_000, as_of=HQ_TIME), points=36)
    return order_receipt(slip(50), event, after, Split(), facts)


def order_refund(words: ReceiptWords = CHINESE) -> Receipt:
    event = OrderRefunded(
        occasion=occasion("2026-11-23 17:00:00"),
        member_id=MEMBER,
        purchase_id=SALE,
        lines=(OrderRefundLine(line_no=2, amount_minor=8_549), OrderRefundLine(line_no=3, units=1)),
        balance_minor=3_000,
        tenders=(
            Tender(kind=TenderKind.CASH, amount_minor=3_000),
            Tender(kind=TenderKind.WECHAT, amount_minor=1_549),
        ),
        reason="包装破损",
        points_back=309,
        coupons_back=(COUPON,),
    )
    facts = OrderFacts(
        before=replace(BEFORE, owed_minor=1_000),
        names={2: "护发精油", 3: "洗车"},
        covers={3: HoldingKind.PASS_USES},
        original_no="S01-T1-000049",
        coupons=COUPONS,
        passes={WASH: replace(WASHES, left=3)},
        taxes=(("vat6", 484),),
    )
    after = replace(member(51_666, 10_334, as_of=HQ_TIME), points=1_120)
    split = Split(principal_minor=1_666, bonus_minor=334, owed_minor=1_000)
    return order_receipt(slip(51, words), event, after, split, facts)


def pass_use(words: ReceiptWords = CHINESE) -> Receipt:
    event = PassUsed(
        occasion=occasion("2026-11-23 17:10:00"),
        member_id=MEMBER,
        holding_id=WASH,
        units=1,
        name="精洗",
        category="wash",
    )
    facts = OrderFacts(before=BEFORE, passes={WASH: WASHES})
    return order_receipt(slip(52, words), event, member(50_000, 10_000, as_of=HQ_TIME), Split(), facts)


def points_exchange(words: ReceiptWords = CHINESE) -> Receipt:
    event = PointsRedeemed(
        occasion=occasion("2026-11-23 17:20:00"), member_id=MEMBER, points=500, reward_id="mug", worth_minor=3_000
    )
    facts = OrderFacts(
        before=BEFORE,
        reward=Words(zh="马克杯", en="Mug"),
        gifts=(Words(zh="优惠券 满100减20 1 张", en="1 × coupon 20 off from 100"),),
    )
    after = replace(member(50_000, 10_000, as_of=HQ_TIME), points=620)
    return order_receipt(slip(53, words), event, after, Split(), facts)
