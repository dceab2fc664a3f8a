"""Reading promotions out of a rulebook document: shapes, benefits and terms, each mistake named by its path. Called by `rulebook_document`."""

import re
from itertools import pairwise
from typing import Any

from stored_value.bearing import Bearing
from stored_value.document_reader import Reader
from stored_value.identity import PromotionId, StoreId, TierId
from stored_value.occasion import TenderKind
from stored_value.promotions import (
    NO_CAP,
    NO_CAPS,
    NO_CONDITIONS,
    NO_TERMS,
    NOTHING,
    Benefits,
    BonusBearer,
    Cap,
    Caps,
    Conditions,
    CouponGift,
    FirstTopUp,
    FixedPlan,
    FromAmount,
    Hours,
    Ladder,
    PassGift,
    PerStep,
    Promotion,
    Release,
    ReleaseUnit,
    Rung,
    Terms,
    TierGift,
)
from stored_value.wallet import HoldingKind

TYPE_NAMES: dict[type[Promotion], str] = {
    FixedPlan: "fixed_plan",
    FirstTopUp: "first_top_up",
    PerStep: "per_step",
    Ladder: "ladder",
    FromAmount: "from_amount",
}
_TYPES = {name: kind for kind, name in TYPE_NAMES.items()}
_PASS_KINDS = (HoldingKind.PASS_USES, HoldingKind.PASS_MINUTES, HoldingKind.PASS_UNTIL)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MOST_INSTALMENTS = 366


def read_promotion(reader: Reader, value: dict[str, Any], path: str) -> Promotion | None:
    kind = _TYPES.get(str(value.get("type")))
    if kind is None:
        reader.problem(f"{path}type", f"is {value.get('type')!r}", f"write one of {', '.join(_TYPES)}")
        return None
    common: dict[str, Any] = {
        "promotion_id": PromotionId(reader.text(value, "id", path)),
        "name": reader.words(value, "name", path),
        "bearer": reader.choice(value, "bearer", path, BonusBearer, BonusBearer.COLLECTING_STORE),
        "borne_by": _read_bearing(reader, value, path),
        "bonus_valid_days": reader.maybe_integer(value, "bonus_valid_days", path, 1),
        "terms": _read_terms(reader, *reader.part(value, "terms", path)),
    }
    if kind is FixedPlan or kind is FirstTopUp:
        common["also"] = _read_benefits(reader, *reader.part(value, "also", path))
        least = 1 if common["also"] == NOTHING else 0
        common["bonus_minor"] = reader.integer(value, "bonus_minor", path, least, None if least else 0)
        if kind is FixedPlan:
            return FixedPlan(pay_minor=reader.integer(value, "pay_minor", path, 1), **common)
        return FirstTopUp(from_minor=reader.integer(value, "from_minor", path, 0), **common)
    if kind is PerStep:
        return PerStep(
            step_minor=reader.integer(value, "step_minor", path, 1),
            each=_needed_benefits(reader, value, "each", path),
            steps_at_most=reader.maybe_integer(value, "steps_at_most", path, 1),
            **common,
        )
    if kind is Ladder:
        return _read_ladder(reader, value, path, common)
    return FromAmount(
        from_minor=reader.integer(value, "from_minor", path, 1),
        below_minor=reader.maybe_integer(value, "below_minor", path, 1),
        gives=_needed_benefits(reader, value, "gives", path),
        **common,
    )


def _read_bearing(reader: Reader, value: dict[str, Any], path: str) -> Bearing | None:
    if value.get("borne_by") is None:
        return None
    shares, inner = reader.part(value, "borne_by", path)
    bearing = Bearing(
        head_office=reader.integer(shares, "head_office", inner, 0, 0),
        collecting_store=reader.integer(shares, "collecting_store", inner, 0, 0),
        serving_store=reader.integer(shares, "serving_store", inner, 0, 0),
    )
    if not bearing.is_whole:
        remedy = "write percents of head_office, collecting_store and serving_store that come to 100"
        reader.problem(f"{path}borne_by", f"comes to {bearing.total}", remedy)
    return bearing


def _read_ladder(reader: Reader, value: dict[str, Any], path: str, common: dict[str, Any]) -> Ladder | None:
    def read_rung(rung: dict[str, Any], inner: str) -> Rung:
        return Rung(
            from_minor=reader.integer(rung, "from_minor", inner, 1),
            gives=_needed_benefits(reader, rung, "gives", inner),
        )

    rungs = reader.list(value, "rungs", read_rung, path)
    if not rungs:
        reader.problem(f"{path}rungs", "are missing", "write at least one rung with from_minor and gives")
        return None
    if any(later.from_minor <= earlier.from_minor for earlier, later in pairwise(rungs)):
        reader.problem(f"{path}rungs", "do not ascend", "order rungs by from_minor, each higher than the one before")
    return Ladder(rungs=rungs, **common)


def _needed_benefits(reader: Reader, holder: dict[str, Any], key: str, path: str) -> Benefits:
    benefits = _read_benefits(reader, *reader.part(holder, key, path))
    if benefits == NOTHING:
        reader.problem(
            f"{path}{key}", "gives nothing", "write bonus_minor, bonus_basis_points, points, coupons, passes or tier"
        )
    return benefits


