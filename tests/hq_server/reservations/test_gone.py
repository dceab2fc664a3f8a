"""What tills keep of a member who does not have it any more: another till took it at its own risk and has reported (L5). It counts as exposure and is asked back at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hq_server.exceptions.exposed import watch_exposure
from hq_server.reservations.grants import LeasePlan, plan_leases
from hq_server.reservations.silence import is_presumed
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.reservation_records import ReservationKind
from sync.grants import Grant
from tests.hq_server.reservations.reserving import ReservingTill, kept, lease_policy, member_with, only, wallet_of
from tests.hq_server.reservations.test_exposure import now_exposed
from tests.hq_server.reservations.test_leases import accept, give_back, granted, live, look_again
from tests.hq_server.served import NOON, TODAY, ServedHq
from tests.stored_value.kept import reservation
from tests.stored_value.test_reservations import holding

LEASES = LeasePolicy(tills_max=1, amount_minor=5_000, share_percent=50, from_minor=1_000, valid_hours=72)
RISK = RiskAllowance(payment_minor=10_000, member_minor=10_000, till_minor=10_000)


def taken_elsewhere(hq: ServedHq, amount_minor: int) -> tuple[ReservingTill, ReservingTill, MemberId, Grant]:
    """Of ￥100 the first till leases 50; the other one takes so much at its own risk and reports, under a rulebook that allows nothing any more from then on."""
    lease_policy(hq, LeasePolicy(tills_max=0))
    one, two = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(one, 10_000)
    lease_policy(hq, LEASES, risk=RISK)
    hq.office.leases.touched([member])
    (grant,) = granted(one)
    accept(one, grant)
    one.report()
    two.pay(member, amount_minor)
    two.report()
    hq.clock.pass_(minutes=20)
    lease_policy(hq, LEASES)
    for till in (one, two):
        till.pushing.open_session()
        member_with(till, 100)
        till.report()
    return one, two, member, grant


def test_l5_a_lease_that_overdraws_later_was_in_the_figure_before(hq: ServedHq) -> None:
    one, _, member, grant = taken_elsewhere(hq, 8_000)
    found = now_exposed(hq)
    assert (wallet_of(hq, member).total_minor, found.leased_minor) == (2_000, 5_000)
    one.pay(member, 5_000, grant.lease_id)
    one.report()
    owed = wallet_of(hq, member).owed_minor
    assert 0 < owed == found.gone_minor == found.worst_minor == 3_000
    assert now_exposed(hq).worst_minor == 0, "it happened"


@pytest.mark.parametrize("amount_minor", [5_000, 4_000])
def test_what_the_wallet_still_holds_is_kept_for_its_till_and_adds_nothing(hq: ServedHq, amount_minor: int) -> None:
    taken_elsewhere(hq, amount_minor)
    assert now_exposed(hq).worst_minor == 0


def test_of_one_store_no_more_counts_than_its_own_tills_keep(hq: ServedHq) -> None:
    taken_elsewhere(hq, 8_000)
    assert now_exposed(hq, "S01").gone_minor == 3_000
    assert now_exposed(hq, "S02").gone_minor == 0


def test_the_lease_is_asked_back_at_once_and_the_figure_falls_when_it_has_come(hq: ServedHq) -> None:
    one, _, member, grant = taken_elsewhere(hq, 8_000)
    look_again(hq, member)
    assert only(hq, member).recalled
    assert live(one).recalls == (grant.lease_id,)
    assert now_exposed(hq).gone_minor == 3_000, "asked for is not given back"
    give_back(one, member, grant.lease_id, 5_000)
    one.report()
    assert now_exposed(hq).worst_minor == 0
    look_again(hq, member)
    assert [*kept(hq, member).values()] == [1_000], "half of what is there is leased again"
    assert wallet_of(hq, member).owed_minor == 0


def test_what_is_gone_raises_the_alert(hq: ServedHq) -> None:
    taken_elsewhere(hq, 8_000)
    lease_policy(hq, LEASES, exposure_alert_minor=2_999)
    assert watch_exposure(hq.database, hq.office.rulebooks, hq.office.clock)


def test_h1_what_silent_tills_are_only_presumed_to_hold_asks_nobodys_lease_back() -> None:
    lease = reservation("lease", 5_000, granted_at=NOON)
    elsewhere = reservation("silent", 6_000, till="S01-T1", kind=ReservationKind.HOLD, number=0)
    presumed = replace(elsewhere, granted_at=datetime.min.replace(tzinfo=UTC))
    assert is_presumed(presumed)
    plans = [
        plan_leases(holding(10_000, lease, each), (), LEASES, on=TODAY, now=NOON) for each in (elsewhere, presumed)
    ]
    assert plans == [LeasePlan(renewals=(lease,)), LeasePlan()]
