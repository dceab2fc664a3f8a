"""Points 积分: earned on top-up and spend, always rounded down, drawn by lot (what the use has reserved, then first to expire, then oldest), taken back with a refund, exchanged
for what the rulebook offers.

Points are kept by quantity and not booked; what they buy is a cost of the programme, in head office's books, when it is handed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from stored_value.events_loyalty import PointsRedeemed
from stored_value.exchange import exchanged
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, LotId, PromotionId, StoreId
from stored_value.loyalty_policy import PointsPolicy, PointsReward
from stored_value.money import floor_share
from stored_value.occasion import EvidenceClass, Occasion
from stored_value.postings import Account, Posting, clearing
from stored_value.promotions import CouponGift, PassGift
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing, things_kept
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from stored_value.tiers import tier_of
from stored_value.wallet import Holding, HoldingKind, Purchase, Taken, Wallet, WalletStatus

PROGRAMME = "points"
"""The posting detail under which the points programme's costs stand."""
ANY_POINTS: Final = LotId("*")
"""Stands for a lot of points where one is as good as another."""
_ONCE_POINTS: Final = frozenset({"points", "h"})


def earned_points(amount_minor: int, points: int, per_minor: int, percent: int) -> int:
    """`amount × points × percent / (per_minor × 100)`, rounded down once, at the end."""
    return floor_share(amount_minor, points * percent, per_minor * 100)


def points_for_top_up(wallet: Wallet, amount_minor: int, rulebook: Rulebook, on: date) -> int:
    """By the tier before the top-up."""
    policy = rulebook.points
    if not policy.top_up_points:
        return 0
    percent = tier_of(wallet, rulebook, on).points_percent
    return earned_points(amount_minor, policy.top_up_points, policy.top_up_per_minor, percent)


def points_for_spend(wallet: Wallet, paid_minor: int, from_bonus_minor: int, rulebook: Rulebook, on: date) -> int:
    """`paid_minor` is all that earns (balance and other tenders), `from_bonus_minor` the part of it that came out of bonus lots. By the tier before the purchase."""
    policy = rulebook.points
    if not policy.spend_points:
        return 0
    earning = paid_minor if policy.bonus_spend_earns else paid_minor - from_bonus_minor
    percent = tier_of(wallet, rulebook, on).points_percent
    return earned_points(earning, policy.spend_points, policy.spend_per_minor, percent)


def add_points(
    wallet: Wallet, place: Occasion, points: int, policy: PointsPolicy, promotion_id: PromotionId | None = None
) -> Wallet:
    """A lot of points from the event of `place`."""
    if points <= 0:
        return wallet
    held = Holding(
        holding_id=points_lot(place.event_id, promotion_id),
        kind=HoldingKind.POINTS,
        item_id="",
        store_id=place.store_id,
        source_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original=points,
        remaining=points,
        promotion_id=promotion_id,
        expires_on=last_day(place.business_date, policy.valid_days),
    )
    return replace(wallet, holdings=(*wallet.holdings, held))


def points_lot(source_id: EventId, promotion_id: PromotionId | None = None) -> LotId:
    """The id of the points that an event, or a promotion of it, gave."""
    return LotId(f"{source_id}/points" + (f"/{promotion_id}" if promotion_id is not None else ""))


def alike(wallet: Wallet, thing_id: LotId) -> LotId:
    """A coupon or a pass is that very one; points are as good from one lot as from another. Of what was kept for a till in an earlier epoch another may have taken some, and a lot
    may be one that head office forgot in a restore: what the wallet does not know counts as points where its id may be that of a lot of points."""
    held = wallet.holding(thing_id)
    is_points = _may_be_points(thing_id) if held is None else held.kind is HoldingKind.POINTS
    return ANY_POINTS if is_points else thing_id


def _may_be_points(thing_id: LotId) -> bool:
    """By its name alone: earned (`points_lot`), come with a transfer or merge (which names what it carries by number), or put back in place of one of these."""
    parts = thing_id.split("/")
    put_back = 0
    while parts[put_back + 1 : put_back + 2] == ["x"]:
        put_back += 2
    return not _ONCE_POINTS.isdisjoint(parts[put_back + 1 : put_back + 2])


def last_day(acquired_on: date, valid_days: int | None) -> date | None:
    """The last day on which something given then can be used."""
    return None if valid_days is None else acquired_on + timedelta(days=valid_days)


