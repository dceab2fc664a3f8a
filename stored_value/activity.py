"""What spending does beside the money: points, the figures that tiers look at, the tier. Called by `apply` and by orders, once the draw is settled."""

from collections.abc import Iterable

from stored_value.draw import Draw
from stored_value.findings import Finding
from stored_value.frozen import changed
from stored_value.identity import EventId
from stored_value.loyalty_policy import TierMeasure
from stored_value.occasion import Occasion
from stored_value.points import add_points, points_for_spend, take_back_purchase_points
from stored_value.rewards import take_back_rewards
from stored_value.rulebook import Rulebook
from stored_value.tiers import count_activity, move_tier
from stored_value.wallet import Purchase, ValueKind, Wallet


def after_spending(
    wallet: Wallet,
    place: Occasion,
    paid_minor: int,
    from_bonus_minor: int,
    rulebook: Rulebook,
    bought: Purchase | None = None,
) -> Wallet:
    """`paid_minor`: what the member paid, from the balance and otherwise, suspense left out; `from_bonus_minor` of it came out of bonus lots.
    `bought` is put among the wallet's purchases on the way, to save a copy."""
    purchases = wallet.purchases if bought is None else (*wallet.purchases, bought)
    policy = rulebook.tier_policy
    if not rulebook.points.spend_points and policy.window_days is None and policy.measure is TierMeasure.TOP_UP:
        return changed(wallet, spent_minor=wallet.spent_minor + paid_minor, purchases=purchases)
    wallet = changed(wallet, purchases=purchases)
    on = place.business_date
    points = points_for_spend(wallet, paid_minor, from_bonus_minor, rulebook, on)
    wallet = add_points(wallet, place, points, rulebook.points)
    wallet = count_activity(wallet, rulebook, on, spent_minor=paid_minor)
    return move_tier(wallet, rulebook, on)


def spent_minor(draws: Iterable[Draw]) -> int:
    """What of a draw counts as spending: not what nobody showed to be the member's doing."""
    return sum([draw.amount_minor for draw in draws if draw.kind is not ValueKind.SUSPENSE])


def bonus_minor(draws: Iterable[Draw]) -> int:
    return sum([draw.amount_minor for draw in draws if draw.kind is ValueKind.BONUS])


def after_refund(
    before: Wallet, after: Wallet, purchase_id: EventId, place: Occasion, returned_minor: int, rulebook: Rulebook
) -> tuple[Wallet, list[Finding]]:
    """`returned_minor` of the purchase went back, suspense left out; it leaves the day of the purchase. The purchase is read before and after its refund."""
    bought, refunded = before.purchase(purchase_id), after.purchase(purchase_id)
    if bought is None or refunded is None:
        return after, []
    wallet, findings = take_back_purchase_points(after, bought, refunded, place.business_date)
    wallet = count_activity(wallet, rulebook, bought.business_date, spent_minor=-returned_minor)
    return move_tier(wallet, rulebook, place.business_date), findings


def after_top_up_reversal(
    wallet: Wallet, top_up_id: EventId, amount_minor: int, place: Occasion, rulebook: Rulebook
) -> tuple[Wallet, list[Finding]]:
    """Rewards go, the top-up leaves the day on which it was made, and a tier that was reached since then falls at once."""
    made_on = min((lot.acquired_on for lot in wallet.lots if lot.top_up_id == top_up_id), default=place.business_date)
    wallet, findings = take_back_rewards(wallet, top_up_id)
    wallet = count_activity(wallet, rulebook, made_on, topped_up_minor=-amount_minor)
    since = wallet.loyalty.tier_since
    return move_tier(wallet, rulebook, place.business_date, may_fall=since is not None and since >= made_on), findings
