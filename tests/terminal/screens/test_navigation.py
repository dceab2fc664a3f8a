"""Where one can go from where: back passes over answered questions, results are never repeated, scans lead to the obvious screen."""

import pytest

from terminal.screens.navigation import (
    CardCare,
    CashOut,
    CloseShift,
    Deposits,
    Destination,
    Home,
    Identify,
    Lock,
    MemberCard,
    Navigator,
    OpenShift,
    Purpose,
    Redeem,
    Refund,
    Result,
    TakeBack,
    TopUp,
    after_identifying,
    gone_back,
    opened,
)
from tests.terminal.screens.stand_in import LI, PURCHASE, WANG, StandInCounter


def test_back_from_a_payment_passes_over_the_search_for_the_member() -> None:
    stack: tuple[Destination, ...] = (Home(),)
    for to in (Identify(Purpose.REDEEM), Redeem(WANG, True)):
        stack = opened(stack, to)
    assert gone_back(stack) == (Home(),)


def test_back_from_a_payment_begun_at_the_members_card_returns_there() -> None:
    stack = opened(opened((Home(),), MemberCard(WANG, True)), Redeem(WANG, True))
    assert gone_back(stack) == (Home(), MemberCard(WANG, True))


def test_back_from_a_result_never_leads_to_what_was_done() -> None:
    result = Result(StandInCounter()._completed("redeemed", WANG.member_id, 12_800))
    stack = opened(opened((Home(),), Redeem(WANG, True)), result)
    assert gone_back(stack) == (Home(),)


def test_the_last_screen_stays() -> None:
    assert gone_back((Home(),)) == (Home(),)


def test_another_member_on_the_same_screen_takes_its_place() -> None:
    assert opened((Home(), Redeem(WANG, True)), Redeem(LI, True)) == (Home(), Redeem(LI, True))


@pytest.mark.parametrize(
    ("here", "leads_to"),
    [
        (Home(), MemberCard(WANG, True)),
        (MemberCard(LI, False), MemberCard(WANG, True)),
        (Identify(Purpose.REDEEM), Redeem(WANG, True)),
        (Identify(Purpose.TOP_UP), TopUp(WANG)),
        (Identify(Purpose.MEMBER), MemberCard(WANG, True)),
        (Redeem(LI, True), Redeem(WANG, True)),
        (TopUp(LI), TopUp(WANG)),
        (CashOut(LI), CashOut(WANG)),
        (Deposits(LI), Deposits(WANG)),
        (CardCare(LI), CardCare(WANG)),
        (TakeBack(), MemberCard(WANG, True)),
        (Refund(), MemberCard(WANG, True)),
        (Lock(), None),
        (OpenShift(), None),
        (CloseShift(), None),
    ],
)
def test_a_members_code_leads_to_the_obvious_screen(here: Destination, leads_to: Destination | None) -> None:
    assert after_identifying(here, WANG, by_card=True) == leads_to


@pytest.mark.parametrize("here", [Home(), Redeem(LI, True), Refund(), Identify(Purpose.TOP_UP)])
def test_a_receipts_code_leads_to_its_refund(here: Destination) -> None:
    assert after_identifying(here, PURCHASE, by_card=True) == Refund(PURCHASE)


def test_the_navigator_tells_what_to_show() -> None:
    navigator, shown = Navigator(Lock()), list[Destination]()
    navigator.listen(shown.append)
    navigator.home()
    navigator.go(Identify(Purpose.TOP_UP))
    navigator.back()
    assert shown == [Home(), Identify(Purpose.TOP_UP), Home()]
