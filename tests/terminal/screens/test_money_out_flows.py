"""Cash-outs, deposits, cards and taking back through the presenters, over the real counter on real files; what no till can be brought to, over the one in memory."""

from dataclasses import replace

import pytest

from stored_value.events import Tender, TenderKind
from stored_value.events_money_out import CardReplaced, CashOutPaid, CashOutRejected, DepositKept, DepositReturned
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import WalletStatus
from sync.event_codec import event_of
from terminal.screens.navigation import (
    CardCare,
    CashOut,
    Deposits,
    MemberCard,
    Receipts,
    Refund,
    Result,
    TakeBack,
)
from terminal.screens.tender_ways import ORIGINAL, tenders_of
from tests.terminal.counter.till import MANAGER, WANG_CARD, Till, member_row, wallet_of
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.stand_in import WANG
from tests.terminal.screens.stand_in_money_out import WAITING


def last_event(till: Till) -> object:
    return event_of(till.journal.recent(1)[0])


def at_member(bench: Bench, till: Till) -> None:
    row = member_row(wallet_of(50_000, 10_000))
    till.hq.rows.setdefault(row.member_id, row)
    till.settle_and_follow()
    bench.front.scanned(WANG_CARD)
    assert bench.at(MemberCard)


def ask_for_cash_out(bench: Bench, till: Till) -> None:
    at_member(bench, till)
    bench.presenter("member").open("cash_out")
    assert bench.at(CashOut)
    bench.presenter("cash_out").confirm()


def test_a_balance_is_paid_out_in_three_steps_from_home(till: Till, open_bench: Bench) -> None:
    at_member(open_bench, till)
    open_bench.presenter("member").open("cash_out")
    view = open_bench.view("cash_out")
    [line] = view.lines
    assert (line.paid, line.gift, line.used, line.refundable) == ("￥500.00", "￥100.00", "￥0.00", "￥500.00")
    assert line.note == "七日冷静期 · 放弃赠送 ￥100.00"
    assert (view.confirm, view.reject) == ("申请退 ￥500.00", "")
    assert dict(view.facts)["立即预留"] == "￥600.00"
    open_bench.presenter("cash_out").confirm()
    view = open_bench.view("cash_out")
    assert (view.heading, view.confirm, view.reject) == ("待付款", "付 ￥500.00", "驳回")
    assert view.header.balance == "￥0.00"
    open_bench.presenter("cash_out").confirm()
    assert open_bench.view("cash_out").notice.code == "entries_unconfirmed"
    till.settle_and_follow()
    open_bench.presenter("cash_out").choose_way("transfer")
    open_bench.presenter("cash_out").confirm()
    assert open_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, CashOutPaid)
    assert event.tenders == (Tender(kind=TenderKind.TRANSFER, amount_minor=50_000),)
    assert open_bench.view("result").amount == "￥500.00"


def test_a_request_is_rejected_only_when_asked_twice(till: Till, open_bench: Bench) -> None:
    ask_for_cash_out(open_bench, till)
    till.settle_and_follow()
    presenter = open_bench.presenter("cash_out")
    presenter.reject()
    assert open_bench.view("cash_out").rejecting
    open_bench.front.escape()
    assert not open_bench.view("cash_out").rejecting
    assert open_bench.at(CashOut)
    presenter.reject()
    presenter.reject()
    assert isinstance(last_event(till), CashOutRejected)
    assert till.wang().balance_minor == 60_000


def test_a_request_that_waits_is_found_again_at_the_member(till: Till, open_bench: Bench) -> None:
    ask_for_cash_out(open_bench, till)
    open_bench.navigator.home()
    at_member(open_bench, till)
    open_bench.presenter("member").open("cash_out")
    assert open_bench.view("cash_out").heading == "待付款"


