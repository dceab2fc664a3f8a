"""An entry whose frozen header cannot be read is set aside like other bad content where its chain holds: those behind it go on,
and what it may have used stays reserved (L2, H7)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, JournalEntry, Terminal, WalletRecord
from hq_server.ingest.rebuild import differences
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy
from sync.entry import Entry, entry_hash
from sync.errors import HqRefused
from sync.messages import PushReply
from tests.hq_server.reservations.reserving import ReservingTill, lease_policy, member_with, nothing_differs, state_of
from tests.hq_server.served import PushingTill, ServedHq

Header = dict[str, Any]
_encode = msgspec.json.Encoder(order="sorted").encode


def without(name: str) -> Callable[[Header], None]:
    return lambda header: header.pop(name)


def saying(**fields: object) -> Callable[[Header], None]:
    return lambda header: header.update(fields)


def anchored_at(hq_time: str) -> Callable[[Header], None]:
    def change(header: Header) -> None:
        header["anchor"] = {**header["anchor"], "hq_time": hq_time}

    return change


ROTTEN = {
    "a field is missing": without("evidence"),
    "a field that nobody knows": saying(colour="red"),
    "an amount below zero": saying(out_minor=-500),
    "an amount beyond what is counted": saying(out_minor=2**62),
    "an evidence of another world": saying(evidence={"class": "telepathy", "ref": ""}),
    "a time without a zone": saying(occurred_at="2026-11-23T04:00:00"),
    "a time before all time": saying(occurred_at="0001-01-01T00:00:00+14:00"),
    "a time behind all time": saying(occurred_at="9999-12-31T23:59:59-11:00"),
    "an anchor without a zone": anchored_at("2026-11-23T04:00:00"),
    "members that are none": saying(members=7),
    "a member that no column holds": saying(members=["a\0b"]),
    "a reservation that no column holds": saying(reservations=["a\0b"]),
    "a seq that is none": saying(seq="third"),
}


def rotten(till: PushingTill, change: Callable[[Header], None]) -> Entry:
    """The newest entry with another header, as a till with a defect would have written it: in the chain, and signed for."""
    good = till.entries.pop()
    told = msgspec.json.decode(good.raw)
    change(told["header"])
    raw = _encode(told)
    return till.keep(Entry(raw, entry_hash(raw), good.header, good.body))


def statuses(reply: PushReply) -> list[str]:
    return [outcome.status for outcome in reply.outcomes]


def till_with_money(hq: ServedHq) -> tuple[PushingTill, MemberId]:
    till = hq.till()
    member = till.enrol_member()
    till.top_up(member, 30_000, first_50=5_000)
    return till, member


def test_h7_a_header_that_cannot_be_read_stops_nothing_behind_it(hq: ServedHq) -> None:
    till, member = till_with_money(hq)
    bad = []
    for change in ROTTEN.values():
        till.redeem(member, 500)
        bad.append(rotten(till, change))
        till.redeem(member, 100)
    reply = till.push()
    assert statuses(reply) == ["created"] * 2 + ["set_aside", "created"] * len(ROTTEN)
    for what, outcome in zip(ROTTEN, reply.outcomes[2::2], strict=True):
        assert ([found.code for found in outcome.findings], outcome.versions) == (["unreadable_header"], ()), what
    with hq.database.read() as session:
        kept = session.scalars(select(JournalEntry).where(JournalEntry.kind == "unreadable").order_by(JournalEntry.seq))
        assert [(each.raw, each.hash) for each in kept] == [(each.raw, each.hash) for each in bad]
        wallet = session.get_one(WalletRecord, member)
        assert wallet.principal_minor + wallet.bonus_minor == 35_000 - 100 * len(ROTTEN), (
            "what cannot be read moves nothing"
        )
        raised = session.scalars(select(ExceptionRecord)).all()
        assert {(each.kind, each.code) for each in raised} == {("unreadable", "unreadable_header")}
        assert len(raised) == len(ROTTEN)
        assert list(differences(session)) == []
    assert set(statuses(till.push(till.entries))) == {"exists"}
    till.redeem(member, 100)
    assert statuses(till.push()) == ["created"]


@pytest.mark.parametrize("place", ["first", "last", "all"])
def test_h7_it_may_stand_anywhere_in_a_push(hq: ServedHq, place: str) -> None:
    till, member = till_with_money(hq)
    till.push()
    for at in range(3):
        till.redeem(member, 100)
        if place == "all" or at == {"first": 0, "last": 2}[place]:
            rotten(till, saying(seq=[]))
    expected = ["set_aside" if 'seq":[]' in each.raw.decode() else "created" for each in till.entries[2:]]
    assert statuses(till.push()) == expected
    assert statuses(till.push(till.entries)) == ["exists"] * 5
    assert statuses(till.push(till.entries[2:])) == ["exists"] * 3


def test_h7_bytes_that_are_no_json_are_set_aside_when_they_name_the_entry_before(hq: ServedHq) -> None:
    till, member = till_with_money(hq)
    till.redeem(member, 500)
    likeness = till.entries.pop()
    raw = b'\xff{"header":{"prev":"' + till.entries[-1].hash.encode() + b'","se'
    till.keep(Entry(raw, entry_hash(raw), likeness.header, b""))
    till.redeem(member, 1_000)
    assert statuses(till.push()) == ["created", "created", "set_aside", "created"]


def test_l1_bytes_that_do_not_name_the_entry_before_are_a_broken_chain(hq: ServedHq) -> None:
    till, member = till_with_money(hq)
    till.redeem(member, 500)
    rotten(till, saying(prev="5" * 64, seq="third"))
    till.redeem(member, 1_000)
    with pytest.raises(HqRefused) as caught:
        till.push()
    assert caught.value.code == "journal_broken"
    with hq.database.read() as session:
        record = session.get_one(Terminal, ("S01", till.terminal_id))
    assert (record.status, record.accepted_seq) == ("stopped", 1)


@pytest.mark.parametrize("is_known", [True, False])
def test_h7_what_it_may_have_used_stays_reserved_until_it_is_written_off(hq: ServedHq, is_known: bool) -> None:
    lease_policy(hq, LeasePolicy(tills_max=0))
    till = ReservingTill(hq)
    wang = member_with(till, 10_000)
    zhao = till.pushing.enrol_member("赵敏", "+8613900001111")
    till.pushing.top_up(zhao, 5_000)
    till.pushing.push()
    held, other = till.hold(wang, 7_000)[0], till.hold(zhao, 1_000)[0]
    till.pay(wang, 7_000, held.hold_id)
    rotten(till.pushing, saying(v="one") if is_known else saying(members=["a\0b"]))
    till.open.clear()
    till.report()
    assert state_of(hq, held.hold_id) == "open", "nobody knows what the entry took"
    assert state_of(hq, other.hold_id) == ("released" if is_known else "open")
    hq.clock.pass_(minutes=1)
    later = till.hold(wang, 2_000)[0]
    till.open.clear()
    till.report()
    assert state_of(hq, later.hold_id) == "released", "what was granted after it cannot be in it"
    assert state_of(hq, held.hold_id) == "open"
    nothing_differs(hq)
