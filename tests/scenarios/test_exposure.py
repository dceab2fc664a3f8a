"""The worst case that head office states is one (L5): whatever is overspent afterwards, by every way that is known, had been in the figure."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from hq_server.own_journal.place import Moment
from hq_server.reservations.exposure import Exposure, exposure
from hq_server.reservations.write_off import WriteOff, WriteOffWish, write_off
from hq_server.terminals.standing import Standing, allow_again, revoke, stop
from stored_value.identity import MemberId, TerminalId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.reservation_records import ReservationId
from terminal.syncing.opening import open_session
from terminal.till_directory import TillDirectory
from tests.scenarios.disaster import Disaster, meets
from tests.scenarios.franchise import TILLS, Franchise, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.reserving_tills import leased, listening
from tests.scenarios.test_adopted import decide
from tests.scenarios.test_recovered import code_for, mirrored, rescue
from tests.scenarios.test_reservations import LEASES, NONE, two_tills
from tests.scenarios.till import Till, refused
from tests.waiting import until

pytestmark = pytest.mark.slow
RISK = RiskAllowance(payment_minor=10_000, member_minor=10_000, till_minor=12_000)
ALL = len(TILLS) * RISK.till_minor


def exposed(franchise: Franchise) -> Exposure:
    with franchise.hq.database.read() as session:
        return exposure(session, franchise.hq.office.rulebooks.all(session), franchise.hq.clock.at)


def risks(found: Exposure) -> dict[str, int]:
    return {till.terminal_id: till.risk_minor for till in found.tills}


def with_risk(franchise: Franchise, risk: RiskAllowance, leases: LeasePolicy = NONE) -> None:
    franchise.rule(promotions=(), offline=OfflinePolicy(leases=leases, risk=risk))


def overspent(franchise: Franchise, member_id: MemberId) -> int:
    return max(0, -franchise.books.balances()[member_id])


def at_risk(franchise: Franchise) -> tuple[Till, Till, MemberId]:
    """Both tills go by a rulebook that lets them risk, and head office has heard so."""
    one, two, wang = two_tills(franchise, NONE)
    with_risk(franchise, RISK)
    for till in (one, two):
        till.sync()
        speaks(till)
    assert exposed(franchise).worst_minor == ALL
    return one, two, wang


def speaks(till: Till) -> None:
    """An entry under whatever rulebook it has now."""
    till.top_up(member(till), 100)
    till.sync()


def member(till: Till) -> MemberId:
    return member_of(till.name[:3], 5)


def test_l5_a_lower_allowance_counts_only_once_the_silent_till_was_heard_by_it(franchise: Franchise) -> None:
    one, two, wang = at_risk(franchise)
    two.unplug()
    franchise.pass_time(minutes=10)
    with_risk(franchise, RiskAllowance())
    one.sync()
    assert exposed(franchise).worst_minor == ALL, "it may have the new one, and nothing that it sent says so"
    speaks(one)
    found = exposed(franchise)
    assert risks(found) == {till: 0 if till == one.name else RISK.till_minor for till in TILLS}
    two.redeem(wang, 10_000)
    one.redeem(wang, 10_000)
    one.sync()
    two.sync()
    assert 0 < overspent(franchise, wang) <= found.worst_minor
    speaks(two)
    assert risks(exposed(franchise))[two.name] == 0


def taken_from_a_lease(franchise: Franchise) -> tuple[Till, Till, MemberId]:
    """The second till is offline since before the first one's lease, and may take all of it at its own risk."""
    one, two, wang = at_risk(franchise)
    two.unplug()
    with_risk(franchise, RISK, LEASES)
    franchise.hq.office.leases.touched([wang])
    franchise.grant_leases()
    assert until(lambda: leased(one, wang), what="the lease to come") == 5_000
    assert exposed(franchise).worst_minor == ALL
    return one, two, wang


def test_l5_what_was_taken_at_risk_out_of_a_lease_counts_until_the_lease_is_back(franchise: Franchise) -> None:
    """Reported it is no risk of its till's any more, and the lease elsewhere overdraws later."""
    one, two, wang = taken_from_a_lease(franchise)
    one.unplug()
    two.redeem(wang, 10_000)
    two.sync()
    found = exposed(franchise)
    assert (found.gone_minor, found.worst_minor) == (5_000, ALL + 5_000)
    one.redeem(wang, 5_000)
    one.sync()
    assert overspent(franchise, wang) == 5_000 == found.gone_minor
    assert exposed(franchise).worst_minor == ALL


def test_l5_a_connected_till_gives_back_at_once_what_another_one_took_at_risk(franchise: Franchise) -> None:
    one, two, wang = taken_from_a_lease(franchise)
    with listening(one):
        two.redeem(wang, 10_000)
        two.sync()
        franchise.grant_leases()
        until(lambda: exposed(franchise).gone_minor == 0, what="the lease to come back")
    assert one.member(wang).leased_here_minor == 0
    assert overspent(franchise, wang) == 0
    assert exposed(franchise).worst_minor == ALL


def test_l5_what_was_written_off_counts_until_its_till_has_reported(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, LEASES)
    assert until(lambda: leased(one, wang), what="the lease to come") == 5_000
    one.unplug()
    (lease_id,) = franchise.books.reserved(wang)[wang]
    assert exposed(franchise).worst_minor == 0, "it is kept from everybody else"
    wish = WriteOffWish(member_id=wang, reservation_id=ReservationId(lease_id), reason="没有回来")
    assert write_off(franchise.hq.office.desk, Moment.at(franchise.hq.clock.at), wish, lambda _: None) is WriteOff.DONE
    found = exposed(franchise)
    assert found.worst_minor == found.written_off_minor == 5_000
    two.redeem(wang, 10_000)
    one.redeem(wang, 5_000)
    two.sync()
    one.push()
    assert 0 < overspent(franchise, wang) <= found.worst_minor
    assert exposed(franchise).worst_minor == 0, "its report lists the lease no more"


