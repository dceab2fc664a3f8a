"""What of a payment no reservation of its own till covers, and whether the risk allowance stands for it (L5, H8): the evidence that head office can check. What a till says of
a PIN, a code or a card proves nothing. The same of coupons, uses of passes and points, for which no allowance stands (H4).

Pure; called by head office before it applies an entry. What the till may take was decided there by `offline_spending`, from the same caps.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from stored_value.draw import drawable_minor
from stored_value.events import WalletEvent
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId, TerminalId
from stored_value.occasion import Occasion
from stored_value.offline_policy import RiskAllowance
from stored_value.points import alike
from stored_value.reservation_records import ReservationId, ReservationKind
from stored_value.reservations import available_minor, things_used
from stored_value.wallet import HoldingKind, Wallet

WITHOUT_EVIDENCE: Final = frozenset({FindingCode.RISK_EXCEEDED, FindingCode.CARD_EXCEEDED})
"""Judgements of head office by which `amount_minor` of a payment is in the serving store's suspense; each names what the others do not."""
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
    """What the till has of the wallet for certain: its leases, whether or not the entry names them, and the holds that it names. An older till's cash-out names its hold only."""
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


def things_uncovered(wallet: Wallet, event: WalletEvent) -> Counter[LotId]:
    """Of the coupons, uses of passes and points that an event takes, how many no lease or hold of its till that it names keeps (H4): no allowance stands for things. What it does
    not name it does not use up, so that would cover the next entry again. By holding, as `alike` counts them; `wallet` as it is before."""
    place = event.occasion
    taken, kept = Counter[LotId](), Counter[LotId]()
    for thing_id, quantity in things_used(event, wallet).items():
        held = wallet.holding(thing_id)
        taken[alike(wallet, thing_id)] += min(quantity, held.remaining) if held is not None else 0
    for each in wallet.reservations:
        if each.reservation_id in place.reservations and each.terminal_id == place.terminal_id:
            for thing in each.things:
                kept[alike(wallet, thing.thing_id)] += thing.quantity
    return taken - kept


def things_told(wallet: Wallet, uncovered: Counter[LotId]) -> dict[str, int | str]:
    """The data of a finding: how many of what nothing kept, of the kind of the first where there are several."""
    kinds = {each: _kind_of(wallet, each) for each in uncovered}
    kind = min(kinds.values())
    return {"kind": kind, "count": sum(count for each, count in uncovered.items() if kinds[each] == kind)}


def _kind_of(wallet: Wallet, thing_id: LotId) -> HoldingKind:
    held = wallet.holding(thing_id)
    return held.kind if held is not None else HoldingKind.POINTS


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
    return sum(int(each.data["amount_minor"]) for each in findings if each.code in WITHOUT_EVIDENCE)


def things_unproved(codes: Iterable[str]) -> bool:
    """The same of coupons, uses of passes and points; `codes` are those of the findings."""
    return FindingCode.THING_UNCOVERED in codes
