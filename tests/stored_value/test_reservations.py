"""Reservations in a wallet: what they keep from others, what an entry does to the ones it names, and what must wait for them."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stored_value.apply import HeaderFacts, apply, settle_header
from stored_value.events import WalletEvent
from stored_value.events_order import PassUsed
from stored_value.events_reservation import LeaseAccepted, LeaseReturned, ReservationWrittenOff
from stored_value.expiry import plan_expiry
from stored_value.findings import FindingCode
from stored_value.identity import EventId, LotId, StoreId, TerminalId
from stored_value.offline_policy import OfflinePolicy
from stored_value.offline_top_up import own_share_minor
from stored_value.postings import Account
from stored_value.refusals import RefusalCode
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing
from stored_value.reservations import (
    available_minor,
    committed,
    find,
    leased_here_minor,
    recalled,
    refuse_reservation,
    reserved_minor,
    with_reservation,
    without_reservations,
)
from stored_value.wallet import Wallet
from tests.stored_value.kept import reservation
from tests.stored_value.miniature import BOOK, DAY, MEMBER, NOON, PLAIN_BOOK, enrolled, redeem, reverse, top_up, wallet

KEEPS_NOTHING = replace(PLAIN_BOOK, offline=OfflinePolicy(top_up_spendable=False))
HERE, THERE = TerminalId("S01-T1"), TerminalId("S02-T1")


NOT_UNDERSTOOD = HeaderFacts(
    event_id=EventId("x"),
    store_id=StoreId("S01"),
    terminal_id=HERE,
    on=DAY,
    rulebook=1,
    in_minor=0,
    out_minor=25_00,
    reservations=(ReservationId("lease"),),
)
"""￥25 taken from a lease by an entry of which only the header is known."""


def kept(
    name: str,
    amount: int,
    *,
    kind: ReservationKind = ReservationKind.LEASE,
    till: TerminalId = HERE,
    things: dict[str, int] | None = None,
    hours: int = 72,
) -> Reservation:
    until = NOON + timedelta(hours=hours)
    return reservation(name, amount, things, till=till, kind=kind, granted_at=NOON, expires_at=until)


def holding(amount: int, *reservations: Reservation) -> Wallet:
    held = apply(wallet(), top_up("t1", amount), PLAIN_BOOK).wallet
    for each in reservations:
        held = with_reservation(held, each)
    return held


def naming(event: WalletEvent, *names: str, offline: bool = False) -> WalletEvent:
    ids = tuple(ReservationId(name) for name in names)
    return replace(event, occasion=replace(event.occasion, reservations=ids, offline=offline))


def test_what_is_kept_for_one_till_is_not_available_to_another() -> None:
    held = holding(100_00, kept("lease", 60_00, till=THERE))
    assert (available_minor(held, DAY), available_minor(held, DAY, besides=THERE)) == (40_00, 100_00)
    refusal = refuse_reservation(held, 50_00, (), DAY)
    assert refusal is not None
    assert refusal.code is RefusalCode.RESERVED_ELSEWHERE
    assert (refusal.data["available_minor"], refusal.data["reserved_minor"]) == (40_00, 60_00)
    assert refuse_reservation(held, 40_00, (), DAY) is None
    short = refuse_reservation(held, 100_01, (), DAY)
    assert short is not None
    assert short.code is RefusalCode.BALANCE_TOO_LOW


def test_a_hold_ends_with_the_entry_that_names_it_whatever_was_taken_of_it() -> None:
    held = holding(100_00, kept("hold", 50_00, kind=ReservationKind.HOLD), kept("lease", 20_00, till=THERE))
    done = apply(held, naming(redeem("r1", 30_00), "hold"), PLAIN_BOOK)
    assert done.findings == ()
    assert reserved_minor(done.wallet) == 20_00
    assert available_minor(done.wallet, DAY) == 50_00


def test_leases_are_spent_in_the_order_named_and_keep_the_rest() -> None:
    held = holding(100_00, kept("a", 20_00), kept("b", 30_00))
    done = apply(held, naming(redeem("r1", 35_00), "a", "b", offline=True), PLAIN_BOOK).wallet
    assert find(done, ReservationId("a")) is None
    rest = find(done, ReservationId("b"))
    assert rest is not None
    assert (rest.amount_minor, rest.granted_minor) == (15_00, 30_00)
    assert leased_here_minor(done, HERE, NOON) == 15_00


def test_a_payment_from_a_closed_reservation_stands_and_is_told() -> None:
    done = apply(holding(100_00), naming(redeem("r1", 30_00), "gone"), PLAIN_BOOK)
    assert [each.code for each in done.findings] == [FindingCode.RESERVATION_UNKNOWN]
    assert done.wallet.total_minor == 70_00


def test_an_entry_that_nobody_understands_settles_its_lease_by_its_header() -> None:
    done = settle_header(holding(100_00, kept("lease", 40_00)), NOT_UNDERSTOOD, PLAIN_BOOK).wallet
    assert (done.total_minor, reserved_minor(done)) == (75_00, 15_00)


def test_a_lease_is_spendable_from_its_acceptance_until_its_time_or_its_return() -> None:
    offered = replace(kept("lease", 40_00), accepted=False)
    held = holding(100_00, offered)
    assert leased_here_minor(held, HERE, NOON) == 0
    place = replace(enrolled().occasion, event_id=EventId("a1"))
    taken = LeaseAccepted(
        occasion=place, member_id=MEMBER, lease_id=offered.reservation_id, number=1, amount_minor=40_00
    )
    held = apply(held, taken, PLAIN_BOOK).wallet
    assert leased_here_minor(held, HERE, NOON) == 40_00
    assert leased_here_minor(held, HERE, NOON + timedelta(hours=72)) == 0
    assert leased_here_minor(held, THERE, NOON) == 0
    back = LeaseReturned(
        occasion=replace(place, event_id=EventId("a2")), member_id=MEMBER, lease_id=offered.reservation_id, amount_minor=40_00
    )  # fmt: skip
    done = apply(held, back, PLAIN_BOOK)
    assert done.findings == ()
    assert available_minor(done.wallet, DAY) == 100_00
    late = apply(done.wallet, taken, PLAIN_BOOK)
    assert [each.code for each in late.findings] == [FindingCode.LEASE_CLOSED]
    assert late.wallet.reservations == ()


def test_a_return_of_another_amount_than_head_office_reckons_is_told() -> None:
    place = replace(enrolled().occasion, event_id=EventId("a2"))
    back = LeaseReturned(occasion=place, member_id=MEMBER, lease_id=ReservationId("lease"), amount_minor=39_00)
    done = apply(holding(100_00, kept("lease", 40_00)), back, PLAIN_BOOK)
    assert [each.code for each in done.findings] == [FindingCode.LEASE_DIFFERS]
    assert reserved_minor(done.wallet) == 0


def test_another_till_cannot_accept_a_lease() -> None:
    held = holding(100_00, replace(kept("lease", 40_00, till=THERE), accepted=False))
    place = replace(enrolled().occasion, event_id=EventId("a1"))
    taken = LeaseAccepted(
        occasion=place, member_id=MEMBER, lease_id=ReservationId("lease"), number=1, amount_minor=40_00
    )
    done = apply(held, taken, PLAIN_BOOK)
    assert [each.code for each in done.findings] == [FindingCode.LEASE_CLOSED]
    assert leased_here_minor(done.wallet, THERE, NOON) == 0


def test_no_till_ends_what_is_kept_for_another() -> None:
    held = holding(100_00, kept("hold", 30_00, kind=ReservationKind.HOLD, till=THERE), kept("lease", 40_00, till=THERE))
    place = replace(enrolled().occasion, event_id=EventId("x1"))
    back = LeaseReturned(occasion=place, member_id=MEMBER, lease_id=ReservationId("lease"), amount_minor=40_00)
    off = ReservationWrittenOff(
        occasion=place, member_id=MEMBER, reservation_id=ReservationId("hold"), amount_minor=30_00
    )
    for event in (naming(redeem("r1", 10_00), "hold", "lease"), back, off):
        done = apply(held, event, PLAIN_BOOK)
        assert {each.code for each in done.findings} == {FindingCode.RESERVATION_FOREIGN}
        assert done.wallet.reservations == held.reservations
    unread = settle_header(held, NOT_UNDERSTOOD, PLAIN_BOOK)
    assert [each.code for each in unread.findings] == [FindingCode.RESERVATION_FOREIGN]
    assert unread.wallet.reservations == held.reservations
    by_head_office = replace(back, occasion=replace(place, store_id=StoreId("HQ"), terminal_id=TerminalId("HQ-00")))
    assert apply(held, by_head_office, PLAIN_BOOK).findings == ()


def test_a_write_off_frees_what_nobody_reported_and_a_late_spending_is_told() -> None:
    place = replace(enrolled().occasion, event_id=EventId("w1"), store_id=StoreId("HQ"))
    off = ReservationWrittenOff(
        occasion=place, member_id=MEMBER, reservation_id=ReservationId("lease"), amount_minor=40_00, reason="till burnt"
    )
    held = apply(holding(100_00, kept("lease", 40_00)), off, PLAIN_BOOK).wallet
    assert available_minor(held, DAY) == 100_00
    late = apply(held, naming(redeem("r1", 40_00), "lease", offline=True), PLAIN_BOOK)
    assert [each.code for each in late.findings] == [FindingCode.RESERVATION_UNKNOWN]


def test_the_principal_of_an_offline_top_up_belongs_to_its_till_until_it_is_given_back() -> None:
    taken = naming(top_up("t2", 1_000_00, plan=None), offline=True)
    held = apply(holding(100_00), taken, BOOK).wallet
    lease = find(held, ReservationId("t2"))
    assert lease is not None
    assert (lease.amount_minor, lease.terminal_id, lease.accepted) == (1_000_00, HERE, True)
    assert available_minor(held, DAY, besides=HERE) - available_minor(held, DAY) == 1_000_00
    assert apply(holding(100_00), top_up("t2", 1_000_00), BOOK).wallet.reservations == ()


def owing_50() -> Wallet:
    return apply(holding(10_00), redeem("r1", 60_00), PLAIN_BOOK).wallet


def offline_top_up(name: str, amount: int, reserved: int | None) -> WalletEvent:
    return naming(replace(top_up(name, amount), reserved_minor=reserved), offline=True)


def given_back(name: str, amount: int) -> LeaseReturned:
    place = replace(enrolled().occasion, event_id=EventId(f"back-{name}"))
    return LeaseReturned(occasion=place, member_id=MEMBER, lease_id=ReservationId(name), amount_minor=amount)


def test_an_offline_top_up_that_does_not_say_pays_a_debt_and_leases_its_rest() -> None:
    held = apply(owing_50(), offline_top_up("t2", 80_00, None), PLAIN_BOOK).wallet
    assert reserved_minor(held) == 30_00 == held.total_minor


def test_a_till_that_knows_of_a_debt_reserves_the_rest_and_the_debt_is_paid_at_once() -> None:
    owing = owing_50()
    reserved = own_share_minor(owing, 80_00, PLAIN_BOOK)
    held = apply(owing, offline_top_up("t2", 80_00, reserved), PLAIN_BOOK).wallet
    assert (reserved, reserved_minor(held), held.owed_minor) == (30_00, 30_00, 0)
    assert own_share_minor(owing, 40_00, PLAIN_BOOK) == 0
    assert own_share_minor(owing, 80_00, KEEPS_NOTHING) == 0


def test_h5_what_a_till_kept_without_knowing_of_a_debt_is_spent_whole_and_the_debt_stays() -> None:
    done = apply(owing_50(), offline_top_up("t2", 80_00, 80_00), PLAIN_BOOK)
    assert (reserved_minor(done.wallet), done.wallet.owed_minor, done.wallet.total_minor) == (80_00, 50_00, 30_00)
    assert available_minor(done.wallet, DAY) == 0
    spent = apply(done.wallet, naming(redeem("r2", 80_00), "t2", offline=True), PLAIN_BOOK)
    assert spent.findings == ()
    assert (spent.wallet.owed_minor, spent.wallet.receivables, spent.wallet.reservations) == (
        50_00,
        done.wallet.receivables,
        (),
    )


def test_what_comes_back_of_a_kept_top_up_pays_the_debt_at_once() -> None:
    held = apply(owing_50(), offline_top_up("t2", 80_00, 80_00), PLAIN_BOOK).wallet
    held = apply(held, naming(redeem("r2", 20_00), "t2", offline=True), PLAIN_BOOK).wallet
    back = apply(held, given_back("t2", 60_00), PLAIN_BOOK)
    assert (back.wallet.owed_minor, back.wallet.total_minor, available_minor(back.wallet, DAY)) == (0, 10_00, 10_00)
    assert {(row.account, row.amount_minor) for row in back.postings} == {
        (Account.PRINCIPAL_LIABILITY, 50_00),
        (Account.OVERDRAFT_RECEIVABLE, -50_00),
    }
    assert [each.purchase_id for each in back.purchases] == ["r1"]
    off = ReservationWrittenOff(
        occasion=replace(enrolled().occasion, store_id=StoreId("HQ")),
        member_id=MEMBER,
        reservation_id=ReservationId("t2"),
        amount_minor=60_00,
    )
    assert apply(held, off, PLAIN_BOOK).wallet.owed_minor == 0


def test_a_debt_that_comes_after_the_kept_top_up_overdraws_when_both_have_spent() -> None:
    held = apply(holding(10_00), offline_top_up("t2", 80_00, 80_00), PLAIN_BOOK).wallet
    held = apply(held, redeem("r1", 60_00, store="S02"), PLAIN_BOOK).wallet
    assert (held.total_minor, available_minor(held, DAY)) == (30_00, -50_00)
    spent = apply(held, naming(redeem("r2", 80_00), "t2", offline=True), PLAIN_BOOK).wallet
    assert (spent.total_minor, spent.owed_minor) == (-50_00, 50_00)
    back = apply(held, given_back("t2", 80_00), PLAIN_BOOK).wallet
    assert (back.total_minor, available_minor(back, DAY)) == (30_00, 30_00)


def test_another_inflow_pays_the_debt_with_its_own_and_leaves_what_a_top_up_keeps() -> None:
    held = apply(owing_50(), offline_top_up("t2", 80_00, 80_00), PLAIN_BOOK).wallet
    held = apply(held, top_up("t3", 20_00), PLAIN_BOOK).wallet
    assert (held.owed_minor, held.total_minor, reserved_minor(held)) == (30_00, 50_00, 80_00)
    reversed_ = apply(held, reverse("x1", "t2", 80_00), PLAIN_BOOK).wallet
    assert reversed_.reservations == ()
    assert reversed_.owed_minor == 30_00


def test_a_till_cannot_keep_more_than_it_took() -> None:
    held = apply(holding(100_00), offline_top_up("t2", 80_00, 500_00), PLAIN_BOOK).wallet
    assert reserved_minor(held) == 80_00


def test_a_reversed_top_up_takes_its_lease_along() -> None:
    held = apply(holding(0 + 100_00), naming(top_up("t2", 80_00), offline=True), PLAIN_BOOK).wallet
    done = apply(held, reverse("x1", "t2", 80_00), PLAIN_BOOK).wallet
    assert (reserved_minor(done), done.total_minor) == (0, 100_00)


def test_things_are_kept_like_money() -> None:
    wanted = (ReservedThing(thing_id=LotId("t1/p"), quantity=60_00),)
    held = holding(100_00, kept("hold", 0, kind=ReservationKind.HOLD, things={"t1/p": 50_00}))
    refusal = refuse_reservation(held, 0, wanted, DAY)
    assert refusal is not None
    assert refusal.data["free"] == 50_00
    assert refuse_reservation(held, 0, wanted, DAY, besides=HERE) is None


def test_a_leased_pass_counts_down_by_what_was_used() -> None:
    held = holding(100_00, kept("lease", 0, things={"pass": 3}))
    used = PassUsed(occasion=redeem("u1", 1).occasion, member_id=MEMBER, holding_id=LotId("pass"), units=2)
    done = apply(held, naming(used, "lease", offline=True), PLAIN_BOOK).wallet
    assert find(done, ReservationId("lease")).things == (ReservedThing(thing_id=LotId("pass"), quantity=1),)  # type: ignore[union-attr]  # it is there


def test_expiry_leaves_what_reservations_still_need() -> None:
    lots = holding(100_00).lots
    over = replace(lots[0], expires_on=DAY)
    held = replace(holding(100_00, kept("lease", 60_00)), lots=(over,))
    next_day = DAY + timedelta(days=1)
    assert committed(held, next_day) == {over.lot_id: 60_00}
    assert [lapse.amount_minor for lapse in plan_expiry(held, next_day, committed(held, next_day))] == [40_00]
    fresh = replace(lots[0], lot_id=LotId("t9/p"))
    assert committed(replace(held, lots=(over, fresh)), next_day) == {}


def test_a_recalled_lease_stays_outstanding() -> None:
    held = recalled(holding(100_00, kept("lease", 60_00)), (ReservationId("lease"),))
    assert held.reservations[0].recalled
    assert reserved_minor(held) == 60_00
    assert without_reservations(held, (ReservationId("lease"),)).reservations == ()


@given(
    balance=st.integers(1, 500),
    steps=st.lists(
        st.tuples(st.sampled_from(["lease", "hold", "spend", "return"]), st.integers(0, 3), st.integers(1, 300)), max_size=25
    ),
)  # fmt: skip
def test_tills_that_spend_only_what_is_kept_for_them_never_overdraw(
    balance: int, steps: list[tuple[str, int, int]]
) -> None:
    held = holding(balance)
    for number, (step, till, amount) in enumerate(steps):
        here = TerminalId(f"S0{till}-T1")
        own = [each for each in held.reservations if each.terminal_id == here]
        if step in ("lease", "hold"):
            if refuse_reservation(held, amount, (), DAY) is None:
                kind = ReservationKind.HOLD if step == "hold" else ReservationKind.LEASE
                held = with_reservation(held, kept(f"k{number}", amount, kind=kind, till=here))
        elif own and step == "spend":
            spent = min(amount, own[0].amount_minor)
            payment = naming(redeem(f"r{number}", spent), own[0].reservation_id, offline=True)
            payment = replace(payment, occasion=replace(payment.occasion, terminal_id=here))
            done = apply(held, payment, PLAIN_BOOK)
            assert done.findings == ()
            held = done.wallet
        elif own:
            held = without_reservations(held, (own[0].reservation_id,))
        assert held.receivables == ()
        assert available_minor(held, date.max) >= 0
