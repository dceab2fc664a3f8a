"""The evidence that head office can check: what a till's own reservations cover, which cap a rest passes, and where what nothing proves is booked (H8, L5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from stored_value.apply import HeaderFacts, apply, settle_header
from stored_value.events import EvidenceClass
from stored_value.events_loyalty import PointsRedeemed
from stored_value.events_order import OrderItem, OrderPaid, PassUsed, SoldLine
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, LotId, StoreId, TerminalId
from stored_value.offline_policy import RiskAllowance
from stored_value.offline_spending import risk_left_minor
from stored_value.points import ANY_POINTS
from stored_value.postings import Account, Posting
from stored_value.reservation_records import ReservationId, ReservationKind
from stored_value.uncovered import RiskTaken, beyond_risk, covered_minor, things_told, things_uncovered, unproved_minor
from stored_value.wallet import Holding, HoldingKind, ValueKind
from tests.stored_value.miniature import DAY, MEMBER, PLAIN_BOOK, occasion, principal, redeem, refund
from tests.stored_value.test_reservations import HERE, THERE, holding, kept

S01 = StoreId("S01")
ALLOWED = RiskAllowance(payment_minor=100, member_minor=250, till_minor=400)
JUST_NOW = timedelta()
ONE_DAY = timedelta(days=1)
NOTHING_TAKEN = RiskTaken(member_minor=0, till_minor=0)


def named(*ids: str) -> tuple[ReservationId, ...]:
    return tuple(ReservationId(each) for each in ids)


def test_only_what_is_named_and_the_tills_own_covers() -> None:
    held = holding(
        100_00, kept("lease", 40_00), kept("hold", 5_00, kind=ReservationKind.HOLD), kept("theirs", 30_00, till=THERE)
    )
    assert covered_minor(held, named("lease", "hold"), HERE) == 45_00
    assert covered_minor(held, named("lease", "lease", "theirs", "never"), HERE) == 40_00
    assert covered_minor(held, (), HERE) == 0


@pytest.mark.parametrize(
    ("uncovered", "member", "till", "passed"),
    [
        (100, 0, 0, {}),
        (101, 0, 0, {"payment_limit_minor": 100, "used_minor": 0}),
        (100, 150, 150, {}),
        (100, 151, 151, {"member_limit_minor": 250, "used_minor": 151}),
        (100, 0, 300, {}),
        (100, 0, 301, {"till_limit_minor": 400, "used_minor": 301}),
    ],
)
def test_each_cap_ends_where_the_rulebook_says(
    uncovered: int, member: int, till: int, passed: dict[str, int | str]
) -> None:
    found = beyond_risk(ALLOWED, uncovered, RiskTaken(member_minor=member, till_minor=till), JUST_NOW)
    if not passed:
        assert found is None
        return
    assert found == Finding(FindingCode.RISK_EXCEEDED, passed | {"amount_minor": uncovered})
    assert unproved_minor([Finding(FindingCode.OVERDRAFT, {"owed_minor": 9}), found]) == uncovered


def test_without_an_allowance_a_single_fen_is_too_much() -> None:
    assert beyond_risk(RiskAllowance(), 1, NOTHING_TAKEN, JUST_NOW) is not None


@pytest.mark.parametrize(
    ("hours", "unheard", "passed"),
    [
        (24, timedelta(hours=24, minutes=10, seconds=-1), None),
        (24, timedelta(hours=24, minutes=10), {"hours_limit": 24, "unheard_h": 24}),
        (24, None, {"hours_limit": 24}),
        (24, timedelta(hours=-3), None),
        (0, JUST_NOW, {"hours_limit": 0, "unheard_h": 0}),
        (0, timedelta(hours=-3), {"hours_limit": 0, "unheard_h": 0}),
    ],
)
def test_the_allowance_ends_its_hours_after_head_offices_last_word(
    hours: int, unheard: timedelta | None, passed: dict[str, int | str] | None
) -> None:
    allowed = replace(ALLOWED, hours=hours)
    found = beyond_risk(allowed, 100, NOTHING_TAKEN, unheard)
    if passed is None:
        assert found is None
        return
    assert found == Finding(FindingCode.RISK_EXCEEDED, passed | {"amount_minor": 100})


@pytest.mark.parametrize("hours", [0, 1, 24])
@pytest.mark.parametrize("unheard_hours", [-3, 0, 1, 23, 24, 25, None])
def test_no_till_is_blamed_for_the_hours_by_which_it_decides(hours: int, unheard_hours: int | None) -> None:
    allowed = replace(ALLOWED, hours=hours)
    unheard = None if unheard_hours is None else timedelta(hours=unheard_hours)
    left = risk_left_minor(allowed, member_taken_minor=0, till_taken_minor=0, unheard=unheard)
    assert not left or beyond_risk(allowed, left, NOTHING_TAKEN, unheard) is None


def test_what_is_unproved_is_the_stores_and_the_covered_fen_the_members() -> None:
    held = holding(100_00, kept("hold", 1, kind=ReservationKind.HOLD))
    paid = redeem("r1", 6_00, 4_00)
    paid = replace(paid, occasion=replace(paid.occasion, reservations=named("hold")))
    done = apply(held, paid, PLAIN_BOOK, unproved_minor=9_99)
    assert principal(done.wallet) == 99_99
    assert done.wallet.reservations == ()
    assert Posting(S01, Account.SUSPENSE, 9_99) in done.postings
    assert Posting(S01, Account.PRINCIPAL_LIABILITY, 1) in done.postings
    assert done.wallet.spent_minor == held.spent_minor + 1, "what is in suspense earns nothing"
    (bought,) = done.purchases
    assert [sum(part.drawn_minor for part in line.parts) for line in bought.lines] == [6_00, 4_00]
    undone = apply(done.wallet, refund("f1", "r1", {1: 6_00, 2: 4_00}), PLAIN_BOOK).wallet
    assert principal(undone) == 100_00


def test_an_unproved_payment_of_an_empty_wallet_is_no_debt() -> None:
    done = apply(holding(5_00), redeem("r1", 80_00), PLAIN_BOOK, unproved_minor=80_00)
    assert (done.wallet.owed_minor, principal(done.wallet)) == (0, 5_00)


def test_of_an_order_the_balances_part_alone_is_unproved() -> None:
    beans = OrderItem(line_no=1, name="咖啡豆", unit_price_minor=3_000)
    paid = OrderPaid(
        occasion=occasion("o1", evidence=EvidenceClass.PIN),
        member_id=MEMBER,
        lines=(SoldLine(item=beans, total_minor=3_000),),
        balance_minor=3_000,
    )
    done = apply(holding(100_00), paid, PLAIN_BOOK, unproved_minor=1_000)
    assert principal(done.wallet) == 80_00
    assert Posting(S01, Account.SUSPENSE, 1_000) in done.postings
    (bought,) = done.purchases
    assert {part.kind: part.drawn_minor for part in bought.lines[0].parts} == {
        ValueKind.PRINCIPAL: 2_000,
        ValueKind.SUSPENSE: 1_000,
    }


def test_of_an_entry_that_is_not_understood_the_unproved_part_leaves_the_lots_alone() -> None:
    facts = HeaderFacts(
        event_id=EventId("u1"),
        store_id=S01,
        terminal_id=TerminalId("S01-T1"),
        on=DAY,
        rulebook=1,
        in_minor=0,
        out_minor=50_00,
        unproved_minor=49_00,
    )
    done = settle_header(holding(100_00), facts, PLAIN_BOOK)
    assert principal(done.wallet) == 99_00
    assert Posting(S01, Account.SUSPENSE, 49_00) in done.postings
    assert Posting(S01, Account.UNEXPLAINED, -50_00) in done.postings


def pass_of(uses: int) -> Holding:
    return Holding(
        holding_id=LotId("wash"),
        kind=HoldingKind.PASS_USES,
        item_id="wash10",
        store_id=S01,
        source_id=EventId("sold"),
        acquired_on=DAY,
        rulebook=1,
        original=10,
        remaining=uses,
    )


def use_of(units: int, *names: str) -> PassUsed:
    place = replace(occasion("u1"), reservations=named(*names))
    return PassUsed(occasion=place, member_id=MEMBER, holding_id=LotId("wash"), units=units, name="洗车")


@pytest.mark.parametrize(
    ("kept_here", "till", "names", "uncovered"),
    [
        ({"wash": 3}, HERE, ("lease",), 0),
        ({"wash": 2}, HERE, ("lease",), 1),
        ({"wash": 3}, THERE, ("lease",), 3),
        ({"coupon": 3}, HERE, ("lease",), 3),
        ({"wash": 3}, HERE, (), 3),
        (None, HERE, ("invented",), 3),
    ],
)
def test_uses_of_a_pass_that_the_till_does_not_keep_are_uncovered(
    kept_here: dict[str, int] | None, till: TerminalId, names: tuple[str, ...], uncovered: int
) -> None:
    before = replace(holding(0, kept("lease", 0, till=till, things=kept_here)), holdings=(pass_of(10),))
    found = things_uncovered(before, use_of(3, *names))
    assert found == ({"wash": uncovered} if uncovered else {})
    if uncovered:
        assert things_told(before, found) == {"kind": "pass_uses", "count": uncovered}


def test_h8_a_lease_of_things_covers_them_once() -> None:
    """Entries that do not name it would leave it as it was."""
    before = replace(holding(0, kept("lease", 0, things={"wash": 3})), holdings=(pass_of(10),))
    assert things_uncovered(before, use_of(2)) == {"wash": 2}
    once = apply(before, use_of(2, "lease"), PLAIN_BOOK).wallet
    assert things_uncovered(once, use_of(2, "lease")) == {"wash": 1}


def test_a_hold_of_a_thing_counts_only_where_the_entry_names_it() -> None:
    held = kept("hold", 0, kind=ReservationKind.HOLD, things={"wash": 1})
    before = replace(holding(0, held), holdings=(pass_of(10),))
    assert not things_uncovered(before, use_of(1, "hold"))
    assert things_uncovered(before, use_of(1))


def test_what_is_not_there_is_not_taken() -> None:
    assert things_uncovered(replace(holding(0), holdings=(pass_of(2),)), use_of(5)) == {"wash": 2}
    assert not things_uncovered(holding(0), use_of(5))
    assert not things_uncovered(replace(holding(0), holdings=(pass_of(2),)), use_of(-5))


def test_points_kept_in_one_lot_cover_those_of_another() -> None:
    """Another till, in an earlier epoch, may have taken what was kept for this one."""
    lots = tuple(
        replace(pass_of(40), holding_id=LotId(name), kind=HoldingKind.POINTS, item_id="") for name in ("p1", "p2")
    )
    before = replace(holding(0, kept("lease", 0, things={"p1": 70})), holdings=lots)
    place = replace(occasion("x1"), reservations=named("lease"))
    wanted = PointsRedeemed(occasion=place, member_id=MEMBER, points=75, reward_id="cup")
    assert things_uncovered(before, wanted) == {ANY_POINTS: 5}
    assert things_told(before, things_uncovered(before, wanted)) == {"kind": "points", "count": 5}
    assert not things_uncovered(before, replace(wanted, points=70))


@pytest.mark.parametrize(
    ("thing", "uncovered"),
    [
        ("e1/points", 0),
        ("e1/points/spring", 0),
        ("t1/h/2", 0),
        ("e2/x/e1/points", 0),
        ("e2/x/e3/x/e1/points", 0),
        ("e/x/" * 5_000 + "e1/points", 0),
        ("e1/s/1", 20),
        ("e1/c/points/1", 20),
        ("e1/d", 20),
        ("e2/x/e1/c/1", 20),
        ("e2/x", 20),
        ("points", 20),
    ],
    ids=lambda each: str(each)[-20:],
)
def test_h1_points_kept_in_a_lot_that_head_office_forgot_cover_those_of_another(thing: str, uncovered: int) -> None:
    """The till that earned them has yet to come back. A pass, a coupon or a deposit that nobody knows any more is no points."""
    lot = replace(pass_of(20), holding_id=LotId("p1"), kind=HoldingKind.POINTS, item_id="")
    held = kept("hold", 0, kind=ReservationKind.HOLD, things={thing: 20})
    before = replace(holding(0, held), holdings=(lot,))
    place = replace(occasion("x1"), reservations=named("hold"))
    wanted = PointsRedeemed(occasion=place, member_id=MEMBER, points=20, reward_id="cup")
    assert things_uncovered(before, wanted).total() == uncovered


def test_h8_a_lease_of_points_covers_them_once_from_whichever_lot_they_came() -> None:
    """Its own lot is forgotten, or has expired."""
    over = replace(pass_of(40), holding_id=LotId("p0"), kind=HoldingKind.POINTS, item_id="", expires_on=DAY - ONE_DAY)
    lot = replace(over, holding_id=LotId("p1"), expires_on=None)
    leased = kept("lease", 5_00, things={"p0": 20, "e1/points": 10, "e1/s/1": 1})
    held = kept("hold", 0, kind=ReservationKind.HOLD, things={"e2/points": 5})
    wallet = replace(holding(5_00, leased, held), holdings=(over, lot))
    place = replace(occasion("x1"), reservations=named("lease", "hold"))
    wanted = PointsRedeemed(occasion=place, member_id=MEMBER, points=30, reward_id="cup")
    (left,) = apply(wallet, wanted, PLAIN_BOOK).wallet.reservations
    assert {each.thing_id: each.quantity for each in left.things} == {"e1/points": 5, "e1/s/1": 1}
    assert left.amount_minor == 5_00


def test_h8_uses_without_evidence_in_head_offices_judgement_take_nothing() -> None:
    before = replace(holding(0), holdings=(replace(pass_of(10), sold_for_minor=500_00),))
    done = apply(before, use_of(3), PLAIN_BOOK, things_unproved=True)
    assert (done.wallet, done.postings, done.purchases) == (before, (), ())