def test_offline_the_screen_says_why_and_offers_nothing(till: Till, open_bench: Bench) -> None:
    at_member(open_bench, till)
    till.hq.online = False
    open_bench.presenter("member").open("cash_out")
    view = open_bench.view("cash_out")
    assert (view.notice.title, view.amount, view.confirm_enabled) == ("联网才能办理", "—", False)


def test_a_request_of_another_till_is_only_shown() -> None:
    bench = Bench()
    bench.counter.waiting = replace(WAITING, here=False, receipt_no="", local_time="")
    bench.navigator.go(CashOut(WANG))
    view = bench.view("cash_out")
    assert (view.subheading, view.confirm, view.reject, view.ways) == ("在其他收银机申请", "", "", ())
    bench.presenter("cash_out").confirm()
    assert not [asked for asked in bench.counter.asked if asked[0] == "pay_cash_out"]


def test_only_a_manager_is_offered_the_other_reckoning(till: Till, open_bench: Bench) -> None:
    at_member(open_bench, till)
    open_bench.presenter("member").open("cash_out")
    assert open_bench.view("cash_out").merchant == ""
    till.sign_in(MANAGER)
    open_bench.presenter("cash_out").back()
    open_bench.presenter("member").open("cash_out")
    open_bench.presenter("cash_out").switch_merchant()
    view = open_bench.view("cash_out")
    assert (view.merchant, view.merchant_chosen, view.confirm_enabled) == ("商家原因", True, True)


@pytest.mark.parametrize(
    ("way", "given"),
    [
        (ORIGINAL, ((TenderKind.CASH, 700), (TenderKind.WECHAT, 300))),
        ("alipay", ((TenderKind.ALIPAY, 1_000),)),
    ],
)
def test_what_has_no_known_tender_goes_in_cash(way: str, given: tuple[tuple[TenderKind, int], ...]) -> None:
    known = (Tender(kind=TenderKind.CASH, amount_minor=500), Tender(kind=TenderKind.WECHAT, amount_minor=300))
    assert tuple((each.kind, each.amount_minor) for each in tenders_of(way, 1_000, known)) == given


def test_a_deposit_is_taken_and_given_back_at_the_members_screen(till: Till, open_bench: Bench) -> None:
    at_member(open_bench, till)
    open_bench.presenter("member").open("deposits")
    presenter = open_bench.presenter("deposits")
    assert open_bench.view("deposits").held_empty
    presenter.type_text("折叠轮椅")
    presenter.choose_way("wechat")
    open_bench.press("300")
    open_bench.confirm()
    assert open_bench.at(Result)
    at_member(open_bench, till)
    open_bench.presenter("member").open("deposits")
    [row] = open_bench.view("deposits").held
    assert (row.title, row.left, row.enabled) == ("折叠轮椅", "￥300.00", True)
    presenter.choose_deposit(row.deposit_id)
    view = open_bench.view("deposits")
    assert (view.pad.confirm, view.pad.confirm_amount) == ("退还", "￥300.00")
    assert [way.key for way in view.ways if way.chosen] == ["wechat"], "as it was paid"
    open_bench.press("301")
    assert open_bench.view("deposits").pad.confirm_amount == "￥30.00", "never more than is left"
    presenter.press("all")
    presenter.choose_way("keep")
    presenter.type_text("车轮损坏")
    open_bench.press("45")
    assert open_bench.view("deposits").pad.confirm == "扣除"
    open_bench.confirm()
    event = last_event(till)
    assert isinstance(event, DepositKept)
    assert (event.amount_minor, event.reason) == (4_500, "车轮损坏")
    at_member(open_bench, till)
    open_bench.presenter("member").open("deposits")
    presenter.choose_deposit(row.deposit_id)
    presenter.choose_way("cash")
    open_bench.confirm()
    event = last_event(till)
    assert isinstance(event, DepositReturned)
    assert event.tenders == (Tender(kind=TenderKind.CASH, amount_minor=25_500),)


