"""Personal data at head office: opened from a till's sealed fields, kept as ciphertext, flagged when a phone comes twice, forgotten on erasure."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from hq_server.database.models import Member, MemberKey
from hq_server.members.field_cipher import FieldUnreadable
from hq_server.members.personal import erase, reveal, store_personal
from stored_value.events import EvidenceClass, MemberEnrolled, Occasion
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, MemberId, ShiftId, StaffId, StoreId, TerminalId, uuid7
from sync.errors import SignatureError
from sync.personal import Personal, open_personal, phone_tag, seal_personal
from tests.hq_server.opened import NOW, OpenedHq, opened_hq

PHONE = "+8613800001234"
ANNA = Personal(name="王小丽", phone=PHONE)


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        yield opened


def enrolled(hq: OpenedHq, personal: Personal = ANNA, number: str = "0001000017") -> tuple[MemberEnrolled, bytes]:
    member_id = MemberId(uuid7(NOW, secrets.token_bytes(10)))
    sealed, attachment = seal_personal(
        personal, member_id=member_id, hq_seal_public_key=hq.keys.seal_public_key, random=secrets.token_bytes
    )
    occasion = Occasion(
        event_id=EventId(member_id),
        occurred_at=NOW,
        terminal_id=TerminalId("S01-T1"),
        store_id=StoreId("S01"),
        staff_id=StaffId("staff-1"),
        shift_id=ShiftId("shift-1"),
        business_date=date(2026, 11, 23),
        local_time="16:00:00",
        rulebook=1,
        evidence=EvidenceClass.NOT_NEEDED,
        offline=True,
    )
    event = MemberEnrolled(
        occasion=occasion, member_id=member_id, member_no=number, home_store_id=StoreId("S01"), personal=sealed
    )
    return event, attachment


def store(hq: OpenedHq, event: MemberEnrolled, attachment: bytes) -> tuple[Finding, ...]:
    with hq.database.write() as session:
        return store_personal(session, hq.keys, [(event, attachment)], now=NOW)[0]


def member(hq: OpenedHq, member_id: MemberId) -> Member:
    with hq.database.read() as session:
        return session.get_one(Member, member_id)


def test_what_a_till_sealed_is_masked_for_tills_and_in_clear_for_those_who_may(hq: OpenedHq) -> None:
    event, attachment = enrolled(hq)
    assert store(hq, event, attachment) == ()
    row = member(hq, event.member_id)
    assert (row.name_masked, row.phone_last4, row.card_issue) == ("王*丽", "1234", 1)
    assert row.phone_tag == phone_tag(hq.keys.phone_tag_key, PHONE)
    assert reveal(hq.keys, row) == ANNA


def test_nothing_of_it_stands_in_the_row_in_plain_text(hq: OpenedHq) -> None:
    event, attachment = enrolled(hq)
    store(hq, event, attachment)
    row = member(hq, event.member_id)
    held = repr([getattr(row, column.key) for column in Member.__table__.columns]).encode()
    held += b"".join(value for value in (row.name_sealed, row.phone_sealed, row.phone_index) if value)
    assert "王小丽".encode() not in held
    assert b"13800001234" not in held


def test_a_ciphertext_moved_to_another_member_is_unreadable(hq: OpenedHq) -> None:
    first, second = enrolled(hq), enrolled(hq, Personal("李强", "+8613900004321"), "0001000025")
    store(hq, *first)
    store(hq, *second)
    row, other = member(hq, first[0].member_id), member(hq, second[0].member_id)
    row.name_sealed = other.name_sealed
    with pytest.raises(FieldUnreadable):
        reveal(hq.keys, row)


def test_the_same_phone_twice_stands_twice_and_the_later_is_flagged(hq: OpenedHq) -> None:
    first, second = enrolled(hq), enrolled(hq, Personal("王晓莉", PHONE), "0001000025")
    assert store(hq, *first) == ()
    (finding,) = store(hq, *second)
    assert finding == Finding(FindingCode.SAME_PHONE, {"member_id": first[0].member_id})
    assert finding.needs_a_person
    with hq.database.read() as session:
        assert set(session.scalars(select(Member.member_id))) == {first[0].member_id, second[0].member_id}


def test_the_same_number_twice_stands_twice_and_the_later_is_flagged(hq: OpenedHq) -> None:
    first, second = enrolled(hq), enrolled(hq, Personal("李强", "+8613900004321"))
    assert first[0].member_no == second[0].member_no
    assert store(hq, *first) == ()
    assert store(hq, *second) == (Finding(FindingCode.SAME_MEMBER_NO, {"member_id": first[0].member_id}),)
    with hq.database.read() as session:
        assert set(session.scalars(select(Member.member_id))) == {first[0].member_id, second[0].member_id}


def test_two_enrolments_of_one_batch_see_each_other(hq: OpenedHq) -> None:
    first, second = enrolled(hq), enrolled(hq, number="0001000025")
    with hq.database.write() as session:
        told = store_personal(session, hq.keys, [first, second], now=NOW)
        assert [[each.code for each in findings] for findings in told] == [[], [FindingCode.SAME_PHONE]]


def test_the_same_enrolment_again_changes_nothing(hq: OpenedHq) -> None:
    event, attachment = enrolled(hq)
    store(hq, event, attachment)
    before = member(hq, event.member_id).name_sealed
    assert store(hq, event, attachment) == ()
    assert member(hq, event.member_id).name_sealed == before


@pytest.mark.parametrize("broken", ["no attachment", "another's attachment", "rotten ciphertext"])
def test_sealed_fields_that_cannot_be_opened_are_kept_and_flagged(hq: OpenedHq, broken: str) -> None:
    event, attachment = enrolled(hq)
    match broken:
        case "no attachment":
            attachment = b""
        case "another's attachment":
            attachment = enrolled(hq)[1]
        case _:
            event = replace(event, personal=replace(event.personal, ciphertext="AAAA" + event.personal.ciphertext))
    (finding,) = store(hq, event, attachment)
    assert finding.code is FindingCode.UNREADABLE_BODY
    row = member(hq, event.member_id)
    assert (row.name_masked, row.phone_last4, row.name_sealed) == ("*", "", None)
    assert row.personal_ciphertext == event.personal.ciphertext
    assert reveal(hq.keys, row) is None


def test_erasure_destroys_the_key_that_opens_the_journal(hq: OpenedHq) -> None:
    event, attachment = enrolled(hq)
    store(hq, event, attachment)
    with hq.database.read() as session:
        kept = session.get_one(MemberKey, event.member_id).attachment
    assert open_personal(event.personal, kept, event.member_id, hq.keys.seal) == ANNA
    with hq.database.write() as session:
        erase(session, session.get_one(Member, event.member_id), now=NOW)
    with hq.database.read() as session:
        assert session.get(MemberKey, event.member_id) is None
    row = member(hq, event.member_id)
    assert reveal(hq.keys, row) is None
    assert (row.name_masked, row.phone_last4, row.phone_tag, row.phone_index) == ("*", "", 0, None)
    with pytest.raises(SignatureError):
        open_personal(event.personal, b"", event.member_id, hq.keys.seal)
    again = enrolled(hq, number="0001000025")
    assert store(hq, *again) == (), "a phone that was forgotten is not remembered"