def test_l5_what_was_written_off_counts_while_its_till_says_that_it_may_use_it(franchise: Franchise) -> None:
    """The till reports before it hears of the write-off, and is cut off then."""
    one, two, wang = two_tills(franchise, LEASES)
    assert until(lambda: leased(one, wang), what="the lease to come") == 5_000
    (lease_id,) = franchise.books.reserved(wang)[wang]
    wish = WriteOffWish(member_id=wang, reservation_id=ReservationId(lease_id), reason="没有回来")
    write_off(franchise.hq.office.desk, Moment.at(franchise.hq.clock.at), wish, lambda _: None)
    one.top_up(member(one), 100)
    one.push()
    one.unplug()
    found = exposed(franchise)
    assert found.written_off_minor == 5_000
    two.redeem(wang, 10_000)
    one.redeem(wang, 5_000)
    two.sync()
    one.sync()
    assert 0 < overspent(franchise, wang) <= found.worst_minor


def test_l5_a_revoked_till_counts_until_it_is_given_up(franchise: Franchise, tmp_path: Path) -> None:
    """A recovery brings what it took."""
    two, one, wang = at_risk(franchise)
    two.unplug()
    two.redeem(wang, 10_000)
    mirror = mirrored(two, tmp_path / "mirror")
    two.close()
    code = code_for(franchise, two.name)
    with franchise.hq.database.write() as session:
        assert revoke(session, TerminalId(two.name), "被盗") is Standing.CHANGED
    found = exposed(franchise)
    assert found.worst_minor == ALL
    one.redeem(wang, 10_000)
    one.sync()
    franchise.till("S01-T2")
    rescue(franchise, mirror, code)
    assert 0 < overspent(franchise, wang) <= found.worst_minor


def test_l5_two_machines_of_one_till_count_twice_until_a_person_has_decided(franchise: Franchise) -> None:
    """Both branches are printed and both are booked in the end (H6)."""
    one, two, wang = at_risk(franchise)
    clone = one.cloned(franchise.folder / "clone", franchise.hq.url)
    franchise.stack.callback(clone.close)
    with franchise.hq.database.write() as session:
        assert stop(session, TerminalId(one.name), "磁盘有副本") is Standing.CHANGED
    found = exposed(franchise)
    assert found.worst_minor == ALL + RISK.till_minor
    two.redeem(wang, 10_000)
    two.sync()
    for copy in (one, clone):
        copy.begin_shift()
        copy.redeem(wang, 10_000)
    with franchise.hq.database.write() as session:
        assert allow_again(session, TerminalId(one.name)) is Standing.CHANGED
    one.sync()
    clone.sync_fails()
    assert exposed(franchise).worst_minor == ALL + RISK.till_minor, "the fork stopped it again"
    decide(franchise)
    clone.sync()
    assert overspent(franchise, wang) == 20_000 <= found.worst_minor
    speaks(clone)
    assert exposed(franchise).worst_minor == ALL


def test_l5_a_branch_that_showed_itself_and_has_not_spoken_counts_with_what_both_copies_could_use(
    franchise: Franchise,
) -> None:
    """Taken over, it has claimed its branch and sent nothing of it; the other copy's part is in the books already. Nobody may risk anything."""
    one, two, wang = two_tills(franchise, LEASES)
    assert until(lambda: leased(one, wang), what="the lease to come") == 5_000
    clone = one.cloned(franchise.folder / "clone", franchise.hq.url)
    franchise.stack.callback(clone.close)
    for copy in (one, clone):
        copy.begin_shift()
        copy.redeem(wang, 5_000)
    one.sync()
    franchise.pass_time(days=30)  # the lease, which is used up at head office, would have run out
    clone.sync_fails()
    assert decide(franchise) is Standing.CHANGED
    claims(clone)
    found = exposed(franchise)
    two.sync()
    two.next_shift()
    two.redeem(wang, 5_000)
    two.sync()
    clone.sync()
    assert overspent(franchise, wang) == 5_000 == found.worst_minor
    assert exposed(franchise).worst_minor == 0, "its report ended the branch"


def claims(till: Till) -> None:
    """The first step of a cycle and no more."""
    open_session(till.client, till.journal, TillDirectory(till.data_dir).secrets().terminal_key, "")


def test_l5_what_a_restored_head_office_forgot_may_be_spent_again_and_counts(
    franchise: Franchise, tmp_path: Path
) -> None:
    with ExitStack() as stack, LossyRelay(franchise.hq.url) as relay:
        forgotten_and_spent_again(Disaster(franchise, tmp_path / "backup", relay, stack))


def forgotten_and_spent_again(disaster: Disaster) -> None:
    one, two, wang = disaster.two_tills(NONE)
    disaster.backup()
    one.redeem(wang, 10_000)
    one.sync()
    speaks(two)
    after = disaster.restore()
    meets(two, after)
    found = exposed(after)
    assert found.worst_minor == found.forgotten_minor >= 10_000
    two.redeem(wang, 10_000)
    two.sync()
    meets(one, after)
    assert 0 < overspent(after, wang) <= found.worst_minor
    assert refused(two.try_to_redeem(wang, 1)) is not None
    assert exposed(after).forgotten_minor, "two tills have never spoken"
