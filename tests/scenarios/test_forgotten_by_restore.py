"""Head office comes back from a backup that lacks what it decided by itself since (H1): what tills know of it comes back with them, and a person is told."""

import pytest
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, RulebookVersion, WalletRecord
from hq_server.feed.publishing import current_epoch
from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.sessions.epochs import NUMBERS_LEFT_OUT, begin_epoch, newest_rulebook
from stored_value.identity import EventId, MemberId
from stored_value.refusals import RefusalCode
from stored_value.wallet import WalletStatus
from sync.client import HqClient
from sync.errors import HqRefused
from sync.remembered import Remembered, RememberedReply
from tests.scenarios.disaster import Disaster, meets
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.test_reservations import NONE
from tests.scenarios.till import Till, refused

pytestmark = pytest.mark.slow


def new_epoch(after: Franchise) -> None:
    """`tongchu hq new-epoch`, as its operator should."""
    with after.hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=after.hq.clock.at)


def change(at: Franchise, member_id: MemberId, status: WalletStatus) -> None:
    """In the console."""
    wish = StandingWish(request_id=EventId(at.hq.new_id()), member_id=member_id, status=status, reason="card lost")
    assert change_status(at.hq.office.desk, Moment.at(at.hq.clock.at), wish, lambda _: None) is None


def raised(at: Franchise, code: str) -> list[ExceptionRecord]:
    with at.hq.database.read() as session:
        return list(session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == code)))


def status_of(at: Franchise, member_id: MemberId) -> str:
    with at.hq.database.read() as session:
        return session.get_one(WalletRecord, member_id).status


