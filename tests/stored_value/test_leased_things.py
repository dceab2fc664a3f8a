"""Which things go to a till with its lease, by cases worked out by hand."""

from dataclasses import replace
from datetime import date

from stored_value.identity import EventId, LotId, StoreId, TerminalId
from stored_value.leased_things import things_to_lease
from stored_value.offline_policy import LeasePolicy
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing
from stored_value.reservations import with_reservation
from stored_value.wallet import Holding, HoldingKind, Wallet
from tests.stored_value.miniature import DAY, NOON, wallet


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
    kept = Reservation(
        reservation_id=ReservationId("hold"),
        kind=ReservationKind.HOLD,
        store_id=StoreId("S02"),
        terminal_id=TerminalId("S02-T1"),
        incarnation=1,
        number=1,
        granted_minor=0,
        amount_minor=0,
        granted_at=NOON,
        things=(
            ReservedThing(thing_id=LotId("soon"), quantity=1),
            ReservedThing(thing_id=LotId("wash"), quantity=9),
        ),
    )
    assert chosen(with_reservation(WALLET, kept), coupons=1, pass_units=3) == {"late": 1, "wash": 1}
