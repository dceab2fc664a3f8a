"""What settlement between stores follows as policy: when the books of a month are closed and what came too late for them (L9), and how much of a store's suspense is paid before a
person has decided (H8). Pure; ingest and settlement ask it."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementPolicy:
    """A month's books close `cut_off_days` after its last day: 5 lets entries of October come until 5 November. Of what a store has in suspense at most `suspense_paid_minor` is
    paid to it on account; what is above is withheld."""

    cut_off_days: int = 5
    suspense_paid_minor: int = 0

    def on_account_minor(self, suspense_minor: int) -> int:
        """Of a store's balance in suspense. Below zero, when more was taken back than is waiting, nothing."""
        return max(0, min(suspense_minor, self.suspense_paid_minor))


def is_prior_period(business_date: date, received_on: date, policy: SettlementPolicy) -> bool:
    """Whether the books of the month of `business_date` were closed when the entry came. It keeps that date, the one that it counts on, and is an item of the period that is
    open."""
    return received_on > _last_day(business_date) + timedelta(days=policy.cut_off_days)


def _last_day(on: date) -> date:
    following = (on.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)
