"""What a till says was done by a member's payment PIN (H8): proven, or as if the card alone had been shown; a changed one counts where the till could not know."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from hq_server.console.evidence_words import EVIDENCE
from hq_server.database.models import ExceptionRecord, PaymentPin
from hq_server.ingest.pin_proofs import HEARD_WITHIN
from hq_server.own_journal.payment_pins import PinResetWish, reset_pin
from hq_server.own_journal.place import Moment
from hq_server.sessions.epochs import begin_epoch
from stored_value.findings import FindingCode
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from sync.messages import PushReply
from sync.payment_pins import PinSecret, key_for, make_secret
from tests.hq_server.card_limit import limit, till_of
from tests.hq_server.own_journal.miniature import books_are_right, unnoted, wallet_of
from tests.hq_server.pin_till import PIN, QUICK, PinTill
from tests.hq_server.served import PushingTill, ServedHq

ABOVE = 30_001
"""More than the card alone may pay in a day."""
UNPROVEN = ["pin_not_proven", "card_exceeded"]


@pytest.fixture
def till(hq: ServedHq) -> PinTill:
    limit(hq, ABOVE - 1)
    return PinTill(till_of(hq, "S01"))


@pytest.fixture
def member(till: PinTill) -> MemberId:
    member_id = till.pushing.enrol_member()
    till.pushing.top_up(member_id, 5_000)
    till.pushing.top_up(member_id, 200_000)
    till.pushing.push()
    return member_id


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


def test_two_first_pins_at_once_wait_in_suspense_and_the_words_accuse_nobody(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    """Honest tills and the right member: the first one's line broke before its push."""
    away = PinTill(till_of(hq, "S02"))
    till.set_pin(member)
    late = away.set_pin(member, pin="110119")
    away.pay(member, ABOVE, late.key)
    assert codes(till.pushing.push()) == [[]]
    assert codes(away.pushing.push()) == [["pin_issue_old"], UNPROVEN]
    for code in (FindingCode.CARD_EXCEEDED, FindingCode.PIN_NOT_PROVEN):
        _, said = EVIDENCE[code]
        assert "at two places at once" in said
        assert "set a new PIN" in said
    books_are_right(hq)


def reset(hq: ServedHq, member: MemberId, request: str = "") -> Refusal | None:
    wish = PinResetWish(request_id=EventId(request or hq.new_id()), member_id=member, reason="忘记")
    return reset_pin(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted)


def test_a_pin_travels_sealed_lies_encrypted_and_every_store_gets_its_verifier(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    secret = till.set_pin(member)
    assert codes(till.pushing.push()) == [[]]
    row = till.row_of(member)
    assert row.pin == secret.verifier(1)
    assert key_for(PIN, row.pin) == secret.key
    with hq.database.read() as session:
        kept = session.get_one(PaymentPin, (member, 1))
        assert secret.key not in kept.key_sealed
        assert PIN not in kept.verifier
    books_are_right(hq)


def test_what_is_proven_knows_no_limit_of_the_card(hq: ServedHq, till: PinTill, member: MemberId) -> None:
    secret = till.set_pin(member)
    till.pay(member, ABOVE, secret.key)
    assert codes(till.pushing.push()) == [[], []], "set and used within one push"
    till.pay(member, ABOVE, secret.key)
    assert codes(till.pushing.push()) == [[]]
    assert wallet_of(hq, member).static_card_minor == 0
    books_are_right(hq)


def test_h8_what_is_not_proven_counts_as_if_the_card_alone_had_been_shown(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    """Invented, by another key, of another amount or issue, none, and one that was good for the payment before."""
    secret = till.set_pin(member)
    good = till.pay(member, 1_000, secret.key).occasion.evidence_ref
    till.pushing.push()
    for ref in ("1:YWJj", "", good, good.replace("1:", "2:"), "x"):
        till.pay(member, ABOVE, secret.key, ref=ref)
    till.pay(member, ABOVE, bytes(32))
    till.pay(member, ABOVE, secret.key, proven_minor=1)
    till.pay(member, ABOVE, secret.key, issue=2)
    reply = till.pushing.push()
    assert [found[:2] for found in codes(reply)] == [UNPROVEN] * 8
    assert wallet_of(hq, member).total_minor == 205_000 - 1_000, "what the card does not pay is the store's"
    assert [each.status for each in till.pushing.push(till.pushing.entries).outcomes][-1] == "exists"
    with hq.database.read() as session:
        raised = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "pin_not_proven")).all()
        assert {(each.kind, each.member_id, each.state) for each in raised} == {("evidence", member, "open")}
    books_are_right(hq)


