"""Orders, passes and points through the presenters, without a window, over the real counter: what the cashier presses and reads, and what is in the journal."""

import pytest

from stored_value.events import OrderPaid, OrderRefunded, PassUsed, PointsRedeemed, Tender, TenderKind
from sync.event_codec import event_of
from terminal.language import Language
from terminal.screens.navigation import Holdings, Home, Identify, MemberCard, Order, Purpose, Refund, Result
from terminal.screens.words import NO_NOTICE
from tests.terminal.counter.shop import ONLY_COUPON, TEA_COUPON, open_shop, pay_everything
from tests.terminal.counter.till import WANG_CARD, Till, cash
from tests.terminal.screens.desk import Bench


@pytest.fixture
def shop(till: Till) -> Till:
    return open_shop(till)


@pytest.fixture
def desk(shop: Till) -> Bench:
    bench = Bench(counter=shop.counter)
    bench.navigator.home()
    return bench


def last_event(till: Till) -> object:
    return event_of(till.journal.recent(1)[0])


def to_order(desk: Bench) -> None:
    desk.presenter("home").open("order")
    assert desk.at(Identify)
    desk.front.scanned(WANG_CARD)
    assert desk.at(Order)


def line(desk: Bench, keys: str, name: str = "", shelf: str = "") -> None:
    order = desk.presenter("order")
    if shelf:
        order.choose_shelf(shelf)
    order.type_name(name)
    desk.press(keys)
    desk.front.press("add")


def fill(desk: Bench) -> None:
    """￥180 of care, ￥20 of tea, a wash."""
    to_order(desk)
    line(desk, "90", "护理", "care")
    desk.presenter("order").choose_line(0)
    desk.press("2")
    desk.confirm()
    line(desk, "20", "茶", "care")
    line(desk, "45", "洗车", "wash")


def test_lines_are_typed_counted_covered_and_removed(desk: Bench) -> None:
    fill(desk)
    view = desk.view("order")
    assert [(row.name, row.detail, row.amount) for row in view.lines] == [
        ("护理", "care · ￥90.00 × 2", "￥180.00"),
        ("茶", "", "￥20.00"),
        ("洗车", "wash", "￥45.00"),
    ], "a second touch on a category takes it off"
    order = desk.presenter("order")
    order.choose_line(1)
    desk.front.press("cover")
    assert desk.view("order").lines[1].detail == "", "the pass is for washes only"
    order.choose_line(2)
    assert [key.enabled for key in desk.view("order").pad.quick] == [True, True]
    desk.front.press("cover")
    assert desk.view("order").lines[2].detail == "wash · 由洗车十次卡抵扣"
    order.choose_line(1)
    desk.front.press("remove")
    assert [row.name for row in desk.view("order").lines] == ["护理", "洗车"]
    assert desk.view("order").pad.confirm_amount == "￥225.00"


def test_a_line_without_a_name_is_called_by_its_category_or_number(desk: Bench) -> None:
    to_order(desk)
    line(desk, "10")
    line(desk, "12", shelf="care")
    desk.press("3")
    desk.confirm()
    desk.front.escape()
    assert [row.name for row in desk.view("order").lines] == ["商品 1", "care", "care"], "what was being typed counts"


def pay_step(desk: Bench) -> None:
    fill(desk)
    order = desk.presenter("order")
    order.choose_line(2)
    desk.front.press("cover")
    desk.confirm()
    desk.confirm()


def test_an_order_paid_by_coupon_points_cash_and_balance(shop: Till, desk: Bench) -> None:
    pay_step(desk)
    order = desk.presenter("order")
    order.choose_voucher(TEA_COUPON)
    order.choose_voucher("points")
    view = desk.view("order")
    assert [(row.label, row.amount) for row in view.sums] == [
        ("原价", "￥245.00"),
        ("次卡抵扣", "-￥45.00"),
        ("会员折扣", "-￥18.00"),
        ("满100减20", "-￥20.00"),
        ("1500 积分", "-￥15.00"),
        ("应付", "￥147.00"),
    ]
    order.choose_tender("cash")
    desk.press("50")
    view = desk.view("order")
    assert {row.kind: row.amount for row in view.tenders if row.amount} == {"balance": "￥97.00", "cash": "￥50.00"}
    assert (view.pad.confirm_amount, view.pad.confirm_enabled) == ("￥147.00", True)
    desk.confirm()
    assert desk.at(Result)
    event = last_event(shop)
    assert isinstance(event, OrderPaid)
    assert (event.tenders, event.balance_minor) == ((cash(5_000),), 9_700)
    assert [line.item.quantity for line in event.lines] == [2, 1, 1]
    assert event.points is not None
    assert event.points.points == 1_500
    assert desk.view("result").title == "订单已付"


