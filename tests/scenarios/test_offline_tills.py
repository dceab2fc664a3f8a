"""Tills that cannot see each other, on one member: what was promised is kept, what was overspent is owed, nothing is lost (L2, L3, H3, H10, H14)."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from hq_server.database.models import Member
from hq_server.members.personal import erase
from hq_server.settlement.service import day_settlement
from stored_value.events import RefundLine
from stored_value.identity import StoreId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.refusals import RefusalCode
from sync.client import HqClient
from terminal.verify import verify_journal
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till, done, refused
from tongchu.witness.journal import chain_faults, read_journal, seen_entry

pytestmark = pytest.mark.slow
TODAY = date(2026, 11, 23)


def pair(franchise: Franchise) -> tuple[Till, Till]:
    return franchise.till("S01-T1"), franchise.till("S02-T1")


def test_h3_an_offline_top_ups_bonus_is_provisional_until_head_office_has_it(franchise: Franchise) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.unplug()
    topped_up = till.top_up(wang, 100_000, "plan-1000")
    assert (topped_up.bonus_minor, topped_up.provisional) == (25_000, True)
    shown = till.member(wang)
    assert (shown.principal_minor, shown.bonus_minor, shown.provisional_bonus_minor) == (100_000, 0, 25_000)
    paid = till.redeem(wang, 10_000)
    assert (paid.principal_minor, paid.bonus_minor) == (10_000, 0), "nothing provisional is drawn"
    till.push()
    franchise.hq.sequenced()
    till.sync()
    shown = till.member(wang)
    assert (shown.balance_minor, shown.provisional_bonus_minor, shown.pending) == (115_000, 0, False)
    assert shown.bonus_minor == 25_000 - 2_000, "head office drew proportionally: 10,000 × 25/125"
    assert till.flagged() == {paid.receipt_no: ("draw_differs",)}
    online = till.redeem(wang, 10_000)
    assert (online.provisional, online.bonus_minor) == (False, 2_000)


def test_h3_a_provisional_bonus_alone_cannot_be_spent(franchise: Franchise) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.unplug()
    till.top_up(wang, 10_000)
    till.redeem(wang, 10_000)
    assert till.member(wang).provisional_bonus_minor == 5_000
    assert refused(till.try_to_redeem(wang, 1)) is RefusalCode.BALANCE_TOO_LOW


def test_a_till_that_is_started_without_a_line_knows_how_old_its_balances_are(franchise: Franchise) -> None:
    """Three days and a restart later: neither the cut's beginning nor the program's says it."""
    till = franchise.till("S01-T1")
    heard_at = till.counter.status().replica_as_of
    assert heard_at == franchise.hq.clock.at
    till.unplug()
    franchise.clocks["S01-T1"].advance(timedelta(days=3))
    till.restart("http://127.0.0.1:1")
    till.sync_fails()
    status = till.counter.status()
    assert (status.online, status.replica_as_of) == (False, heard_at)


def test_two_first_top_ups_offline_are_both_honoured_and_the_second_is_flagged(franchise: Franchise) -> None:
    """A promise made under a rulebook in force is kept, once per promise; its cost is shown."""
    one, two = pair(franchise)
    wang = member_of("S01")
    done(two.counter.identify(card_number(franchise, wang)))
    for till in (one, two):
        till.unplug()
        assert till.top_up(wang, 20_000).bonus_minor == 5_000
    one.sync()
    two.sync()
    assert franchise.books.balances()[wang] == 2 * 25_000
    assert franchise.books.findings("S01-T1") == {}
    assert list(franchise.books.findings("S02-T1").values()) == [("first_top_up_repeated",)]
    assert list(two.flagged().values()) == [("first_top_up_repeated",)]
    assert franchise.books.posted_minor("promotion_cost") == 10_000
    with franchise.hq.database.read() as session:
        settled = day_settlement(session, TODAY, TODAY)
    assert [row.bonus_minor for row in settled.stores] == [5_000, 5_000, 0], "each store bears the one that it gave"


def card_number(franchise: Franchise, member_id: str) -> str:
    ((number,),) = franchise.books.rows(f"SELECT member_no FROM members WHERE member_id = '{member_id}'")
    return str(number)


def test_two_tills_overspend_one_member_and_the_rest_is_owed(franchise: Franchise) -> None:
    """L2, H10: both payments stand, the second is flagged, and the next money that comes in pays what is owed first. What head office allows at risk is what may be overspent."""
    risk = RiskAllowance(payment_minor=20_000, member_minor=20_000, till_minor=20_000)
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=risk))
    one, two = pair(franchise)
    wang = member_of("S01")
    one.top_up(wang, 15_000)
    one.redeem(wang, 2_000)
    one.sync()
    done(two.counter.identify(card_number(franchise, wang)))
    for till in (one, two):
        till.unplug()
        till.redeem(wang, 12_000)
    one.sync()
    two.sync()
    assert franchise.books.balances()[wang] == 20_000 - 2_000 - 2 * 12_000
    assert list(franchise.books.findings("S02-T1").values()) == [("draw_differs", "overdraft")]
    assert franchise.books.rows(f"SELECT receivable_minor FROM wallets WHERE member_id = '{wang}'") == [(6_000,)]
    assert franchise.books.faults("S01-T1", "S02-T1") == []
    assert two.member(wang).owed_minor == 6_000
    two.top_up(wang, 9_000)
    two.sync()
    shown = two.member(wang)
    assert (shown.balance_minor, shown.owed_minor) == (3_000, 0)


def test_h14_a_member_enrolled_offline_and_erased_leaves_a_chain_that_still_verifies(franchise: Franchise) -> None:
    till = franchise.till("S01-T1")
    till.unplug()
    newcomer = till.enrol("欧阳若琳", "13912345678")
    till.top_up(newcomer, 10_000)
    before = read_journal(till.data_dir)
    assert not any("欧阳若琳".encode() in entry.raw or b"13912345678" in entry.raw for entry in before.entries)
    till.sync()
    assert till.member(newcomer).name_masked == "欧*琳"
    with franchise.hq.database.write() as session:
        erase(session, session.get_one(Member, newcomer), now=franchise.hq.clock.at)
    assert franchise.books.rows("SELECT * FROM member_keys") == []
    assert franchise.books.balances()[newcomer] == 15_000, "the money stays"
    with closing(sqlite3.connect(till.journal.path)) as connection, connection:
        connection.execute("UPDATE entries SET attachment = NULL")
    with HqClient(franchise.hq.url) as client:
        report = verify_journal(till.data_dir, client)
    assert report.ok, report.faults
    assert report.hq_head == len(read_journal(till.data_dir).entries)
    till.redeem(newcomer, 500)
    till.sync()
    assert franchise.books.faults("S01-T1") == []


def test_one_phone_enrolled_at_two_offline_tills_stands_twice_and_is_flagged(franchise: Franchise) -> None:
    one, two = pair(franchise)
    members = []
    for till in (one, two):
        till.unplug()
        members.append(till.enrol("韩梅梅", "13812348888"))
        till.top_up(members[-1], 3_000)
    one.sync()
    two.sync()
    balances = franchise.books.balances()
    assert [balances[each] for each in members] == [3_000, 3_000]
    assert franchise.books.findings("S01-T1") == {}
    assert list(franchise.books.findings("S02-T1").values()) == [("same_phone",)]
    found = done(one.counter.find_member("13812348888"))
    assert {each.member_id for each in found} == set(members), "the cashier sees both and asks"
    assert len({each.member_no for each in found}) == 2


def test_a_purchase_is_refunded_offline_only_where_it_was_made(franchise: Franchise) -> None:
    """H4: the same purchase cannot be refunded at two offline tills."""
    one, two = pair(franchise)
    wang = member_of("S01")
    one.top_up(wang, 30_000)
    bought = one.redeem(wang, 4_000, 1_000)
    one.sync()
    done(two.counter.identify(card_number(franchise, wang)))
    two.sync()
    for till in (one, two):
        till.unplug()
    assert refused(two.counter.purchase(bought.receipt_no)) is RefusalCode.PURCHASE_OF_ANOTHER_TILL
    line = (RefundLine(line_no=1, amount_minor=4_000),)
    elsewhere = two.counter.refund(two.counter.new_action(), bought.event_id, line, "退货")
    assert refused(elsewhere) is RefusalCode.PURCHASE_OF_ANOTHER_TILL
    one.refund(bought.event_id, 1, 4_000)
    one.sync()
    assert franchise.books.balances()[wang] == 35_000 - 1_000


def test_offline_spending_ends_at_the_limit_and_begins_anew_after_a_sync(franchise: Franchise) -> None:
    franchise.lease_nothing()
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.top_up(wang, 100_000, "plan-1000")
    till.sync()
    till.unplug()
    till.redeem(wang, 15_000)
    assert refused(till.try_to_redeem(wang, 5_001)) is RefusalCode.OFFLINE_LIMIT
    till.redeem(wang, 5_000)
    till.sync()
    till.unplug()
    till.redeem(wang, 5_000)
    assert till.member(wang).balance_minor == 100_000


def test_the_witness_sees_a_changed_entry(franchise: Franchise) -> None:
    """The instrument itself: one fen changed in a copy of a good journal is a fault."""
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.top_up(wang, 1_000)
    till.redeem(wang, 300)
    entries = list(read_journal(till.data_dir).entries)
    assert chain_faults(entries) == []
    entries[1] = seen_entry(2, entries[1].raw.replace(b'"amount_minor":1000', b'"amount_minor":1001', 1))
    assert chain_faults(entries) == ["entry 3 does not follow"]
    assert StoreId("S01") == entries[1].body["store_id"]
