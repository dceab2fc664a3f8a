"""Refunds of orders by line and unit: each fen back to what paid it, in any number of steps; what must be asked of head office first."""

from dataclasses import replace

import pytest

from stored_value.cart import Cart
from stored_value.events import OrderRefunded
from stored_value.events_order import OrderRefundLine
from stored_value.refusals import Refusal, RefusalCode
from sync.cards import receipt_text
from sync.event_codec import event_of
from terminal.counter.views import Completed, PurchaseView
from tests.terminal.counter.shop import TEA_COUPON, WASH, item, open_shop, pay, pay_everything
from tests.terminal.counter.till import WANG, Till, cash, done, refused


@pytest.fixture
def shop(till: Till) -> Till:
    return open_shop(till)


def back(line_no: int, amount_minor: int = 0, units: int = 0) -> OrderRefundLine:
    return OrderRefundLine(line_no=line_no, amount_minor=amount_minor, units=units)


def refund(till: Till, sale: Completed, *lines: OrderRefundLine) -> Completed | Refusal:
    return till.counter.refund_order(till.counter.new_action(), sale.event_id, lines, "不满意")


def last(till: Till) -> OrderRefunded:
    event = event_of(till.journal.recent(1)[0])
    assert isinstance(event, OrderRefunded)
    return event


def test_the_receipt_shows_an_orders_lines_with_what_can_go_back_of_each(shop: Till) -> None:
    sale = pay_everything(shop)
    view = done(shop.counter.identify(receipt_text(sale.receipt_no)))
    assert isinstance(view, PurchaseView)
    assert (view.is_order, view.total_minor) == (True, 18_200)
    assert [(line.refundable_minor, line.units_left, line.only_whole) for line in view.lines] == [
        (16_200, 0, False),
        (2_000, 0, False),
        (0, 1, False),
    ]


def test_a_line_goes_back_to_what_paid_it_and_the_quote_said_so(shop: Till) -> None:
    sale = pay_everything(shop)
    quote = done(shop.counter.quote_order_refund(sale.event_id, (back(2, 2_000),)))
    completed = done(refund(shop, sale, back(2, 2_000)))
    event = last(shop)
    assert event.tenders == quote.tenders == (cash(549),)
    assert (event.balance_minor, quote.principal_minor, quote.bonus_minor) == (1_121, 934, 187)
    assert (completed.principal_minor, completed.bonus_minor) == (934, 187)
    assert (event.points_back, quote.points, event.coupons_back) == (110, 110, ())
    assert completed.opens_drawer
    paid_by_coupon = 2_000 - 549 - 1_121 - 110
    assert paid_by_coupon == 220, "2,000 / 18,200 of the coupon's 2,000"


def test_in_any_number_of_steps_everything_ends_as_it_was(shop: Till) -> None:
    sale = pay_everything(shop)
    for lines in ((back(1, 5_555),), (back(2, 999), back(3, units=1)), (back(1, 10_645), back(2, 1_001))):
        done(refund(shop, sale, *lines))
    assert shop.wang().balance_minor == 60_000
    held = done(shop.counter.holdings(WANG))
    assert (held.points, len(held.coupons), held.passes[0].left) == (1_500, 2, 3)
    assert TEA_COUPON in last(shop).coupons_back, "the coupon is back when all that it paid is back"
    totals = shop.journal.shifts.totals(last(shop).occasion.shift_id)
    assert totals.tenders_minor == {"cash": 0}
    assert (totals.order_refunded_minor, totals.order_refunded_balance_minor) == (18_200, 10_200)
    assert refused(refund(shop, sale, back(1, 1))) is RefusalCode.REFUND_EXCEEDS_LINE
    assert refused(refund(shop, sale, back(3, units=1))) is RefusalCode.REFUND_EXCEEDS_UNITS


def test_a_refund_works_the_same_once_head_office_confirmed_the_order(shop: Till) -> None:
    sale = pay_everything(shop)
    shop.settle_and_follow()
    done(refund(shop, sale, back(1, 5_555)))
    shop.settle_and_follow()
    done(refund(shop, sale, back(1, 10_645), back(2, 2_000), back(3, units=1)))
    shop.settle_and_follow()
    assert shop.wang().balance_minor == 60_000
    assert done(shop.counter.holdings(WANG)).points == 1_500