def test_points_follow_what_they_may_still_pay(desk: Bench) -> None:
    to_order(desk)
    desk.press("6")
    desk.confirm()
    order = desk.presenter("order")
    order.choose_voucher("points")
    assert desk.view("order").pad.confirm_amount == "￥0.00"
    order.choose_voucher(ONLY_COUPON)
    view = desk.view("order")
    assert [key.label for key in view.vouchers if key.chosen] == ["100 积分 -￥1.00", "立减5元"]
    assert view.notice is NO_NOTICE


def test_cash_gives_change_and_never_more_than_is_due(shop: Till, desk: Bench) -> None:
    to_order(desk)
    desk.press("36")
    desk.confirm()
    order = desk.presenter("order")
    order.choose_tender("balance")
    assert desk.view("order").pad.aside == "还差 ￥36.00"
    assert not desk.view("order").pad.confirm_enabled
    order.choose_tender("wechat")
    desk.press("6")
    order.choose_tender("cash")
    assert desk.view("order").pad.display == "￥30.00", "a tender begins with what is still open"
    desk.press("50")
    view = desk.view("order")
    assert (view.pad.aside, view.pad.confirm_enabled) == ("找零 ￥20.00", True)
    desk.confirm()
    event = last_event(shop)
    assert isinstance(event, OrderPaid)
    assert set(event.tenders) == {cash(3_000), Tender(kind=TenderKind.WECHAT, amount_minor=600)}
    assert event.balance_minor == 0
    assert desk.view("result").note == "找零 ￥20.00"


def test_too_much_by_another_tender_is_seen_and_stops_the_confirm_key(desk: Bench) -> None:
    to_order(desk)
    desk.press("36")
    desk.confirm()
    desk.presenter("order").choose_tender("alipay")
    desk.press("40")
    view = desk.view("order")
    assert (view.pad.aside, view.pad.confirm_enabled) == ("多收 ￥4.00", False)
    desk.presenter("order").choose_tender("alipay")
    assert desk.view("order").pad.confirm_enabled, "taken out again, the balance pays all"


def test_a_coupon_that_does_not_fit_says_why_by_its_name(desk: Bench) -> None:
    to_order(desk)
    desk.press("50")
    desk.confirm()
    order = desk.presenter("order")
    order.choose_voucher(TEA_COUPON)
    view = desk.view("order")
    assert (view.notice.title, view.pad.confirm_enabled) == ("未达优惠券门槛", False)
    assert "满100减20" in view.notice.why
    order.choose_voucher(TEA_COUPON)
    assert desk.view("order").pad.confirm_enabled


def test_offline_vouchers_rest_and_cash_pays(shop: Till, desk: Bench) -> None:
    shop.hq.online = False
    to_order(desk)
    desk.press("300")
    desk.confirm()
    view = desk.view("order")
    assert view.vouchers
    assert not any(key.enabled for key in view.vouchers)
    assert view.pad.aside == "还差 ￥100.00", "the offline limit is ￥200"
    desk.presenter("order").choose_tender("cash")
    desk.confirm()
    event = last_event(shop)
    assert isinstance(event, OrderPaid)
    assert (event.balance_minor, event.tenders, event.occasion.offline) == (20_000, (cash(10_000),), True)
    assert desk.view("result").note == "断网已记录，待总部确认"


def test_confirming_twice_is_one_order(shop: Till, desk: Bench) -> None:
    to_order(desk)
    desk.press("10")
    desk.confirm()
    before = shop.journal.head().seq
    desk.runner.hold = True
    desk.confirm()
    desk.confirm()
    desk.press("5")
    desk.runner.release()
    assert shop.journal.head().seq == before + 1


def test_going_back_from_paying_keeps_the_lines(desk: Bench) -> None:
    pay_step(desk)
    desk.front.escape()
    assert desk.at(Order)
    assert len(desk.view("order").lines) == 3
    desk.front.escape()
    assert desk.at(Home)


