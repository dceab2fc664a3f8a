"""A shop with discounts, coupons, passes and points, for tests of orders: its rulebook, a member who holds some of each, and carts in a few words."""

from dataclasses import replace
from datetime import date

from stored_value.cart import Cart
from stored_value.cart_policy import CouponShape, CouponType, PassType, Scope
from stored_value.events_order import OrderItem, PassCover
from stored_value.identity import EventId, LotId, StoreId
from stored_value.loyalty_policy import CategoryDiscount, PointsPolicy, PointsReward
from stored_value.promotions import CouponGift
from stored_value.refusals import Refusal
from stored_value.rulebook import Rulebook, Words
from stored_value.wallet import Holding, HoldingKind, Wallet
from terminal.counter.order_views import OrderPayment
from terminal.counter.views import Completed
from tests.terminal.counter.till import RULEBOOK, WANG, Till, cash, done, member_row, rulebook_row, wallet_of

TEA_COUPON, ONLY_COUPON, WASH, POINTS = LotId("g/c/tea"), LotId("g/c/only"), LotId("g/s/wash"), LotId("g/points")
_BASIC, *_ABOVE = RULEBOOK.tiers
SHOP: Rulebook = replace(
    RULEBOOK,
    version=2,
    tiers=(replace(_BASIC, category_discounts=(CategoryDiscount(category="care", basis_points=1_000),)), *_ABOVE),
    coupons=(
        CouponType(
            coupon_id="tea-20",
            name=Words(zh="满100减20", en="20 off from 100"),
            shape=CouponShape.AMOUNT,
            amount_minor=2_000,
            minimum_minor=10_000,
        ),
        CouponType(
            coupon_id="only-5",
            name=Words(zh="立减5元", en="5 off"),
            shape=CouponShape.AMOUNT,
            amount_minor=500,
            combinable=False,
        ),
    ),
    passes=(
        PassType(
            pass_id="wash-10",
            name=Words(zh="洗车十次卡", en="Ten washes"),
            kind=HoldingKind.PASS_USES,
            quantity=10,
            price_minor=30_000,
            valid_days=365,
            scope=Scope(categories=("wash",)),
        ),
    ),
    points=PointsPolicy(
        spend_points=1,
        spend_per_minor=100,
        worth_points=100,
        worth_minor=100,
        rewards=(
            PointsReward(reward_id="mug", name=Words(zh="马克杯", en="Mug"), points=500, worth_minor=3_000),
            PointsReward(
                reward_id="tea", name=Words(zh="优惠券", en="Coupon"), points=200, coupon=CouponGift(coupon_id="tea-20")
            ),
            PointsReward(reward_id="bike", name=Words(zh="自行车", en="Bicycle"), points=90_000),
        ),
    ),
)


def held(holding_id: LotId, kind: HoldingKind, item_id: str, quantity: int, sold_for: int = 0) -> Holding:
    return Holding(
        holding_id=holding_id,
        kind=kind,
        item_id=item_id,
        store_id=StoreId("S02"),
        source_id=EventId("g"),
        acquired_on=date(2026, 11, 1),
        rulebook=2,
        original=quantity,
        remaining=quantity,
        expires_on=date(2027, 10, 31),
        sold_for_minor=sold_for,
    )


def holder(principal: int = 50_000, bonus: int = 10_000) -> Wallet:
    """王*丽 with two coupons, a pass with three uses left and 1,500 points."""
    return replace(
        wallet_of(principal, bonus, version=4),
        holdings=(
            held(TEA_COUPON, HoldingKind.COUPON, "tea-20", 1),
            held(ONLY_COUPON, HoldingKind.COUPON, "only-5", 1),
            held(WASH, HoldingKind.PASS_USES, "wash-10", 3, 9_000),
            held(POINTS, HoldingKind.POINTS, "", 1_500),
        ),
    )


def open_shop(till: Till, *, online: bool = True) -> Till:
    """The till under the shop's rulebook, the holder known, head office at hand or not."""
    till.feed(rulebook_row(SHOP))
    wallet = holder()
    till.hq.rows[wallet.member_id] = member_row(wallet)
    till.feed(member_row(wallet))
    till.hq.online = online
    till.open_shift()
    return till


def item(line_no: int, price_minor: int, name: str = "", *, category: str = "", quantity: int = 1) -> OrderItem:
    return OrderItem(
        line_no=line_no,
        name=name or f"商品{line_no}",
        unit_price_minor=price_minor,
        category=category,
        quantity=quantity,
    )


def washed(line_no: int, price_minor: int, units: int = 1) -> OrderItem:
    """A line that the pass covers."""
    return replace(
        item(line_no, price_minor, "洗车", category="wash"), covered_by=PassCover(holding_id=WASH, units=units)
    )


def pay(till: Till, cart: Cart, cash_minor: int = 0, balance_minor: int = 0) -> Completed | Refusal:
    tenders = (cash(cash_minor),) if cash_minor else ()
    payment = OrderPayment(cart=cart, tenders=tenders, balance_minor=balance_minor, static_card=True)
    return till.counter.pay_order(till.counter.new_action(), WANG, payment)


def everything() -> Cart:
    """￥180 of care (10 % off), ￥20 of goods, a wash on the pass, a coupon for ￥20 and 1,000 points: ￥152 are due."""
    return Cart(
        items=(item(1, 9_000, "护理", category="care", quantity=2), item(2, 2_000, "茶"), washed(3, 4_500)),
        coupons=(TEA_COUPON,),
        points=1_000,
    )


def pay_everything(till: Till) -> Completed:
    return done(pay(till, everything(), cash_minor=5_000, balance_minor=10_200))
