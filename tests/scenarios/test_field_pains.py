"""What users of other systems suffer, played here: each test bears the number of its pain in docs/PROOF.md and says there what went wrong for them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from hq_server import franchise_data
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.cart import Cart
from stored_value.events import Tender, TenderKind
from stored_value.events_order import OrderRefundLine
from stored_value.policies import LifeCyclePolicy
from stored_value.refusals import RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import write_rulebook
from sync.errors import HqUnreachable
from terminal.counter.order_views import OrderPayment
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.till import FLOAT_MINOR, Till, done, refused
from tests.terminal.counter.shop import SHOP, item
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow
PUSH = "POST /v1/journals/"


def publish(franchise: Franchise, book: Rulebook) -> None:
    at = franchise.hq.clock.at
    with franchise.hq.database.write() as session:
        text = write_rulebook(replace(book, effective_at=at))
        publish_rulebook(session, franchise.hq.office.keys, text, by="test", now=at)
    franchise.hq.sequenced()


def number_of(franchise: Franchise, member_id: str) -> str:
    return str(dict(franchise.books.rows("SELECT member_id, member_no FROM members"))[member_id])


def paid_in_cash(*, cart: Cart, cash_minor: int, balance_minor: int = 0) -> OrderPayment:
    tenders = (Tender(kind=TenderKind.CASH, amount_minor=cash_minor),) if cash_minor else ()
    return OrderPayment(cart=cart, tenders=tenders, balance_minor=balance_minor, static_card=True)


def test_pain_2_an_order_paid_offline_loses_neither_its_points_nor_the_coupon_kept_back(franchise: Franchise) -> None:
    publish(franchise, SHOP)
    wang, till = member_of("S01"), franchise.till("S01-T1")
    done(
        till.counter.pay_order(
            till.counter.new_action(), wang, paid_in_cash(cart=Cart(items=(item(1, 90_000),)), cash_minor=90_000)
        )
    )
    till.sync()
    done(till.counter.exchange_points(till.counter.new_action(), wang, "tea"))
    till.sync()
    (coupon,) = done(till.counter.holdings(wang)).coupons
    till.unplug()
    goods = (item(1, 12_000),)
    with_coupon = paid_in_cash(cart=Cart(items=goods, coupons=(coupon.holding_id,)), cash_minor=10_000)
    assert refused(till.counter.pay_order(till.counter.new_action(), wang, with_coupon)) is RefusalCode.ONLINE_ONLY
    without = paid_in_cash(cart=Cart(items=goods), cash_minor=12_000)
    done(till.counter.pay_order(till.counter.new_action(), wang, without))
    till.sync()
    assert till.member(wang).points == 900 - 200 + 120
    assert [held.holding_id for held in done(till.counter.holdings(wang)).coupons] == [coupon.holding_id]
    assert till.flagged() == {}


def test_pain_3_what_was_paid_in_once_is_spent_once(franchise: Franchise) -> None:
    """At two tills, by a double tap, and by the same push again."""
    franchise.lease_nothing()
    wang, one, two = member_of("S01"), franchise.till("S01-T1"), franchise.till("S02-T1")
    one.top_up(wang, 5_000)
    one.sync()
    done(two.counter.identify(number_of(franchise, wang)))
    two.sync()
    one.redeem(wang, 5_000)
    one.sync()
    assert refused(two.try_to_redeem(wang, 5_000)) is RefusalCode.BALANCE_TOO_LOW, "two's replica still shows it"
    assert refused(one.try_to_redeem(wang, 1)) is RefusalCode.BALANCE_TOO_LOW
    two.sync()
    assert franchise.books.balances()[wang] == two.member(wang).balance_minor == 0


def test_pain_4_two_syncs_at_once_make_one_card(franchise: Franchise) -> None:
    """A new member with his first money, written offline, pushed by two connections at the same moment."""
    franchise.lease_nothing()
    till = franchise.till("S01-T1")
    till.unplug()
    newcomer = till.enrol("李雷", "13700001111")
    till.top_up(newcomer, 10_000)
    members = len(franchise.books.rows("SELECT 1 FROM members"))
    twin = till.cloned(franchise.folder / "twin", franchise.hq.url)
    start = Barrier(2)

    def sync(which: Till) -> None:
        start.wait(10)
        which.cycle.run_once()

    with ThreadPoolExecutor(2) as pool:
        for answer in [pool.submit(sync, each) for each in (till, twin)]:
            answer.result()
    twin.close()
    assert len(franchise.books.rows("SELECT 1 FROM members")) == members + 1
    assert franchise.books.balances()[newcomer] == 15_000
    assert franchise.books.faults("S01-T1") == []


def test_pain_6_an_expired_wallet_is_neither_spent_nor_topped_up_and_comes_back_whole(franchise: Franchise) -> None:
    """On the till's own calendar, with or without a network; the money is not gone, it waits for whoever prolongs the card."""
    publish(
        franchise,
        replace(franchise_data.rulebook(franchise.hq.clock.at), life_cycle=LifeCyclePolicy(card_valid_days=30)),
    )
    till = franchise.till("S01-T1")
    wang = till.enrol("韩梅梅", "13712348888")
    till.top_up(wang, 20_000)
    till.sync()
    done(till.counter.close_shift(FLOAT_MINOR + 20_000))
    franchise.pass_time(days=31)
    till.sync()
    till.begin_shift()
    cash = Tender(kind=TenderKind.CASH, amount_minor=1_000)
    for online in (True, False):
        assert refused(till.try_to_redeem(wang, 100)) is RefusalCode.WALLET_EXPIRED
        topped_up = till.counter.top_up(till.counter.new_action(), wang, 1_000, (cash,), None)
        assert refused(topped_up) is RefusalCode.WALLET_EXPIRED
        if online:
            till.unplug()
    till.sync()
    assert franchise.books.balances()[wang] == till.member(wang).balance_minor == 25_000