def test_the_members_own_card_keeps_the_order_and_anothers_waits(shop: Till, desk: Bench) -> None:
    to_order(desk)
    line(desk, "10")
    desk.front.scanned(WANG_CARD)
    assert len(desk.view("order").lines) == 1
    other = shop.wang()
    assert desk.presenter("order").recognise(other)
    stranger = type(other)(**{**{name: getattr(other, name) for name in other.__slots__}, "member_id": "m-x"})
    assert desk.presenter("order").recognise(stranger)
    assert desk.view("order").notice.title == "这是另一位会员的卡"
    desk.presenter("order").choose_line(0)
    desk.front.press("remove")
    assert not desk.presenter("order").recognise(stranger)


def test_a_pass_for_sale_becomes_a_line(shop: Till, desk: Bench) -> None:
    to_order(desk)
    assert [key.label for key in desk.view("order").shelf] == ["care", "wash", "洗车十次卡 ￥300"]
    desk.presenter("order").choose_shelf("sell:wash-10")
    desk.confirm()
    desk.confirm()
    event = last_event(shop)
    assert isinstance(event, OrderPaid)
    assert event.lines[0].item.sells_pass == "wash-10"


def test_a_pass_is_used_from_the_members_screen(shop: Till, desk: Bench) -> None:
    desk.navigator.go(Identify(Purpose.MEMBER))
    desk.front.scanned(WANG_CARD)
    assert desk.at(MemberCard)
    desk.presenter("member").open("holdings")
    assert desk.at(Holdings)
    rows = {row.key: row for row in desk.view("holdings").rows}
    assert [rows[key].enabled for key in ("pass/g/s/wash", "reward/mug", "reward/bike", TEA_COUPON)] == [True, True, False, False]  # fmt: skip
    desk.presenter("holdings").choose("pass/g/s/wash")
    desk.press("4")
    assert not desk.view("holdings").pad.confirm_enabled, "three are left"
    desk.front.press("back")
    desk.press("2")
    assert (desk.view("holdings").pad.confirm, desk.view("holdings").pad.confirm_amount) == ("核销", "2 次")
    desk.confirm()
    event = last_event(shop)
    assert isinstance(event, PassUsed)
    assert event.units == 2
    assert desk.at(Result)


def test_points_are_exchanged_for_a_reward(shop: Till, desk: Bench) -> None:
    desk.navigator.go(Holdings(shop.wang(), True))
    assert not desk.view("holdings").pad.confirm_enabled, "nothing is chosen"
    desk.presenter("holdings").choose("reward/mug")
    assert desk.view("holdings").pad.confirm_amount == "500 积分"
    desk.confirm()
    event = last_event(shop)
    assert isinstance(event, PointsRedeemed)
    assert desk.view("result").detail == "剩余 1000 积分"


def test_offline_the_holdings_are_shown_and_nothing_can_be_chosen(shop: Till, desk: Bench) -> None:
    shop.hq.online = False
    desk.navigator.go(Holdings(shop.wang(), True))
    view = desk.view("holdings")
    assert view.hint == "离线：只能使用留给本机的次卡、积分和优惠券"
    assert not any(row.enabled for row in view.rows)
    desk.presenter("holdings").choose("pass/g/s/wash")
    assert not desk.view("holdings").pad.confirm_enabled


def test_an_order_is_refunded_by_line_and_use_and_says_where_it_goes(shop: Till, desk: Bench) -> None:
    sale = pay_everything(shop)
    desk.front.scanned(f"TCR1{sale.receipt_no}")
    assert desk.at(Refund)
    refund = desk.presenter("refund")
    refund.choose_line(2)
    assert desk.view("refund").goes_back == "退回：现金 ￥5.49 · 本金 ￥9.34 · 赠送 ￥1.87 · 110 积分"
    refund.choose_line(3)
    view = desk.view("refund")
    assert [(row.amount, row.chosen) for row in view.lines] == [("￥162.00", False), ("￥20.00", True), ("× 1", True)]
    desk.press("9")
    assert desk.view("refund").pad.display == "× 1", "more than was used changes nothing"
    desk.confirm()
    event = last_event(shop)
    assert isinstance(event, OrderRefunded)
    assert [(line.line_no, line.amount_minor, line.units) for line in event.lines] == [(2, 2_000, 0), (3, 0, 1)]
    assert (event.reason, desk.view("result").title) == ("退货", "订单退款")


@pytest.mark.parametrize("language", list(Language))
def test_an_order_reads_in_both_languages(desk: Bench, language: Language) -> None:
    pay_step(desk)
    desk.texts.use(language)
    sums = [row.label for row in desk.view("order").sums]
    assert sums[-1] == {Language.ZH_CN: "应付", Language.EN: "To pay"}[language]
