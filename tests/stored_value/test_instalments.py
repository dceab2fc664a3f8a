"""Instalments of a top-up that was cashed out meanwhile."""

from dataclasses import replace
from datetime import date

from stored_value.apply import apply
from stored_value.findings import FindingCode
from stored_value.instalments import due_instalments
from stored_value.wallet import LotEnd, ValueKind
from tests.stored_value.loyalty_cases import event_of, rulebook_of
from tests.stored_value.miniature import top_up, wallet

BOOK = rulebook_of(
    {
        "promotions": [
            {
                "id": "p",
                "type": "fixed_plan",
                "pay_minor": 1_000,
                "bonus_minor": 200,
                "terms": {"release": {"count": 2, "every": "day"}},
            }
        ]
    }
)
RELEASE = event_of(
    {
        "do": "release",
        "id": "r",
        "top_up": "t1",
        "promotion": "p",
        "number": 2,
        "amount": "1",
        "on": "2026-03-03",
    }
)


def test_a_top_up_that_was_cashed_out_gets_no_more_of_its_bonus_until_the_cash_out_is_reversed() -> None:
    held = apply(wallet(), top_up("t1", 1_000), BOOK).wallet
    ended = replace(held, lots=tuple(replace(lot, end=LotEnd.CASHED_OUT, remaining_minor=0) for lot in held.lots))
    assert due_instalments(ended, date(2026, 3, 3)) == ()
    done = apply(ended, RELEASE, BOOK)
    assert [finding.code for finding in done.findings] == [FindingCode.INSTALMENT_FORFEITED]
    assert (done.wallet, done.postings) == (ended, ())
    assert [part.number for part in due_instalments(held, date(2026, 3, 3))] == [2]
    assert apply(held, RELEASE, BOOK).wallet.balance_minor(ValueKind.BONUS) == 200
