"""Which things go to a till with its lease, by cases worked out by hand."""

from dataclasses import replace
from datetime import date

from stored_value.apply import apply
from stored_value.events_loyalty import PointsRedeemed
from stored_value.identity import EventId, LotId, StoreId, TerminalId
from stored_value.leased_things import things_to_lease
from stored_value.offline_policy import LeasePolicy
from stored_value.points import points_wanted
from stored_value.reservation_records import ReservationId, ReservationKind
from stored_value.reservations import with_reservation
from stored_value.wallet import Holding, HoldingKind, Wallet
from tests.stored_value.kept import reservation
from tests.stored_value.miniature import BOOK, DAY, occasion, wallet


def held(name: str, kind: HoldingKind, quantity: int, until: date | None = None) -> Holding:
    return Holding(
        holding_id=LotId(name),
        kind=kind,
        item_id="x",
        store_id=StoreId("S01"),
        source_id=EventId("e"),
        acquired_on=DAY,
        rulebook=1,
        original=quantity,
        remaining=quantity,
        expires_on=until,
    )


def chosen(who: Wallet, **policy: int) -> dict[str, int]:
    return {each.thing_id: each.quantity for each in things_to_lease(who, LeasePolicy(**policy), DAY)}


WALLET = replace(
    wallet(),
    holdings=(
        held("late", HoldingKind.COUPON, 1),
        held("soon", HoldingKind.COUPON, 1, date(2030, 1, 1)),
        held("over", HoldingKind.COUPON, 1, date(2020, 1, 1)),
        held("wash", HoldingKind.PASS_USES, 10),
        held("gym", HoldingKind.PASS_UNTIL, 1, date(2030, 1, 1)),
        held("p1", HoldingKind.POINTS, 80),
        held("p2", HoldingKind.POINTS, 50, date(2030, 1, 1)),
    ),
)


def test_by_default_nothing_but_money_is_leased() -> None:
    assert chosen(WALLET) == {}


def test_what_ends_first_goes_first_and_what_is_over_or_never_used_up_stays() -> None:
    assert chosen(WALLET, coupons=1) == {"soon": 1}
    assert chosen(WALLET, coupons=5) == {"soon": 1, "late": 1}
    assert chosen(WALLET, pass_units=3) == {"wash": 3}
    assert chosen(WALLET, points=100) == {"p2": 50, "p1": 50}


def test_what_is_kept_for_others_is_left_out() -> None:
    kept = reservation("hold", things={"soon": 1, "wash": 9}, kind=ReservationKind.HOLD)
    assert chosen(with_reservation(WALLET, kept), coupons=1, pass_units=3) == {"late": 1, "wash": 1}


def test_what_a_till_leases_already_is_not_doubled_and_a_coupon_that_came_later_follows() -> None:
    def more(leased: dict[str, int], **policy: int) -> dict[str, int]:
        held = with_reservation(WALLET, reservation("lease", 1_000, leased))
        things = things_to_lease(
            held, LeasePolicy(**policy), DAY, {LotId(name): count for name, count in leased.items()}
        )
        return {each.thing_id: each.quantity for each in things}

    assert more({"soon": 1}, coupons=1, pass_units=2) == {"wash": 2}
    assert more({"soon": 1}, coupons=2) == {"late": 1}
    assert more({"wash": 1}, coupons=1, pass_units=2) == {"soon": 1}, "a pass in use waits until it is used up there"
    assert more({"p2": 10}, points=100) == {}


def test_h4_points_are_drawn_from_what_the_named_lease_keeps_then_as_they_end() -> None:
    held = with_reservation(WALLET, reservation("lease", things={"p1": 60}))
    place = replace(occasion("x"), terminal_id=TerminalId("S02-T1"), reservations=(ReservationId("lease"),))

    def left(points: int) -> tuple[list[int], int]:
        event = PointsRedeemed(occasion=place, member_id=held.member_id, points=points, reward_id="mug", worth_minor=0)
        after = apply(held, event, BOOK).wallet
        lots = [each.remaining for each in after.holdings if each.holding_id in ("p1", "p2")]
        return lots, sum(each.quantity for kept in after.reservations for each in kept.things)

    assert left(40) == ([40, 50], 20)
    assert left(70) == ([20, 40], 0)
    assert left(125) == ([5, 0], 0)


def wanted(who: Wallet, points: int, **leased: int) -> dict[str, int]:
    here = {LotId(name): quantity for name, quantity in leased.items()}
    return {each.thing_id: each.quantity for each in points_wanted(who, points, DAY, here)}


def test_points_that_another_till_leases_are_asked_for_last() -> None:
    """Those that end sooner may be out of reach; while the others are enough nobody is refused for them."""
    who = with_reservation(WALLET, reservation("l1", 0, {LotId("p2"): 40}, till="S02-T1"))
    assert wanted(who, 10) == {"p2": 10}, "what is left of them is free"
    assert wanted(who, 60) == {"p2": 10, "p1": 50}
    assert wanted(who, 100) == {"p2": 20, "p1": 80}, "only then those that the other till keeps"
    both = with_reservation(who, reservation("l2", 0, {LotId("p1"): 30}, till="S01-T1"))
    assert wanted(both, 35, p1=30) == {"p1": 30, "p2": 5}
    assert wanted(both, 100, p1=30) == {"p1": 80, "p2": 20}
