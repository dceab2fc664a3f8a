"""The closing of a shift against head office's own copies of its entries: an honest Z report is believed, a false one is told to the till and to people, and stops nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.exceptions.kinds import ExceptionKind
from stored_value.events import ShiftClosed, ShiftOpened, ShiftTotals
from stored_value.findings import FindingCode
from stored_value.identity import ShiftId
from sync.entry import Entry, write_entry
from sync.messages import PushReply
from tests.hq_server.closing import honest_closing
from tests.hq_server.served import PushingTill, ServedHq

Found = list[dict[str, int | str]]


def opened(hq: ServedHq) -> PushingTill:
    till = hq.till()
    till.write(ShiftOpened(occasion=till.occasion(), float_minor=30_000))
    member = till.enrol_member()
    till.top_up(member, 100_000, plan_1000=20_000, first_50=5_000)
    till.refund(till.redeem(member, 5_000, 700), 2, 300)
    return till


def forged(closing: ShiftClosed, **totals: Any) -> ShiftClosed:
    return replace(closing, totals=replace(closing.totals, **totals))


def differences(reply: PushReply) -> Found:
    return [dict(each.data) for each in reply.outcomes[-1].findings if each.code == FindingCode.SHIFT_DIFFERS]


def found_of(till: PushingTill, closing: ShiftClosed) -> Found:
    till.write(closing)
    return differences(till.push())


@pytest.mark.parametrize("parts", [1, 2])
def test_an_honest_closing_is_believed_in_one_push_and_in_two(hq: ServedHq, parts: int) -> None:
    till = opened(hq)
    if parts == 2:
        till.push()
    assert found_of(till, honest_closing(till)) == []


@pytest.mark.parametrize("parts", [1, 2])
def test_a_false_one_is_told_to_the_till_and_to_people_and_stops_nothing(hq: ServedHq, parts: int) -> None:
    till = opened(hq)
    if parts == 2:
        till.push()
    closing = replace(forged(honest_closing(till), tenders_minor={"cash": 90_000}), expected_minor=120_000)
    till.write(closing)
    reply = till.push()
    assert differences(reply) == [
        {"measure": "expected_minor", "expected_minor": 130_000, "told_minor": 120_000},
        {"measure": "tenders_minor.cash", "expected_minor": 100_000, "told_minor": 90_000},
    ]
    assert reply.outcomes[-1].status == "created"
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == FindingCode.SHIFT_DIFFERS))
        assert (raised.kind, raised.seq, raised.state) == (ExceptionKind.SHIFT, len(till.entries), "open")
    assert differences(till.push(till.entries)) == differences(reply), "the same again is the same"
    till.enrol_member("张伟", "+8613800005555")
    assert till.push().accepted_through == len(till.entries)


FORGERIES: Mapping[str, dict[str, Any]] = {
    "redeemed_minor": {"redeemed_minor": 0},
    "counts.redeemed": {"counts": {"member_enrolled": 1, "topped_up": 1, "purchase_refunded": 1}},
    "bonus_minor": {"bonus_minor": 24_999},
    "deposits_kept_minor": {"deposits_kept_minor": 1},
    "tenders_minor.wechat": {"tenders_minor": {"cash": 100_000, "wechat": 1}},
}


@pytest.mark.parametrize("measure", FORGERIES)
def test_each_figure_is_compared(hq: ServedHq, measure: str) -> None:
    till = opened(hq)
    found = found_of(till, forged(honest_closing(till), **FORGERIES[measure]))
    assert [each["measure"] for each in found] == [measure]


def test_the_float_is_the_openings(hq: ServedHq) -> None:
    till = opened(hq)
    found = found_of(till, replace(honest_closing(till), float_minor=20_000))
    assert found == [{"measure": "float_minor", "expected_minor": 30_000, "told_minor": 20_000}]


def test_shifts_that_come_in_one_push_are_told_apart(hq: ServedHq) -> None:
    till = opened(hq)
    first = honest_closing(till)
    till.write(first)
    second = ShiftOpened(occasion=replace(till.occasion(), shift_id=ShiftId("shift-2")), float_minor=1_000)
    till.write(second)
    occasion = replace(till.occasion(), shift_id=ShiftId("shift-2"))
    till.write(
        ShiftClosed(occasion=occasion, float_minor=1_000, counted_minor=0, expected_minor=1_000, totals=ShiftTotals())
    )
    reply = till.push()
    assert [each.findings for each in reply.outcomes if each.seq in (5, 7)] == [(), ()]


def unreadable_top_up(till: PushingTill, amount_minor: int) -> Entry:
    """What the till counted and head office cannot read."""
    event = till.top_up(till.enrol_member(), amount_minor)
    whole = till.entries.pop()
    body = msgspec.json.decode(whole.body)
    assert event.amount_minor == amount_minor
    return till.keep(write_entry(whole.header, body | {"amount_minor": "much"}))


def test_how_many_entries_cannot_be_read_is_told_with_what_differs(hq: ServedHq) -> None:
    till = opened(hq)
    unreadable_top_up(till, 4_000)
    honest = honest_closing(till)
    assert found_of(till, honest) == [], "the till could not read it either"


def test_an_entry_that_only_the_till_could_read_explains_itself(hq: ServedHq) -> None:
    till = opened(hq)
    unreadable_top_up(till, 4_000)
    honest = honest_closing(till)
    counted = honest.totals.counts | {"topped_up": 2}
    found = found_of(till, forged(honest, topped_up_minor=104_000, counts=counted))
    assert found == [
        {"measure": "counts.topped_up", "expected": 1, "told": 2, "unread": 1},
        {"measure": "topped_up_minor", "expected_minor": 100_000, "told_minor": 104_000, "unread": 1},
    ]


def test_without_its_opening_a_shift_begins_after_the_closing_before(hq: ServedHq) -> None:
    """Its opening is of a kind that nobody knows here."""
    till = hq.till()
    likeness = till.write(ShiftOpened(occasion=till.occasion(), float_minor=30_000))
    till.entries.clear()
    till.keep(write_entry(msgspec.structs.replace(likeness.header, kind="shift_begun"), {"what": "a newer till knows"}))
    till.top_up(till.enrol_member(), 5_000)
    till.push()
    closing = ShiftClosed(
        occasion=till.occasion(),
        float_minor=30_000,
        counted_minor=35_000,
        expected_minor=35_000,
        totals=ShiftTotals(
            topped_up_minor=5_000, tenders_minor={"cash": 5_000}, counts={"member_enrolled": 1, "topped_up": 1}
        ),
    )
    assert found_of(till, closing) == []
    again = replace(forged(closing, redeemed_minor=7), occasion=till.occasion())
    assert found_of(till, again) != [], "a second closing of it is compared as well"


def test_an_event_id_of_another_tills_shift_stops_no_journal(hq: ServedHq) -> None:
    first, second = hq.till(), hq.till()
    opening = ShiftOpened(occasion=first.occasion(), float_minor=0)
    first.write(opening)
    first.push()
    second.write(replace(opening, occasion=replace(opening.occasion, terminal_id=second.terminal_id)))
    second.enrol_member()
    (outcome, behind) = second.push().outcomes
    assert [each.code for each in outcome.findings] == [FindingCode.EVENT_REPEATED]
    assert (outcome.status, behind.status) == ("set_aside", "created")
    till = first
    till.write(replace(opening, float_minor=7))
    assert [each.code for each in till.push().outcomes[0].findings] == [FindingCode.EVENT_REPEATED]


def test_a_total_beyond_what_any_column_holds_sets_nothing_aside(hq: ServedHq) -> None:
    till = opened(hq)
    found = found_of(till, forged(honest_closing(till), redeemed_minor=10**17))
    assert found == [{"measure": "redeemed_minor", "expected_minor": 5_700, "told_minor": "?"}]
