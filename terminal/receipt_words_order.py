"""The words of receipts of orders, passes and points, in each language; the part `order` of `terminal.receipt_words.ReceiptWords`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stored_value.events_order import DiscountSource
from stored_value.wallet import HoldingKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWords:
    """`units` has `{count}`: what a pass gives; a kind without a count has no unit."""

    order: str
    order_refund: str
    use: str
    points_exchange: str
    discounts: Mapping[DiscountSource, str]
    line_total: str
    coupon: str
    coupon_back: str
    points_paid: str
    points_back: str
    from_balance: str
    to_balance: str
    tax: str
    tax_back: str
    used: str
    left: str
    sold: str
    uses_back: str
    used_for: str
    until: str
    units: Mapping[HoldingKind, str]
    points_earned: str
    points_spent: str
    reward: str
    worth: str
    balance_before: str

    def counted(self, kind: HoldingKind, count: int) -> str:
        return self.units[kind].format(count=count)


CHINESE: Final = OrderWords(
    order="订单",
    order_refund="订单退款",
    use="次卡核销",
    points_exchange="积分兑换",
    discounts={
        DiscountSource.PASS: "次卡抵扣",
        DiscountSource.MEMBER_PRICE: "会员价优惠",
        DiscountSource.LINE: "单品优惠",
        DiscountSource.TIER: "会员折扣",
        DiscountSource.ORDER: "整单优惠",
    },
    line_total="小计",
    coupon="优惠券",
    coupon_back="退还优惠券",
    points_paid="积分抵扣",
    points_back="退还积分",
    from_balance="余额支付",
    to_balance="退回余额",
    tax="含税",
    tax_back="冲减税额",
    used="使用",
    left="剩余",
    sold="售出次卡",
    uses_back="退还次数",
    used_for="用于",
    until="有效期至",
    units={
        HoldingKind.PASS_USES: "{count} 次",
        HoldingKind.PASS_MINUTES: "{count} 分钟",
        HoldingKind.PASS_UNTIL: "期限内不限次",
        HoldingKind.COUPON: "{count} 张",
        HoldingKind.POINTS: "{count} 分",
    },
    points_earned="本次积分",
    points_spent="兑换积分",
    reward="兑换",
    worth="价值",
    balance_before="此前余额",
)

ENGLISH: Final = OrderWords(
    order="Order",
    order_refund="Order refunded",
    use="Pass used",
    points_exchange="Points exchanged",
    discounts={
        DiscountSource.PASS: "Covered by pass",
        DiscountSource.MEMBER_PRICE: "Member price",
        DiscountSource.LINE: "Discount on the line",
        DiscountSource.TIER: "Member discount",
        DiscountSource.ORDER: "Discount on the order",
    },
    line_total="Line total",
    coupon="Coupon",
    coupon_back="Coupon given back",
    points_paid="Paid by points",
    points_back="Points given back",
    from_balance="From balance",
    to_balance="Back to balance",
    tax="Tax included",
    tax_back="Tax taken back",
    used="Used",
    left="Left",
    sold="Pass sold",
    uses_back="Given back",
    used_for="For",
    until="Valid until",
    units={
        HoldingKind.PASS_USES: "×{count}",
        HoldingKind.PASS_MINUTES: "{count} min",
        HoldingKind.PASS_UNTIL: "any number until the day",
        HoldingKind.COUPON: "{count}",
        HoldingKind.POINTS: "{count}",
    },
    points_earned="Points earned",
    points_spent="Points spent",
    reward="Exchanged for",
    worth="Worth",
    balance_before="Balance before",
)