def test_pain_7_an_order_paid_partly_from_the_balance_goes_back_and_the_shift_closes(franchise: Franchise) -> None:
    publish(franchise, SHOP)
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.top_up(wang, 10_000)
    till.sync()
    before = till.member(wang)
    cart = Cart(items=(item(1, 8_000),))
    sale = done(
        till.counter.pay_order(
            till.counter.new_action(), wang, paid_in_cash(cart=cart, cash_minor=3_000, balance_minor=5_000)
        )
    )
    lines = (OrderRefundLine(line_no=1, amount_minor=8_000),)
    done(till.counter.refund_order(till.counter.new_action(), sale.event_id, lines, "退货"))
    till.sync()
    after = till.member(wang)
    assert (after.principal_minor, after.bonus_minor, after.points) == (
        before.principal_minor,
        before.bonus_minor,
        before.points,
    )
    assert franchise.books.balances()[wang] == after.balance_minor
    assert done(till.counter.close_shift(FLOAT_MINOR + 10_000)).difference_minor == 0
    assert franchise.books.imbalance() == {}


def test_pain_8_an_order_sent_three_times_earns_its_points_once(franchise: Franchise) -> None:
    """A double tap, a lost answer, and the push after it."""
    publish(franchise, SHOP)
    wang = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        payment = paid_in_cash(cart=Cart(items=(item(1, 30_000),)), cash_minor=30_000)
        action = till.counter.new_action()
        receipts = {done(till.counter.pay_order(action, wang, payment)).receipt_no for _ in range(2)}
        assert len(receipts) == 1
        relay.lose_replies_to(PUSH)
        assert isinstance(till.sync_fails(), HqUnreachable)
        assert till.member(wang).points == 300
        till.sync()
        assert till.member(wang).points == 300
    other = franchise.till("S02-T1")
    done(other.counter.identify(number_of(franchise, wang)))
    assert other.member(wang).points == 300


def test_pain_9_the_tills_own_id_makes_a_lost_reply_one_order(franchise: Franchise) -> None:
    """The cashier saw nothing happen and taps again after a restart, with the action that was begun: one entry, one payment, one receipt number."""
    wang = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        till.top_up(wang, 20_000)
        till.sync()
        action, cash = till.counter.new_action(), (Tender(kind=TenderKind.CASH, amount_minor=3_000),)
        first = done(till.counter.top_up(action, wang, 3_000, cash, None))
        relay.lose_replies_to(PUSH)
        till.sync_fails()
        till.restart(franchise.hq.url)
        till.begin_shift()
        again = done(till.counter.top_up(action, wang, 3_000, cash, None))
        assert (again.receipt_no, again.event_id) == (first.receipt_no, first.event_id)
        till.sync()
    own = [entry for entry in read_journal(till.data_dir).entries if entry.event_id == action]
    assert len(own) == 1
    assert len(franchise.books.rows(f"SELECT 1 FROM wallet_events WHERE event_id = '{action}'")) == 1
    assert franchise.books.balances()[wang] == 28_000
