"""The rulebook that a simulated franchise lives by: promotions, coupons, passes and points, and what tills may do when nobody can be asked. Values only."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from hq_server import franchise_data
from stored_value.cart_policy import CouponShape, CouponType, PassType
from stored_value.loyalty_policy import PointsPolicy, PointsReward
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.periods import SettlementPolicy
from stored_value.promotions import CouponGift, FixedPlan
from stored_value.rulebook import Rulebook, Words
from stored_value.wallet import HoldingKind

LEASES: Final = LeasePolicy(tills_max=2, amount_minor=20_000, share_percent=30, from_minor=2_000, valid_hours=3)
"""Short lives, so that leases are renewed and run out within a simulated day."""
RISK: Final = RiskAllowance(payment_minor=8_000, member_minor=12_000, till_minor=60_000, hours=30)
LESS_RISK: Final = RiskAllowance(payment_minor=2_000, member_minor=3_000, till_minor=4_000, hours=1)
"""So short that tills come to its end within a simulated day; under the first one, who is away goes on."""
NO_RISK: Final = RiskAllowance()
WASH: Final = "wash-10"
TEA: Final = "tea"
_MORE_MINOR: Final = 1_000
_TEA_COUPON: Final = "tea-20"


def rulebook(effective_at: datetime, *, risk: bool) -> Rulebook:
    """`risk`: whether tills may go beyond their leases offline."""
    return replace(
        franchise_data.rulebook(effective_at),
        coupons=(
            CouponType(
                coupon_id=_TEA_COUPON,
                name=Words(zh="满100减20", en="20 off from 100"),
                shape=CouponShape.AMOUNT,
                amount_minor=2_000,
                minimum_minor=10_000,
            ),
        ),
        passes=(
            PassType(
                pass_id=WASH,
                name=Words(zh="洗车十次卡", en="Ten washes"),
                kind=HoldingKind.PASS_USES,
                quantity=10,
                price_minor=30_000,
                valid_days=365,
            ),
        ),
        points=PointsPolicy(
            spend_points=1,
            spend_per_minor=100,
            worth_points=100,
            worth_minor=100,
            rewards=(
                PointsReward(
                    reward_id=TEA,
                    name=Words(zh="优惠券", en="Coupon"),
                    points=20,
                    coupon=CouponGift(coupon_id=_TEA_COUPON),
                ),
            ),
        ),
        offline=OfflinePolicy(leases=LEASES, risk=RISK if risk else NO_RISK),
        settlement=SettlementPolicy(cut_off_days=0),
    )


def next_rulebook(now: Rulebook, effective_at: datetime) -> Rulebook:
    """The fixed plan gives ten yuan more from then on, and where tills take a risk, they take less: one that is away goes on by the old rulebook."""
    better = tuple(
        replace(each, bonus_minor=each.bonus_minor + _MORE_MINOR) if isinstance(each, FixedPlan) else each
        for each in now.promotions
    )
    risk = LESS_RISK if now.offline.risk == RISK else now.offline.risk
    return replace(now, effective_at=effective_at, promotions=better, offline=replace(now.offline, risk=risk))
