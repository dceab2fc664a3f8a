"""Coupons, passes and points leased like money (H4): used offline at the one till that leases them, asked back for a payment elsewhere, once in all."""

from dataclasses import replace

import pytest

from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.cart import Cart
from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId, LotId, MemberId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import HoldingKind
from sync.wallet_codec import read_wallet
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.reserving_tills import leased, listening
from tests.scenarios.test_orders import earn_a_coupon, pay
from tests.scenarios.till import Till, done, refused
from tests.terminal.counter.shop import SHOP, item
from tests.waiting import until

pytestmark = pytest.mark.slow
LEASES = LeasePolicy(tills_max=1, coupons=1, pass_units=2, points=300)


def shop_that_leases(franchise: Franchise) -> tuple[Till, Till, MemberId, LotId, LotId]:
    """Two tills that know a member with a coupon, a pass of ten and 1,100 points; one of each, two uses and 300 points are leased to the first till."""
    at = franchise.hq.clock.at
    book = replace(SHOP, effective_at=at, offline=OfflinePolicy(leases=LEASES))
    with franchise.hq.database.write() as session:
        publish_rulebook(session, franchise.hq.office.keys, write_rulebook(book), by="test", now=at)
    wang, one, two = member_of("S01"), franchise.till("S01-T1"), franchise.till("S02-T1")
    coupon = earn_a_coupon(one, wang)
    line = replace(item(1, 30_000, "洗车十次卡"), sells_pass="wash-10")
    done(pay(one, wang, Cart(items=(line,)), cash_minor=30_000))
    one.sync()
    ((number,),) = franchise.books.rows(f"SELECT member_no FROM members WHERE member_id = '{wang}'")
    done(two.counter.identify(str(number)))
    two.sync()
    assert franchise.grant_leases() == 1
    until(lambda: leased(one, wang), what="the lease to come")
    held = done(one.counter.holdings(wang))
    (bought,) = held.passes
    assert [each.leased_here for each in held.coupons] == [1]
    assert (bought.leased_here, held.points_leased_here) == (2, 300)
    two.sync()
    return one, two, wang, coupon, bought.holding_id


def use(till: Till, member_id: MemberId, pass_id: LotId, units: int) -> object:
    return till.counter.use_pass(till.counter.new_action(), member_id, pass_id, units)


def test_h4_offline_a_coupon_a_pass_and_points_are_used_where_they_are_leased_and_nowhere_else(
    franchise: Franchise,
) -> None:
    one, two, wang, coupon, wash = shop_that_leases(franchise)
    points = done(one.counter.holdings(wang)).points
    with_coupon, with_points = (
        Cart(items=(item(1, 12_000),), coupons=(coupon,)),
        Cart(items=(item(1, 12_000),), points=300),
    )
    for till in (one, two):
        till.unplug()
    assert refused(pay(two, wang, with_coupon, cash_minor=10_000)) is RefusalCode.ONLINE_ONLY
    assert refused(pay(two, wang, with_points, cash_minor=11_700)) is RefusalCode.ONLINE_ONLY
    assert refused(use(two, wang, wash, 1)) is RefusalCode.ONLINE_ONLY
    done(pay(one, wang, with_points, cash_minor=11_700))
    done(pay(one, wang, with_coupon, cash_minor=10_000))
    done(use(one, wang, wash, 2))
    assert refused(use(one, wang, wash, 1)) is RefusalCode.ONLINE_ONLY, "two uses were leased"
    one.sync()
    two.sync()
    one.sync()
    assert (one.flagged(), two.flagged()) == ({}, {})
    assert franchise.books.faults("S01-T1", "S02-T1") == []
    held = done(two.counter.holdings(wang))
    assert (held.coupons, [each.left for each in held.passes]) == ((), [8])
    assert held.points == points - 300 + 100 + 117, "earned by what was paid"
    done(use(two, wang, wash, 8))
    two.sync()


def test_h4_a_leased_coupon_is_asked_back_for_a_payment_elsewhere(franchise: Franchise) -> None:
    """From a till that nobody reaches it does not come, and the reason is told; from one that listens it comes during the payment."""
    one, two, wang, coupon, wash = shop_that_leases(franchise)
    cart = Cart(items=(item(1, 12_000),), coupons=(coupon,))
    one.unplug()
    answer = pay(two, wang, cart, cash_minor=10_000)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["terminal"]) == (RefusalCode.RESERVED_ELSEWHERE, "S01-T1")
    two.hold_wait_ms = 8_000
    with listening(one):
        done(pay(two, wang, cart, cash_minor=10_000))
        done(use(two, wang, wash, 9))
    for till in (two, one):
        till.sync()
    assert (one.flagged(), two.flagged()) == ({}, {})
    held = done(one.counter.holdings(wang))
    assert (held.coupons, [each.left for each in held.passes], held.points_leased_here) == ((), [1], 0)


