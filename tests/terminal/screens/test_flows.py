"""The cashier's day through the presenters, without a window, over the real counter on real files: what he presses, what he reads, what is in the journal."""

import pytest

from stored_value.events import MemberEnrolled, PurchaseRefunded, Redeemed, ShiftClosed, TenderKind, ToppedUp
from stored_value.identity import StaffId
from sync.event_codec import event_of
from terminal.counter.views import MemberView
from terminal.language import Language
from terminal.screens.navigation import (
    CloseShift,
    EnrolMember,
    Home,
    Identify,
    Lock,
    MemberCard,
    OpenShift,
    Purpose,
    Redeem,
    Refund,
    Result,
)
from terminal.screens.words import NO_NOTICE
from tests.terminal.counter.till import CASHIER, PIN, PLAN, WANG_CARD, WANG_NO, Till
from tests.terminal.screens.desk import Bench


def last_event(till: Till) -> object:
    return event_of(till.journal.recent(1)[0])


def redeem(bench: Bench, keys: str) -> None:
    bench.navigator.go(Identify(Purpose.REDEEM))
    bench.front.scanned(WANG_CARD)
    bench.press(keys)
    bench.confirm()


def test_signing_in_leads_to_opening_the_shift_and_that_home(till: Till, bench: Bench) -> None:
    bench.navigator.go(Lock())
    assert [tile.name for tile in bench.view("lock").tiles] == ["张敏", "李强"]
    bench.presenter("lock").choose(str(CASHIER))
    bench.press(PIN)
    bench.confirm()
    assert bench.at(OpenShift)
    bench.press("500")
    bench.confirm()
    assert bench.at(Home)
    assert till.counter.status().shift_opened_at == "08:02"


def test_a_wrong_pin_is_forgotten_and_explained(bench: Bench) -> None:
    bench.navigator.go(Lock())
    bench.presenter("lock").choose(str(CASHIER))
    bench.press("111111")
    bench.confirm()
    view = bench.view("lock")
    assert view.notice.title == "密码不对"
    assert view.pad.faint, "the digits are gone"
    assert bench.at(Lock)


def test_a_payment_is_scan_amount_confirm(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    open_bench.front.scanned(WANG_CARD)
    assert open_bench.at(Redeem)
    open_bench.press("128")
    view = open_bench.view("redeem")
    assert (view.from_principal, view.from_bonus, view.after) == ("￥106.67", "￥21.33", "￥472.00")
    assert (view.pad.confirm_amount, view.pad.below) == ("￥128.00", "壹佰贰拾捌元整")
    open_bench.confirm()
    assert open_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, Redeemed)
    assert event.amount_minor == 12_800
    assert open_bench.view("result").balance == "￥472.00"


