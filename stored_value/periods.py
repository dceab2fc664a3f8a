"""When the books of a month are closed, as policy, and what came too late for them (L9). Pure; ingest asks it."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementPolicy:
    """A month's books close `cut_off_days` after its last day: 5 lets entries of October come until 5 November."""

    cut_off_days: int = 5


def is_prior_period(business_date: date, received_on: date, policy: SettlementPolicy) -> bool:
    """Whether the books of the month of `business_date` were closed when the entry came. It keeps its own date and is an item of the period that is open."""
    return received_on > _last_day(business_date) + timedelta(days=policy.cut_off_days)


def _last_day(on: date) -> date:
    following = (on.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)
