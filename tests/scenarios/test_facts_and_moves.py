"""What is fact and what is head office's to decide (H10), what moves between members (H11), and what no offline till lets go (H4)."""

import pytest

from hq_server.own_journal.place import RUN, Moment
from hq_server.own_journal.runs import run_day
from hq_server.own_journal.transfers import TwoMembers, move
from stored_value.events import RefundLine
from stored_value.identity import EventId
from stored_value.refusals import RefusalCode
from tests.hq_server.own_journal.miniature import unnoted
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till, done, refused

pytestmark = pytest.mark.slow


def known_at(franchise: Franchise, till: Till, member_id: str) -> None:
    number = dict(franchise.books.rows("SELECT member_id, member_no FROM members"))[member_id]
    done(till.counter.identify(str(number)))


def test_h10_refunding_an_overdrawn_purchase_puts_back_what_is_owed_first_and_mints_nothing(
    franchise: Franchise,
) -> None:
    """Two offline tills spend the same 150; one of the purchases goes back whole. 150 were paid in, 100 were eaten: 50 are left."""
    franchise.lease_nothing()
    wang, one, two = member_of("S01"), franchise.till("S01-T1"), franchise.till("S02-T1")
    one.top_up(wang, 9_900)
    one.sync()
    known_at(franchise, two, wang)
    two.sync()
    bought = {}
    for till in (one, two):
        till.unplug()
        bought[till.name] = till.redeem(wang, 9_000)
    one.sync()
    two.sync()
    paid_in = 9_900
    assert franchise.books.balances()[wang] == paid_in - 2 * 9_000
    two.refund(bought["S02-T1"].event_id, 1, 9_000)
    two.sync()
    assert franchise.books.balances()[wang] == two.member(wang).balance_minor == paid_in - 9_000
    assert two.member(wang).owed_minor == 0
    again = two.counter.refund(
        two.counter.new_action(), bought["S02-T1"].event_id, (RefundLine(line_no=1, amount_minor=1),), "退货"
    )
    assert refused(again) is RefusalCode.REFUND_EXCEEDS_LINE
    assert franchise.books.imbalance() == {}
    assert franchise.books.faults("S01-T1", "S02-T1") == []


def test_h10_a_till_that_split_a_payment_differently_is_corrected_and_nobody_loses_a_fen(franchise: Franchise) -> None:
    """Offline the till drew principal only; head office draws by its own order, and the refund goes back as head office drew."""
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.unplug()
    till.top_up(wang, 100_000, "plan-1000")
    bought = till.redeem(wang, 10_000)
    assert (bought.principal_minor, bought.bonus_minor) == (10_000, 0)
    till.sync()
    assert till.flagged() == {bought.receipt_no: ("draw_differs",)}
    till.refund(bought.event_id, 1, 10_000)
    till.sync()
    shown = till.member(wang)
    assert (shown.principal_minor, shown.bonus_minor) == (100_000, 25_000), "as if nothing had been bought"


def test_h11_what_an_offline_till_spends_of_a_merged_member_is_swept_to_the_survivor(franchise: Franchise) -> None:
    franchise.lease_nothing()
    merged, survivor = member_of("S01"), member_of("S01", 1)
    till, desk = franchise.till("S01-T1"), franchise.hq.office.desk
    till.top_up(merged, 9_900)
    till.top_up(survivor, 5_000)
    till.sync()
    till.unplug()
    spent = till.redeem(merged, 3_000)
    moment = Moment.at(franchise.hq.clock.at)
    wish = TwoMembers(transfer_id=EventId(franchise.hq.new_id()), giver=merged, taker=survivor)
    assert move(desk, moment, wish, unnoted) is None
    till.sync()
    run_day(desk, Moment(now=franchise.hq.clock.at, on=moment.on, by=RUN), skip=frozenset())
    franchise.hq.sequenced()
    balances = franchise.books.balances()
    assert (balances[merged], balances[survivor]) == (0, 9_900 + 5_000 - 3_000)
    till.sync()
    till.refund(spent.event_id, 1, 1_000)
    till.sync()
    for _ in range(2):
        run_day(desk, Moment(now=franchise.hq.clock.at, on=moment.on, by=RUN), skip=frozenset())
    balances = franchise.books.balances()
    assert (balances[merged], balances[survivor]) == (0, 9_900 + 5_000 - 3_000 + 1_000), "also what comes back"
    assert refused(till.try_to_redeem(merged, 1)) is RefusalCode.WALLET_NOT_ACTIVE
    assert franchise.books.posted_minor("in_transit") == 0
    assert franchise.books.imbalance() == {}


def test_h4_offline_nothing_leaves_by_a_door_that_another_till_may_use_too(franchise: Franchise) -> None:
    """The same purchase is refunded at its own till only; a cash-out is reckoned and asked for online only."""
    franchise.lease_nothing()
    wang, one, two = member_of("S01"), franchise.till("S01-T1"), franchise.till("S02-T1")
    one.top_up(wang, 9_900)
    bought = one.redeem(wang, 4_000)
    one.sync()
    known_at(franchise, two, wang)
    two.sync()
    quote = done(two.counter.quote_cash_out(wang))
    for till in (one, two):
        till.unplug()
    line = (RefundLine(line_no=1, amount_minor=4_000),)
    elsewhere = two.counter.refund(two.counter.new_action(), bought.event_id, line, "退货")
    assert refused(elsewhere) is RefusalCode.PURCHASE_OF_ANOTHER_TILL
    assert refused(two.counter.request_cash_out(two.counter.new_action(), quote)) is RefusalCode.ONLINE_ONLY
    one.refund(bought.event_id, 1, 4_000)
    one.sync()
    two.sync()
    assert franchise.books.balances()[wang] == two.member(wang).balance_minor == 9_900
