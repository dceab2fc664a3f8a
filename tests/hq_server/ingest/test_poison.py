"""One entry that the database will not take is set aside and flagged, and those behind it go on (pain 16: one bad record stops the whole queue)."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest
from sqlalchemy import select, text

from hq_server.database.models import ExceptionRecord, WalletRecord
from hq_server.ingest.rebuild import differences
from hq_server.ingest.understanding import COUNTED_MINOR_MAX
from sync.entry import Entry, entry_hash, read_entry
from sync.errors import EntryUnreadable
from sync.event_codec import event_of
from sync.messages import PushReply
from tests.hq_server.served import PushingTill, ServedHq

POISON = "\x00小丽"
"""PostgreSQL holds no NUL in a text; a JSON entry does."""


def as_strict_as_postgresql(hq: ServedHq) -> None:
    """SQLite would take it: this head office is given the same refusal."""
    if hq.database.is_sqlite:
        with hq.database.write() as session:
            session.execute(
                text(
                    "CREATE TRIGGER no_nul BEFORE INSERT ON members WHEN instr(NEW.name_masked, char(0))"
                    " BEGIN SELECT RAISE(ABORT, 'a NUL in a text'); END"
                )
            )


def statuses(reply: PushReply) -> list[str]:
    return [outcome.status for outcome in reply.outcomes]


def pushed_poison(hq: ServedHq) -> tuple[PushingTill, PushReply]:
    as_strict_as_postgresql(hq)
    till = hq.till()
    good = till.enrol_member("张伟", "+8613800005555")
    till.top_up(good, 30_000, first_50=5_000)
    till.enrol_member(POISON, "+8613800001111")
    till.redeem(good, 1_000)
    till.redeem(till.enrol_member("李强", "+8613800002222"), 500)
    return till, till.push()


def test_a_poisoned_entry_is_set_aside_and_those_behind_it_go_on(hq: ServedHq) -> None:
    till, reply = pushed_poison(hq)
    assert statuses(reply) == ["created", "created", "set_aside", "created", "created", "created"]
    assert reply.accepted_through == 6
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.seq == 3)).all()
        assert (raised.kind, raised.code) == ("unreadable", "unreadable_body")
        assert "cannot be stored" in raised.findings
        balances = sorted(row.principal_minor + row.bonus_minor for row in session.scalars(select(WalletRecord)))
        assert 34_000 in balances
        assert list(differences(session)) == []
    assert statuses(till.push(till.entries)) == ["exists"] * 6


def test_the_next_push_goes_on_behind_the_poison(hq: ServedHq) -> None:
    till, _ = pushed_poison(hq)
    till.enrol_member("Anna", "+8613800003333")
    assert statuses(till.push()) == ["created"]


@pytest.mark.parametrize("day", [date.max, date(9999, 12, 1), date(9000, 1, 1), date.min])
def test_a_business_date_at_the_end_of_all_time_stops_nobody(hq: ServedHq, day: date) -> None:
    """Its month has no next one to be closed in."""
    till = hq.till()
    member = till.enrol_member()
    wrong = till.top_up(member, 10_000)
    till.entries.pop()
    till.write(replace(wrong, occasion=replace(wrong.occasion, business_date=day)))
    till.top_up(member, 5_000)
    reply = till.push()
    assert statuses(reply) == ["created", "set_aside", "created"]
    assert [found.data["why"] for found in reply.outcomes[1].findings] == [
        "business_date is beyond what can be reckoned with"
    ]
    till.redeem(member, 100)
    assert statuses(till.push()) == ["created"]
    with hq.database.read() as session:
        assert list(differences(session)) == []


DEEP = b"[" * 100_000 + b"]" * 100_000


def deep(till: PushingTill, *, in_header: bool) -> Entry:
    """The newest entry with something in it that is nested deeper than any program follows."""
    good = till.entries.pop()
    told = msgspec.json.decode(good.raw)
    told["header" if in_header else "body"]["local_time"] = "here"
    raw = msgspec.json.Encoder(order="sorted").encode(told).replace(b'"local_time":"here"', b'"local_time":' + DEEP)
    return till.keep(Entry(raw, entry_hash(raw), good.header, good.body))


@pytest.mark.parametrize("in_header", [True, False])
def test_an_entry_nested_deeper_than_a_program_follows_stops_nothing_behind_it(hq: ServedHq, in_header: bool) -> None:
    till = hq.till()
    member = till.enrol_member()
    till.top_up(member, 10_000)
    till.redeem(member, 500)
    bad = deep(till, in_header=in_header)
    try:
        with pytest.raises(EntryUnreadable):
            event_of(read_entry(bad.raw))
    except RecursionError as error:
        raise AssertionError("nobody catches it") from error
    till.redeem(member, 100)
    assert statuses(till.push()) == ["created", "created", "set_aside", "created"]


def test_an_amount_that_would_burst_a_days_sums_is_set_aside_before_anybody_adds_it_up(hq: ServedHq) -> None:
    """The sums of all stores are kept by one consumer: what it cannot add would stop every store's feed."""
    till = hq.till()
    member = till.enrol_member()
    till.top_up(member, COUNTED_MINOR_MAX + 1)
    till.top_up(member, 5_000)
    assert statuses(till.push()) == ["created", "set_aside", "created"]
    assert COUNTED_MINOR_MAX * 10**6 < 2**63, "a store sends fewer a day"
    hq.sequenced()
