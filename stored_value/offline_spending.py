"""What a till may take of a member while nobody can be asked: its leases, and beyond them what the risk allowance leaves (L5). Decided before anything happened.

Called by the till's counter and by its views; head office judges by the same caps (`uncovered`) and computes its exposure from them.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from stored_value.draw import drawable_minor
from stored_value.identity import TerminalId
from stored_value.offline_policy import RiskAllowance
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import available_minor, reserved_minor
from stored_value.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineMeans:
    """`leased_minor` is the till's own for certain; `risk_minor` may turn out to have been spent elsewhere."""

    leased_minor: int
    risk_minor: int

    @property
    def total_minor(self) -> int:
        return self.leased_minor + self.risk_minor


def risk_left_minor(
    allowance: RiskAllowance, *, member_taken_minor: int, till_taken_minor: int, unheard: timedelta | None
) -> int:
    """For one payment. The sums are those since head office last heard everything; `unheard` is how long ago it last spoke, None: never."""
    if unheard is None or max(unheard, timedelta()) >= timedelta(hours=allowance.hours):
        return 0
    left = (
        allowance.payment_minor,
        allowance.member_minor - member_taken_minor,
        allowance.till_minor - till_taken_minor,
    )
    return max(0, min(left))


def offline_means(wallet: Wallet, on: date, *, leased_minor: int, risk_left: int) -> OfflineMeans:
    """Nothing that is known to be kept for another till is put at risk."""
    held = max(0, drawable_minor(wallet, on))
    return OfflineMeans(
        leased_minor=min(leased_minor, held), risk_minor=min(risk_left, max(0, available_minor(wallet, on)))
    )


def refuse_offline(
    wallet: Wallet, amount_minor: int, means: OfflineMeans, on: date, terminal_id: TerminalId
) -> Refusal | None:
    """`left_minor` is what can be paid at once; the rest in cash, or when head office can be asked."""
    if amount_minor <= means.total_minor:
        return None
    elsewhere = reserved_minor(wallet, besides=terminal_id)
    data: dict[str, int | str] = {
        "left_minor": means.total_minor,
        "leased_minor": means.leased_minor,
        "reserved_minor": elsewhere,
    }
    if elsewhere and amount_minor > available_minor(wallet, on, besides=terminal_id):
        return Refusal(RefusalCode.RESERVED_ELSEWHERE, data)
    return Refusal(RefusalCode.OFFLINE_LIMIT, data)
