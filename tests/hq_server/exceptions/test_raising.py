"""An exception is raised with what was found and once only, whatever comes again; a fork that returns opens it again."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from hq_server.audit.log import broken_rows
from hq_server.database.models import AuditRecord, ExceptionRecord, ExceptionState
from hq_server.exceptions.handling import Deed, ExceptionKey, Handled, assign, resolve
from hq_server.exceptions.raising import exceptions_of
from hq_server.ingest.rows import JournalRow
from hq_server.terminals.standing import allow_again
from stored_value.events import EvidenceClass
from stored_value.findings import Finding, FindingCode
from sync.errors import HqRefused
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.served import NOON, PushingTill, ServedHq


def raised(hq: ServedHq) -> dict[str, ExceptionRecord]:
    with hq.database.read() as session:
        return {each.code: each for each in session.scalars(select(ExceptionRecord))}


def overdrawn(hq: ServedHq) -> PushingTill:
    """One redemption by a member who has nothing, and without evidence beside: two findings in one entry."""
    till = hq.till()
    till.redeem(till.enrol_member(), 700)
    till.push()
    return till


def settled(hq: ServedHq, code: str, words: str = "looked into") -> Handled:
    key = ExceptionKey("S01", raised(hq)[code].subject, code)
    with hq.database.write() as session:
        return resolve(session, key, words, Deed("boss", hq.clock.at))


def test_a_finding_is_raised_with_its_entry_and_a_good_entry_is_not(hq: ServedHq) -> None:
    overdrawn(hq)
    (found,) = raised(hq).values()
    assert (found.subject, found.code, found.kind, found.state) == ("S01-T1~1~2", "overdraft", "overdraft", "open")
    assert found.member_id is not None


def test_each_code_of_an_entry_is_an_exception_of_its_own(hq: ServedHq) -> None:
    till = hq.till()
    event = till.redeem(till.enrol_member(), 700)
    till.entries.pop()
    till.write(replace(event, amount_minor=900, occasion=replace(event.occasion, evidence=EvidenceClass.NONE)))
    till.push()
    assert set(raised(hq)) == {"no_evidence", "lines_disagree"}


def test_what_only_explains_a_difference_raises_nothing_beside_what_needs_a_person() -> None:
    row = JournalRow("S01", "S01-T1", 1, 7, b"", "", "e", "redeemed", "m", 3, "created", "[]", True, NOON, NOON)
    found = [Finding(FindingCode.DRAW_DIFFERS), Finding(FindingCode.OVERDRAFT, {"owed_minor": 5})]
    assert [(each.subject, each.code) for each in exceptions_of(row, found)] == [("S01-T1~1~7", "overdraft")]


def test_the_same_push_again_raises_nothing_and_opens_nothing_that_was_settled(hq: ServedHq) -> None:
    till = overdrawn(hq)
    assert settled(hq, "overdraft") is Handled.DONE
    till.push(till.entries)
    assert [each.state for each in raised(hq).values()] == [ExceptionState.RESOLVED]


def test_a_fork_is_an_exception_and_open_again_when_it_comes_back(hq: ServedHq) -> None:
    till = overdrawn(hq)
    copy = till.entries[:1]
    till.entries = list(copy)
    till.enrol_member("张伟", "+8613800005555")
    for attempt in ("first", "again"):
        with pytest.raises(HqRefused, match="second copy"):
            till.push(till.entries)
        found = raised(hq)["journal_forked"]
        assert (found.kind, found.seq, found.state) == ("fork", 2, ExceptionState.OPEN), attempt
        assert settled(hq, "journal_forked") is Handled.DONE
        with hq.database.write() as session:
            allow_again(session, till.terminal_id)
        hq.clock.pass_(minutes=1)
        till.open_session()


def test_settling_needs_words_and_is_done_once_and_stands_in_the_audit_log(hq: ServedHq) -> None:
    overdrawn(hq)
    assert settled(hq, "overdraft", "   ") is Handled.WORDS_MISSING
    assert settled(hq, "overdraft", "The member paid in cash.") is Handled.DONE
    assert settled(hq, "overdraft", "Twice") is Handled.SETTLED_BEFORE
    found = raised(hq)["overdraft"]
    assert (found.resolved_by, found.resolution) == ("boss", "The member paid in cash.")
    with hq.database.read() as session:
        (audited,) = session.scalars(select(AuditRecord)).all()
        assert (audited.actor, audited.action) == ("boss", "exception_resolved")
        assert "paid in cash" not in audited.data, "words may name a person and can be erased where they stand"
        assert list(broken_rows(session)) == []


def test_it_is_given_only_to_a_person_who_sees_the_store(hq: ServedHq) -> None:
    overdrawn(hq)
    add_people(hq)
    key = ExceptionKey("S01", "S01-T1~1~2", "overdraft")
    deed = Deed("boss", hq.clock.at)
    with hq.database.write() as session:
        assert assign(session, key, "liu", deed) is Handled.NOBODY, "liu sees S02 only"
        assert assign(session, key, "nobody", deed) is Handled.NOBODY
        assert assign(session, key, "sun", deed) is Handled.DONE
    assert raised(hq)["overdraft"].assigned_to == "sun"
    with hq.database.write() as session:
        assert assign(session, key, "", deed) is Handled.DONE
    assert raised(hq)["overdraft"].assigned_to is None
    with hq.database.write() as session:
        assert assign(session, replace(key, code="none"), "sun", deed) is Handled.UNKNOWN
