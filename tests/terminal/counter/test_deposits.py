"""Deposits at the counter: taken by any tender, given back or kept in parts, at the till that took them."""

import pytest

from stored_value.events_money_out import DepositKept, DepositReturned, DepositTaken
from stored_value.identity import EventId
from stored_value.refusals import RefusalCode
from sync.event_codec import event_of
from terminal.counter.views import Completed
from terminal.counter.views_money_out import DepositView
from tests.terminal.counter.till import WANG, Till, cash, done, refused, wechat
from tests.terminal.slip_rows import words_on


@pytest.fixture
def taken(open_till: Till) -> Completed:
    counter = open_till.counter
    return done(counter.take_deposit(counter.new_action(), WANG, (cash(20_000), wechat(10_000)), "  折叠  轮椅 "))


def held(till: Till) -> tuple[DepositView, ...]:
    return done(till.counter.deposits(WANG))


def test_a_deposit_is_apart_from_the_balance(open_till: Till, taken: Completed) -> None:
    event = event_of(open_till.journal.recent(1)[0])
    assert isinstance(event, DepositTaken)
    assert (event.amount_minor, event.item, taken.opens_drawer) == (30_000, "折叠 轮椅", True)
    view = open_till.wang()
    assert (view.balance_minor, view.deposits_minor) == (60_000, 30_000)
    [deposit] = held(open_till)
    assert (deposit.receipt_no, deposit.item, deposit.left_minor, deposit.here) == (
        taken.receipt_no, "折叠 轮椅", 30_000, True
    )  # fmt: skip
    paper = words_on(taken.receipt)
    for row in ("押金项目 折叠 轮椅", "收取押金 ￥300.00", "收款 现金 ￥200.00", "押金 ￥300.00"):
        assert row in paper


def test_a_part_is_kept_and_the_rest_goes_back_also_after_head_office_knows(open_till: Till, taken: Completed) -> None:
    open_till.settle_and_follow()
    counter = open_till.counter
    kept = done(counter.keep_deposit(counter.new_action(), taken.event_id, 4_500, "车轮损坏"))
    assert not kept.opens_drawer
    paper = words_on(kept.receipt)
    for row in (f"押金单号 {taken.receipt_no}", "押金项目 折叠 轮椅", "押金剩余 ￥255.00", "原因 车轮损坏"):
        assert row in paper
    action = counter.new_action()
    back = done(counter.return_deposit(action, taken.event_id, (cash(25_500),)))
    assert back.opens_drawer
    assert done(counter.return_deposit(action, taken.event_id, (cash(25_500),))) == back
    assert "押金剩余 ￥0.00" in words_on(back.receipt)
    assert held(open_till) == ()
    kinds = [type(event_of(entry)) for entry in open_till.journal.recent(2)]
    assert kinds == [DepositReturned, DepositKept]


def test_no_more_goes_back_than_was_left(open_till: Till, taken: Completed) -> None:
    counter = open_till.counter
    done(counter.return_deposit(counter.new_action(), taken.event_id, (cash(10_000),)))
    for answer in (
        counter.return_deposit(counter.new_action(), taken.event_id, (cash(20_001),)),
        counter.keep_deposit(counter.new_action(), taken.event_id, 20_001, ""),
    ):
        assert refused(answer) is RefusalCode.DEPOSIT_EXCEEDED
    nothing = counter.keep_deposit(counter.new_action(), taken.event_id, 0, "")
    assert refused(nothing) is RefusalCode.AMOUNT_NOT_POSITIVE
    mixed = counter.return_deposit(counter.new_action(), taken.event_id, (cash(30_000), cash(-10_000)))
    assert refused(mixed) is RefusalCode.AMOUNT_NOT_POSITIVE
    assert held(open_till)[0].left_minor == 20_000


def test_h4_a_deposit_of_another_till_is_not_given_back_here(open_till: Till) -> None:
    counter = open_till.counter
    for deposit_id in (EventId("x"), open_till.top_up(10_000).event_id):
        answer = counter.return_deposit(counter.new_action(), deposit_id, (cash(1),))
        assert refused(answer) is RefusalCode.DEPOSIT_OF_ANOTHER_TILL


def test_an_empty_deposit_is_none(open_till: Till) -> None:
    counter = open_till.counter
    assert refused(counter.take_deposit(counter.new_action(), WANG, (), "")) is RefusalCode.AMOUNT_NOT_POSITIVE


def test_the_shift_counts_deposits_apart_and_the_drawer_with_them(open_till: Till, taken: Completed) -> None:
    counter = open_till.counter
    done(counter.keep_deposit(counter.new_action(), taken.event_id, 4_500, ""))
    done(counter.return_deposit(counter.new_action(), taken.event_id, (cash(5_000),)))
    report = done(counter.close_shift(65_000))
    assert (report.expected_minor, report.difference_minor) == (65_000, 0)
    totals = report.totals
    assert (totals.deposits_taken_minor, totals.deposits_returned_minor, totals.deposits_kept_minor) == (
        30_000, 5_000, 4_500
    )  # fmt: skip
    assert (totals.topped_up_minor, totals.reversed_minor) == (0, 0)
    paper = words_on(report.receipt)
    for row in ("收取押金 ×1 ￥300.00", "退还押金 ×1 -￥50.00", "扣除押金 ×1 ￥45.00"):
        assert row in paper
