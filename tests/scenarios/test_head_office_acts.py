"""What head office does itself, seen from the tills: the view follows the feed, and a freeze holds at every till, also for a member whom its store does not know (H9)."""

from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.transfers import TwoMembers, move
from stored_value.identity import EventId
from stored_value.refusals import RefusalCode
from stored_value.wallet import WalletStatus
from tests.hq_server.own_journal.miniature import unnoted
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import refused


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
    frozen = StandingWish(
        request_id=EventId(franchise.hq.new_id()), member_id=other, status=WalletStatus.FROZEN, reason="调查中"
    )
    assert change_status(desk, moment, frozen, unnoted) is None
    franchise.hq.sequenced()
    till.sync()
    assert refused(till.try_to_redeem(other, 100)) is RefusalCode.WALLET_NOT_ACTIVE
    far = franchise.till("S03-T1")
    far.sync()
    assert refused(far.try_to_redeem(other, 100)) is not None
    till.redeem(one, 100)
