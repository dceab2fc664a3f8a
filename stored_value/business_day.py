"""The business day 营业日: the local date on which a shift was opened, past midnight too, and how long a shift may go on (H8).

Pure; the till refuses by it, head office judges by it.
"""

from datetime import date, datetime, timedelta
from typing import Final

SHIFT_LIFE: Final = timedelta(hours=36)
"""From its opening; the longest night is within it. What dates decide, promotions and expiry, would stand still in a shift that nobody closes."""


def left_of(opened_at: datetime, business_date: date, now: datetime, today: date) -> timedelta:
    """How long money may still move in a shift; nothing when it must be closed first: it has gone on too long, or was opened by a clock that ran ahead and was put right since.
    `today` is the local date of `now`."""
    if business_date > today:
        return timedelta()
    return max(timedelta(), opened_at + SHIFT_LIFE - now)
