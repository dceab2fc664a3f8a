"""What tills may hold that a restored head office has forgotten: coupons, passes and points as well as money (H1, H4)."""

from dataclasses import replace
from datetime import timedelta

from hq_server.database.models import WalletRecord
from hq_server.sessions.epochs import begin_epoch
from stored_value.identity import EventId, LotId, MemberId, StoreId
from stored_value.offline_policy import LeasePolicy
from stored_value.refusals import RefusalCode
from stored_value.reservation_records import things_kept
from stored_value.wallet import Holding, HoldingKind
from sync.wallet_codec import read_wallet, write_wallet
from tests.hq_server.reservations.reserving import ReservingTill, lease_policy, member_with, wallet_of
from tests.hq_server.served import TODAY, ServedHq


def test_h1_after_a_restore_a_silent_till_may_have_any_coupon_pass_or_points_until_it_reports(hq: ServedHq) -> None:
    """At most what was leased of each kind, once for each till, and no more than there is; nobody else gets it by a hold or a lease."""
    things = LeasePolicy(tills_max=2, coupons=1, pass_units=2, points=300, from_minor=10**9)
    lease_policy(hq, things)
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 10_000)
    there.hold(member, 1_000)
    there.open.clear()
    for till in (here, there):
        till.report()
    with hq.database.write() as session:
        begin_epoch(session, here.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
        row = session.get_one(WalletRecord, member)
        row.state = write_wallet(replace(read_wallet(row.state), holdings=held_by(member)))
    hq.clock.pass_(seconds=2)
    there.pushing.open_session()
    for wanted in ({"coupon": 1}, {"wash": 7}, {"points": 1}):
        refused = there.send(there.request(member, 0, **wanted))
        assert (refused.refusal, refused.data["thing"]) == (RefusalCode.RESERVED_ELSEWHERE, *wanted)
    assert there.send(there.request(member, 0, wash=6)).refusal == "", "two for each silent till"
    hq.office.leases.look_at([member])
    assert things_kept_of(hq, member) == {"wash": 6}, "and the desk leases nothing of it"
    lease_policy(hq, replace(things, tills_max=0))
    for till in (here, there):
        till.pushing.open_session()
        till.grants = 0
        till.report()
    assert there.send(there.request(member, 0, coupon=1, wash=4, points=500)).refusal == ""


def held_by(member: MemberId) -> tuple[Holding, ...]:
    points = Holding(
        holding_id=LotId("points"),
        kind=HoldingKind.POINTS,
        item_id="",
        store_id=StoreId("S01"),
        source_id=EventId(member),
        acquired_on=TODAY,
        rulebook=1,
        original=500,
        remaining=500,
    )
    wash = replace(points, holding_id=LotId("wash"), kind=HoldingKind.PASS_USES, original=10, remaining=10)
    return points, wash, replace(wash, holding_id=LotId("coupon"), kind=HoldingKind.COUPON, original=1, remaining=1)


def things_kept_of(hq: ServedHq, member: MemberId) -> dict[str, int]:
    reservations = wallet_of(hq, member).reservations
    counted = things_kept(reservations, {each.reservation_id for each in reservations})
    return {str(thing): quantity for thing, quantity in counted.items()}