def test_a_member_without_a_pin_proves_nothing(hq: ServedHq, till: PinTill, member: MemberId) -> None:
    till.pay(member, 1_000, bytes(32))
    assert codes(till.pushing.push()) == [["pin_not_proven"]]
    books_are_right(hq)


def test_a_changed_pin_counts_and_the_old_one_for_what_came_before(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    old = till.set_pin(member)
    till.pay(member, ABOVE, old.key)
    new = till.set_pin(member, 2, pin="192837", old=old)
    till.pay(member, ABOVE, new.key, issue=2)
    assert codes(till.pushing.push()) == [[], [], [], []]
    assert till.row_of(member).pin == new.verifier(2)
    hq.clock.pass_(hours=1)
    till.pushing.open_session()
    till.pay(member, ABOVE, old.key)
    assert codes(till.pushing.push()) == [UNPROVEN], "the till changed it itself, and knows"
    books_are_right(hq)


@pytest.mark.parametrize(
    "old", [None, make_secret("555111", bytes, QUICK)], ids=["by the card", "by an invented proof"]
)
def test_h8_a_till_in_strange_hands_changes_no_pin(
    hq: ServedHq, till: PinTill, member: MemberId, old: PinSecret | None
) -> None:
    first = till.set_pin(member)
    till.pushing.push()
    till.set_pin(member, 2, pin="192837", old=old)
    assert codes(till.pushing.push()) == [["pin_not_proven"]]
    assert till.row_of(member).pin == first.verifier(1)
    assert wallet_of(hq, member).pin_issue == 1
    books_are_right(hq)


def test_a_pin_that_cannot_be_opened_is_none(hq: ServedHq, till: PinTill, member: MemberId) -> None:
    till.set_pin(member, plain=b"{}")
    assert codes(till.pushing.push()) == [["unreadable_body"]]
    assert not wallet_of(hq, member).pin_is_set
    till.set_pin(member)
    assert codes(till.pushing.push()) == [[]]
    books_are_right(hq)


def test_of_two_pins_set_at_once_the_first_counts(hq: ServedHq, till: PinTill, member: MemberId) -> None:
    other = PinTill(till_of(hq, "S02"))
    first = till.set_pin(member)
    till.pushing.push()
    other.set_pin(member, pin="192837")
    assert codes(other.pushing.push()) == [["pin_issue_old"]]
    assert other.row_of(member).pin == first.verifier(1)
    books_are_right(hq)


def test_of_pins_set_in_the_same_moment_one_counts_whatever_is_paid_meanwhile(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    """Pushes of one member stand in line, and settle on what is not committed yet: a PIN is settled on what is."""
    chosen = [till, PinTill(till_of(hq, "S02")), PinTill(till_of(hq, "S03"))]
    paying = [till_of(hq, "S01"), till_of(hq, "S02")]
    for each, pin in zip(chosen, ("483920", "192837", "705814"), strict=True):
        secret = each.set_pin(member, pin=pin)
        each.pay(member, 100, secret.key)
    for other in paying:
        other.redeem(member, 100)
    start = threading.Barrier(len(chosen) + len(paying))

    def push(which: PushingTill) -> list[list[str]]:
        start.wait(10)
        return [[code for code in told if code != "pin_set_away"] for told in codes(which.push())]

    with ThreadPoolExecutor(len(chosen) + len(paying)) as pool:
        told = list(pool.map(push, [*(each.pushing for each in chosen), *paying]))
    assert sorted(told[:3]) == [
        [[], []],
        [["pin_issue_old"], ["pin_not_proven"]],
        [["pin_issue_old"], ["pin_not_proven"]],
    ]
    assert told[3:] == [[[]], [[]]]
    with hq.database.read() as session:
        assert len(session.scalars(select(PaymentPin).where(PaymentPin.member_id == member)).all()) == 1
    first = chosen[told.index([[], []])]
    assert first.row_of(member).pin is not None
    books_are_right(hq)


def test_h8_a_till_in_strange_hands_does_not_make_the_count_run_out(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    till.set_pin(member, 999_999_999)
    assert codes(till.pushing.push()) == [["pin_not_proven"]]
    assert wallet_of(hq, member).pin_issue == 0
    books_are_right(hq)


def test_h1_of_two_pins_that_a_restored_head_office_forgot_the_newest_counts(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    first = make_secret(PIN, bytes, QUICK)
    newest = till.set_pin(member, 2, pin="192837", old=first)
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at)
    till.pushing.open_session()
    assert codes(till.pushing.push()) == [["pin_not_proven"]], "as by the card alone, and told"
    assert till.row_of(member).pin == newest.verifier(2)
    books_are_right(hq)


def test_h8_a_pin_that_head_office_knows_is_not_changed_by_one_that_it_may_have_forgotten(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    till.set_pin(member, 1)
    till.pushing.push()
    till.set_pin(member, 3, pin="192837", old=make_secret(PIN, bytes, QUICK))
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at)
    till.pushing.open_session()
    assert codes(till.pushing.push()) == [["pin_not_proven"]]
    assert wallet_of(hq, member).pin_issue == 1
    books_are_right(hq)


def test_head_office_takes_a_pin_away_once_and_tills_hear_of_it(hq: ServedHq, till: PinTill, member: MemberId) -> None:
    assert reset(hq, member) == Refusal(RefusalCode.PAYMENT_PIN_NOT_SET)
    till.set_pin(member)
    till.pushing.push()
    before = till.row_of(member).version
    for _ in range(2):
        assert reset(hq, member, "request-1") is None
    row = till.row_of(member)
    assert (row.pin, row.version) == (None, before + 1)
    till.set_pin(member, 2)
    assert codes(till.pushing.push()) == [["pin_issue_old"]], "set while head office took it away"
    again = till.set_pin(member, 3)
    till.pay(member, ABOVE, again.key, issue=3)
    assert codes(till.pushing.push()) == [[], []]
    books_are_right(hq)


def test_what_an_offline_till_took_before_it_could_hear_of_a_reset_is_proven(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    secret = till.set_pin(member)
    till.pushing.push()
    hq.clock.pass_(hours=1)
    assert reset(hq, member) is None
    hq.clock.pass_(hours=5)
    till.pay(member, ABOVE, secret.key)
    assert codes(till.pushing.push()) == [[]], "its anchor is older than the reset"
    till.pay(member, ABOVE, secret.key)
    assert codes(till.pushing.push()) == [UNPROVEN], "its anchor is newer"
    books_are_right(hq)


def test_who_just_pushed_may_not_have_heard_yet(hq: ServedHq, till: PinTill, member: MemberId) -> None:
    secret = till.set_pin(member)
    till.pushing.push()
    assert reset(hq, member) is None
    hq.clock.pass_(seconds=HEARD_WITHIN.total_seconds())
    till.pushing.open_session()
    till.pay(member, ABOVE, secret.key)
    assert codes(till.pushing.push()) == [[]]
    hq.clock.pass_(seconds=1)
    till.pushing.open_session()
    till.pay(member, ABOVE, secret.key)
    assert codes(till.pushing.push()) == [UNPROVEN]


def test_h8_an_entry_without_an_anchor_is_not_from_before_a_reset(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    secret = till.set_pin(member)
    till.pushing.push()
    assert reset(hq, member) is None
    till.pushing.anchor = None
    till.pay(member, ABOVE, secret.key)
    assert UNPROVEN[0] in codes(till.pushing.push())[0]


def test_h8_a_pin_that_a_restored_head_office_may_have_forgotten_is_no_more_than_the_card(
    hq: ServedHq, till: PinTill, member: MemberId
) -> None:
    forgotten = make_secret(PIN, bytes, QUICK)
    till.pay(member, ABOVE, forgotten.key)
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at)
    till.pushing.open_session()
    assert codes(till.pushing.push()) == [["pin_not_proven", "static_card_limit"]]
    books_are_right(hq)