def test_h1_a_card_reported_lost_after_the_backup_stays_refused_and_a_person_is_told_once(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    disaster.backup()
    change(disaster.before, wang, WalletStatus.LOST)
    one.sync()
    two.sync()
    after = disaster.restore()
    assert status_of(after, wang) == WalletStatus.ACTIVE, "the backup does not know it"
    new_epoch(after)
    meets(one, after)
    meets(two, after)
    assert status_of(after, wang) == WalletStatus.LOST
    assert refused(two.try_to_redeem(wang, 100)) is RefusalCode.WALLET_NOT_ACTIVE
    (told,) = raised(after, "standing_forgotten")
    assert (told.member_id, told.kind) == (wang, "restore")
    assert "S01-T1" in told.findings
    assert '"known_as":"lost"' in told.findings


def test_h1_what_a_person_decides_after_the_restore_is_not_undone_by_a_till_that_is_heard_later(
    disaster: Disaster,
) -> None:
    one, two, wang = disaster.two_tills(NONE)
    disaster.backup()
    change(disaster.before, wang, WalletStatus.FROZEN)
    one.sync()
    two.sync()
    after = disaster.restore()
    new_epoch(after)
    meets(one, after)
    assert status_of(after, wang) == WalletStatus.FROZEN
    after.pass_time(minutes=5)
    change(after, wang, WalletStatus.ACTIVE)
    meets(two, after)
    assert status_of(after, wang) == WalletStatus.ACTIVE
    assert len(raised(after, "standing_forgotten")) == 1
    two.redeem(wang, 10_000)


def test_h1_a_till_that_dies_before_it_was_heard_tells_it_when_it_is_back(disaster: Disaster) -> None:
    """What it knows lies on its disk until head office has answered."""
    one, _, wang = disaster.two_tills(NONE)
    disaster.backup()
    change(disaster.before, wang, WalletStatus.LOST)
    one.sync()
    after = disaster.restore()
    new_epoch(after)
    one.restart(one.url)
    one.push()
    assert one.journal.head_office.epoch != one.replica.epoch(), "it has heard of the new epoch and died"
    assert status_of(after, wang) == WalletStatus.ACTIVE
    one.restart(one.url)
    disaster.relay.lose_replies_to("POST /v1/remembered")
    one.sync_fails()
    one.sync()
    after.hq.sequenced()
    assert status_of(after, wang) == WalletStatus.LOST
    assert len(raised(after, "standing_forgotten")) == 1
    assert one.replica.epoch() == one.journal.head_office.epoch


def test_h1_an_older_head_office_is_told_nothing_and_the_till_goes_on(
    disaster: Disaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_not_found(_: HqClient, __: Remembered) -> RememberedReply:
        raise HqRefused("not_found", "no such address", 404)

    one, _, wang = disaster.two_tills(NONE)
    disaster.backup()
    change(disaster.before, wang, WalletStatus.LOST)
    one.sync()
    after = disaster.restore()
    new_epoch(after)
    monkeypatch.setattr(HqClient, "remembered", is_not_found)
    meets(one, after)
    assert raised(after, "standing_forgotten") == []


def test_h1_a_bonus_printed_by_a_rulebook_that_the_backup_lacks_arrives_after_the_restore(disaster: Disaster) -> None:
    one, li = printed_by_a_forgotten_rulebook(disaster)
    after = disaster.restore()
    new_epoch(after)
    meets(one, after)
    one.sync()
    assert after.books.balances()[li] == 125_000
    assert after.books.findings(one.name) == {}
    assert after.books.faults(one.name) == []
    with after.hq.database.read() as session:
        kept = session.get_one(RulebookVersion, 3)
        assert (kept.published_by, newest_rulebook(session)) == ("via S01-T1", 3)
    assert one.replica.rulebook(3) is not None, "the other tills have it by the same feed"


def test_l8_what_was_published_between_the_restore_and_the_first_till_takes_nothing_from_a_printed_bonus(
    disaster: Disaster,
) -> None:
    one, li = printed_by_a_forgotten_rulebook(disaster)
    after = disaster.restore()
    new_epoch(after)
    after.rule(promotions=())
    with after.hq.database.read() as session:
        assert newest_rulebook(session) > NUMBERS_LEFT_OUT
        after.hq.office.rulebooks.all(session)
    meets(one, after)
    one.sync()
    assert after.books.balances()[li] == 125_000
    assert after.books.findings(one.name) == {}


def test_l8_entries_made_between_the_new_epoch_and_the_bringing_back_keep_their_bonus(disaster: Disaster) -> None:
    """Their anchors are of a head office that did not know of the rulebook."""
    one, li = printed_by_a_forgotten_rulebook(disaster)
    after = disaster.restore()
    new_epoch(after)
    disaster.relay.lose_replies_to("POST /v1/remembered", times=2)
    one.restart(one.url)
    one.sync_fails()
    one.begin_shift()
    zhao = one.enrol("赵敏", "+8613900007777")
    printed = one.top_up(zhao, 100_000, "plan-1000").bonus_minor
    one.sync_fails()
    printed += one.top_up(zhao, 100_000, "plan-1000").bonus_minor
    assert printed
    one.sync()
    one.sync()
    assert after.books.balances() | {li: 125_000, zhao: 200_000 + printed} == after.books.balances()
    assert after.books.findings(one.name) == {}


def test_l8_a_number_that_was_given_again_before_the_restore_was_noticed_is_told(disaster: Disaster) -> None:
    one, _ = printed_by_a_forgotten_rulebook(disaster)
    after = disaster.restore()
    after.rule(promotions=())  # nobody has begun the new epoch: it is the third again
    meets(one, after)
    (told,) = raised(after, "rulebook_number_twice")
    assert '"version":3' in told.findings


def printed_by_a_forgotten_rulebook(disaster: Disaster) -> tuple[Till, MemberId]:
    """1000.00 topped up by version 3, which gives 250.00; the backup knows version 2, which gives nothing."""
    before = disaster.before
    one, li = before.till("S01-T1", disaster.relay.url), member_of("S01", 1)
    before.rule(promotions=())
    disaster.backup()
    before.rule()
    one.sync()
    printed = one.top_up(li, 100_000, "plan-1000")
    assert printed.bonus_minor == 25_000
    return one, li
