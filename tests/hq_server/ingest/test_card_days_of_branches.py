"""What the printed card's limit says of a branch that was taken over (H6, H8): a till is not blamed for what the other copy of its disk took; one in strange hands is."""

import pytest

from stored_value.identity import MemberId
from tests.hq_server.card_limit import limit, till_of
from tests.hq_server.ingest.test_card_days import BALANCE, LIMIT, codes, pay, taken
from tests.hq_server.recovery.test_branches_judged import Copy, pushed
from tests.hq_server.reservations.reserving import ReservingTill
from tests.hq_server.served import ServedHq


@pytest.fixture
def member(hq: ServedHq) -> MemberId:
    limit(hq, LIMIT)
    home = till_of(hq, "S01")
    member_id = home.enrol_member()
    home.top_up(member_id, BALANCE)
    home.push()
    return member_id


def test_h6_what_the_other_copy_of_a_disk_took_is_told_and_booked(hq: ServedHq, member: MemberId) -> None:
    till = ReservingTill(hq, "S02")
    till.follow_rulebook()
    pay(till.pushing, member, 1)
    till.pushing.push()
    copy = Copy(till)
    pay(till.pushing, member, LIMIT - 1)
    till.pushing.push()
    copy.put_in()
    pay(till.pushing, member, LIMIT - 1)
    copy.is_taken_over()
    assert codes(pushed(till)) == [["fork_adopted", "static_card_limit"]]
    assert taken(hq, member) == 2 * LIMIT - 1


@pytest.mark.parametrize("in_one_push", [True, False])
def test_h8_what_a_hold_of_the_new_life_pays_was_not_written_in_the_old_one(
    hq: ServedHq, member: MemberId, *, in_one_push: bool
) -> None:
    """A till in strange hands forks its own journal, and never reports after a person took its branch over."""
    till = ReservingTill(hq, "S02")
    till.follow_rulebook()
    pay(till.pushing, member, 1)
    till.pushing.push()
    copy = Copy(till)
    pay(till.pushing, member, 1)
    till.pushing.push()
    copy.put_in()
    pay(till.pushing, member, 2)
    copy.is_taken_over()
    assert codes(pushed(till)) == [["fork_adopted"]]
    found: list[list[str]] = []
    for amount_minor in (80_000, LIMIT - 2, 80_000, 2):
        held, reply = till.hold(member, amount_minor)
        assert not reply.refusal
        pay(till.pushing, member, amount_minor, hold=held.hold_id)
        if not in_one_push:
            found += codes(pushed(till))
    found = found or codes(pushed(till))
    beyond = ["fork_adopted", "card_exceeded"]
    assert [each for each in found if "card_exceeded" in each] == [beyond] * 2
    assert taken(hq, member) == LIMIT + 1 + 1 + 2
    pay(till.pushing, member, 2, hold=till.hold(member, 2)[0].hold_id)
    assert codes(pushed(till)) == [beyond]
