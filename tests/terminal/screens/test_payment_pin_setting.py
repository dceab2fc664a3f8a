"""Setting and changing a payment PIN through the presenters, over the real counter: the card or the old PIN first, typed twice, online only."""

from dataclasses import replace

import pytest

from stored_value.events import EvidenceClass
from stored_value.events_money_out import PinSet
from stored_value.identity import MemberId
from stored_value.wallet import WalletStatus
from terminal.screens.navigation import (
    Home,
    MemberCard,
    Result,
    SetPin,
)
from tests.terminal.counter.till import CASHIER, MANAGER, WANG_CARD, Till, member_row, wallet_of
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.pin_setting import last_event, type_pin
from tests.terminal.screens.stand_in_pin import PAYMENT_PIN as PIN

OTHER_PIN = "192837"


def to_set(till: Till, bench: Bench, *, by_card: bool = True) -> None:
    bench.navigator.go(MemberCard(till.wang(), by_card))
    bench.presenter("member").open("pin")
    assert bench.at(SetPin)


def action_label(bench: Bench) -> str:
    labels: dict[str, str] = {each.key: each.label for each in bench.view("member").actions}
    return labels["pin"]


@pytest.fixture
def set_bench(till: Till, open_bench: Bench) -> Bench:
    till.settle_and_follow()
    till.sign_in(MANAGER)
    return open_bench


def test_a_first_pin_is_typed_twice_with_the_card(till: Till, set_bench: Bench) -> None:
    to_set(till, set_bench)
    assert action_label(set_bench) == "设支付密码"
    type_pin(set_bench)
    assert set_bench.view("set_pin").pad.caption == "再次输入新密码"
    type_pin(set_bench)
    assert set_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, PinSet)
    assert PIN not in str(vars(set_bench.presenter("set_pin")))
    set_bench.navigator.go(MemberCard(till.wang(), by_card=True))
    assert action_label(set_bench) == "改支付密码"


def test_a_first_pin_waits_for_the_card(till: Till, set_bench: Bench) -> None:
    to_set(till, set_bench, by_card=False)
    assert set_bench.view("set_pin").heading == "请扫会员码"
    set_bench.press("4")
    assert set_bench.view("set_pin").pad.faint, "nothing is typed before the card"
    set_bench.front.scanned(WANG_CARD)
    assert set_bench.at(SetPin)
    type_pin(set_bench)
    type_pin(set_bench)
    assert set_bench.at(Result)


def test_another_members_card_sets_no_pin_here(till: Till, set_bench: Bench) -> None:
    to_set(till, set_bench, by_card=False)
    other = replace(till.wang(), member_id=MemberId("another"))
    assert not set_bench.presenter("set_pin").recognise(other)
    assert set_bench.view("set_pin").pad.caption == "新密码"


def test_two_that_differ_set_nothing(till: Till, set_bench: Bench) -> None:
    to_set(till, set_bench)
    before = till.journal.head().seq
    type_pin(set_bench)
    type_pin(set_bench, OTHER_PIN)
    view = set_bench.view("set_pin")
    assert (view.notice.title, view.pad.caption) == ("两次输入不一致", "新密码")
    assert till.journal.head().seq == before
    type_pin(set_bench)
    type_pin(set_bench)
    assert set_bench.at(Result)


def test_an_easy_pin_is_refused_at_the_first_typing(till: Till, set_bench: Bench) -> None:
    to_set(till, set_bench)
    type_pin(set_bench, "123456")
    view = set_bench.view("set_pin")
    assert (view.notice.code, view.pad.caption) == ("payment_pin_weak", "新密码")


def test_a_change_asks_for_the_old_one_first(till: Till, pin_bench: Bench) -> None:
    to_set(till, pin_bench)
    assert (pin_bench.view("set_pin").title, pin_bench.view("set_pin").pad.caption) == ("更改支付密码", "原密码")
    type_pin(pin_bench, OTHER_PIN)
    assert pin_bench.view("set_pin").notice.code == "payment_pin_wrong"
    type_pin(pin_bench)
    type_pin(pin_bench, OTHER_PIN)
    type_pin(pin_bench, OTHER_PIN)
    assert pin_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, PinSet)
    assert (event.pin_issue, event.occasion.evidence) == (2, EvidenceClass.PIN)


def test_an_old_pin_proven_too_long_ago_is_asked_for_again(till: Till, pin_bench: Bench) -> None:
    to_set(till, pin_bench)
    type_pin(pin_bench)
    type_pin(pin_bench, OTHER_PIN)
    till.pass_time(minutes=6)
    type_pin(pin_bench, OTHER_PIN)
    view = pin_bench.view("set_pin")
    assert (view.notice.code, view.pad.caption) == ("payment_pin_needed", "原密码")


def test_offline_nobody_types_in_vain(till: Till, set_bench: Bench) -> None:
    till.hq.online = False
    to_set(till, set_bench)
    view = set_bench.view("set_pin")
    assert (view.notice.code, view.heading) == ("online_only", "现在不能设置密码")
    set_bench.press("4")
    assert set_bench.view("set_pin").pad.faint


def test_a_first_pin_for_much_money_is_a_managers(till: Till, set_bench: Bench) -> None:
    till.sign_in(CASHIER)
    to_set(till, set_bench)
    view = set_bench.view("set_pin")
    assert view.notice.code == "not_permitted"
    assert "店长登录" in view.explanation


def test_a_connection_that_breaks_meanwhile_sets_nothing(till: Till, set_bench: Bench) -> None:
    to_set(till, set_bench)
    type_pin(set_bench)
    till.hq.online = False
    type_pin(set_bench)
    assert set_bench.at(SetPin)
    assert set_bench.view("set_pin").notice.code == "online_only"


def test_no_pin_is_offered_for_a_card_that_is_lost(till: Till, set_bench: Bench) -> None:
    till.feed(member_row(replace(wallet_of(1_000), version=9, status=WalletStatus.LOST)))
    set_bench.navigator.go(MemberCard(till.wang(), by_card=True))
    assert not next(each.enabled for each in set_bench.view("member").actions if each.key == "pin")


def test_leaving_forgets_what_was_typed(till: Till, pin_bench: Bench) -> None:
    to_set(till, pin_bench)
    type_pin(pin_bench)
    type_pin(pin_bench, OTHER_PIN)
    pin_bench.press("1928")
    pin_bench.front.escape()
    assert pin_bench.at(MemberCard)
    held = str(vars(pin_bench.presenter("set_pin")))
    assert OTHER_PIN not in held
    assert "ProvenMember" not in held
    pin_bench.navigator.go(Home())
