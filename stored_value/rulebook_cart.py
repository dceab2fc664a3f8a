"""Reading coupons, passes and the cart's policy out of a rulebook document, each mistake named by its path. Called by `rulebook_document`."""

from typing import Any

from stored_value.cart_policy import CartPolicy, CouponShape, CouponType, PassType, Scope
from stored_value.document_reader import Reader
from stored_value.promotions import BonusBearer
from stored_value.wallet import HoldingKind

_PASS_KINDS = (HoldingKind.PASS_USES, HoldingKind.PASS_MINUTES, HoldingKind.PASS_UNTIL)
_ALL = 10_000


def read_coupon_type(reader: Reader, value: dict[str, Any], path: str) -> CouponType:
    shape = reader.choice(value, "shape", path, CouponShape, CouponShape.AMOUNT)
    if "shape" not in value:
        reader.problem(f"{path}shape", "is missing", f"write one of {', '.join(CouponShape)}")
    amount = reader.integer(value, "amount_minor", path, 1) if shape is CouponShape.AMOUNT else 0
    share = _share(reader, value, "basis_points", path, None) if shape is CouponShape.PERCENT else 0
    return CouponType(
        coupon_id=reader.text(value, "id", path),
        name=reader.words(value, "name", path),
        shape=shape,
        amount_minor=amount,
        basis_points=share,
        at_most_minor=reader.maybe_integer(value, "at_most_minor", path, 1),
        minimum_minor=reader.integer(value, "minimum_minor", path, 0, 0),
        scope=_read_scope(reader, value, path),
        combinable=reader.flag(value, "combinable", path, True),
        bearer=reader.choice(value, "bearer", path, BonusBearer, BonusBearer.COLLECTING_STORE),
    )


def read_pass_type(reader: Reader, value: dict[str, Any], path: str) -> PassType:
    kind = reader.choice(value, "kind", path, HoldingKind, HoldingKind.PASS_USES)
    if kind not in _PASS_KINDS or "kind" not in value:
        reader.problem(f"{path}kind", f"is {value.get('kind')!r}", f"write one of {', '.join(_PASS_KINDS)}")
    until = kind is HoldingKind.PASS_UNTIL
    valid_days = reader.maybe_integer(value, "valid_days", path, 1)
    if until and valid_days is None:
        reader.problem(f"{path}valid_days", "is missing", "say for how many days a pass_until runs")
    return PassType(
        pass_id=reader.text(value, "id", path),
        name=reader.words(value, "name", path),
        kind=kind,
        quantity=reader.integer(value, "quantity", path, 1, 1 if until else None),
        price_minor=reader.integer(value, "price_minor", path, 0, 0),
        valid_days=valid_days,
        scope=_read_scope(reader, value, path),
    )


def read_cart_policy(reader: Reader, value: dict[str, Any], path: str) -> CartPolicy:
    plain = CartPolicy()
    return CartPolicy(
        tier_on_member_price=reader.flag(value, "tier_on_member_price", path, plain.tier_on_member_price),
        points_basis_points=_share(reader, value, "points_basis_points", path, plain.points_basis_points),
    )


def _read_scope(reader: Reader, value: dict[str, Any], path: str) -> Scope:
    scope, inner = reader.part(value, "scope", path)
    return Scope(items=reader.texts(scope, "items", inner), categories=reader.texts(scope, "categories", inner))


def _share(reader: Reader, value: dict[str, Any], key: str, path: str, default: int | None) -> int:
    share = reader.integer(value, key, path, 1 if default is None else 0, default)
    if share > _ALL:
        reader.problem(f"{path}{key}", f"is {share}", "write basis points, at most 10000 (1000 is 10 % off, 9折)")
    return share
