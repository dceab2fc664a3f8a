"""Head office changes a member's standing: once, with its reason, refused where the table forbids it, and known to every till."""

import pytest

from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from stored_value.events_money_out import StatusChanged
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import WalletStatus
from sync.messages import GLOBAL_SCOPE, BlockRow
from tests.hq_server.own_journal.miniature import books_are_right, own_events, till_under, unnoted, wallet_of
from tests.hq_server.served import PushingTill, ServedHq


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    return till_under(hq)


def changed(
    hq: ServedHq, member: MemberId, status: WalletStatus, request: str = "", reason: str = ""
) -> Refusal | None:
    request_id = EventId(request or hq.new_id())
    wish = StandingWish(request_id=request_id, member_id=member, status=status, reason=reason)
    return change_status(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted)


def test_a_freeze_is_written_once_and_every_till_hears_of_it_at_once(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.push()
    for _ in range(2):
        assert changed(hq, member, WalletStatus.FROZEN, "request-1", "调查中") is None
    far = hq.till("S03")
    far.redeem(member, 100)
    blocks = [each.row for each in far.feed(GLOBAL_SCOPE) if isinstance(each.row, BlockRow)]
    assert [(row.member_id, row.status, row.version) for row in blocks] == [(member, "frozen", 2)]
    told = [event for event in own_events(hq) if isinstance(event, StatusChanged)]
    assert [(event.before, event.status, event.reason) for event in told] == [("active", "frozen", "调查中")]
    assert changed(hq, member, WalletStatus.ACTIVE) is None
    lifted = [each.row for each in far.feed(GLOBAL_SCOPE) if isinstance(each.row, BlockRow)][-1]
    assert (lifted.status, lifted.version) == ("active", 3)
    books_are_right(hq)


def test_a_wallet_with_money_in_it_is_not_closed(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.top_up(member, 5_000)
    till.push()
    refusal = changed(hq, member, WalletStatus.CLOSED)
    assert refusal is not None
    assert refusal.code is RefusalCode.BALANCE_LEFT
    assert own_events(hq) == []


def test_what_the_table_does_not_know_is_refused(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.push()
    assert changed(hq, member, WalletStatus.CLOSED) is None
    refusal = changed(hq, member, WalletStatus.ACTIVE)
    assert refusal is not None
    assert refusal.code is RefusalCode.STATUS_UNREACHABLE
    assert changed(hq, MemberId("nobody"), WalletStatus.FROZEN) == Refusal(RefusalCode.MEMBER_UNKNOWN)
    assert wallet_of(hq, member).status is WalletStatus.CLOSED


def test_a_request_used_for_something_else_is_refused(hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.push()
    assert changed(hq, member, WalletStatus.FROZEN, "request-1") is None
    assert changed(hq, member, WalletStatus.CLOSED, "request-1") == Refusal(RefusalCode.ACTION_REUSED)