def test_a_double_tap_gives_one_refund(shop: Till) -> None:
    sale = pay_everything(shop)
    action = shop.counter.new_action()
    lines = (back(2, 1_000),)
    first = done(shop.counter.refund_order(action, sale.event_id, lines, ""))
    assert done(shop.counter.refund_order(action, sale.event_id, lines, "")) == first
    other = shop.counter.refund_order(action, sale.event_id, (back(2, 999),), "")
    assert refused(other) is RefusalCode.ACTION_REUSED
    assert done(shop.counter.purchase(sale.receipt_no)).lines[1].refundable_minor == 1_000


def test_what_a_pass_covered_goes_back_by_units_only(shop: Till) -> None:
    sale = pay_everything(shop)
    assert refused(refund(shop, sale, back(3, 4_500))) is RefusalCode.LINE_COVERED_BY_PASS
    assert refused(refund(shop, sale)) is RefusalCode.AMOUNT_NOT_POSITIVE
    completed = done(refund(shop, sale, back(3, units=1)))
    assert (completed.amount_minor, completed.opens_drawer) == (0, False)
    assert done(shop.counter.holdings(WANG)).passes[0].left == 3


def test_offline_an_order_goes_back_at_its_own_till(shop: Till) -> None:
    sale = pay_everything(shop)
    shop.hq.online = False
    done(refund(shop, sale, back(2, 2_000)))
    assert last(shop).occasion.offline


def sell_a_pass(till: Till) -> Completed:
    line = replace(item(1, 30_000, "洗车十次卡"), sells_pass="wash-10")
    return done(pay(till, Cart(items=(line,)), cash_minor=30_000))


def test_a_sold_pass_comes_back_whole_less_what_was_used_and_never_offline(shop: Till) -> None:
    sale = sell_a_pass(shop)
    shop.settle_and_follow()
    (bought,) = [each for each in done(shop.counter.holdings(WANG)).passes if each.holding_id != WASH]
    done(shop.counter.use_pass(shop.counter.new_action(), WANG, bought.holding_id, 2))
    (line,) = done(shop.counter.purchase(sale.receipt_no)).lines
    assert (line.only_whole, line.refundable_minor) == (True, 24_000)
    assert refused(refund(shop, sale, back(1, 30_000))) is RefusalCode.PASS_RETURNED_WHOLE
    shop.hq.online = False
    assert refused(refund(shop, sale, back(1, 24_000))) is RefusalCode.ONLINE_ONLY, "another till may have used it"
    shop.hq.online = True
    done(refund(shop, sale, back(1, 24_000)))
    assert last(shop).tenders == (cash(24_000),)
    assert [each.holding_id for each in done(shop.counter.holdings(WANG)).passes] == [WASH]


def test_a_use_of_a_pass_goes_back_by_its_receipt(shop: Till) -> None:
    used = done(shop.counter.use_pass(shop.counter.new_action(), WANG, WASH, 2))
    view = done(shop.counter.identify(receipt_text(used.receipt_no)))
    assert isinstance(view, PurchaseView)
    assert [(line.name, line.units, line.units_left) for line in view.lines] == [("wash", 2, 2)]
    done(refund(shop, used, back(1, units=1)))
    assert done(shop.counter.holdings(WANG)).passes[0].left == 2
    assert done(shop.counter.purchase(used.receipt_no)).lines[0].units_left == 1


def test_other_receipts_are_no_orders(shop: Till) -> None:
    sale = done(shop.redeem(1_000))
    assert refused(refund(shop, sale, back(1, 1_000))) is RefusalCode.PURCHASE_UNKNOWN
    top_up = shop.top_up(10_000)
    assert refused(refund(shop, top_up, back(1, 1))) is RefusalCode.PURCHASE_UNKNOWN
    rows = {row.kind: row for row in shop.counter.receipts()}
    assert not rows["topped_up"].refundable


def test_orders_and_uses_are_offered_for_refund_with_what_they_came_to(shop: Till) -> None:
    sale = pay_everything(shop)
    done(shop.counter.use_pass(shop.counter.new_action(), WANG, WASH, 1))
    done(refund(shop, sale, back(2, 2_000)))
    rows = [(row.kind, row.amount_minor, row.refundable) for row in shop.counter.receipts(3)]
    assert rows == [("order_refunded", 2_000, False), ("pass_used", 0, True), ("order_paid", -18_200, True)]
