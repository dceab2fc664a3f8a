"""Who stands at the counter: cards, numbers, phones, members from elsewhere, and new ones."""

import pytest

from stored_value.events import MemberEnrolled
from stored_value.identity import MemberId, is_member_no, member_no
from stored_value.refusals import Refusal, RefusalCode
from sync.cards import card_text
from sync.event_codec import event_of
from sync.messages import MEMBER_NO_BLOCK
from sync.personal import Personal, open_personal
from terminal.counter.views import MemberView
from tests.terminal.counter.till import (
    SEAL,
    WANG,
    WANG_CARD,
    WANG_NO,
    WANG_PHONE,
    Till,
    done,
    member_row,
    refused,
    wallet_of,
)

CHEN = MemberId("019ab000-0000-7000-8000-000000000002")
CHEN_NO = member_no(100_000_002)


@pytest.mark.parametrize("scanned", [WANG_CARD, WANG_CARD + "\r\n", WANG_NO])
def test_a_card_and_a_typed_number_find_the_member(open_till: Till, scanned: str) -> None:
    view = done(open_till.counter.identify(scanned))
    assert isinstance(view, MemberView)
    assert (view.member_id, view.name_masked, view.phone_last4) == (WANG, "王*丽", "8000")
    assert (view.principal_minor, view.bonus_minor, view.balance_minor) == (50_000, 10_000, 60_000)
    assert view.as_of is not None
    assert (view.next_tier_missing_minor, view.next_tier_name and view.next_tier_name.zh) == (50_000, "银卡")
    assert not view.pending


@pytest.mark.parametrize(
    "scanned", ["", "6901234567892", "https://example.cn/m/1", "TCM1" + "0" * 11, "TCM1", "1234567890"]
)
def test_other_codes_are_not_ours(open_till: Till, scanned: str) -> None:
    assert refused(open_till.counter.identify(scanned)) is RefusalCode.CODE_UNKNOWN


def test_a_number_of_two_members_is_nobodys_until_he_is_named(open_till: Till) -> None:
    """Two copies of a till's disk gave it out (H6): nobody pays for the other."""
    open_till.feed(member_row(wallet_of(7_000, member_id=CHEN), WANG_NO, phone="+8613911112222"))
    assert refused(open_till.counter.identify(WANG_CARD)) is RefusalCode.NUMBER_OF_TWO_MEMBERS
    both = done(open_till.counter.find_member(WANG_NO))
    assert {view.member_id for view in both} == {WANG, CHEN}
    [named] = done(open_till.counter.find_member("13911112222"))
    assert named.member_id == CHEN


def test_a_replaced_card_no_longer_counts(open_till: Till) -> None:
    open_till.feed(member_row(wallet_of(50_000, version=4), card_issue=2))
    answer = open_till.counter.identify(WANG_CARD)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.CARD_REPLACED, {"issue": 1, "newest_issue": 2})
    assert isinstance(open_till.counter.identify(card_text(WANG_NO, 2)), MemberView)


@pytest.mark.parametrize("typed", ["13800138000", "+86 138-0013-8000", WANG_PHONE])
def test_a_phone_finds_its_member(open_till: Till, typed: str) -> None:
    [view] = done(open_till.counter.find_member(typed))
    assert view.member_id == WANG


def test_a_phone_that_nobody_has_finds_nobody(open_till: Till) -> None:
    answer = open_till.counter.find_member("13900000000")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.MEMBER_UNKNOWN, {"asked_head_office": 0})
    open_till.hq.online = True
    assert done(open_till.counter.find_member("13900000000")) == (), "head office says so too"
    assert refused(open_till.counter.find_member("139000")) is RefusalCode.PHONE_INVALID


def test_a_member_from_another_store_is_read_at_head_office(open_till: Till) -> None:
    open_till.hq.rows[CHEN] = member_row(wallet_of(7_000, member_id=CHEN), CHEN_NO, phone="+8613911112222")
    answer = open_till.counter.identify(card_text(CHEN_NO, 1))
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.MEMBER_UNKNOWN, {"asked_head_office": 0})
    open_till.hq.online = True
    view = done(open_till.counter.identify(card_text(CHEN_NO, 1)))
    assert isinstance(view, MemberView)
    assert view.principal_minor == 7_000
    [found] = done(open_till.counter.find_member("13911112222"))
    assert found.member_id == CHEN