def gift_holdings(
    place: Occasion,
    coupons: Sequence[CouponGift],
    passes: Sequence[PassGift],
    promotion_id: PromotionId | None,
    name: str,
) -> tuple[Holding, ...]:
    """Coupons one by one (each is used once), passes as they are; `name` keeps the ids of one event apart."""
    wanted: list[tuple[str, HoldingKind, str, int, int | None]] = []
    for coupon in coupons:
        wanted += [("c", HoldingKind.COUPON, coupon.coupon_id, 1, coupon.valid_days)] * coupon.count
    wanted += [("s", gift.kind, gift.pass_id, gift.quantity, gift.valid_days) for gift in passes]
    return tuple(
        Holding(
            holding_id=LotId(f"{place.event_id}/{letter}/{name}/{number}"),
            kind=kind,
            item_id=item_id,
            store_id=place.store_id,
            source_id=place.event_id,
            acquired_on=place.business_date,
            rulebook=place.rulebook,
            original=quantity,
            remaining=quantity,
            promotion_id=promotion_id,
            expires_on=last_day(place.business_date, valid_days),
        )
        for number, (letter, kind, item_id, quantity, valid_days) in enumerate(wanted, start=1)
    )


def usable_points(wallet: Wallet, on: date) -> list[Holding]:
    """Lots of points that can be used on a day, in the order in which they are drawn: first to expire, then oldest, then id."""
    held = [
        lot
        for lot in wallet.holdings
        if lot.kind is HoldingKind.POINTS
        and lot.remaining > 0
        and (lot.expires_on is None or lot.expires_on >= on)
        and (lot.starts_on is None or lot.starts_on <= on)
    ]
    held.sort(key=lambda lot: (lot.expires_on or date.max, lot.acquired_on, lot.holding_id))
    return held


def points_drawn(wallet: Wallet, points: int, on: date, kept: Mapping[LotId, int]) -> dict[LotId, int]:
    """By lot, what a use of `points` draws: first what is `kept` for it, then the rest, each in draw order (H4: what leaves is that very thing which was reserved)."""
    return _drawn_within(usable_points(wallet, on), points, kept)


def _drawn_within(usable: Sequence[Holding], points: int, *limits: Mapping[LotId, int]) -> dict[LotId, int]:
    """Up to each of the limits in turn, then whatever is there."""
    drawn: dict[LotId, int] = {}
    for limit in (*limits, {lot.holding_id: lot.remaining for lot in usable}):
        for lot in usable:
            already = drawn.get(lot.holding_id, 0)
            taken = min(points, max(0, min(limit.get(lot.holding_id, 0), lot.remaining) - already))
            if taken:
                drawn[lot.holding_id] = already + taken
                points -= taken
    return drawn


def points_wanted(wallet: Wallet, points: int, on: date, leased: Mapping[LotId, int]) -> tuple[ReservedThing, ...]:
    """The lots that a use of `points` would draw, to be reserved before it; those that the till leases first, also before others that end sooner, then what no till keeps."""
    usable, kept = (
        usable_points(wallet, on),
        things_kept(wallet.reservations, {each.reservation_id for each in wallet.reservations}),
    )
    free = {lot.holding_id: lot.remaining - kept[lot.holding_id] + leased.get(lot.holding_id, 0) for lot in usable}
    drawn = _drawn_within(usable, points, leased, free)
    return tuple(ReservedThing(thing_id=lot_id, quantity=quantity) for lot_id, quantity in drawn.items())


def usable_points_total(wallet: Wallet, on: date) -> int:
    return sum(lot.remaining for lot in usable_points(wallet, on))


def use_points(wallet: Wallet, points: int, place: Occasion) -> tuple[Wallet, int]:
    """The wallet after a use at `place`, and how many were missing. What the reservations that it names keep is drawn first."""
    drawn = points_drawn(wallet, points, place.business_date, things_kept(wallet.reservations, place.reservations))
    return _less(wallet, drawn), points - sum(drawn.values())


def take_points(wallet: Wallet, points: int, on: date, first: LotId | None = None) -> tuple[Wallet, int]:
    """The wallet after drawing points, and how many were missing. `first` is drawn before the others, expired or not."""
    left = points
    changed: dict[LotId, int] = {}
    named = wallet.holding(first) if first is not None else None
    order = [*([named] if named is not None else []), *(lot for lot in usable_points(wallet, on) if lot is not named)]
    for lot in order:
        taken = min(left, lot.remaining)
        if taken:
            changed[lot.holding_id] = taken
            left -= taken
    return _less(wallet, changed), left


def _less(wallet: Wallet, taken: dict[LotId, int]) -> Wallet:
    if not taken:
        return wallet
    return replace(
        wallet,
        holdings=tuple(
            replace(lot, remaining=lot.remaining - taken[lot.holding_id]) if lot.holding_id in taken else lot
            for lot in wallet.holdings
        ),
    )


def take_back_purchase_points(
    wallet: Wallet, before: Purchase, after: Purchase, on: date
) -> tuple[Wallet, list[Finding]]:
    """After a refund the purchase keeps `earned × (total − refunded) / total` points, rounded down; any split of a refund takes back what the whole would."""
    held = wallet.holding(points_lot(before.purchase_id))
    total = sum(line.total_minor for line in before.lines)
    if held is None or not total:
        return wallet, []
    keeps = [floor_share(held.original, purchase.refundable_minor, total) for purchase in (before, after)]
    return take_back_points(wallet, held, keeps[0] - keeps[1], on)


