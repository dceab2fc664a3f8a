"""Shifts and orders of a till without a network: closed, paid and found is the same afterwards everywhere (pains 11, 13, 14, 15 and 25 of docs/PROOF.md)."""

from datetime import date

import pytest

from hq_server.settlement.service import day_settlement
from stored_value.cart import Cart
from stored_value.refusals import RefusalCode
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.test_field_pains import paid_in_cash, publish
from tests.scenarios.till import FLOAT_MINOR, done, refused
from tests.terminal.counter.shop import SHOP, item
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow
TODAY = date(2026, 11, 23)


def test_pain_11_what_was_sold_offline_is_in_the_closing_and_in_the_settlement(franchise: Franchise) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.unplug()
    till.top_up(wang, 10_000)
    report = done(till.counter.close_shift(FLOAT_MINOR + 10_000))
    assert (report.difference_minor, report.totals.topped_up_minor) == (0, 10_000)
    till.sync()
    closing = next(entry for entry in franchise.books.entries("S01-T1") if entry.kind == "shift_closed")
    sold = next(entry for entry in franchise.books.entries("S01-T1") if entry.kind == "topped_up")
    assert closing.body["shift_id"] == sold.body["shift_id"]
    with franchise.hq.database.read() as session:
        assert day_settlement(session, TODAY, TODAY).stores[0].collected_minor == {"cash": 10_000}


def test_pain_13_an_open_shift_outlives_a_crash_and_is_closed_offline_with_everything_in_it(
    franchise: Franchise,
) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.unplug()
    till.top_up(wang, 3_000)
    till.restart(franchise.hq.url)
    assert refused(till.counter.open_shift(FLOAT_MINOR)) is RefusalCode.NOT_SIGNED_IN
    till.begin_shift()
    assert refused(till.counter.open_shift(FLOAT_MINOR)) is RefusalCode.SHIFT_ALREADY_OPEN
    till.top_up(wang, 4_000)
    assert done(till.counter.close_shift(FLOAT_MINOR + 7_000)).difference_minor == 0
    till.sync()
    kinds = [entry.kind for entry in franchise.books.entries("S01-T1")]
    assert (kinds.count("shift_opened"), kinds.count("topped_up"), kinds.count("shift_closed")) == (1, 2, 1)


def test_pains_14_and_15_a_paid_offline_order_stays_paid_whatever_becomes_of_answers_and_replicas(
    franchise: Franchise,
) -> None:
    publish(franchise, SHOP)
    wang = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        till.unplug()
        cart = Cart(items=(item(1, 12_000),))
        sale = done(till.counter.pay_order(till.counter.new_action(), wang, paid_in_cash(cart=cart, cash_minor=12_000)))
        relay.lose_replies_to("POST /v1/journals/")
        till.sync_fails()
        till.close()
        for name in ("replica.db", "replica.db-wal", "replica.db-shm"):
            (till.data_dir / name).unlink(missing_ok=True)
        till.restart(franchise.hq.url)
        till.sync()
        till.begin_shift()
    shown = next(row for row in till.counter.receipts() if row.receipt_no == sale.receipt_no)
    assert (shown.kind, shown.event_id) == ("order_paid", sale.event_id)
    assert franchise.books.posted_minor("tender") == 12_000, "head office has order and payment, once"
    assert -franchise.books.posted_minor("revenue") == 12_000
    assert till.journal.pending_count() == 0


def test_pain_25_what_head_office_found_is_told_to_the_till_and_waits_for_a_person(franchise: Franchise) -> None:
    """The same phone enrolled at two offline tills: the later till is told which of its receipts it was, head office keeps it open."""
    one, two = franchise.till("S01-T1"), franchise.till("S02-T1")
    for till in (one, two):
        till.unplug()
        till.enrol("韩梅梅", "13812348888")
    one.sync()
    two.sync()
    enrolled = next(entry.seq for entry in read_journal(two.data_dir).entries if entry.kind == "member_enrolled")
    assert one.flagged() == {}
    assert two.flagged() == {f"S02-T1-{enrolled:06d}": ("same_phone",)}
    rows = franchise.books.rows("SELECT code, resolved_at FROM exceptions WHERE terminal_id = 'S02-T1'")
    assert [tuple(row) for row in rows] == [("same_phone", None)]