def test_items_are_added_up_and_become_the_lines_of_the_purchase(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    open_bench.front.scanned(WANG_CARD)
    open_bench.press("68")
    open_bench.front.press("add")
    open_bench.press("42.5")
    assert open_bench.view("redeem").pad.aside == "合计 ￥110.50"
    open_bench.confirm()
    event = last_event(till)
    assert isinstance(event, Redeemed)
    assert [(line.line_no, line.total_minor) for line in event.lines] == [(1, 6_800), (2, 4_250)]


def test_confirming_twice_charges_once(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    open_bench.front.scanned(WANG_CARD)
    open_bench.press("10")
    open_bench.runner.hold = True
    before = till.journal.head().seq
    open_bench.confirm()
    open_bench.confirm()
    open_bench.press("5")
    open_bench.runner.release()
    assert till.journal.head().seq == before + 1
    assert till.wang().balance_minor == 59_000


def test_too_little_balance_offers_what_can_be_taken(open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    open_bench.front.scanned(WANG_CARD)
    open_bench.press("700")
    notice = open_bench.view("redeem").notice
    assert (notice.title, notice.action) == ("余额不足", "改扣 ￥300.00"), "a printed card pays ￥300 a day"
    open_bench.presenter("redeem").notice_action()
    view = open_bench.view("redeem")
    assert (view.notice, view.pad.confirm_amount) == (NO_NOTICE, "￥300.00")


def test_offline_the_limit_is_shown_and_stops_the_confirm_key(till: Till, open_bench: Bench) -> None:
    till.hq.online = False
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    open_bench.front.scanned(WANG_CARD)
    assert open_bench.view("redeem").header.limit == "可离线支付 ￥200.00"
    open_bench.press("201")
    view = open_bench.view("redeem")
    assert (view.notice.title, view.notice.action) == ("超过断网限额", "改扣 ￥200.00")
    assert not view.pad.confirm_enabled
    open_bench.presenter("redeem").notice_action()
    open_bench.confirm()
    assert open_bench.view("result").note == "断网已记录，待总部确认"


def test_a_card_asked_for_offline_is_scanned_without_losing_the_amount(till: Till, open_bench: Bench) -> None:
    till.hq.online = False
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    open_bench.press(WANG_NO)
    open_bench.confirm()
    assert open_bench.at(Redeem)
    open_bench.press("30")
    open_bench.confirm()
    assert open_bench.view("redeem").notice.title == "请扫会员码"
    open_bench.front.scanned(WANG_CARD)
    assert open_bench.view("redeem").pad.confirm_amount == "￥30.00"
    open_bench.confirm()
    assert open_bench.at(Result)


def test_a_plan_shows_its_bonus_before_money_is_taken_and_cash_shows_the_change(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.TOP_UP))
    open_bench.front.scanned(WANG_CARD)
    presenter = open_bench.presenter("top_up")
    presenter.choose_plan(str(PLAN))
    view = open_bench.view("top_up")
    assert (view.bonus, view.after) == ("+￥200.00", "￥1,800.00")
    assert [(row.text, row.given) for row in view.reasons] == [
        ("充1000送200", True),
        ("首充送50：仅限首次充值，已充值 1 次", False),
    ]
    before = till.journal.head().seq
    open_bench.confirm()
    assert till.journal.head().seq == before, "the first confirm only leads to the tender"
    assert not open_bench.view("top_up").pad.confirm_enabled, "no tender is taken for granted"
    presenter.choose_tender("cash")
    open_bench.press("1100")
    assert open_bench.view("top_up").pad.aside == "找零 ￥100.00"
    open_bench.confirm()
    event = last_event(till)
    assert isinstance(event, ToppedUp)
    assert [(tender.kind, tender.amount_minor) for tender in event.tenders] == [(TenderKind.CASH, 100_000)]
    assert open_bench.view("result").note == "找零 ￥100.00"
    open_bench.timer.wind(60)
    assert open_bench.at(Result), "it stays while change is due"


def test_too_little_cash_cannot_be_confirmed(open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.TOP_UP))
    open_bench.front.scanned(WANG_CARD)
    open_bench.press("60")
    open_bench.confirm()
    open_bench.presenter("top_up").choose_tender("cash")
    open_bench.press("50")
    pad = open_bench.view("top_up").pad
    assert (pad.aside, pad.confirm_enabled) == ("还差 ￥10.00", False)


def test_a_scan_while_money_is_being_taken_changes_nothing(open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.TOP_UP))
    open_bench.front.scanned(WANG_CARD)
    open_bench.press("60")
    open_bench.confirm()
    open_bench.front.scanned(WANG_CARD)
    assert open_bench.view("top_up").tendering


def test_a_scanned_receipt_is_refunded_line_by_line(till: Till, open_bench: Bench) -> None:
    redeem(open_bench, "50")
    result = open_bench.here
    assert isinstance(result, Result)
    open_bench.front.scanned(f"TCR1{result.completed.receipt_no}")
    assert open_bench.at(Refund)
    open_bench.presenter("refund").choose_line(1)
    assert open_bench.view("refund").pad.confirm_amount == "￥50.00"
    open_bench.press("20")
    open_bench.confirm()
    event = last_event(till)
    assert isinstance(event, PurchaseRefunded)
    assert (event.amount_minor, event.reason) == (2_000, "退货")
    assert till.wang().balance_minor == 57_000


def test_more_than_is_left_of_a_line_cannot_even_be_typed(open_bench: Bench) -> None:
    redeem(open_bench, "50")
    result = open_bench.here
    assert isinstance(result, Result)
    open_bench.navigator.go(Refund())
    open_bench.press(str(result.completed.seq))
    open_bench.confirm()
    open_bench.presenter("refund").choose_line(1)
    open_bench.press("51")
    assert open_bench.view("refund").pad.confirm_amount == "￥5.00"


