"""What head office does itself, seen from the tills: the view follows the feed, and a freeze holds at every till, also for a member whom its store does not know (H9)."""

import pytest

from hq_server.ingest.rebuild import differences
from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.transfers import TwoMembers, move
from stored_value.events_money_out import StatusChanged
from stored_value.identity import EventId, MemberId, StoreId
from stored_value.refusals import RefusalCode
from stored_value.wallet import WalletStatus
from tests.hq_server.own_journal.miniature import unnoted
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import done, refused


def stand(franchise: Franchise, member: MemberId, status: WalletStatus) -> None:
    """Head office's word."""
    moment = Moment.at(franchise.hq.clock.at)
    wish = StandingWish(request_id=EventId(franchise.hq.new_id()), member_id=member, status=status, reason="调查中")
    assert change_status(franchise.hq.office.desk, moment, wish, unnoted) is None
    franchise.hq.sequenced()


def test_a_transfer_and_a_freeze_by_head_office_are_what_the_tills_show_next(franchise: Franchise) -> None:
    one, other = member_of("S01"), member_of("S01", 1)
    till = franchise.till("S01-T1")
    till.top_up(one, 50_000)
    till.sync()
    desk, moment = franchise.hq.office.desk, Moment.at(franchise.hq.clock.at)
    wish = TwoMembers(transfer_id=EventId(franchise.hq.new_id()), giver=one, taker=other, amount_minor=12_300)
    assert move(desk, moment, wish, unnoted) is None
    franchise.hq.sequenced()
    till.sync()
    assert (till.member(one).principal_minor, till.member(other).principal_minor) == (37_700, 12_300)
    till.redeem(other, 2_300)
    till.sync()
    stand(franchise, other, WalletStatus.FROZEN)
    till.sync()
    assert refused(till.try_to_redeem(other, 100)) is RefusalCode.WALLET_NOT_ACTIVE
    far = franchise.till("S03-T1")
    far.sync()
    assert refused(far.try_to_redeem(other, 100)) is not None
    till.redeem(one, 100)


@pytest.mark.slow
def test_h9_a_card_lost_while_head_office_froze_it_stays_lost_when_that_ends(franchise: Franchise) -> None:
    """The till that heard of the loss did not know of the freeze; the finder of the card gets nothing anywhere until the member has it again."""
    member, near, far = member_of("S01"), franchise.till("S01-T1"), franchise.till("S01-T2")
    near.top_up(member, 50_000)
    near.sync()
    near.unplug()
    stand(franchise, member, WalletStatus.FROZEN)
    done(near.counter.change_status(near.counter.new_action(), member, WalletStatus.LOST, "电话挂失"))
    near.sync()
    assert list(near.flagged().values()) == [("freeze_stands",)]
    assert near.member(member).status is WalletStatus.FROZEN
    stand(franchise, member, WalletStatus.ACTIVE)
    for till in (near, far):
        till.sync()
        assert refused(till.try_to_redeem(member, 100)) is RefusalCode.WALLET_NOT_ACTIVE
        assert till.member(member).status is WalletStatus.LOST
    done(far.counter.change_status(far.counter.new_action(), member, WalletStatus.ACTIVE, ""))
    far.redeem(member, 100)
    far.sync()
    franchise.hq.sequenced()
    with franchise.hq.database.read() as session:
        assert list(differences(session)) == []


@pytest.mark.slow
def test_h9_a_freeze_by_head_office_outlasts_what_any_till_writes(franchise: Franchise) -> None:
    """A till in strange hands lifts it, or reports the card lost and found again: nothing moves, and head office is told. An honest till's manager is refused."""
    member, honest, thief = member_of("S01"), franchise.till("S01-T1"), franchise.hq.till(StoreId("S02"))
    honest.top_up(member, 50_000)
    honest.sync()
    stand(franchise, member, WalletStatus.FROZEN)
    steps = (
        (WalletStatus.FROZEN, WalletStatus.ACTIVE),
        (WalletStatus.FROZEN, WalletStatus.LOST),
        (WalletStatus.LOST, WalletStatus.ACTIVE),
    )
    for before, after in steps:
        thief.write(
            StatusChanged(occasion=thief.occasion(), member_id=member, before=before, status=after, reason="认错人了")
        )
    thief.push()
    found = franchise.books.findings(thief.terminal_id)
    assert [found[seq] for seq in (1, 2, 3)] == [("freeze_stands",)] * 3
    honest.sync()
    assert refused(honest.try_to_redeem(member, 100)) is RefusalCode.WALLET_NOT_ACTIVE
    lifting = honest.counter.change_status(honest.counter.new_action(), member, WalletStatus.ACTIVE, "")
    assert refused(lifting) is RefusalCode.STATUS_UNREACHABLE
    stand(franchise, member, WalletStatus.ACTIVE)
    honest.sync()
    honest.redeem(member, 100)
