"""The member's payment PIN through the presenters, over the real counter: asked for where it helps and nowhere else, typed by the member, kept by nobody."""

from stored_value.events import EvidenceClass, Redeemed
from terminal.language import Language
from terminal.screens.navigation import (
    Identify,
    MemberCard,
    ProvePin,
    Purpose,
    Redeem,
    Result,
)
from terminal.screens.pin_asking import PAY_WITH_PIN
from tests.terminal.counter.till import WANG_CARD, WANG_PHONE, Till, done
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.pin_setting import last_event, type_pin
from tests.terminal.screens.stand_in_pin import PAYMENT_PIN as PIN

OTHER_PIN = "192837"


def to_redeem(bench: Bench, keys: str) -> None:
    bench.navigator.go(Identify(Purpose.REDEEM))
    bench.front.scanned(WANG_CARD)
    assert bench.at(Redeem)
    bench.press(keys)


def test_what_a_card_may_pay_asks_for_no_pin(till: Till, pin_bench: Bench) -> None:
    to_redeem(pin_bench, "128")
    pin_bench.confirm()
    assert pin_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, Redeemed)
    assert event.occasion.evidence is EvidenceClass.STATIC_CARD


def test_above_the_cards_day_the_member_types_his_pin_and_has_paid(till: Till, pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    view = pin_bench.view("redeem")
    assert (view.pad.confirm, view.pad.confirm_amount, view.pad.confirm_enabled) == ("凭密码支付", "￥450.00", True)
    assert "支付密码" in view.notice.remedy
    assert view.notice.action == "改扣 ￥300.00"
    pin_bench.confirm()
    assert pin_bench.at(ProvePin)
    page = pin_bench.view("prove_pin")
    assert (page.name, page.amount, page.heading) == ("王*丽", "￥450.00", "请把屏幕转向会员")
    pin_bench.press(PIN[:4])
    assert pin_bench.view("prove_pin").pad.display == "● ● ● ● ○ ○"
    assert not pin_bench.view("prove_pin").pad.confirm_enabled
    pin_bench.press(PIN[4:])
    pin_bench.confirm()
    assert pin_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, Redeemed)
    assert (event.amount_minor, event.occasion.evidence) == (45_000, EvidenceClass.PIN)
    assert till.wang().balance_minor == 15_000


def test_a_refusal_at_the_payment_itself_leads_to_the_pin_at_once(till: Till, pin_bench: Bench) -> None:
    pin_bench.navigator.go(Identify(Purpose.REDEEM))
    till.hq.online = False
    pin_bench.press(WANG_PHONE[3:])
    pin_bench.confirm()
    assert pin_bench.at(Redeem), "found by number: no card was shown"
    pin_bench.press("50")
    pin_bench.confirm()
    assert pin_bench.at(ProvePin), "offline, the PIN does what the card does"
    type_pin(pin_bench)
    assert pin_bench.at(Result)
    event = last_event(till)
    assert isinstance(event, Redeemed)
    assert (event.occasion.evidence, event.occasion.offline) == (EvidenceClass.PIN, True)


def test_offline_the_pin_lifts_the_cards_limit_and_not_what_may_be_risked(till: Till, pin_bench: Bench) -> None:
    till.hq.online = False
    to_redeem(pin_bench, "450")
    pad = pin_bench.view("redeem").pad
    assert (pad.confirm, pad.confirm_enabled) == ("凭密码支付", True)
    pin_bench.confirm()
    type_pin(pin_bench)
    assert pin_bench.at(Redeem)
    assert pin_bench.view("redeem").notice.code == "offline_limit"
    assert till.wang().balance_minor == 60_000


def test_without_a_pin_a_card_is_still_needed_offline(till: Till, open_bench: Bench) -> None:
    open_bench.navigator.go(Redeem(till.wang(), by_card=False))
    till.hq.online = False
    open_bench.press("50")
    open_bench.confirm()
    assert open_bench.at(Redeem)
    assert open_bench.view("redeem").notice.code == "card_needed"


def test_without_a_pin_the_refusal_says_how_to_set_one(open_bench: Bench) -> None:
    to_redeem(open_bench, "450")
    view = open_bench.view("redeem")
    assert "可在会员页面设置" in view.notice.remedy
    assert view.pad.confirm == "扣款"
    assert view.by_pin == ""
    open_bench.texts.use(Language.EN)
    open_bench.presenter("redeem").publish()
    assert "the member sets one on his page" in open_bench.view("redeem").notice.remedy


