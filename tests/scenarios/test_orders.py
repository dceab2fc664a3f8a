"""Orders through a real head office: paid by coupon, points, cash and balance, refunded in parts; till, head office, another till and paper agree (L2, L3, H4).

Every figure is worked out by hand from docs/CART.md.
"""

from dataclasses import replace

import pytest

from hq_server.rulebooks.publishing import publish_rulebook
from printers.document import Receipt, Row
from stored_value.cart import Cart
from stored_value.events import Tender, TenderKind
from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId, LotId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook_document import write_rulebook
from terminal.counter.order_views import OrderPayment
from terminal.counter.views import Completed
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import FLOAT_MINOR, Till, done, refused
from tests.terminal.counter.shop import SHOP, item

pytestmark = pytest.mark.slow


def open_shop(franchise: Franchise) -> None:
    """The shop's rulebook, a tenth off care for members of every tier."""
    at = franchise.hq.clock.at
    tiers = tuple(replace(tier, category_discounts=SHOP.tiers[0].category_discounts) for tier in SHOP.tiers)
    with franchise.hq.database.write() as session:
        book = write_rulebook(replace(SHOP, effective_at=at, tiers=tiers))
        publish_rulebook(session, franchise.hq.office.keys, book, by="test", now=at)


def pay(
    till: Till, member_id: MemberId, cart: Cart, cash_minor: int = 0, balance_minor: int = 0
) -> Completed | Refusal:
    tenders = (Tender(kind=TenderKind.CASH, amount_minor=cash_minor),) if cash_minor else ()
    payment = OrderPayment(cart=cart, tenders=tenders, balance_minor=balance_minor, static_card=True)
    return till.counter.pay_order(till.counter.new_action(), member_id, payment)


def refund(till: Till, sale: EventId, line_no: int, amount_minor: int) -> Completed:
    lines = (OrderRefundLine(line_no=line_no, amount_minor=amount_minor),)
    return done(till.counter.refund_order(till.counter.new_action(), sale, lines, "退货"))


def printed(receipt: Receipt) -> dict[str, str]:
    return {block.left.strip(): block.right for block in receipt.blocks if isinstance(block, Row)}


def earn_a_coupon(till: Till, wang: MemberId) -> LotId:
    """￥1,000 topped up (￥250 bonus), ￥1,000 of goods for cash give 1,000 points; 200 of them buy a coupon."""
    till.top_up(wang, 100_000, "plan-1000")
    done(pay(till, wang, Cart(items=(item(1, 100_000),)), cash_minor=100_000))
    till.sync()
    assert done(till.counter.holdings(wang)).points == 1_000
    done(till.counter.exchange_points(till.counter.new_action(), wang, "tea"))
    till.sync()
    held = done(till.counter.holdings(wang))
    assert held.points == 800
    (coupon,) = held.coupons
    return coupon.holding_id


def test_an_order_paid_by_four_means_and_refunded_twice_is_the_same_everywhere(franchise: Franchise) -> None:
    open_shop(franchise)
    wang, till, books = member_of("S01"), franchise.till("S01-T1"), franchise.books
    coupon = earn_a_coupon(till, wang)
    items = (item(1, 9_000, "护理", category="care", quantity=2), item(2, 2_000, "茶"))
    sale = done(
        pay(till, wang, Cart(items=items, coupons=(coupon,), points=500), cash_minor=5_000, balance_minor=10_700)
    )
    assert (sale.amount_minor, sale.points_after) == (18_200, 800 - 500 + 157)
    paper = printed(sale.receipt)
    assert (paper["合计"], paper["优惠券 满100减20"], paper["积分抵扣 500 分"]) == ("￥182.00", "-￥20.00", "-￥5.00")
    assert (paper["收款 现金"], paper["余额支付"], paper["本次积分"]) == ("￥50.00", "￥107.00", "+157")
    till.sync()
    first = refund(till, sale.event_id, 2, 2_000)
    assert printed(first.receipt)["退回 现金"] == "￥5.49"
    assert printed(first.receipt)["退回余额"] == "￥11.76"
    assert printed(first.receipt)["退还积分"] == "55 分"
    till.sync()
    second = refund(till, sale.event_id, 1, 8_100)
    assert (printed(second.receipt)["退回 现金"], printed(second.receipt)["退回余额"]) == ("￥22.25", "￥47.63")
    before = till.member(wang)
    till.sync()
    after = till.member(wang)
    assert till.flagged() == {}, "head office prices and refunds as the till did"
    assert books.faults("S01-T1") == []
    assert before.balance_minor == after.balance_minor == books.balances()[wang] == 125_000 - 10_700 + 1_176 + 4_763
    assert before.points == after.points == 800 - 500 + 157 + 55 - 18 + 222 - 70
    assert done(till.counter.holdings(wang)).coupons == (), "half an order brings back no coupon"
    assert books.posted_minor("tender") == 100_000 + 100_000 + 5_000 - 549 - 2_225
    assert books.posted_minor("revenue") == -(100_000 + 18_200 - 2_000 - 8_100)
    assert books.posted_minor("promotion_cost") == 25_000 + (2_000 - 220 - 890) + (500 - 55 - 222)
    cash = FLOAT_MINOR + 100_000 + 100_000 + 5_000 - 549 - 2_225
    assert done(till.counter.close_shift(cash)).difference_minor == 0


