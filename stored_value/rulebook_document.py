"""The rulebook as a JSON document: reading it with every mistake named by its path, and writing it canonically. The schema is explained in docs/RULEBOOK.md."""

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any

from stored_value.cart_policy import EVERYTHING, CartPolicy, CouponType, PassType
from stored_value.document_reader import Problem, Reader, RulebookError
from stored_value.loyalty_policy import PointsPolicy, PointsReward, Tier, TierPolicy
from stored_value.periods import SettlementPolicy
from stored_value.promotions import (
    NO_CAP,
    NO_CAPS,
    NO_CONDITIONS,
    NO_TERMS,
    NOTHING,
    FirstTopUp,
    FixedPlan,
    FromAmount,
    Ladder,
    PerStep,
)
from stored_value.rulebook import DrawOrder, Limits, ReceiptTexts, Rulebook
from stored_value.rulebook_cart import read_cart_policy, read_coupon_type, read_pass_type
from stored_value.rulebook_life_cycle import read_cash_out_policy, read_life_cycle_policy
from stored_value.rulebook_loyalty import check_tiers, read_points_policy, read_tier, read_tier_policy
from stored_value.rulebook_offline import read_offline_policy
from stored_value.rulebook_promotions import TYPE_NAMES, read_promotion

__all__ = ["Problem", "RulebookError", "parse_rulebook", "write_rulebook"]


def parse_rulebook(text: bytes | str) -> Rulebook:
    """Raises `RulebookError` with all problems at once. Unknown keys are ignored, so that an older till reads a newer rulebook."""
    try:
        document = json.loads(text, parse_float=_no_float)
    except ValueError as error:
        raise RulebookError([Problem("", f"is not JSON: {error}", "check the brackets and quotes there")]) from error
    reader = Reader()
    book = _read_rulebook(reader, document)
    if book is not None and not reader.problems:
        _check_whole(reader, book)
    if reader.problems or book is None:
        raise RulebookError(reader.problems)
    return book


def write_rulebook(book: Rulebook) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8."""
    return json.dumps(_plain(book), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _no_float(text: str) -> int:
    raise ValueError(f"{text} is not a whole number; amounts are written in fen")


OWN_ID: dict[type, str] = {
    Tier: "tier_id",
    PointsReward: "reward_id",
    CouponType: "coupon_id",
    PassType: "pass_id",
    **dict.fromkeys((FixedPlan, FirstTopUp, PerStep, Ladder, FromAmount), "promotion_id"),
}
"""What is written as `id`, by the type whose own id it is."""
_ABSENT = (
    None,
    (),
    NOTHING,
    NO_TERMS,
    NO_CONDITIONS,
    NO_CAPS,
    NO_CAP,
    TierPolicy(),
    PointsPolicy(),
    CartPolicy(),
    EVERYTHING,
)
"""Values whose meaning is that nothing is stated; every other value is written, so that a default that changes later never changes a published version."""


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        own_id = OWN_ID.get(type(value))
        held = {item.name: getattr(value, item.name) for item in fields(value)}
        plain = {"id" if name == own_id else name: _plain(part) for name, part in held.items() if part not in _ABSENT}
        if isinstance(value, FixedPlan | FirstTopUp | PerStep | Ladder | FromAmount):
            plain["type"] = TYPE_NAMES[type(value)]
        return plain
    return value


def _read_rulebook(reader: Reader, document: object) -> Rulebook | None:
    top = reader.object(document, "")
    if not top:
        if not reader.problems:
            reader.problem("", "is empty", "write at least version, effective_at and tiers")
        return None
    limits = reader.object(top.get("limits", {}), "limits")
    receipt = reader.object(top.get("receipt", {}), "receipt")
    tier_policy = read_tier_policy(reader, *reader.part(top, "tier_policy", ""))
    return Rulebook(
        version=reader.integer(top, "version", "", 1),
        effective_at=reader.moment(top, "effective_at", ""),
        tiers=reader.list(top, "tiers", lambda value, path: read_tier(reader, value, path, tier_policy.measure)),
        promotions=reader.list(top, "promotions", lambda value, path: read_promotion(reader, value, path)),
        draw_order=reader.choice(top, "draw_order", "", DrawOrder, DrawOrder.PROPORTIONAL),
        limits=Limits(
            **{
                item.name: reader.integer(limits, item.name, "limits.", 0, getattr(Limits(), item.name))
                for item in fields(Limits)
            }
        ),
        receipt=ReceiptTexts(
            header=reader.text(receipt, "header", "receipt.", ""), footer=reader.text(receipt, "footer", "receipt.", "")
        ),
        tier_policy=tier_policy,
        points=read_points_policy(reader, *reader.part(top, "points", "")),
        coupons=reader.list(top, "coupons", lambda value, path: read_coupon_type(reader, value, path)),
        passes=reader.list(top, "passes", lambda value, path: read_pass_type(reader, value, path)),
        cart=read_cart_policy(reader, *reader.part(top, "cart", "")),
        cash_out=read_cash_out_policy(reader, *reader.part(top, "cash_out", "")),
        life_cycle=read_life_cycle_policy(reader, *reader.part(top, "life_cycle", "")),
        offline=read_offline_policy(reader, *reader.part(top, "offline", "")),
        settlement=_read_settlement_policy(reader, *reader.part(top, "settlement", "")),
    )


def _read_settlement_policy(reader: Reader, value: dict[str, Any], path: str) -> SettlementPolicy:
    usual = SettlementPolicy()
    return SettlementPolicy(
        cut_off_days=reader.integer(value, "cut_off_days", path, 0, usual.cut_off_days),
        suspense_paid_minor=reader.integer(value, "suspense_paid_minor", path, 0, usual.suspense_paid_minor),
    )


def _check_whole(reader: Reader, book: Rulebook) -> None:
    check_tiers(reader, book.tiers, book.tier_policy)
    for key, ids in (
        ("tiers", [str(tier.tier_id) for tier in book.tiers]),
        ("promotions", [str(promotion.promotion_id) for promotion in book.promotions]),
        ("coupons", [coupon.coupon_id for coupon in book.coupons]),
        ("passes", [sold.pass_id for sold in book.passes]),
    ):
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            reader.problem(key, f"id {twice[0]!r} stands twice", "give each an id of its own")