def test_the_pin_may_be_chosen_for_any_amount(till: Till, pin_bench: Bench) -> None:
    to_redeem(pin_bench, "20")
    assert pin_bench.view("redeem").by_pin == "凭密码支付"
    pin_bench.front.press(PAY_WITH_PIN)
    type_pin(pin_bench)
    event = last_event(till)
    assert isinstance(event, Redeemed)
    assert event.occasion.evidence is EvidenceClass.PIN


def test_cancelling_leaves_amount_and_items_as_they_were(till: Till, pin_bench: Bench) -> None:
    to_redeem(pin_bench, "100")
    pin_bench.front.press("add")
    pin_bench.press("350")
    pin_bench.confirm()
    pin_bench.press("4839")
    before = till.journal.head().seq
    pin_bench.front.escape()
    assert "4839" not in str(vars(pin_bench.presenter("prove_pin")))
    view = pin_bench.view("redeem")
    assert ([row.amount for row in view.items], view.pad.aside) == (["￥100.00"], "合计 ￥450.00")
    assert view.pad.confirm == "凭密码支付"
    assert till.journal.head().seq == before
    pin_bench.confirm()
    assert pin_bench.view("prove_pin").pad.faint, "what he typed before is gone"


def test_coming_anew_begins_anew(pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    pin_bench.confirm()
    pin_bench.navigator.home()
    to_redeem(pin_bench, "")
    assert pin_bench.view("redeem").pad.faint


def test_a_right_pin_does_not_pay_what_the_balance_has_not(till: Till, pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    pin_bench.confirm()
    done(till.redeem(20_000))
    type_pin(pin_bench)
    assert pin_bench.at(Redeem)
    notice = pin_bench.view("redeem").notice
    assert notice.code == "balance_too_low"
    assert till.wang().balance_minor == 40_000


def test_no_scan_takes_the_screen_from_the_member(pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    pin_bench.confirm()
    pin_bench.front.scanned(WANG_CARD)
    assert pin_bench.at(ProvePin)


def test_wrong_pins_say_how_many_are_left_and_then_how_long_to_wait(pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    pin_bench.confirm()
    type_pin(pin_bench, OTHER_PIN)
    view = pin_bench.view("prove_pin")
    assert (view.notice.title, view.notice.why) == ("支付密码错误", "再错 2 次就要等待。")
    assert view.pad.faint, "the digits are gone"
    type_pin(pin_bench, OTHER_PIN)
    type_pin(pin_bench, OTHER_PIN)
    view = pin_bench.view("prove_pin")
    assert "30" in view.notice.why
    pin_bench.press(PIN)
    assert pin_bench.view("prove_pin").pad.faint, "no digit is taken while the delay runs"
    pin_bench.timer.wind(1)
    assert "29" in pin_bench.view("prove_pin").notice.why
    for _ in range(29):
        pin_bench.timer.wind(1)
    view = pin_bench.view("prove_pin")
    assert view.notice.title == ""
    pin_bench.press(PIN)
    assert pin_bench.view("prove_pin").pad.confirm_enabled


def test_a_delay_that_still_runs_is_told_to_whoever_comes_back(till: Till, pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    pin_bench.confirm()
    for _ in range(3):
        type_pin(pin_bench, OTHER_PIN)
    pin_bench.front.escape()
    pin_bench.confirm()
    till.pass_time(seconds=10)
    type_pin(pin_bench)
    assert pin_bench.at(ProvePin)
    assert "20" in pin_bench.view("prove_pin").notice.why


def test_no_digit_outlives_its_use(pin_bench: Bench) -> None:
    to_redeem(pin_bench, "450")
    pin_bench.confirm()
    page = pin_bench.presenter("prove_pin")
    pin_bench.press(PIN)
    assert PIN not in str(pin_bench.view("prove_pin"))
    pin_bench.confirm()
    assert pin_bench.at(Result)
    assert PIN not in str(vars(page))


def test_a_frozen_day_of_the_card_leaves_the_pins_way_open(till: Till, pin_bench: Bench) -> None:
    done(till.redeem(30_000))
    pin_bench.navigator.go(MemberCard(till.wang(), by_card=True))
    view = pin_bench.view("member")
    assert (view.redeem_enabled, view.redeem_hint) == (True, "凭支付密码")
