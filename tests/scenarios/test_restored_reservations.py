"""Head office comes back from a backup that is older than some holds and leases, or that still has what is over (H1): nothing is spent twice, and nothing stays reserved
until somebody writes it off."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hq_server.enrolment.codes import create_code
from stored_value.identity import MemberId, StoreId
from stored_value.offline_policy import OfflinePolicy, RiskAllowance
from stored_value.refusals import Refusal, RefusalCode
from sync.errors import HqRefused
from terminal.clock import SimulatedClock
from terminal.enrol import enrol
from tests.scenarios.disaster import Disaster, meets
from tests.scenarios.franchise import Franchise, cashier_of, member_of
from tests.scenarios.reserving_tills import leased
from tests.scenarios.test_kept_from_head_office import Kept, moving
from tests.scenarios.test_recovered import code_for, mirrored, rescue
from tests.scenarios.test_reservations import LEASES, NONE
from tests.scenarios.till import Till, refused
from tests.waiting import until

pytestmark = pytest.mark.slow


def nothing_is_left(after: Franchise, *tills: Till, member_id: MemberId, balance_minor: int) -> None:
    for till in (*tills, *tills):
        till.sync()
    assert after.books.reserved(member_id) == {member_id: {}}
    assert after.books.balances()[member_id] == balance_minor
    told = {code for till in tills for codes in till.flagged().values() for code in codes}
    assert told == set(), "nothing that a person has to look at"
    assert after.books.faults(*(till.name for till in tills)) == []


def test_h1_a_hold_that_was_over_after_the_backup_is_released_by_the_tills_first_report(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    one.lose_hold_replies = True
    assert refused(one.try_to_redeem(wang, 8_000)) is RefusalCode.OFFLINE_LIMIT
    disaster.backup()
    one.sync()
    two.redeem(wang, 3_000)
    two.sync()
    after = disaster.restore()
    meets(two, after)
    assert refused(two.try_to_redeem(wang, 7_000)) is RefusalCode.RESERVED_ELSEWHERE, "the backup has the hold"
    meets(one, after)
    two.redeem(wang, 7_000)
    nothing_is_left(after, one, two, member_id=wang, balance_minor=0)


def test_h1_a_hold_that_the_backup_has_is_captured_by_the_entry_that_comes_again(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    one.after_hold = disaster.backup
    one.redeem(wang, 8_000)
    one.sync()
    after = disaster.restore()
    assert list(after.books.reserved(wang)[wang].values()) == [8_000]
    meets(one, after)
    meets(two, after)
    two.redeem(wang, 2_000)
    nothing_is_left(after, one, two, member_id=wang, balance_minor=0)


def test_h1_an_entry_is_not_blamed_for_a_hold_that_head_office_forgot(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    disaster.backup()
    one.redeem(wang, 8_000)
    one.sync()
    one.redeem(wang, 1_000)
    after = disaster.restore()
    meets(one, after)
    meets(two, after)
    assert refused(two.try_to_redeem(wang, 1_001)) is RefusalCode.BALANCE_TOO_LOW
    nothing_is_left(after, one, two, member_id=wang, balance_minor=1_000)


def test_h8_an_older_till_shows_nothing_and_its_forgotten_payment_waits_for_a_person(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    disaster.backup()
    one.redeem(wang, 8_000)
    one.sync()
    one.close()
    with closing(sqlite3.connect(one.data_dir / "journal.db")) as journal, journal:
        journal.execute("DELETE FROM signed_holds")
    after = disaster.restore()
    meets(one, after)
    meets(two, after)
    assert list(one.flagged().values()) == [("risk_exceeded", "reservation_forgotten")]
    assert after.books.balances()[wang] == 10_000, "the member is not charged before somebody has looked"


def test_h1_a_till_is_not_blamed_for_the_sum_of_what_it_had_reported_in_parts(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    risk = RiskAllowance(payment_minor=2_000, member_minor=2_000, till_minor=2_000, hours=48)
    disaster.before.rule(promotions=(), offline=OfflinePolicy(leases=NONE, risk=risk))
    one.sync()
    disaster.backup()
    for _ in range(3):
        one.unplug()
        one.redeem(wang, 2_000)
        assert refused(one.try_to_redeem(wang, 1)) is RefusalCode.OFFLINE_LIMIT
        one.sync()
    one.unplug()
    one.redeem(wang, 2_000)
    after = disaster.restore()
    meets(one, after)
    meets(two, after)
    nothing_is_left(after, one, two, member_id=wang, balance_minor=2_000)


@pytest.mark.parametrize("left", ["its mirror", "its folder"])
def test_h1_what_a_dead_tills_copy_shows_of_forgotten_holds_counts(
    disaster: Disaster, tmp_path: Path, left: str
) -> None:
    one, two, wang = disaster.two_tills(NONE)
    disaster.before.till("S01-T2", disaster.relay.url)
    disaster.backup()
    one.redeem(wang, 8_000)
    one.sync()
    mirror = mirrored(one, tmp_path / "mirror")
    one.close()
    two.top_up(member_of("S02"), 100)
    two.sync()  # what head office signs for it now is what the restored one will be shown
    after = disaster.restore()
    meets(two, after)
    rescue(after, mirror if left == "its mirror" else one.data_dir, code_for(after))
    assert set(after.books.findings(one.name).values()) <= {("recovered",), ("recovered_signed",)}
    assert after.books.balances()[wang] == 2_000
    assert after.books.faults(one.name, two.name) == []


def test_h1_a_lease_that_head_office_forgot_is_kept_until_its_till_was_heard_and_then_as_it_says(
    disaster: Disaster,
) -> None:
    one, two, wang = disaster.two_tills(NONE)
    beside = disaster.before.till("S01-T2", disaster.relay.url)
    disaster.before.rule(promotions=(), offline=OfflinePolicy(leases=LEASES))
    disaster.backup()
    one.sync()
    disaster.before.hq.office.leases.touched([wang])
    disaster.before.grant_leases()
    assert until(lambda: leased(one, wang), what="the lease to come") == 5_000
    one.unplug()
    one.redeem(wang, 1_000)
    two.top_up(member_of("S02"), 100)
    two.sync()  # what head office signs for it now is what the restored one will be shown
    after = disaster.restore()
    meets(two, after)
    assert refused(two.try_to_redeem(wang, 1)) is RefusalCode.RESERVED_ELSEWHERE, "each of two tills may have a lease"
    beside.restart(disaster.relay.url)
    beside.sync()
    decided = Kept(after, one, two, wang, is_lease=True)
    assert moving(decided, member_of("S01", 1), 5_001) is not None, "nor does head office give it away itself"
    answer = two.try_to_redeem(wang, 6_000)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["left_minor"]) == (RefusalCode.RESERVED_ELSEWHERE, 5_000)
    two.redeem(wang, 5_000)
    meets(one, after)
    assert one.member(wang).leased_here_minor == 4_000
    one.unplug()
    one.redeem(wang, 4_000)
    nothing_is_left(after, one, two, member_id=wang, balance_minor=0)


@pytest.mark.parametrize("taken", [True, False], ids=["given back since", "never taken"])
def test_h1_a_lease_that_only_the_backup_has_ends_with_the_tills_first_push(disaster: Disaster, taken: bool) -> None:
    one, two, wang = disaster.two_tills(LEASES)
    if taken:
        until(lambda: leased(one, wang), what="the lease to come")
    disaster.backup()
    disaster.before.pass_time(hours=LEASES.valid_hours)
    one.sync()
    assert one.member(wang).leased_here_minor == 0, "it has run out"
    one.next_shift()
    one.top_up(member_of("S01", 1), 100)
    one.sync()
    after = disaster.restore()
    assert list(after.books.reserved(wang)[wang].values()) == [5_000]
    meets(one, after)
    meets(two, after)
    two.next_shift()
    two.redeem(wang, 5_000)
    nothing_is_left(after, one, two, member_id=wang, balance_minor=5_000)


def test_h1_a_till_that_was_enrolled_after_the_backup_is_made_known_again_and_sends_everything(
    disaster: Disaster,
) -> None:
    """Head office has forgotten it with all that it recorded; the next code of its store is for its name, and for that name alone."""
    one, two, wang = disaster.two_tills(NONE)
    disaster.backup()
    with disaster.before.hq.database.write() as session:
        made = create_code(session, StoreId("S01"), now=disaster.before.hq.clock.at)
    place = disaster.before.folder / made.terminal_id
    enrol(disaster.relay.url, made.code, place)
    clock = SimulatedClock(disaster.before.hq.clock.at, seed=9)
    newcomer = Till(place, clock, disaster.relay.url, cashier_of("S01"))
    disaster.stack.callback(newcomer.close)
    newcomer.sync()
    newcomer.begin_shift()
    newcomer.redeem(wang, 4_000)
    newcomer.sync()
    newcomer.top_up(wang, 1_000)
    after = disaster.restore()
    newcomer.restart(disaster.relay.url)
    assert "not enrolled" in str(newcomer.sync_fails())
    newcomer.close()
    codes: dict[str, str] = {}
    for store in ("S02", "S01"):
        with after.hq.database.write() as session:
            codes[store] = create_code(session, StoreId(store), now=after.hq.clock.at).code
    with pytest.raises(HqRefused, match="keeps its name"):
        enrol(disaster.relay.url, codes["S02"], place)
    enrol(disaster.relay.url, codes["S01"], place)
    newcomer.restart(disaster.relay.url)
    newcomer.sync()
    assert newcomer.name == made.terminal_id
    for till in (one, two):
        meets(till, after)
    assert refused(two.try_to_redeem(wang, 7_001)) is RefusalCode.BALANCE_TOO_LOW
    nothing_is_left(after, one, two, newcomer, member_id=wang, balance_minor=7_000)
