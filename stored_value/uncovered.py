"""What of a payment no reservation of its own till covers, and whether the risk allowance stands for it (L5, H8): the evidence that head office can check. What a till says of
a PIN, a code or a card proves nothing.

Pure; called by head office before it applies a payment. What the till may take was decided there by `offline_spending`, from the same caps.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from stored_value.draw import drawable_minor
from stored_value.findings import Finding, FindingCode
from stored_value.identity import TerminalId
from stored_value.occasion import Occasion
from stored_value.offline_policy import RiskAllowance
from stored_value.reservation_records import ReservationId, ReservationKind
from stored_value.reservations import available_minor
from stored_value.wallet import HoldingKind, Wallet

HOURS_LEEWAY: Final = timedelta(minutes=10)
"""A till decides a moment before it writes, and older programs by what they heard in the minutes after head office last signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTaken:
    """What nothing covered since the till's last report, before the payment at hand."""

    member_minor: int
    till_minor: int


def covered_minor(wallet: Wallet, named: Collection[ReservationId], terminal_id: TerminalId) -> int:
    """What the named reservations would give to a payment at their till; another till's give nothing."""
    if not named:
        return 0
    return sum(
        kept.amount_minor
        for kept in wallet.reservations
        if kept.terminal_id == terminal_id and kept.reservation_id in named
    )


def reserved_here_minor(wallet: Wallet, named: Collection[ReservationId], terminal_id: TerminalId) -> int:
    """What the till has of the wallet for certain: its leases, whether or not the entry names them, and the holds that it names. A cash-out names its hold only."""
    return sum(
        kept.amount_minor
        for kept in wallet.reservations
        if kept.terminal_id == terminal_id and (kept.reservation_id in named or kept.kind is ReservationKind.LEASE)
    )


def taken_from_others(before: Wallet, after: Wallet, place: Occasion) -> Finding | None:
    """What an entry of `place` took of what other tills keep, though nothing of its own till's covered it (H5)."""
    on, terminal_id = place.business_date, place.terminal_id
    covered = reserved_here_minor(before, place.reservations, terminal_id)
    uncovered = drawable_minor(before, on) - drawable_minor(after, on) - covered
    short = [max(0, -available_minor(wallet, on, besides=terminal_id)) for wallet in (before, after)]
    taken = min(uncovered, short[1] - short[0])
    return Finding(FindingCode.TAKEN_FROM_OTHERS, {"amount_minor": taken}) if taken > 0 else None


def thing_uncovered(before: Wallet, after: Wallet, place: Occasion) -> Finding | None:
    """Coupons, uses of passes or points that an entry of `place` took though no lease of its till, nor a hold that it names, kept them (H4): no allowance stands for things."""
    missing = Counter[HoldingKind]()
    for held in before.holdings:
        left = after.holding(held.holding_id)
        missing[held.kind] += held.remaining - (left.remaining if left is not None else 0)
    for kind, taken in missing.items():
        uncovered = taken - _things_kept_here(before, kind, place)
        if uncovered > 0:
            return Finding(FindingCode.THING_UNCOVERED, {"kind": kind.value, "count": uncovered})
    return None


def _things_kept_here(wallet: Wallet, kind: HoldingKind, place: Occasion) -> int:
    of_kind = {held.holding_id for held in wallet.holdings if held.kind is kind}
    return sum(
        thing.quantity
        for kept in wallet.reservations
        if kept.terminal_id == place.terminal_id
        and (kept.reservation_id in place.reservations or kept.kind is ReservationKind.LEASE)
        for thing in kept.things
        if thing.thing_id in of_kind
    )


def beyond_risk(
    allowance: RiskAllowance, uncovered_minor: int, taken: RiskTaken, unheard: timedelta | None
) -> Finding | None:
    """None when the allowance stands for it. Else nothing does, the part below the cap included. `unheard`: how long before it head office had last spoken, None: never."""
    if not _within_hours(allowance, unheard):
        data = {"amount_minor": uncovered_minor, "hours_limit": allowance.hours}
        if unheard is not None:
            data["unheard_h"] = max(0, unheard // timedelta(hours=1))
        return Finding(FindingCode.RISK_EXCEEDED, dict(data))
    caps = (
        ("payment_limit_minor", allowance.payment_minor, 0),
        ("member_limit_minor", allowance.member_minor, taken.member_minor),
        ("till_limit_minor", allowance.till_minor, taken.till_minor),
    )
    for cap, limit_minor, used_minor in caps:
        if used_minor + uncovered_minor > limit_minor:
            data = {"amount_minor": uncovered_minor, cap: limit_minor, "used_minor": used_minor}
            return Finding(FindingCode.RISK_EXCEEDED, dict(data))
    return None


def _within_hours(allowance: RiskAllowance, unheard: timedelta | None) -> bool:
    """As `offline_spending.risk_left_minor` decides it at the till."""
    return allowance.hours > 0 and unheard is not None and unheard < timedelta(hours=allowance.hours) + HOURS_LEEWAY


def unproved_minor(findings: Iterable[Finding]) -> int:
    """What the judgement of a payment left without evidence: `apply` is told so, whenever the payment is applied again."""
    return sum(int(each.data["amount_minor"]) for each in findings if each.code is FindingCode.RISK_EXCEEDED)