def test_a_new_member_is_served_at_once_offline(open_till: Till) -> None:
    counter = open_till.counter
    action = counter.new_action()
    enrolled = done(counter.enrol_member(action, "  陈 小明 ", "139 1111 2222"))
    assert enrolled.member_id is not None
    assert done(counter.enrol_member(action, "  陈 小明 ", "139 1111 2222")) == enrolled
    [view] = done(counter.find_member("13911112222"))
    assert (view.member_id, view.name_masked, view.as_of, view.pending) == (enrolled.member_id, "陈*明", None, True)
    assert is_member_no(view.member_no)
    assert view.member_no == member_no(200_010_000)
    topped_up = open_till.top_up(10_000, member_id=enrolled.member_id)
    assert topped_up.bonus_minor == 5_000
    done(open_till.redeem(10_000, member_id=enrolled.member_id))
    open_till.settle_and_follow()
    after = done(counter.member(enrolled.member_id))
    assert (after.balance_minor, after.provisional_bonus_minor, after.pending) == (5_000, 0, False)
    assert isinstance(counter.identify(card_text(view.member_no, 1)), MemberView)


def test_a_month_of_birth_that_was_told_is_in_the_wallet(open_till: Till) -> None:
    counter = open_till.counter
    enrolled = done(counter.enrol_member(counter.new_action(), "陈小明", "13911112222", birthday_month=7))
    event = event_of(open_till.journal.recent(1)[0])
    assert isinstance(event, MemberEnrolled)
    assert (event.member_id, event.birthday_month) == (enrolled.member_id, 7)


def test_an_enrolment_hides_the_person_from_everyone_but_head_office(open_till: Till) -> None:
    counter = open_till.counter
    enrolled = done(counter.enrol_member(counter.new_action(), "陈小明", "13911112222"))
    entry = open_till.journal.entry(enrolled.seq)
    assert entry is not None
    assert "陈小明".encode() not in entry.raw
    assert b"13911112222" not in entry.raw
    event = event_of(entry)
    assert isinstance(event, MemberEnrolled)
    pushed, _ = open_till.journal.outcomes.to_push(entry.header.seq - 1, entries_max=1, bytes_max=100_000)
    from sync.keys import decode_bytes

    attachment = decode_bytes(pushed[0].attachment)
    personal = open_personal(event.personal, attachment, event.member_id, SEAL)
    assert personal == Personal(name="陈小明", phone="+8613911112222")


def test_numbers_of_new_members_come_from_the_tills_own_block(open_till: Till) -> None:
    counter = open_till.counter
    numbers = set()
    for place in range(3):
        enrolled = done(counter.enrol_member(counter.new_action(), "陈小明", f"1391111222{place}"))
        assert enrolled.member_id is not None
        numbers.add(done(counter.member(enrolled.member_id)).member_no)
    assert numbers == {member_no(200_010_000 + place) for place in range(3)}
    assert MEMBER_NO_BLOCK > 3


def test_the_same_phone_may_be_enrolled_twice_offline(open_till: Till) -> None:
    counter = open_till.counter
    for _ in range(2):
        done(counter.enrol_member(counter.new_action(), "陈小明", "13911112222"))
    assert len(done(counter.find_member("13911112222"))) == 2


@pytest.mark.parametrize(
    ("name", "phone", "code"),
    [
        ("", "13911112222", RefusalCode.NAME_INVALID),
        (" \t", "13911112222", RefusalCode.NAME_INVALID),
        ("长" * 41, "13911112222", RefusalCode.NAME_INVALID),
        ("陈\x00", "13911112222", RefusalCode.NAME_INVALID),
        ("陈小明", "1391111222", RefusalCode.PHONE_INVALID),
        ("陈小明", "", RefusalCode.PHONE_INVALID),
    ],
)
def test_what_cannot_be_enrolled_is_said_and_not_written(
    open_till: Till, name: str, phone: str, code: RefusalCode
) -> None:
    seq = open_till.journal.head().seq
    assert refused(open_till.counter.enrol_member(open_till.counter.new_action(), name, phone)) is code
    assert open_till.journal.head().seq == seq


def test_nobody_sees_members_without_signing_in(till: Till) -> None:
    till.know_wang()
    for answer in (
        till.counter.identify(WANG_CARD),
        till.counter.find_member("13800138000"),
        till.counter.member(WANG),
    ):
        assert refused(answer) is RefusalCode.NOT_SIGNED_IN
