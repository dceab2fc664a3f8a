"""What a till says that a restored head office granted to it (H1): believed until it has reported, and of no more than may have been leased to it (H8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hq_server.database.models import WalletRecord
from hq_server.feed.publishing import current_epoch
from hq_server.sessions.epochs import begin_epoch
from stored_value.events_reservation import LeaseAccepted, LeaseReturned
from stored_value.identity import LotId, MemberId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.reservation_records import ReservationId, ReservedThing
from stored_value.wallet import HoldingKind
from sync.messages import PushReply
from sync.wallet_codec import read_wallet, write_wallet
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
    only,
    state_of,
    wallet_of,
)
from tests.hq_server.reservations.test_silence import held_by
from tests.hq_server.served import ServedHq

NOTHING = RiskAllowance()
LEASED = LeasePolicy(amount_minor=20_000, coupons=1, pass_units=2, points=300, from_minor=10**9)
"""Up to 200.00, and head office itself leases nothing in these tests."""


class LeasedTill(ReservingTill):
    def accept(self, member: MemberId, amount_minor: int, number: int = 1, **things: int) -> ReservationId:
        """A lease by a grant that head office does not know."""
        self.follow_rulebook()
        lease_id, place = ReservationId(self.hq.new_id()), self.pushing.occasion()
        kept_things = tuple(ReservedThing(thing_id=LotId(thing), quantity=count) for thing, count in things.items())
        self.pushing.write(
            LeaseAccepted(
                occasion=place,
                member_id=member,
                lease_id=lease_id,
                number=number,
                amount_minor=amount_minor,
                expires_at=place.occurred_at + timedelta(days=1),
                things=kept_things,
            )
        )
        self.open.add(lease_id)
        return lease_id

    def give_back(self, member: MemberId, lease_id: ReservationId, amount_minor: int) -> None:
        self.pushing.write(
            LeaseReturned(
                occasion=self.pushing.occasion(), member_id=member, lease_id=lease_id, amount_minor=amount_minor
            )
        )
        self.open.discard(lease_id)

    def meets_a_restored_head_office(self) -> None:
        """What it wrote since its last push has an anchor of the epoch before; so has what it writes now, until it takes the new one."""
        old = self.pushing.anchor
        restored(self.hq)
        self.pushing.open_session()
        self.pushing.anchor = old


def restored(hq: ServedHq) -> None:
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


def beyond(reply: PushReply) -> list[int | str]:
    return [
        found.data["amount_minor"]
        for each in reply.outcomes
        for found in each.findings
        if found.code == "risk_exceeded"
    ]


@pytest.fixture
def visited(hq: ServedHq) -> tuple[LeasedTill, MemberId]:
    """A till of S02 with a member of S01 who is mostly there; it has reported. Nothing may be taken at risk."""
    lease_policy(hq, LEASED, risk=NOTHING)
    home, till = LeasedTill(hq), LeasedTill(hq, "S02")
    member = member_with(home, 100_000)
    till.follow_rulebook()
    for _ in range(4):
        till.pushing.top_up(member, 25)
    till.report()
    return till, member


def test_h1_a_lease_that_head_office_forgot_is_given_back_until_the_till_has_reported(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId]
) -> None:
    till, member = visited
    first = till.accept(member, 20_000, 1)
    till.pay(member, 5_000, first)
    till.give_back(member, first, 15_000)
    second = till.accept(member, 20_000, 2)
    till.pay(member, 8_000, second)
    till.meets_a_restored_head_office()
    assert codes(till.pushing.push()) == [[], [], [], [], []]
    assert kept(hq, member) == {second: 12_000}
    till.report()
    assert (kept(hq, member), state_of(hq, second)) == ({second: 12_000}, "open")
    till.pay(member, 12_000, second)
    assert codes(till.report()) == [[]], "what its first report named it may use still"
    nothing_differs(hq)


def test_h8_a_till_that_has_reported_invents_no_forgotten_lease_by_an_old_anchor(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId]
) -> None:
    till, member = visited
    old = till.pushing.anchor
    restored(hq)
    till.pushing.open_session()
    till.report()
    hq.clock.pass_(days=10)
    till.pushing.open_session()
    till.pushing.anchor = old
    lease = till.accept(member, 20_000)
    till.pay(member, 20_000, lease)
    reply = till.report()
    assert codes(reply) == [["lease_closed"], ["risk_exceeded", "reservation_unknown"]]
    assert wallet_of(hq, member).total_minor == 100_100
    nothing_differs(hq)


@pytest.mark.parametrize("parts", [(20_001,), (15_000, 5_001), (10**12,)])
def test_h8_no_more_is_given_back_than_was_leased_to_one_till(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId], parts: tuple[int, ...]
) -> None:
    till, member = visited
    leases = [till.accept(member, part, number) for number, part in enumerate(parts, start=1)]
    till.meets_a_restored_head_office()
    till.pushing.push()
    assert sum(kept(hq, member).values()) == 20_000
    till.pay(member, 20_001, *leases)
    assert beyond(till.report()) == [1]
    till.accept(member, 1, 3)
    assert codes(till.report()) == [["lease_closed"]]
    nothing_differs(hq)


def test_h8_a_member_whom_the_store_did_not_know_is_not_leased_to_it(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId]
) -> None:
    till, _ = visited
    stranger = member_with(LeasedTill(hq), 50_000)
    till.accept(stranger, 20_000)
    till.meets_a_restored_head_office()
    assert codes(till.pushing.push()) == [["lease_closed"]]
    assert kept(hq, stranger) == {}


@pytest.mark.parametrize("number", [-1, 0, 2**62])
def test_h8_a_lease_by_a_number_that_head_office_never_gave_is_none(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId], number: int
) -> None:
    till, member = visited
    till.accept(member, 20_000, number)
    till.meets_a_restored_head_office()
    assert codes(till.pushing.push()) == [["lease_closed"]]
    assert kept(hq, member) == {}


def test_h1_a_grant_that_only_the_backup_has_takes_nothing_from_one_that_was_accepted(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId]
) -> None:
    """The till left the former out, it was closed and the next one granted: all after the backup."""
    till, member = visited
    lease_policy(hq, LeasePolicy(amount_minor=20_000, tills_max=1, from_minor=1), risk=NOTHING)
    hq.office.leases.look_at([member])
    left_out = only(hq, member)
    assert (left_out.terminal_id, left_out.amount_minor) == (till.terminal_id, 20_000)
    lease_policy(hq, LEASED, risk=NOTHING)
    lease = till.accept(member, 20_000, 2)
    till.meets_a_restored_head_office()
    till.pushing.push()
    assert kept(hq, member)[lease] == 20_000
    till.report()
    assert left_out.reservation_id not in kept(hq, member), "its first report does not name the other"


def test_h4_of_coupons_passes_and_points_no_more_is_given_back_either(
    hq: ServedHq, visited: tuple[LeasedTill, MemberId]
) -> None:
    """What another till has yet to tell of may be of any kind."""
    till, member = visited
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        row.state = write_wallet(replace(read_wallet(row.state), holdings=held_by(member)))
    assert {each.kind for each in wallet_of(hq, member).holdings} >= {HoldingKind.COUPON, HoldingKind.POINTS}
    lots = {"e1/points": 200, "e2/points": 200, "e3/points": 200}
    till.accept(member, 0, coupon=5, wash=5, points=500, unheard=500, **lots)
    till.meets_a_restored_head_office()
    till.pushing.push()
    (lease,) = wallet_of(hq, member).reservations
    given = {str(thing.thing_id): thing.quantity for thing in lease.things}
    unheard = {"unheard": 300, "e1/points": 200, "e2/points": 100}
    assert given == {"coupon": 1, "wash": 2, "points": 300, **unheard}