def take_back_points(wallet: Wallet, held: Holding, points: int, on: date) -> tuple[Wallet, list[Finding]]:
    """From the lot itself, then from the member's others; what is spent already is waived and reported. An expired lot takes nothing from the others."""
    expired = held.expires_on is not None and held.expires_on < on
    wanted = min(points, held.remaining) if expired else points
    wallet, missing = take_points(wallet, wanted, on, held.holding_id)
    if not missing:
        return wallet, []
    return wallet, [Finding(FindingCode.POINTS_ALREADY_SPENT, {"source": held.source_id, "points": missing})]


def points_worth_minor(points: int, policy: PointsPolicy) -> int:
    """What points pay at the counter, rounded down; 0 where the rulebook does not let them pay."""
    return floor_share(points, policy.worth_minor, policy.worth_points) if policy.worth_points else 0


def points_needed(amount_minor: int, policy: PointsPolicy) -> int | None:
    """The least points that pay an amount; none where points pay nothing."""
    if not policy.worth_points or not policy.worth_minor:
        return None
    return -floor_share(-amount_minor, policy.worth_points, policy.worth_minor)


def points_cost_postings(serving: StoreId, worth_minor: int) -> list[Posting]:
    """Goods handed over for points: head office's programme bears what the serving store earns."""
    if not worth_minor:
        return []
    bearer = StoreId(HEAD_OFFICE_STORE)
    return [
        Posting(bearer, Account.PROMOTION_COST, worth_minor, PROGRAMME),
        *clearing(bearer, serving, worth_minor),
        Posting(serving, Account.REVENUE, -worth_minor),
    ]


def refuse_points_redemption(wallet: Wallet, reward_id: str, rulebook: Rulebook, on: date) -> Refusal | None:
    """None when the reward may be handed over."""
    reward = rulebook.points.reward(reward_id)
    if reward is None:
        return Refusal(RefusalCode.REWARD_UNKNOWN, {"reward": reward_id})
    if wallet.status is not WalletStatus.ACTIVE:
        return Refusal(RefusalCode.WALLET_NOT_ACTIVE, {"status": wallet.status.value})
    held = usable_points_total(wallet, on)
    if held < reward.points:
        return Refusal(RefusalCode.POINTS_TOO_FEW, {"points": held, "short": reward.points - held})
    return None


def apply_points_redemption(
    wallet: Wallet, event: PointsRedeemed, rulebook: Rulebook, *, unproved: bool = False
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """The goods are gone: points that are missing are a finding. A coupon or a pass lands in the wallet. It leaves a purchase, so that it can go back. Without evidence, by the
    entry's own word or by head office's (`unproved`), it takes and gives nothing, and the goods are the store's own cost (H8)."""
    place = event.occasion
    findings: list[Finding] = []
    if wallet.status is not WalletStatus.ACTIVE:
        findings.append(Finding(FindingCode.WALLET_NOT_ACTIVE, {"status": wallet.status.value}))
    reward = rulebook.points.reward(event.reward_id)
    if reward is None or (reward.points, reward.worth_minor) != (event.points, event.worth_minor):
        findings.append(Finding(FindingCode.REWARD_DIFFERS, _differing(event, reward)))
    if place.evidence is EvidenceClass.NONE:
        findings.append(Finding(FindingCode.NO_EVIDENCE, {"points": event.points}))
    if unproved or place.evidence is EvidenceClass.NONE:
        return wallet, [], findings
    before = usable_points(wallet, place.business_date)
    wallet, missing = use_points(wallet, event.points, place)
    bought = exchanged(event, _taken_of(before, wallet))
    wallet = replace(wallet, purchases=(*wallet.purchases, bought))
    if missing:
        findings.append(Finding(FindingCode.POINTS_OVERDRAWN, {"points": event.points, "missing": missing}))
    if reward is not None:
        coupons = (reward.coupon,) if reward.coupon else ()
        passes = (reward.pass_gift,) if reward.pass_gift else ()
        given = gift_holdings(place, coupons, passes, None, reward.reward_id)
        wallet = replace(wallet, holdings=wallet.holdings + given)
    return wallet, points_cost_postings(place.store_id, event.worth_minor), findings


def _taken_of(before: Sequence[Holding], after: Wallet) -> list[Taken]:
    """Lot by lot, in the order in which they were drawn."""
    left = {held.holding_id: held.remaining for held in after.holdings}
    return [
        Taken(
            holding_id=held.holding_id,
            kind=held.kind,
            item_id=held.item_id,
            store_id=held.store_id,
            quantity=held.remaining - left[held.holding_id],
        )
        for held in before
        if held.remaining != left[held.holding_id]
    ]


def _differing(event: PointsRedeemed, reward: PointsReward | None) -> dict[str, int | str]:
    data: dict[str, int | str] = {"reward": event.reward_id, "points": event.points, "worth_minor": event.worth_minor}
    if reward is not None:
        data |= {"rulebook_points": reward.points, "rulebook_worth_minor": reward.worth_minor}
    return data
