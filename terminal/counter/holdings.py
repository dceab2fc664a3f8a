"""What a member holds by quantity and what his points buy, as the counter shows it. Reads only; using it up is for `order`, `pass_use` and `points`."""

from collections import Counter
from datetime import date

from stored_value.explanations import gift_parts
from stored_value.holdings import is_usable
from stored_value.identity import LotId, MemberId
from stored_value.loyalty_policy import PointsReward
from stored_value.passes import PASSES
from stored_value.points import points_worth_minor, usable_points_total
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook, Words
from stored_value.wallet import Holding, HoldingKind
from terminal.counter.order_views import CouponView, MemberHoldings, PassView, RewardView
from terminal.counter.reserving import leased_things
from terminal.counter.workplace import Workplace


def holdings(place: Workplace, member_id: MemberId) -> MemberHoldings | Refusal:
    """What is used up is left out; what cannot be used today is shown as such."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    wallet, rulebook, on = member.view.wallet, standing.rulebook, standing.on
    held = sorted(
        (each for each in wallet.holdings if each.remaining > 0),
        key=lambda each: (each.expires_on or date.max, each.acquired_on, each.holding_id),
    )
    points, leased = usable_points_total(wallet, on), leased_things(place, member)
    return MemberHoldings(
        coupons=tuple(_coupon(each, rulebook, on, leased) for each in held if each.kind is HoldingKind.COUPON),
        passes=tuple(_pass(each, rulebook, on, leased) for each in held if each.kind in PASSES),
        points=points,
        points_worth_minor=points_worth_minor(points, rulebook.points),
        rewards=tuple(_reward(each, points, rulebook) for each in rulebook.points.rewards),
        offline=not place.link.state().online,
        points_leased_here=sum(leased[each.holding_id] for each in held if each.kind is HoldingKind.POINTS),
    )


def _coupon(held: Holding, rulebook: Rulebook, on: date, leased: Counter[LotId]) -> CouponView:
    known = rulebook.coupon_type(held.item_id)
    return CouponView(
        holding_id=held.holding_id,
        name=known.name if known is not None else _bare(held.item_id),
        expires_on=held.expires_on,
        usable=known is not None and is_usable(held, on),
        leased_here=leased[held.holding_id],
    )


def _pass(held: Holding, rulebook: Rulebook, on: date, leased: Counter[LotId]) -> PassView:
    known = rulebook.pass_type(held.item_id)
    return PassView(
        holding_id=held.holding_id,
        name=known.name if known is not None else _bare(held.item_id),
        kind=held.kind,
        left=held.remaining,
        expires_on=held.expires_on,
        usable=known is not None and is_usable(held, on),
        uses_for=(*known.scope.items, *known.scope.categories) if known is not None else (),
        leased_here=leased[held.holding_id],
    )


def _reward(reward: PointsReward, points: int, rulebook: Rulebook) -> RewardView:
    return RewardView(
        reward_id=reward.reward_id,
        name=reward.name,
        points=reward.points,
        worth_minor=reward.worth_minor,
        gifts=gift_parts(
            (reward.coupon,) if reward.coupon else (), (reward.pass_gift,) if reward.pass_gift else (), rulebook
        ),
        missing=max(0, reward.points - points),
    )


def _bare(item_id: str) -> Words:
    """A type that the rulebook no longer has keeps its id."""
    return Words(zh=item_id, en=item_id)
