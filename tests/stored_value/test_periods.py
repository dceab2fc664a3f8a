"""When the books of a month close, by dates worked out on a calendar."""

from datetime import date

import pytest

from stored_value.periods import SettlementPolicy, is_prior_period


@pytest.mark.parametrize(
    ("sold", "came", "cut_off_days", "late"),
    [
        (date(2026, 10, 31), date(2026, 10, 31), 5, False),
        (date(2026, 10, 1), date(2026, 11, 5), 5, False),
        (date(2026, 10, 1), date(2026, 11, 6), 5, True),
        (date(2026, 10, 31), date(2026, 11, 1), 0, True),
        (date(2026, 2, 28), date(2026, 3, 5), 5, False),
        (date(2028, 2, 29), date(2028, 3, 5), 5, False),
        (date(2026, 12, 31), date(2027, 1, 6), 5, True),
        (date(2026, 12, 2), date(2026, 11, 30), 0, False),
    ],
)
def test_a_month_closes_so_many_days_after_its_last(sold: date, came: date, cut_off_days: int, late: bool) -> None:
    assert is_prior_period(sold, came, SettlementPolicy(cut_off_days=cut_off_days)) is late
