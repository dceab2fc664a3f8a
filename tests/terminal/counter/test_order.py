"""Orders: what one comes to, paying it by several means, what stays online only, double taps."""

from dataclasses import replace

import pytest

from stored_value.cart import Cart
from stored_value.events import EvidenceClass, OrderPaid, Tender, TenderKind
from stored_value.events_order import Discount
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import HoldingKind
from sync.event_codec import event_of
from terminal.counter.order_views import OrderPayment
from tests.terminal.counter.shop import (
    ONLY_COUPON,
    SHOP,
    TEA_COUPON,
    everything,
    holder,
    item,
    open_shop,
    pay,
    pay_everything,
    washed,
)
from tests.terminal.counter.till import WANG, Till, cash, done, member_row, refused, rulebook_row


@pytest.fixture
def shop(till: Till) -> Till:
    return open_shop(till)


@pytest.fixture
def shop_offline(till: Till) -> Till:
    return open_shop(till, online=False)


def last_order(till: Till) -> OrderPaid:
    event = event_of(till.journal.recent(1)[0])
    assert isinstance(event, OrderPaid)
    return event


def test_an_order_is_priced_line_by_line_with_every_discount_and_who_pays_the_rest(shop: Till) -> None:
    quote = done(shop.counter.price_order(WANG, everything(), (cash(5_000),)))
    assert [line.total_minor for line in quote.lines] == [16_200, 2_000, 0]
    assert [[taken.source for taken in line.discounts] for line in quote.lines] == [["tier"], [], ["pass"]]
    assert [(each.name.zh, each.amount_minor) for each in quote.coupons] == [("满100减20", 2_000)]
    assert (quote.points, quote.points_minor) == (1_000, 1_000)
    assert (quote.total_minor, quote.due_minor, quote.tendered_minor) == (18_200, 15_200, 5_000)
    assert (quote.balance_minor, quote.principal_minor, quote.bonus_minor, quote.open_minor) == (
        10_200,
        8_500,
        1_700,
        0,
    )
    assert (quote.refusals, quote.offline) == ((), False)


@pytest.mark.parametrize(
    ("worth_points", "worth_minor", "basis_points", "price", "most", "most_minor"),
    [
        (100, 100, 10_000, 12_000, 1_500, 1_500),
        (100, 100, 10_000, 700, 700, 700),
        (100, 100, 5_000, 1_001, 500, 500),
        (1, 3, 10_000, 10, 3, 9),
        (1_000, 1, 10_000, 12_000, 1_000, 1),
        (0, 0, 10_000, 12_000, 0, 0),
    ],
)
def test_the_most_points_are_the_fewest_that_pay_as_much_as_they_may(
    shop: Till, worth_points: int, worth_minor: int, basis_points: int, price: int, most: int, most_minor: int
) -> None:
    points = replace(SHOP.points, worth_points=worth_points, worth_minor=worth_minor)
    policy = replace(SHOP.cart, points_basis_points=basis_points)
    shop.feed(rulebook_row(replace(SHOP, version=3, points=points, cart=policy)))
    quote = done(shop.counter.price_order(WANG, Cart(items=(item(1, price),))))
    assert (quote.points_most, quote.points_most_minor) == (most, most_minor)
    if most:
        paid = done(shop.counter.price_order(WANG, Cart(items=(item(1, price),), points=most)))
        assert (paid.refusals, paid.points_minor) == ((), most_minor)


def test_what_the_balance_cannot_pay_now_stays_open(shop: Till) -> None:
    quote = done(shop.counter.price_order(WANG, Cart(items=(item(1, 45_000),))))
    assert (quote.balance_minor, quote.open_minor) == (30_000, 15_000), "a printed card pays ￥300 a day"
    over = done(shop.counter.price_order(WANG, Cart(items=(item(1, 1_000),)), (cash(1_500),)))
    assert (over.balance_minor, over.open_minor) == (0, -500)


def test_tax_lies_inside_what_the_member_pays(shop: Till) -> None:
    taxed = replace(item(1, 10_600), tax_basis_points=600)
    quote = done(shop.counter.price_order(WANG, Cart(items=(taxed, item(2, 10_600)), coupons=(TEA_COUPON,))))
    assert quote.tax_minor == 543, "9,600 × 6 / 106 = 543.4"


