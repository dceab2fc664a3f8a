"""Enrolment: the month of birth comes into the wallet once, and a promotion of the month needs no more."""

from dataclasses import replace

import pytest

from stored_value.apply import apply
from stored_value.eligibility import TopUpContext
from stored_value.identity import PromotionId
from stored_value.promotions import Conditions, FirstTopUp, Terms
from stored_value.quote import quote
from stored_value.wallet import Wallet
from tests.stored_value.miniature import BOOK, DAY, enrolled, wallet, words

BIRTHDAY = FirstTopUp(
    promotion_id=PromotionId("birthday"),
    name=words("生日"),
    from_minor=100,
    bonus_minor=50,
    terms=Terms(conditions=Conditions(birthday_month=True)),
)
MONTHLY = replace(BOOK, promotions=(BIRTHDAY,))


def born_in(month: int | None) -> Wallet:
    return apply(wallet(), replace(enrolled(), birthday_month=month), MONTHLY).wallet


@pytest.mark.parametrize(
    ("month", "reason"), [(3, "given"), (4, "not_birthday_month"), (None, "birthday_unknown"), (13, "birthday_unknown")]
)
def test_a_promotion_of_the_month_knows_the_month_from_the_enrolment(month: int | None, reason: str) -> None:
    quoted = quote(born_in(month), 1_000, None, MONTHLY, TopUpContext(on=DAY))
    assert [str(each.code) for each in quoted.reasons] == [reason]


def test_a_second_enrolment_changes_no_month() -> None:
    again = apply(replace(born_in(3), version=1), replace(enrolled(), birthday_month=4), MONTHLY)
    assert again.wallet.birthday_month == 3
    assert [found.code.value for found in again.findings] == ["member_already_enrolled"]
