"""A member's payment PIN with real tills and head office: set here, used there offline, taken away while a till is away, invented by a stolen till, forgotten (A11, H8, H14)."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from hq_server.database.models import PaymentPin
from hq_server.ingest.rebuild import differences
from hq_server.own_journal.payment_pins import PinResetWish, reset_pin
from hq_server.own_journal.place import Moment
from stored_value.identity import EventId, MemberId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.views import Completed
from terminal.journal.mirror import Mirror
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.own_journal.miniature import unnoted, wallet_of
from tests.hq_server.pin_till import PinTill
from tests.hq_server.served import ANY_RISK
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.test_erased_and_gone import erase, keys_in
from tests.scenarios.till import Till, done, lines_of, refused

pytestmark = pytest.mark.slow
PIN, NEW_PIN = "483920", "192837"
ABOVE = 40_000
"""More than the card alone may pay in a day."""


@pytest.fixture
def home(franchise: Franchise) -> Till:
    """Offline any till may take whatever a member has."""
    franchise.rule(offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=ANY_RISK))
    return franchise.till("S01-T1")


@pytest.fixture
def wang(home: Till) -> MemberId:
    """With some ￥2,000, and a PIN that was set at home."""
    member = member_of("S01")
    set_pin(home, member, PIN)
    home.top_up(member, 200_000)
    home.sync()
    return member


def set_pin(till: Till, member: MemberId, pin: str) -> Completed:
    return done(till.counter.set_pin(till.counter.new_action(), member, pin, static_card=True))


def pay(till: Till, member: MemberId, amount_minor: int, pin: str = PIN) -> Completed | Refusal:
    """The member's number was typed: no card."""
    action = till.counter.new_action()
    proven = till.counter.prove(action, member, pin)
    if isinstance(proven, Refusal):
        return proven
    return till.counter.redeem(action, member, lines_of(amount_minor), False, proven=proven)


def take_away(franchise: Franchise, member: MemberId) -> None:
    wish = PinResetWish(request_id=EventId(franchise.hq.new_id()), member_id=member, reason="忘记密码")
    assert reset_pin(franchise.hq.office.desk, Moment.at(franchise.hq.clock.at), wish, unnoted) is None
    franchise.hq.sequenced()


def nothing_differs(franchise: Franchise) -> None:
    franchise.hq.sequenced()
    with franchise.hq.database.read() as session:
        assert list(differences(session)) == []


def met_at(franchise: Franchise, name: str, member: MemberId) -> Till:
    """The store's tills know the member from now on."""
    till = franchise.till(name)
    ((number,),) = franchise.books.rows(f"SELECT member_no FROM members WHERE member_id = '{member}'")
    done(till.counter.identify(str(number)))
    till.sync()
    return till


def test_a_pin_set_at_one_store_opens_offline_at_another(franchise: Franchise, wang: MemberId) -> None:
    far = met_at(franchise, "S02-T1", wang)
    far.unplug()
    done(pay(far, wang, ABOVE))
    assert refused(pay(far, wang, ABOVE, "555550")) is RefusalCode.PAYMENT_PIN_WRONG
    before = far.member(wang).balance_minor
    far.sync()
    assert far.flagged() == {}
    assert franchise.books.balances()[wang] == before == far.member(wang).balance_minor
    assert wallet_of(franchise.hq, wang).static_card_minor == 0
    nothing_differs(franchise)


def test_a_pin_that_was_just_set_opens_at_once_where_it_was_set(franchise: Franchise) -> None:
    till, member = franchise.till("S01-T1"), member_of("S01", 1)
    set_pin(till, member, PIN)
    assert refused(till.counter.prove(till.counter.new_action(), member, PIN)) is RefusalCode.PAYMENT_PIN_ON_ITS_WAY
    till.push()
    franchise.hq.sequenced()
    done(till.counter.prove(till.counter.new_action(), member, PIN))