def test_an_order_takes_what_it_says_and_the_wallet_follows(shop: Till) -> None:
    completed = pay_everything(shop)
    assert (completed.kind, completed.amount_minor, completed.opens_drawer) == ("order_paid", 18_200, True)
    assert (completed.principal_minor, completed.bonus_minor) == (8_500, 1_700)
    assert completed.points_after == 1_500 - 1_000 + 152, "a point a yuan of what was tendered and drawn"
    event = last_order(shop)
    assert (event.occasion.evidence, event.tier_id, event.occasion.offline) == (
        EvidenceClass.STATIC_CARD,
        "basic",
        False,
    )
    held = done(shop.counter.holdings(WANG))
    assert [each.holding_id for each in held.coupons] == [ONLY_COUPON]
    assert [each.left for each in held.passes] == [2]
    assert shop.wang().balance_minor == 60_000 - 10_200
    shop.settle_and_follow()
    assert shop.wang().balance_minor == 60_000 - 10_200
    assert done(shop.counter.holdings(WANG)).points == 652


def test_the_same_action_is_one_order_and_another_content_is_refused(shop: Till) -> None:
    counter, action = shop.counter, shop.counter.new_action()
    payment = OrderPayment(cart=everything(), tenders=(cash(5_000),), balance_minor=10_200, static_card=True)
    first = done(counter.pay_order(action, WANG, payment))
    assert done(counter.pay_order(action, WANG, payment)) == first
    shop.hq.online = False
    assert done(counter.pay_order(action, WANG, payment)) == first, "a retry needs no head office"
    fewer = replace(payment, cart=replace(payment.cart, points=900))
    assert refused(counter.pay_order(action, WANG, fewer)) is RefusalCode.ACTION_REUSED
    assert shop.wang().balance_minor == 49_800


def test_a_price_that_is_no_longer_the_confirmed_one_is_refused(shop: Till) -> None:
    answer = pay(shop, everything(), cash_minor=5_000, balance_minor=10_100)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (
        RefusalCode.TENDERS_DISAGREE,
        {"amount_minor": 15_200, "tenders_minor": 15_100},
    )


def test_offline_coupons_passes_and_points_stay_where_they_are(shop_offline: Till) -> None:
    goods = item(1, 12_000)
    for cart, due in (
        (Cart(items=(goods,), coupons=(TEA_COUPON,)), 10_000),
        (Cart(items=(goods,), points=1_000), 11_000),
        (Cart(items=(goods, washed(2, 4_500))), 12_000),
    ):
        answer = pay(shop_offline, cart, cash_minor=due)
        assert isinstance(answer, Refusal)
        assert (answer.code, answer.data["remedy"]) == (RefusalCode.ONLINE_ONLY, "pay_without_holdings")
        quote = done(shop_offline.counter.price_order(WANG, cart))
        assert RefusalCode.ONLINE_ONLY in {each.code for each in quote.refusals}


def test_head_office_that_does_not_answer_counts_as_offline(shop: Till) -> None:
    shop.hq.answers = False
    assert refused(pay(shop, everything(), cash_minor=15_200)) is RefusalCode.ONLINE_ONLY


def test_offline_cash_alone_pays_an_order_and_needs_no_card(shop_offline: Till) -> None:
    counter = shop_offline.counter
    payment = OrderPayment(cart=Cart(items=(item(1, 45_000, category="care"),)), tenders=(cash(40_500),))
    completed = done(counter.pay_order(counter.new_action(), WANG, payment))
    assert (completed.provisional, completed.opens_drawer) == (True, True)
    assert last_order(shop_offline).occasion.evidence is EvidenceClass.NOT_NEEDED
    assert shop_offline.wang().balance_minor == 60_000


def test_offline_the_balance_pays_with_the_card_and_within_the_limit(shop_offline: Till) -> None:
    counter = shop_offline.counter
    cart = Cart(items=(item(1, 25_000),))
    assert refused(pay(shop_offline, cart, cash_minor=4_999, balance_minor=20_001)) is RefusalCode.OFFLINE_LIMIT
    uncarded = OrderPayment(cart=cart, tenders=(cash(5_000),), balance_minor=20_000)
    assert refused(counter.pay_order(counter.new_action(), WANG, uncarded)) is RefusalCode.CARD_NEEDED
    done(pay(shop_offline, cart, cash_minor=5_000, balance_minor=20_000))
    again = Cart(items=(item(1, 1),))
    assert refused(pay(shop_offline, again, balance_minor=1)) is RefusalCode.OFFLINE_LIMIT
    assert refused(shop_offline.redeem(1)) is RefusalCode.OFFLINE_LIMIT, "orders and redemptions share the limit"