def test_a_deposit_of_another_till_cannot_be_touched() -> None:
    bench = Bench()
    bench.navigator.go(Deposits(WANG))
    rows = bench.view("deposits").held
    assert [row.enabled for row in rows] == [True, False]
    bench.presenter("deposits").choose_deposit(rows[1].deposit_id)
    assert not any(row.chosen for row in bench.view("deposits").held)


def test_a_card_is_reported_lost_and_replaced(till: Till, open_bench: Bench) -> None:
    at_member(open_bench, till)
    open_bench.presenter("member").open("card")
    assert open_bench.at(CardCare)
    presenter = open_bench.presenter("card_care")
    view = open_bench.view("card_care")
    assert [choice.key for choice in view.choices] == ["lost", "new_card", "freeze", "papers"]
    assert {choice.key: choice.enabled for choice in view.choices}["freeze"] is False, "a manager's"
    presenter.choose("lost")
    assert open_bench.view("card_care").confirm == "确认挂失"
    presenter.confirm()
    assert open_bench.at(Result)
    assert open_bench.view("result").amount == ""
    assert till.wang().status is WalletStatus.LOST
    at_member(open_bench, till)
    assert not open_bench.view("member").redeem_enabled
    open_bench.presenter("member").open("card")
    presenter.choose("new_card")
    presenter.confirm()
    assert isinstance(last_event(till), CardReplaced)
    assert open_bench.at(Result)


def test_offline_only_what_forbids_is_offered(till: Till, open_bench: Bench) -> None:
    at_member(open_bench, till)
    till.hq.online = False
    open_bench.presenter("member").open("card")
    choices = {choice.key: choice for choice in open_bench.view("card_care").choices}
    assert (choices["lost"].enabled, choices["new_card"].enabled) == (True, False)
    assert choices["new_card"].hint == "须联网"


def test_the_last_entry_is_undone_after_being_shown(till: Till, open_bench: Bench) -> None:
    till.top_up(30_000)
    before = till.journal.head().seq
    open_bench.navigator.go(Receipts())
    assert open_bench.view("receipts").undo == "撤销上一笔"
    open_bench.presenter("receipts").undo()
    assert open_bench.at(TakeBack)
    view = open_bench.view("take_back")
    assert (view.heading, view.hands, view.confirm) == ("充值", "付给会员：现金 ￥300.00", "确定撤销 ￥300.00")
    assert till.journal.head().seq == before
    open_bench.presenter("take_back").confirm()
    assert open_bench.at(Result)
    assert till.journal.head().seq == before + 1
    assert till.wang().balance_minor == 60_000


def test_an_entry_that_stays_says_why(till: Till, open_bench: Bench) -> None:
    topped_up = till.top_up(30_000)
    till.redeem(100)
    open_bench.navigator.go(TakeBack(topped_up.event_id))
    view = open_bench.view("take_back")
    assert (view.confirm, view.notice.code) == ("", "not_last_entry")
    open_bench.presenter("take_back").confirm()
    assert till.journal.head().seq == topped_up.seq + 1


def test_a_refusal_at_the_last_moment_stands_before_what_was_found() -> None:
    bench = Bench(TakeBack())
    bench.counter.refusal = Refusal(RefusalCode.ONLINE_ONLY)
    bench.presenter("take_back").confirm()
    assert bench.view("take_back").notice.code == "online_only"


def test_in_a_new_shift_nothing_is_there_to_undo(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(TakeBack())
    assert open_bench.view("take_back").heading == "本班还没有记录"


def test_a_redemption_in_the_list_is_refunded_or_undone(till: Till, open_bench: Bench) -> None:
    till.redeem(3_000)
    open_bench.navigator.go(Receipts())
    presenter = open_bench.presenter("receipts")
    presenter.choose(till.journal.head().seq)
    view = open_bench.view("receipts")
    assert (view.refund, view.undo) == ("退款", "撤销")
    presenter.refund()
    assert open_bench.at(Refund)