def test_a11_an_offline_till_takes_the_old_pin_until_it_hears_of_the_reset(
    franchise: Franchise, home: Till, wang: MemberId
) -> None:
    """And the next PIN, for a wallet worth more than the card's day, takes a manager who looks who brings the card."""
    away = met_at(franchise, "S02-T1", wang)
    away.unplug()
    franchise.pass_time(hours=1)
    take_away(franchise, wang)
    franchise.pass_time(hours=3)
    done(pay(away, wang, ABOVE))
    away.sync()
    assert away.flagged() == {}, "it could not know: the payment is the member's"
    away.unplug()
    assert refused(pay(away, wang, 100)) is RefusalCode.PAYMENT_PIN_NOT_SET
    home.sync()
    action = home.counter.new_action()
    assert refused(home.counter.set_pin(action, wang, NEW_PIN, static_card=True)) is RefusalCode.NOT_PERMITTED
    nothing_differs(franchise)


def test_after_a_reset_the_member_sets_a_new_pin_and_pays_by_it(franchise: Franchise) -> None:
    till, member = franchise.till("S01-T1"), member_of("S01", 2)
    set_pin(till, member, PIN)
    till.sync()
    take_away(franchise, member)
    till.sync()
    set_pin(till, member, NEW_PIN)
    till.top_up(member, 100_000)
    till.sync()
    assert refused(pay(till, member, ABOVE)) is RefusalCode.PAYMENT_PIN_WRONG
    done(pay(till, member, ABOVE, NEW_PIN))
    till.sync()
    assert till.flagged() == {}
    nothing_differs(franchise)


def test_h8_a_stolen_till_with_an_invented_proof_gets_no_more_than_a_card(franchise: Franchise, wang: MemberId) -> None:
    stolen = franchise.hq.till("S02")
    stolen.rulebook = 2
    before = wallet_of(franchise.hq, wang).total_minor
    PinTill(stolen).pay(wang, ABOVE, bytes(32))
    (outcome,) = stolen.push().outcomes
    assert [found.code for found in outcome.findings] == ["pin_not_proven", "card_exceeded"]
    held = wallet_of(franchise.hq, wang)
    assert (held.static_card_minor, held.total_minor) == (0, before)
    nothing_differs(franchise)


def test_a_power_cut_between_two_guesses_gives_nobody_another_one(franchise: Franchise, wang: MemberId) -> None:
    till = met_at(franchise, "S02-T1", wang)
    till.unplug()
    for guess in ("555550", "555551", "555552"):
        assert refused(pay(till, wang, 100, guess)) is RefusalCode.PAYMENT_PIN_WRONG
        till.restart(franchise.hq.url)
        till.begin_shift()
    assert refused(pay(till, wang, 100)) is RefusalCode.PAYMENT_PIN_DELAYED
    franchise.pass_time(seconds=31)
    done(pay(till, wang, 100))


def test_a_till_that_starts_anew_gets_the_verifier_by_snapshot(franchise: Franchise, wang: MemberId) -> None:
    till = met_at(franchise, "S02-T1", wang)
    franchise.hq.office.snapshots.build("S02")
    till.close()
    (till.data_dir / "replica.db").unlink()
    till.restart(franchise.hq.url)
    till.sync()
    till.begin_shift()
    till.unplug()
    done(pay(till, wang, ABOVE))


def test_h14_an_erased_members_pin_is_nowhere(franchise: Franchise, home: Till, wang: MemberId, tmp_path: Path) -> None:
    add_people(franchise.hq)
    till = home
    mirror = Mirror(till.journal, tmp_path / "stick")
    mirror.copy()
    assert len(keys_in(till.journal.path)) == 1
    erase(franchise, wang)
    till.sync()
    mirror.copy()
    assert keys_in(till.journal.path) == keys_in(tmp_path / "stick" / "S01-T1.mirror.db") == []
    with franchise.hq.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PaymentPin)) == 0
    assert refused(pay(till, wang, 100)) is RefusalCode.PAYMENT_PIN_NOT_SET
    assert till.member(wang).balance_minor == franchise.books.balances()[wang]
    nothing_differs(franchise)