def test_refused_coupons_and_points_are_named_and_nothing_is_taken(shop: Till) -> None:
    small = Cart(items=(item(1, 9_999),), coupons=(TEA_COUPON,), points=99_999)
    quote = done(shop.counter.price_order(WANG, small))
    assert [each.code for each in quote.refusals] == [RefusalCode.COUPON_BELOW_MINIMUM, RefusalCode.POINTS_TOO_FEW]
    assert quote.due_minor == 9_999
    assert refused(pay(shop, small, cash_minor=9_999)) is RefusalCode.COUPON_BELOW_MINIMUM
    both = Cart(items=(item(1, 20_000),), coupons=(TEA_COUPON, ONLY_COUPON))
    assert refused(pay(shop, both, cash_minor=18_000)) is RefusalCode.COUPON_STANDS_ALONE
    used_up = Cart(items=(washed(1, 4_500, units=4),))
    assert refused(pay(shop, used_up)) is RefusalCode.PASS_TOO_FEW


def test_an_order_that_a_pass_covers_wholly_takes_no_money(shop: Till) -> None:
    completed = done(pay(shop, Cart(items=(washed(1, 4_500),))))
    assert (completed.amount_minor, completed.opens_drawer) == (0, False)
    assert done(shop.counter.holdings(WANG)).passes[0].left == 2


def test_a_pass_is_sold_as_a_line(shop: Till) -> None:
    (for_sale,) = shop.counter.shelf().passes
    line = replace(item(1, for_sale.price_minor, for_sale.name.zh), sells_pass=for_sale.pass_id)
    done(pay(shop, Cart(items=(line,)), cash_minor=30_000))
    bought = done(shop.counter.holdings(WANG)).passes
    assert sorted((each.kind, each.left) for each in bought) == [
        (HoldingKind.PASS_USES, 3),
        (HoldingKind.PASS_USES, 10),
    ]


def test_the_shelf_knows_the_categories_that_the_rulebook_speaks_of(shop: Till) -> None:
    assert shop.counter.shelf().categories == ("care", "wash")


def test_discounts_on_a_line_and_on_the_order_are_given_in_order(shop: Till) -> None:
    line = replace(item(1, 10_000), discount=Discount(basis_points=1_000))
    cart = Cart(items=(line, item(2, 5_000)), order_discounts=(Discount(amount_minor=1_000, reason="老客"),))
    quote = done(shop.counter.price_order(WANG, cart))
    assert quote.due_minor == 9_000 + 5_000 - 1_000
    done(pay(shop, cart, cash_minor=13_000))
    assert last_order(shop).order_discounts == cart.order_discounts


@pytest.mark.parametrize(
    "cart",
    [
        Cart(items=()),
        Cart(items=(item(1, 100), item(1, 100))),
        Cart(items=(item(1, -1),)),
        Cart(items=(item(1, 100, quantity=0),)),
        Cart(items=(replace(item(1, 100), name=" "),)),
        Cart(items=(replace(item(1, 100), name="名" * 61),)),
        Cart(items=(item(1, 100),), points=-1),
        Cart(items=(item(1, 100),), order_discounts=(Discount(basis_points=10_001),)),
        Cart(items=(replace(item(1, 100), discount=Discount(amount_minor=-5)),)),
        Cart(items=tuple(item(number, 1) for number in range(1, 102))),
    ],
)
def test_a_cart_that_no_counter_sells_is_refused(shop: Till, cart: Cart) -> None:
    assert refused(shop.counter.price_order(WANG, cart)) is RefusalCode.LINES_DISAGREE
    assert refused(pay(shop, cart)) is RefusalCode.LINES_DISAGREE


def test_tenders_of_several_kinds_are_kept_apart(shop: Till) -> None:
    tenders = (cash(1_000), Tender(kind=TenderKind.WECHAT, amount_minor=2_000, reference="4200001"))
    counter = shop.counter
    payment = OrderPayment(cart=Cart(items=(item(1, 3_000),)), tenders=tenders)
    done(counter.pay_order(counter.new_action(), WANG, payment))
    totals = shop.journal.shifts.totals(last_order(shop).occasion.shift_id)
    assert totals.tenders_minor == {"cash": 1_000, "wechat": 2_000}


def test_a_coupon_used_elsewhere_is_known_before_the_payment(shop: Till) -> None:
    """Head office is read just before deciding."""
    gone = replace(holder(), version=5, holdings=holder().holdings[1:])
    shop.hq.rows[WANG] = member_row(gone)
    assert refused(pay(shop, everything(), cash_minor=5_000, balance_minor=10_200)) is RefusalCode.COUPON_UNKNOWN


def test_an_order_counts_in_the_drawer(shop: Till) -> None:
    pay_everything(shop)
    report = done(shop.counter.close_shift(55_000))
    assert (report.expected_minor, report.difference_minor) == (55_000, 0)
    assert (report.totals.ordered_minor, report.totals.ordered_balance_minor) == (18_200, 10_200)
