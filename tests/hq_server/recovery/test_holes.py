"""What an entry declared lost may have used stays reserved, whatever the till reports (H7); everything else is closed as ever."""

import msgspec
import pytest

from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy
from sync.hole import DeclaredHole, sign_hole
from sync.messages import Push, PushedEntry, PushReply
from tests.hq_server.reservations.reserving import ReservingTill, lease_policy, member_with, nothing_differs, state_of
from tests.hq_server.served import ServedHq


@pytest.fixture(autouse=True)
def no_leases(hq: ServedHq) -> None:
    lease_policy(hq, LeasePolicy(tills_max=0))


def report_with_a_hole(till: ReservingTill, member_id: str) -> PushReply:
    """The newest entry's bytes are lost; the till knows no more of a hold than that it is used."""
    pushing = till.pushing
    lost = pushing.entries[-1]
    hole = sign_hole(
        pushing.key,
        DeclaredHole(
            terminal_id=lost.header.terminal_id,
            incarnation=lost.header.incarnation,
            seq=lost.header.seq,
            hash=lost.hash,
            declared_at=till.hq.clock.at,
            declared_by="李师傅",
            kind=lost.header.kind,
            member_id=member_id,
        ),
    )
    message: Push = pushing.message(head=till.reported_head())
    entries = (*message.entries[:-1], PushedEntry(hole=hole))
    return pushing.client.push(pushing.terminal_id, msgspec.structs.replace(message, entries=entries))


@pytest.mark.parametrize("is_known", [True, False])
def test_h7_a_hold_that_a_lost_entry_may_have_used_waits_for_a_person(hq: ServedHq, is_known: bool) -> None:
    till = ReservingTill(hq)
    wang, zhao = member_with(till, 10_000), member_of_another_phone(till)
    held, other = till.hold(wang, 7_000)[0], till.hold(zhao, 1_000)[0]
    till.pay(wang, 7_000, held.hold_id)
    till.open.clear()
    reply = report_with_a_hole(till, wang if is_known else "")
    assert [found.code for found in reply.outcomes[-1].findings] == ["hole_declared"]
    assert state_of(hq, held.hold_id) == "open", "nobody knows what the lost entry took"
    assert state_of(hq, other.hold_id) == ("released" if is_known else "open")
    till.pushing.accepted, till.pushing.anchor = reply.accepted_through, reply.anchor
    hq.clock.pass_(minutes=1)
    later = till.hold(wang, 2_000)[0]
    till.open.clear()
    till.report()
    assert state_of(hq, later.hold_id) == "released", "what was granted after the hole cannot be in it"
    assert state_of(hq, held.hold_id) == "open"
    nothing_differs(hq)


def member_of_another_phone(till: ReservingTill) -> MemberId:
    member_id = till.pushing.enrol_member("赵敏", "+8613900001111")
    till.pushing.top_up(member_id, 5_000)
    till.pushing.push()
    return member_id