def test_another_till_sees_what_is_left_and_a_used_coupon_is_not_used_again(franchise: Franchise) -> None:
    """H4: online, head office is asked just before; offline, no till uses coupons, passes or points."""
    open_shop(franchise)
    wang, one, two = member_of("S01"), franchise.till("S01-T1"), franchise.till("S02-T1")
    coupon = earn_a_coupon(one, wang)
    ((number,),) = franchise.books.rows(f"SELECT member_no FROM members WHERE member_id = '{wang}'")
    done(two.counter.identify(str(number)))
    two.sync()
    cart = Cart(items=(item(1, 12_000),), coupons=(coupon,))
    done(pay(one, wang, cart, cash_minor=10_000))
    one.sync()
    assert [each.holding_id for each in done(two.counter.holdings(wang)).coupons] == [coupon], "its replica is older"
    assert refused(pay(two, wang, cart, cash_minor=10_000)) is RefusalCode.COUPON_USED
    two.unplug()
    points = Cart(items=(item(1, 12_000),), points=100)
    assert refused(pay(two, wang, points, cash_minor=11_900)) is RefusalCode.ONLINE_ONLY
    done(pay(two, wang, Cart(items=(item(1, 12_000),)), cash_minor=12_000))
    two.sync()
    one.sync()
    assert one.member(wang).points == two.member(wang).points == 800 + 100 + 120
    assert (one.flagged(), two.flagged()) == ({}, {})


def test_a_pass_sold_here_used_there_comes_back_less_what_was_used(franchise: Franchise) -> None:
    open_shop(franchise)
    wang, one, two = member_of("S01"), franchise.till("S01-T1"), franchise.till("S02-T1")
    ((number,),) = franchise.books.rows(f"SELECT member_no FROM members WHERE member_id = '{wang}'")
    line = replace(item(1, 30_000, "洗车十次卡"), sells_pass="wash-10")
    sale = done(pay(one, wang, Cart(items=(line,)), cash_minor=30_000))
    one.sync()
    done(two.counter.identify(str(number)))
    (bought,) = done(two.counter.holdings(wang)).passes
    done(two.counter.use_pass(two.counter.new_action(), wang, bought.holding_id, 3))
    two.sync()
    lines = (OrderRefundLine(line_no=1, amount_minor=30_000),)
    answer = one.counter.refund_order(one.counter.new_action(), sale.event_id, lines, "")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data.get("amount_minor")) == (RefusalCode.PASS_RETURNED_WHOLE, 21_000)
    refund(one, sale.event_id, 1, 21_000)
    one.sync()
    assert franchise.books.faults("S01-T1", "S02-T1") == []
    assert (one.flagged(), two.flagged()) == ({}, {})
    assert franchise.books.posted_minor("pass_liability") == 0
    assert franchise.books.posted_minor("revenue") == -9_000, "three of ten uses were earned, by the store that served"
