"""Reading tiers, the tier policy and the points programme out of a rulebook document. Called by `rulebook_document`."""

from itertools import pairwise
from typing import Any

from stored_value.document_reader import Reader
from stored_value.identity import TierId
from stored_value.loyalty_policy import CategoryDiscount, PointsPolicy, PointsReward, Tier, TierMeasure, TierPolicy
from stored_value.rulebook_promotions import read_coupon_gift, read_pass_gift
from stored_value.tiers import threshold_minor
from stored_value.words import Words

_ALL_BASIS_POINTS = 10_000


def read_tier(reader: Reader, value: dict[str, Any], path: str, measure: TierMeasure) -> Tier:
    by_top_up = measure is TierMeasure.TOP_UP
    return Tier(
        tier_id=TierId(reader.text(value, "id", path)),
        name=reader.words(value, "name", path),
        top_up_from_minor=reader.integer(value, "top_up_from_minor", path, 0, None if by_top_up else 0),
        spend_from_minor=reader.integer(value, "spend_from_minor", path, 0, 0 if by_top_up else None),
        discount_basis_points=_share(reader, value, "discount_basis_points", path, 0),
        category_discounts=reader.list(
            value, "category_discounts", lambda own, inner: _read_category(reader, own, inner), path
        ),
        points_percent=reader.integer(value, "points_percent", path, 0, 100),
        benefits=reader.list(value, "benefits", lambda text, inner: _read_benefit(reader, text, inner), path),
    )


def _share(reader: Reader, value: dict[str, Any], key: str, path: str, default: int | None) -> int:
    share = reader.integer(value, key, path, 0, default)
    if share > _ALL_BASIS_POINTS:
        reader.problem(f"{path}{key}", f"is {share}", "write basis points, at most 10000 (500 is 5 % off, 95折)")
    return share


def _read_category(reader: Reader, value: dict[str, Any], path: str) -> CategoryDiscount:
    return CategoryDiscount(
        category=reader.text(value, "category", path), basis_points=_share(reader, value, "basis_points", path, None)
    )


def _read_benefit(reader: Reader, value: dict[str, Any], path: str) -> Words:
    return Words(zh=reader.text(value, "zh", path), en=reader.text(value, "en", path))


def read_tier_policy(reader: Reader, value: dict[str, Any], path: str) -> TierPolicy:
    return TierPolicy(
        measure=reader.choice(value, "measure", path, TierMeasure, TierMeasure.TOP_UP),
        window_days=reader.maybe_integer(value, "window_days", path, 1),
        keep_days=reader.maybe_integer(value, "keep_days", path, 1),
    )


def read_points_policy(reader: Reader, value: dict[str, Any], path: str) -> PointsPolicy:
    plain = PointsPolicy()
    policy = PointsPolicy(
        top_up_points=reader.integer(value, "top_up_points", path, 0, plain.top_up_points),
        top_up_per_minor=reader.integer(value, "top_up_per_minor", path, 1, plain.top_up_per_minor),
        spend_points=reader.integer(value, "spend_points", path, 0, plain.spend_points),
        spend_per_minor=reader.integer(value, "spend_per_minor", path, 1, plain.spend_per_minor),
        bonus_spend_earns=reader.flag(value, "bonus_spend_earns", path, plain.bonus_spend_earns),
        valid_days=reader.maybe_integer(value, "valid_days", path, 1),
        worth_points=reader.integer(value, "worth_points", path, 0, plain.worth_points),
        worth_minor=reader.integer(value, "worth_minor", path, 0, plain.worth_minor),
        rewards=reader.list(value, "rewards", lambda reward, inner: _read_reward(reader, reward, inner), path),
    )
    ids = [reward.reward_id for reward in policy.rewards]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        reader.problem(f"{path}rewards", f"id {name!r} stands twice", "give each an id of its own")
    return policy


def _read_reward(reader: Reader, value: dict[str, Any], path: str) -> PointsReward:
    return PointsReward(
        reward_id=reader.text(value, "id", path),
        name=reader.words(value, "name", path),
        points=reader.integer(value, "points", path, 1),
        worth_minor=reader.integer(value, "worth_minor", path, 0, 0),
        coupon=read_coupon_gift(reader, *reader.part(value, "coupon", path)) if value.get("coupon") else None,
        pass_gift=read_pass_gift(reader, *reader.part(value, "pass_gift", path)) if value.get("pass_gift") else None,
    )


def check_tiers(reader: Reader, tiers: tuple[Tier, ...], policy: TierPolicy) -> None:
    """Tiers ascend by what the policy measures."""
    key = "top_up_from_minor" if policy.measure is TierMeasure.TOP_UP else "spend_from_minor"
    thresholds = [threshold_minor(tier, policy) for tier in tiers]
    if not thresholds or thresholds[0] != 0:
        reader.problem("tiers", "do not start at 0", f"give the first tier {key} 0")
    if any(later <= earlier for earlier, later in pairwise(thresholds)):
        reader.problem("tiers", "do not ascend", f"order tiers by {key}, each higher than the one before")
