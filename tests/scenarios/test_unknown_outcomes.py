"""What a till may believe while it does not know what became of its push (H9), and what becomes of entries that head office does not understand (H7)."""

from typing import Any

import msgspec
import pytest

from stored_value.refusals import RefusalCode
from sync.entry import Header, write_entry
from sync.errors import HqUnreachable
from terminal.counter.views import Completed
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import visit
from tests.hq_server.served import PushingTill
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.till import done, refused

pytestmark = pytest.mark.slow
WALLET_NOT_ACTIVE = RefusalCode.WALLET_NOT_ACTIVE


def test_h9_rows_of_members_in_doubt_wait_while_all_others_come(franchise: Franchise) -> None:
    """A's push has no answer. Elsewhere its member and another one spend: only the other's row is shown before the answer is known."""
    doubtful, clear = member_of("S01"), member_of("S01", 1)
    with LossyRelay(franchise.hq.url) as relay:
        here, there = franchise.till("S01-T1", relay.url), franchise.till("S02-T1")
        for member in (doubtful, clear):
            there.top_up(member, 10_000)
        there.sync()
        here.sync()
        here.unplug()
        here.redeem(doubtful, 400)
        relay.lose_replies_to("POST /v1/journals/", times=None)
        here.sync_fails()
        there.redeem(doubtful, 600)
        there.redeem(clear, 700)
        there.sync()
        here.sync_fails()
        assert here.replica.deferred_count() > 0
        assert here.member(clear).balance_minor == 15_000 - 700, "whoever is not in doubt is followed"
        assert here.member(doubtful).balance_minor == 15_000 - 400, "not 400 twice, not 600 without the 400"
        relay.lose_nothing()
        here.sync()
        assert here.replica.deferred_count() == 0
        assert here.member(doubtful).balance_minor == 15_000 - 400 - 600
    assert franchise.books.faults("S01-T1", "S02-T1") == []


def test_h9_a_member_in_doubt_who_is_read_online_is_not_lowered_twice(franchise: Franchise) -> None:
    """Head office has the payment, the till does not know that: its row with the payment in it waits, however it came."""
    doubtful = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        till.top_up(doubtful, 10_000)
        till.sync()
        till.unplug()
        till.redeem(doubtful, 400)
        relay.lose_replies_to("POST /v1/journals/")
        with pytest.raises(HqUnreachable):
            till.push()
        assert franchise.books.balances()[doubtful] == 15_000 - 400, "head office has it"
        assert till.replica.deferred_count() == 0, "no feed was followed since"
        till.online = True
        number = till.member(doubtful).member_no
        (shown,) = done(till.counter.find_member(number))
        assert till.replica.deferred_count() == 1, "the row came, and waits"
        assert shown.balance_minor == 15_000 - 400, "not 400 twice"
        till.sync()
        (shown,) = done(till.counter.find_member(number))
        assert (shown.balance_minor, shown.pending) == (15_000 - 400, False)
    assert till.replica.deferred_count() == 0
    assert franchise.books.faults("S01-T1") == []


def test_h9_a_member_in_doubt_is_not_lowered_twice_by_a_snapshot(franchise: Franchise) -> None:
    """The replica is lost while the outcome is unknown. The snapshot that takes its place holds the payment already."""
    doubtful, clear = member_of("S01"), member_of("S01", 1)
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        for member in (doubtful, clear):
            till.top_up(member, 10_000)
        till.sync()
        till.unplug()
        till.redeem(doubtful, 400)
        relay.lose_replies_to("POST /v1/journals/", times=None)
        till.sync_fails()
        assert franchise.books.balances()[doubtful] == 15_000 - 400, "head office has it"
        franchise.hq.office.snapshots.build("S01")
        till.close()
        for suffix in ("", "-wal", "-shm"):
            (till.data_dir / f"replica.db{suffix}").unlink(missing_ok=True)
        till.restart(relay.url)
        till.sync_fails()
        till.begin_shift()
        assert till.member(clear).balance_minor == 15_000, "the snapshot is here"
        assert refused(till.counter.member(doubtful)) is RefusalCode.MEMBER_UNKNOWN, "rather nothing than 400 twice"
        relay.lose_nothing()
        till.sync()
        shown = till.member(doubtful)
        assert (shown.balance_minor, shown.pending) == (15_000 - 400, False)
    assert franchise.books.faults("S01-T1") == []


def test_h9_a_block_comes_through_while_an_outcome_is_unknown(franchise: Franchise) -> None:
    """The console freezes, lifts and freezes again. Each is a version of its own, or the till would take the second freeze for one that it has heard of."""
    add_people(franchise.hq)
    stolen = member_of("S01")
    with LossyRelay(franchise.hq.url) as relay:
        till = franchise.till("S01-T1", relay.url)
        till.top_up(stolen, 10_000)
        relay.lose_replies_to("POST /v1/journals/", times=None)
        till.sync_fails()
        for status in ("frozen", "active", "frozen"):
            change_standing(franchise, stolen, status)
            till.sync_fails()
            answer = till.try_to_redeem(stolen, 100)
            assert isinstance(answer, Completed) if status == "active" else refused(answer) is WALLET_NOT_ACTIVE
    assert till.journal.outcomes.members_in_doubt() == {stolen}


def change_standing(franchise: Franchise, member_id: str, status: str) -> None:
    """By the console, as an administrator does it."""
    boss = visit(franchise.hq.url, "boss")
    asked = f"/members/{member_id}/standing?status={status}"
    assert boss.send(asked, f"/members/{member_id}/standing", reason="被盗").status_code == 303
    franchise.hq.sequenced()


def test_h7_an_entry_of_an_unknown_kind_is_set_aside_and_those_behind_it_go_on(franchise: Franchise) -> None:
    """A newer till moves value in a way that this head office does not know. Its header is settled, and the other stores see the balance."""
    member = member_of("S01")
    newer, older = franchise.hq.till("S01"), franchise.till("S02-T1")
    newer.top_up(member, 10_000, first_50=5_000)
    unknown(newer, "aroma_dispensed", member, out_minor=1_500)
    unknown(newer, "gift_received", member, in_minor=200)
    newer.redeem(member, 300)
    reply = newer.push()
    assert [outcome.status for outcome in reply.outcomes] == ["created", "set_aside", "set_aside", "created"]
    assert reply.accepted_through == 4
    assert franchise.books.balances()[member] == 15_000 - 1_500 + 200 - 300
    assert franchise.books.findings(newer.terminal_id) == {2: ("unknown_kind",), 3: ("unknown_kind",)}
    assert [entry.raw for entry in franchise.books.entries(newer.terminal_id)] == [each.raw for each in newer.entries]
    assert older.redeem(member, 100).principal_after_minor > 0
    older.sync()
    assert older.member(member).balance_minor == 15_000 - 1_500 + 200 - 300 - 100
    franchise.hq.sequenced()
    assert franchise.books.faults(newer.terminal_id, "S02-T1") == []


def unknown(till: PushingTill, kind: str, member_id: str, **moved: Any) -> None:
    """An entry with a header of this schema and a body that nobody here knows."""
    last = till.entries[-1]
    changes = {"in_minor": 0, "out_minor": 0, **moved}
    header: Header = msgspec.structs.replace(
        last.header,
        id=till.hq.new_id(),
        kind=kind,
        seq=last.header.seq + 1,
        prev=last.hash,
        members=(member_id,),
        **changes,
    )
    till.keep(write_entry(header, {"of": "the future"}))
