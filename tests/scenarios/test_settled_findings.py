"""What a person at head office settles is told to the till that has the entry in its list: by the feed, by a snapshot, and not to anybody else's."""

import pytest

from hq_server.console.exceptions.reads import Wanted, exceptions
from hq_server.exceptions.handling import Deed, Handled, resolve
from terminal.counter.views_findings import FoundThing
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till

pytestmark = pytest.mark.slow
SAID = "The member keeps the bonus; the campaign bears it."


def repeated_first_top_up(franchise: Franchise) -> tuple[Till, Till]:
    """The second one is flagged for a person."""
    one, two = franchise.till("S01-T1"), franchise.till("S01-T2")
    for till in (one, two):
        till.unplug()
        till.top_up(member_of("S01"), 20_000)
    for till in (one, two):
        till.sync()
    return one, two


def settle_everything(franchise: Franchise) -> None:
    now = franchise.hq.clock.at
    with franchise.hq.database.read() as session:
        keys = [each.key for each in exceptions(session, Wanted(), now=now).rows]
    with franchise.hq.database.write() as session:
        assert {resolve(session, key, SAID, Deed("boss", now)) for key in keys} == {Handled.DONE}


def told(till: Till) -> list[tuple[str, str]]:
    return [(each.code, each.settled.resolution if each.settled else "") for each in till.counter.findings()]


def test_what_is_settled_at_head_office_leaves_the_tills_open_count_and_says_how(franchise: Franchise) -> None:
    one, two = repeated_first_top_up(franchise)
    assert told(two) == [("first_top_up_repeated", "")]
    assert two.counter.status().findings_open == 1
    assert sum(row.flagged for row in two.counter.receipts()) == 1
    settle_everything(franchise)
    assert two.counter.status().findings_open == 1, "not told yet"
    for till in (one, two):
        till.sync()
    status = two.counter.status()
    assert (status.findings_open, status.findings_settled) == (0, 1)
    assert told(two) == [("first_top_up_repeated", SAID)]
    assert sum(row.flagged for row in two.counter.receipts()) == 0
    franchise.pass_time(days=8)
    assert two.counter.status().findings_settled == 0
    assert told(one) == [], "the same store's other till hears of it and has no such entry"


def test_a_till_that_fetches_everything_anew_knows_what_was_settled(franchise: Franchise) -> None:
    _, two = repeated_first_top_up(franchise)
    settle_everything(franchise)
    assert franchise.hq.office.snapshots.build("S01").cursor > 0, "it stands behind the feed's row"
    two.replica.clear()
    (before,) = two.counter.findings()
    assert before.settled is None
    two.sync()
    (found,) = two.counter.findings()
    assert (found.code, found.settled and found.settled.on) == ("first_top_up_repeated", franchise.hq.clock.at.date())


def test_what_is_found_later_stands_before_what_was_settled(franchise: Franchise) -> None:
    one, two = repeated_first_top_up(franchise)
    settle_everything(franchise)
    two.sync()
    one.unplug()
    two.unplug()
    for till in (one, two):
        till.top_up(member_of("S01", 1), 20_000)
    one.sync()
    two.sync()
    found: tuple[FoundThing, ...] = two.counter.findings()
    assert [each.settled is None for each in found] == [True, False]
    assert two.counter.status().findings_open == 1