def _read_benefits(reader: Reader, value: dict[str, Any], path: str) -> Benefits:
    benefits = Benefits(
        bonus_minor=reader.integer(value, "bonus_minor", path, 0, 0),
        bonus_basis_points=reader.integer(value, "bonus_basis_points", path, 0, 0),
        bonus_at_most_minor=reader.maybe_integer(value, "bonus_at_most_minor", path, 1),
        points=reader.integer(value, "points", path, 0, 0),
        coupons=reader.list(value, "coupons", lambda gift, inner: read_coupon_gift(reader, gift, inner), path),
        passes=reader.list(value, "passes", lambda gift, inner: read_pass_gift(reader, gift, inner), path),
        tier=_read_tier_gift(reader, *reader.part(value, "tier", path)) if value.get("tier") else None,
    )
    if benefits.bonus_at_most_minor is not None and not benefits.bonus_basis_points:
        reader.problem(
            f"{path}bonus_at_most_minor", "limits no share", "write bonus_basis_points beside it, or leave it out"
        )
    return NOTHING if benefits == NOTHING else benefits


def read_coupon_gift(reader: Reader, value: dict[str, Any], path: str) -> CouponGift:
    return CouponGift(
        coupon_id=reader.text(value, "coupon_id", path),
        count=reader.integer(value, "count", path, 1, 1),
        valid_days=reader.maybe_integer(value, "valid_days", path, 1),
    )


def read_pass_gift(reader: Reader, value: dict[str, Any], path: str) -> PassGift:
    kind = reader.choice(value, "kind", path, HoldingKind, HoldingKind.PASS_USES)
    if kind not in _PASS_KINDS:
        reader.problem(
            f"{path}kind", f"is {kind.value!r}", f"write one of {', '.join(known.value for known in _PASS_KINDS)}"
        )
    gift = PassGift(
        pass_id=reader.text(value, "pass_id", path),
        kind=kind,
        quantity=reader.integer(value, "quantity", path, 1, 1),
        valid_days=reader.maybe_integer(value, "valid_days", path, 1),
    )
    if kind is HoldingKind.PASS_UNTIL and (gift.valid_days is None or gift.quantity != 1):
        reader.problem(path.rstrip("."), "is a pass that runs until a day", "write valid_days, and quantity 1 or none")
    return gift


def _read_tier_gift(reader: Reader, value: dict[str, Any], path: str) -> TierGift:
    return TierGift(
        tier_id=TierId(reader.text(value, "tier_id", path)),
        valid_days=reader.maybe_integer(value, "valid_days", path, 1),
    )


def _read_terms(reader: Reader, value: dict[str, Any], path: str) -> Terms:
    release, inner = reader.part(value, "release", path)
    terms = Terms(
        conditions=_read_conditions(reader, *reader.part(value, "conditions", path)),
        caps=_read_caps(reader, *reader.part(value, "caps", path)),
        release=_read_release(reader, release, inner) if release else None,
        groups=reader.texts(value, "groups", path),
        priority=reader.integer(value, "priority", path, -(10**6), 0),
    )
    return NO_TERMS if terms == NO_TERMS else terms


def _read_conditions(reader: Reader, value: dict[str, Any], path: str) -> Conditions:
    conditions = Conditions(
        from_date=reader.day(value, "from_date", path),
        until_date=reader.day(value, "until_date", path),
        weekdays=reader.numbers(value, "weekdays", path, 1, 7),
        hours=reader.list(value, "hours", lambda hours, inner: _read_hours(reader, hours, inner), path),
        stores=tuple(StoreId(name) for name in reader.texts(value, "stores", path)),
        tiers=tuple(TierId(name) for name in reader.texts(value, "tiers", path)),
        tenders=reader.choices(value, "tenders", path, TenderKind),
        birthday_month=reader.flag(value, "birthday_month", path, default=False),
        first_only=reader.flag(value, "first_only", path, default=False),
    )
    return NO_CONDITIONS if conditions == NO_CONDITIONS else conditions


def _read_hours(reader: Reader, value: dict[str, Any], path: str) -> Hours:
    hours = Hours(from_time=reader.text(value, "from_time", path), until_time=reader.text(value, "until_time", path))
    for key, text in (("from_time", hours.from_time), ("until_time", hours.until_time)):
        if text and not _CLOCK.fullmatch(text):
            reader.problem(f"{path}{key}", f"is {text!r}", "write a time of day like 09:30")
    if hours.from_time == hours.until_time:
        reader.problem(path.rstrip("."), "starts and ends at the same time", "leave hours out for the whole day")
    return hours


def _read_caps(reader: Reader, value: dict[str, Any], path: str) -> Caps:
    caps = Caps(
        member=_read_cap(reader, *reader.part(value, "member", path)),
        member_day=_read_cap(reader, *reader.part(value, "member_day", path)),
        campaign=_read_cap(reader, *reader.part(value, "campaign", path)),
    )
    return NO_CAPS if caps == NO_CAPS else caps


def _read_cap(reader: Reader, value: dict[str, Any], path: str) -> Cap:
    cap = Cap(
        times=reader.maybe_integer(value, "times", path, 1),
        bonus_minor=reader.maybe_integer(value, "bonus_minor", path, 1),
    )
    return NO_CAP if cap == NO_CAP else cap


def _read_release(reader: Reader, value: dict[str, Any], path: str) -> Release:
    count = reader.integer(value, "count", path, 2)
    if count > MOST_INSTALMENTS:
        reader.problem(f"{path}count", f"is {count}", f"write at most {MOST_INSTALMENTS} instalments")
    return Release(
        count=count,
        every=reader.choice(value, "every", path, ReleaseUnit, ReleaseUnit.MONTH),
        first_at_once=reader.flag(value, "first_at_once", path, default=True),
    )