def test_a_new_member_is_enrolled_and_what_was_typed_is_forgotten(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(EnrolMember())
    open_bench.presenter("enrol_member").type_name("欧阳晓雨")
    open_bench.press("13912345678")
    open_bench.confirm()
    assert open_bench.at(Result)
    assert open_bench.view("result").title == "开卡成功"
    view = open_bench.view("enrol_member")
    assert (view.name, view.pad.faint) == ("", True)


def test_the_month_of_birth_is_told_or_not(till: Till, open_bench: Bench) -> None:
    for pressed, told in ((["7"], 7), (["7", "12"], 12), (["7", "7"], None)):
        open_bench.navigator.go(EnrolMember())
        open_bench.presenter("enrol_member").type_name("欧阳晓雨")
        for month in pressed:
            open_bench.presenter("enrol_member").choose_month(month)
        open_bench.press("13912345678")
        open_bench.confirm()
        event = last_event(till)
        assert isinstance(event, MemberEnrolled)
        assert event.birthday_month == told
        assert not any(month.chosen for month in open_bench.view("enrol_member").months)


def test_an_unknown_phone_goes_along_to_the_enrolment(open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.MEMBER))
    open_bench.press("13912345678")
    assert open_bench.view("identify").notice.action == "为新会员开卡"
    open_bench.presenter("identify").enrol()
    assert open_bench.here == EnrolMember("13912345678")
    assert open_bench.view("enrol_member").pad.display == "139 1234 5678"


def test_the_count_is_typed_before_the_expected_cash_is_shown(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(CloseShift())
    shown = repr(open_bench.view("shift_close"))
    assert "500.00" not in shown, "the float of ￥500.00 is what the drawer should hold"
    open_bench.press("495.5")
    open_bench.confirm()
    view = open_bench.view("shift_close")
    assert (view.verdict, view.verdict_amount) == ("现金短款", "-￥4.50")
    event = last_event(till)
    assert isinstance(event, ShiftClosed)
    assert (event.counted_minor, event.expected_minor) == (49_550, 50_000)
    open_bench.confirm()
    assert open_bench.at(Lock)
    assert till.counter.status().staff_name is None


def test_a_scan_at_home_shows_the_member_and_what_to_do_next(open_bench: Bench) -> None:
    open_bench.front.scanned(WANG_CARD)
    assert open_bench.at(MemberCard)
    view = open_bench.view("member")
    assert (view.header.balance, view.redeem_enabled, view.top_up_enabled) == ("￥600.00", True, True)
    open_bench.presenter("member").redeem()
    assert open_bench.at(Redeem)
    assert open_bench.here.by_card


def test_a_foreign_code_is_refused_where_one_stands(open_bench: Bench) -> None:
    open_bench.front.scanned("https://weixin.qq.com/x")
    assert open_bench.at(Home)
    assert open_bench.view("home").notice.title == "不认识这个码"


@pytest.mark.parametrize("here", [Lock(), OpenShift(), CloseShift()])
def test_scans_mean_nothing_while_locked_or_counting(open_bench: Bench, here: Lock | OpenShift | CloseShift) -> None:
    open_bench.navigator.go(here)
    open_bench.front.scanned(WANG_CARD)
    assert open_bench.here == here


def test_a_refusal_changes_its_language_with_the_screen(open_bench: Bench) -> None:
    member = open_bench.desk.counter.identify(WANG_CARD)
    assert isinstance(member, MemberView)
    open_bench.navigator.go(Redeem(member, True))
    open_bench.press("700")
    assert open_bench.view("redeem").notice.title == "余额不足"
    open_bench.appearance.next_language()
    assert open_bench.texts.language is Language.EN
    assert open_bench.view("redeem").notice.title == "Balance too low"


def test_the_person_of_the_shift_is_on_the_strip(till: Till, open_bench: Bench) -> None:
    open_bench.front.tick()
    strip = open_bench.front.strip
    assert strip is not None
    assert strip.build().who == "S01-T1 · 张敏 · 08:02 开班"
    assert StaffId("s-zhang") == CASHIER
    till.hq.online = False
    open_bench.front.tick()
    view = strip.build()
    assert (view.alarm, view.sentence) == ("offline", "断网中：可继续收款，每位会员最多 ￥200 · 张敏")
    assert view.chips[0].word.startswith("断网")
