"""Orders, passes and points paid by the member's payment PIN, through the presenters, over the real counter."""

import pytest

from stored_value.events import EvidenceClass, OrderPaid, PassUsed, PointsRedeemed
from stored_value.money import format_yuan
from terminal.screens.navigation import (
    Holdings,
    Identify,
    Order,
    ProvePin,
    Purpose,
    Result,
)
from terminal.screens.pin_asking import PAY_WITH_PIN
from tests.terminal.counter.shop import open_shop
from tests.terminal.counter.till import WANG_CARD, Till, done
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.pin_setting import last_event, set_at_the_counter, type_pin

OTHER_PIN = "192837"


@pytest.fixture
def shop(till: Till) -> Bench:
    open_shop(till)
    set_at_the_counter(till)
    bench = Bench(counter=till.counter)
    bench.navigator.home()
    return bench


def fill(bench: Bench, keys: str) -> None:
    bench.navigator.go(Identify(Purpose.ORDER))
    bench.front.scanned(WANG_CARD)
    assert bench.at(Order)
    bench.press(keys)
    bench.front.press("add")
    bench.confirm()


def test_an_order_above_the_cards_day_is_paid_by_the_pin(till: Till, shop: Bench) -> None:
    fill(shop, "450")
    view = shop.view("order")
    assert (view.pad.confirm, view.pad.confirm_enabled) == ("凭密码支付", True)
    assert view.sums[-1].label == "超过印刷会员码每日限额"
    shop.confirm()
    assert shop.at(ProvePin)
    assert shop.view("prove_pin").amount == "￥450.00"
    type_pin(shop)
    assert shop.at(Result)
    event = last_event(till)
    assert isinstance(event, OrderPaid)
    assert (event.balance_minor, event.occasion.evidence) == (45_000, EvidenceClass.PIN)
    assert "ProvenMember" not in str(vars(shop.presenter("order"))), "a proof lives no longer than its payment"


def test_what_the_balance_has_not_stays_open_after_the_pin(till: Till, shop: Bench) -> None:
    balance = till.wang().balance_minor
    fill(shop, str(balance // 100 + 80))
    shop.confirm()
    type_pin(shop)
    assert shop.at(Order)
    view = shop.view("order")
    assert view.tenders[0].amount == format_yuan(balance)
    assert view.pad.aside == "还差 ￥80.00"
    shop.presenter("order").choose_tender("cash")
    assert shop.view("order").tenders[0].amount == format_yuan(balance), "cash for the rest leaves the proof as it is"
    shop.confirm()
    assert shop.at(Result)
    event = last_event(till)
    assert isinstance(event, OrderPaid)
    assert (event.balance_minor, event.occasion.evidence) == (balance, EvidenceClass.PIN)


def test_a_proof_is_good_for_no_more_than_the_member_saw(till: Till, shop: Bench) -> None:
    fill(shop, "700")
    order = shop.presenter("order")
    order.choose_tender("cash")
    shop.front.press("clear")
    shop.press("340")
    shop.confirm()
    assert shop.view("prove_pin").amount == "￥360.00"
    balance = till.wang().balance_minor
    done(till.redeem(balance - 35_000))
    type_pin(shop)
    assert shop.view("order").pad.aside == "还差 ￥10.00"
    assert shop.view("order").vouchers[0].chosen, "the proof is there, for up to ￥360"
    till.top_up(50_000)
    shop.front.press("clear")
    shop.press("100")
    view = shop.view("order")
    assert not view.vouchers[0].chosen
    assert (view.pad.confirm, view.pad.confirm_enabled) == ("凭密码支付", True), "￥600 is to be asked for anew"


def test_cancelling_keeps_the_basket(shop: Bench) -> None:
    fill(shop, "450")
    shop.confirm()
    shop.front.escape()
    assert shop.at(Order)
    view = shop.view("order")
    assert view.paying
    assert view.pad.confirm_amount == "￥450.00"


def test_an_order_may_be_paid_by_the_pin_though_the_card_would_do(till: Till, shop: Bench) -> None:
    fill(shop, "20")
    assert shop.view("order").vouchers[0].key == PAY_WITH_PIN
    assert "凭支付密码不受限" not in [each.amount for each in shop.view("order").sums]
    shop.presenter("order").choose_voucher(PAY_WITH_PIN)
    type_pin(shop)
    event = last_event(till)
    assert isinstance(event, OrderPaid)
    assert event.occasion.evidence is EvidenceClass.PIN


def test_without_a_pin_an_order_offers_none(till: Till) -> None:
    open_shop(till)
    bench = Bench(counter=till.counter)
    fill(bench, "450")
    view = bench.view("order")
    assert PAY_WITH_PIN not in [each.key for each in view.vouchers]
    assert view.sums[-1].amount == "凭支付密码不受限"
    assert (view.pad.confirm, view.pad.confirm_enabled) == ("请选收款方式", False)


@pytest.mark.parametrize(("prefix", "kind"), [("pass/", PassUsed), ("reward/", PointsRedeemed)])
def test_a_pass_and_points_may_be_used_by_the_pin(till: Till, shop: Bench, prefix: str, kind: type) -> None:
    shop.navigator.go(Holdings(till.wang(), by_card=True))
    holdings = shop.presenter("holdings")
    row = next(each for each in shop.view("holdings").rows if each.key.startswith(prefix) and each.enabled)
    holdings.choose(row.key)
    if shop.view("holdings").uses:
        holdings.choose_use(shop.view("holdings").uses[0].key)
    shop.front.press(PAY_WITH_PIN)
    assert shop.at(ProvePin)
    assert shop.view("prove_pin").amount == ""
    shop.front.escape()
    assert shop.at(Holdings)
    shop.front.press(PAY_WITH_PIN)
    type_pin(shop)
    assert shop.at(Result)
    event = last_event(till)
    assert isinstance(event, kind)
    assert event.occasion.evidence is EvidenceClass.PIN  # type: ignore[attr-defined]  # of either kind
