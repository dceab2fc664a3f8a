"""Bonus in instalments 分期赠送: on which days the parts fall due, and which of a wallet are due. Head office releases them (`instalment_release`)."""

from calendar import monthrange
from datetime import date, timedelta
from typing import assert_never

from stored_value.identity import EventId
from stored_value.loyalty import PendingInstalment
from stored_value.promotions import Release, ReleaseUnit
from stored_value.wallet import LotEnd, Wallet


def due_dates(on: date, release: Release) -> tuple[date, ...]:
    """The day of each part, for a bonus given `on`: whole periods after it. A month ends a part on its last day where the day is missing (31 January, 28 February)."""
    first = 0 if release.first_at_once else 1
    return tuple(_after(on, release.every, periods) for periods in range(first, first + release.count))


def _after(on: date, every: ReleaseUnit, periods: int) -> date:
    match every:
        case ReleaseUnit.DAY:
            return on + timedelta(days=periods)
        case ReleaseUnit.WEEK:
            return on + timedelta(weeks=periods)
        case ReleaseUnit.MONTH:
            years, month = divmod(on.month - 1 + periods, 12)
            year, month = on.year + years, month + 1
            return date(year, month, min(on.day, monthrange(year, month)[1]))
        case _:
            assert_never(every)


def due_instalments(wallet: Wallet, on: date) -> tuple[PendingInstalment, ...]:
    """What head office is to release on a day, oldest first; one event each."""
    due = [part for part in wallet.loyalty.pending if part.due_on <= on and not is_cashed_out(wallet, part.top_up_id)]
    return tuple(sorted(due, key=lambda part: (part.due_on, part.top_up_id, part.promotion_id, part.number)))


def is_cashed_out(wallet: Wallet, top_up_id: EventId) -> bool:
    """Whose principal was paid out gets no more of its bonus; the parts wait on, in case the cash-out is reversed."""
    return any(lot.top_up_id == top_up_id and lot.end is LotEnd.CASHED_OUT for lot in wallet.lots)