def test_h4_points_that_are_leased_are_used_offline_although_others_end_sooner(franchise: Franchise) -> None:
    one, two, wang, _, _ = shop_that_leases(franchise)
    at = franchise.hq.clock.at
    sooner = replace(SHOP.points, valid_days=5)
    book = replace(SHOP, version=SHOP.version + 1, effective_at=at, offline=OfflinePolicy(leases=LEASES), points=sooner)
    with franchise.hq.database.write() as session:
        publish_rulebook(session, franchise.hq.office.keys, write_rulebook(book), by="test", now=at)
    franchise.hq.sequenced()
    one.sync()
    done(pay(one, wang, Cart(items=(item(1, 50_000),)), cash_minor=50_000))
    one.sync()
    before = done(one.counter.holdings(wang))
    one.unplug()
    done(pay(one, wang, Cart(items=(item(1, 12_000),), points=200), cash_minor=11_800))
    assert (
        refused(pay(one, wang, Cart(items=(item(1, 12_000),), points=101), cash_minor=11_899))
        is RefusalCode.ONLINE_ONLY
    )
    after = done(one.counter.holdings(wang))
    assert (before.points_leased_here, after.points_leased_here) == (300, 100)
    for till in (one, two, one):
        till.sync()
    assert (one.flagged(), franchise.books.faults("S01-T1", "S02-T1")) == ({}, [])
    assert done(two.counter.holdings(wang)).points == before.points - 200 + 118
    ((state,),) = franchise.books.rows(f"SELECT state FROM wallets WHERE member_id = '{wang}'")
    ending = [lot.remaining for lot in read_wallet(state).holdings if lot.kind is HoldingKind.POINTS and lot.expires_on]
    assert ending == [500, 118], "untouched"


def test_h4_a_coupon_that_comes_while_a_lease_is_out_is_leased_at_once(franchise: Franchise) -> None:
    """Not only when the lease is renewed."""
    one, two, wang, coupon, wash = shop_that_leases(franchise)
    one.unplug()
    done(pay(one, wang, Cart(items=(item(1, 12_000),), coupons=(coupon,)), cash_minor=10_000))
    one.sync()
    done(one.counter.exchange_points(one.counter.new_action(), wang, "tea"))
    one.sync()
    (another,) = (each.holding_id for each in done(one.counter.holdings(wang)).coupons)
    assert franchise.grant_leases() == 1
    franchise.hq.sequenced()
    one.sync()
    one.unplug()
    done(pay(one, wang, Cart(items=(item(1, 12_000),), coupons=(another,)), cash_minor=10_000))
    done(use(one, wang, wash, 2))
    for till in (one, two, one):
        till.sync()
    assert franchise.grant_leases() == 1, "a pass that was used up here is leased again"
    assert (one.flagged(), franchise.books.faults("S01-T1", "S02-T1")) == ({}, [])


def test_h4_a_sold_pass_is_not_given_back_while_another_till_is_taking_a_use_of_it(franchise: Franchise) -> None:
    one, two, wang, _, wash = shop_that_leases(franchise)
    sale = EventId(wash.split("/")[0])
    line = OrderRefundLine(line_no=1, amount_minor=30_000)
    answers: list[object] = []

    def give_back() -> None:
        answers.append(one.counter.refund_order(one.counter.new_action(), sale, (line,), "退卡"))

    two.after_hold = give_back
    done(use(two, wang, wash, 1))
    assert refused(answers[0]) is RefusalCode.RESERVED_ELSEWHERE
    for till in (two, one, two):
        till.sync()
    assert (one.flagged(), two.flagged()) == ({}, {})


def test_h4_an_exchange_is_not_taken_back_while_another_till_uses_what_it_gave(franchise: Franchise) -> None:
    one, two, wang, _, _ = shop_that_leases(franchise)
    given = done(one.counter.exchange_points(one.counter.new_action(), wang, "tea")).event_id
    one.sync()
    franchise.hq.sequenced()
    two.sync()
    (coupon,) = (
        each.holding_id for each in done(two.counter.holdings(wang)).coupons if each.holding_id.startswith(given)
    )
    answers: list[object] = []
    two.after_hold = lambda: answers.append(one.counter.take_back(one.counter.new_action(), EventId(given)))
    done(pay(two, wang, Cart(items=(item(1, 12_000),), coupons=(coupon,)), cash_minor=10_000))
    assert refused(answers[0]) is RefusalCode.RESERVED_ELSEWHERE
    for till in (two, one, two):
        till.sync()
    assert (one.flagged(), two.flagged()) == ({}, {})


def test_h4_points_that_a_till_leases_out_of_reach_stand_in_nobodys_way_while_there_are_others(
    franchise: Franchise,
) -> None:
    one, two, wang, _, _ = shop_that_leases(franchise)
    points = done(two.counter.holdings(wang)).points
    one.unplug()
    done(pay(two, wang, Cart(items=(item(1, 12_000),), points=points - 300), cash_minor=12_000 - (points - 300)))
    two.sync()
    answer = pay(two, wang, Cart(items=(item(1, 12_000),), points=200), cash_minor=11_800)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    done(pay(one, wang, Cart(items=(item(1, 12_000),), points=300), cash_minor=11_700))
    for till in (two, one, two):
        till.sync()
    assert (one.flagged(), two.flagged()) == ({}, {})
    assert franchise.books.faults("S01-T1", "S02-T1") == []
