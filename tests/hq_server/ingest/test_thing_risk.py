"""Coupons, uses of passes and points that nothing kept for the till (H4, H8): they stay with the member, whatever the entry claims; what they paid of an order is the store's
suspense. No till is blamed for what head office wrote off or forgot itself, nor for what another copy of its disk used."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from hq_server.database.engine import WriteSession
from hq_server.database.models import ExceptionRecord, PostingRecord
from hq_server.exceptions.handling import Deed, settle_suspense
from hq_server.exceptions.raising import subject_of_entry
from hq_server.ingest.till_risk import TillRisk
from hq_server.ingest.understanding import Incoming
from hq_server.own_journal.place import Moment
from hq_server.own_journal.suspense import DecisionWish, Waiting, decide_suspense, waiting
from hq_server.reservations.write_off import WriteOffWish, write_off
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.sessions.epochs import begin_epoch
from hq_server.terminals.rows import read_terminal
from stored_value.cart import Cart, price
from stored_value.events import EvidenceClass, OrderPaid, PassUsed, PointsRedeemed, Tender, TenderKind
from stored_value.events_money_out import SuspenseVerdict
from stored_value.events_order import PassCover
from stored_value.identity import EventId, LotId, MemberId, StoreId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.reservation_records import ReservationId
from stored_value.rulebook_document import write_rulebook
from stored_value.tiers import tier_of
from stored_value.wallet import Wallet
from sync.messages import OutcomeFinding, PushReply
from tests.hq_server.recovery.test_branches_judged import Copy, pushed
from tests.hq_server.reservations.reserving import ReservingTill, member_with, nothing_differs, wallet_of
from tests.hq_server.served import ServedHq
from tests.terminal.counter.shop import SHOP, item

BOOK = replace(SHOP, offline=OfflinePolicy(leases=LeasePolicy(tills_max=0), risk=RiskAllowance()))


class Shop:
    """A till of a member's own store, one of another, and the member: ￥50.00, a pass of ten, 1,100 points and a coupon."""

    def __init__(self, hq: ServedHq) -> None:
        with hq.database.write() as session:
            publish_rulebook(
                session,
                hq.office.keys,
                write_rulebook(replace(BOOK, effective_at=hq.clock.at)),
                by="test",
                now=hq.clock.at,
            )
        self.hq = hq
        self.home, self.other = ReservingTill(hq), ReservingTill(hq, "S02")
        for till in (self.home, self.other):
            till.follow_rulebook()
        self.member: MemberId = member_with(self.home, 5_000)
        self.order(self.home, Cart(items=(item(1, 100_000),)))
        sold = self.order(self.home, Cart(items=(replace(item(1, 30_000), sells_pass="wash-10"),)))
        self.home.pushing.push()
        self.wash = LotId(f"{sold.occasion.event_id}/s/1")
        self.exchange(self.home, "tea", *self.hold(self.home, **self.points(200)))
        self.home.report()
        (self.coupon,) = (each.holding_id for each in self.wallet.holdings if each.item_id == "tea-20")

    @property
    def wallet(self) -> Wallet:
        return wallet_of(self.hq, self.member)

    def points(self, count: int) -> dict[str, int]:
        """Of the lot that is drawn first."""
        return {next(each.holding_id for each in self.wallet.holdings if each.kind == "points"): count}

    def left(self) -> tuple[int, int, int]:
        """Uses, points and coupons."""
        left = {"pass_uses": 0, "points": 0, "coupon": 0}
        for each in self.wallet.holdings:
            left[each.kind] += each.remaining
        return left["pass_uses"], left["points"], left["coupon"]

    def hold(self, till: ReservingTill, amount_minor: int = 0, **things: int) -> tuple[ReservationId]:
        asked = till.request(self.member, amount_minor, **things)
        assert till.send(asked).refusal == ""
        return (asked.hold_id,)

    def use(self, till: ReservingTill, units: int, *names: str) -> PassUsed:
        place = replace(till.pushing.occasion(offline=True), reservations=tuple(map(ReservationId, names)))
        event = PassUsed(
            occasion=place, member_id=self.member, holding_id=self.wash, units=units, name="洗车", category="wash"
        )
        till.pushing.write(event)
        return event

    def exchange(self, till: ReservingTill, reward_id: str, *names: str) -> None:
        reward = SHOP.points.reward(reward_id)
        assert reward is not None
        till.pushing.write(
            PointsRedeemed(
                occasion=replace(till.pushing.occasion(), reservations=tuple(map(ReservationId, names))),
                member_id=self.member,
                points=reward.points,
                reward_id=reward_id,
                worth_minor=reward.worth_minor,
            )
        )

    def order(self, till: ReservingTill, cart: Cart, *names: str, balance_minor: int = 0) -> OrderPaid:
        """Paid in cash but for the balance's part."""
        wallet, place = self.wallet, till.pushing.occasion()
        priced = price(cart, wallet, BOOK, tier_of(wallet, BOOK, place.business_date), place.business_date)
        cash = Tender(kind=TenderKind.CASH, amount_minor=priced.due_minor - balance_minor)
        event = OrderPaid(
            occasion=replace(place, reservations=tuple(map(ReservationId, names))),
            member_id=self.member,
            lines=priced.lines,
            balance_minor=balance_minor,
            tenders=(cash,) if cash.amount_minor else (),
            coupons=priced.coupons,
            points=priced.points,
            tier_id=tier_of(wallet, BOOK, place.business_date).tier_id,
        )
        till.pushing.write(event)
        return event

    def booked(self, store_id: str, kind: str) -> dict[str, int]:
        with self.hq.database.read() as session:
            rows = session.execute(
                select(PostingRecord.account, PostingRecord.amount_minor).where(
                    PostingRecord.store_id == store_id, PostingRecord.kind == kind
                )
            )
            sums: dict[str, int] = {}
            for account, amount_minor in rows:
                sums[account] = sums.get(account, 0) + amount_minor
            return sums


@pytest.fixture
def shop(hq: ServedHq) -> Shop:
    return Shop(hq)


def told(reply: PushReply) -> list[OutcomeFinding]:
    return [found for each in reply.outcomes for found in each.findings]


def codes(reply: PushReply) -> list[list[str]]:
    return [[found.code for found in each.findings] for each in reply.outcomes]


def uncovered(kind: str, count: int) -> OutcomeFinding:
    return OutcomeFinding(code="thing_uncovered", data={"kind": kind, "count": count})


@pytest.mark.parametrize("names", [(), ("invented",)])
def test_h8_uses_of_a_pass_that_nothing_kept_for_the_till_stay_with_the_member(shop: Shop, names: tuple[str]) -> None:
    """Ten uses of an absent member's pass, offline, at another store: it earns nothing."""
    for _ in range(10):
        shop.use(shop.other, 1, *names)
    found = [each for each in told(shop.other.report()) if each.code != "reservation_unknown"]
    assert found == [uncovered("pass_uses", 1)] * 10
    assert shop.left() == (10, 1_100, 1)
    assert shop.booked("S02", "pass_used") == {}
    with shop.hq.database.read() as session:
        raised = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "thing_uncovered")).all()
        assert {(each.kind, each.member_id, each.state) for each in raised} == {("reservation", shop.member, "open")}
    nothing_differs(shop.hq)


def test_h4_what_a_hold_or_a_lease_keeps_for_the_till_is_taken(shop: Shop) -> None:
    shop.use(shop.other, 3, *shop.hold(shop.other, **{shop.wash: 3}))
    shop.exchange(shop.other, "tea", *shop.hold(shop.other, **shop.points(200)))
    cart = Cart(items=(item(1, 12_000),), coupons=(shop.coupon,), points=100)
    names = shop.hold(shop.other, 1_000, **{shop.coupon: 1}, **shop.points(300))
    shop.order(shop.other, cart, *names, balance_minor=1_000)
    assert told(shop.other.report()) == []
    assert shop.left() == (7, 1_100 - 200 - 100 + 99, 1)
    nothing_differs(shop.hq)


def test_h8_points_that_nothing_kept_are_not_exchanged_and_give_nothing(shop: Shop) -> None:
    for reward in ("mug", "tea"):
        shop.exchange(shop.other, reward)
    assert told(shop.other.report()) == [uncovered("points", 500), uncovered("points", 200)]
    assert shop.left() == (10, 1_100, 1)
    assert shop.booked("S02", "points_redeemed") == shop.booked("HQ", "points_redeemed") == {}
    nothing_differs(shop.hq)


def test_h8_what_uncovered_things_paid_of_an_order_is_the_stores_suspense(shop: Shop) -> None:
    """The tender and what the hold covers of the balance stand; a person decides who bears the rest, and the things stay."""
    washed = replace(item(2, 5_000, category="wash"), covered_by=PassCover(holding_id=shop.wash, units=1))
    cart = Cart(items=(item(1, 12_000), washed), coupons=(shop.coupon,), points=300)
    paid = shop.order(shop.other, cart, *shop.hold(shop.other, 1_000), balance_minor=1_000)
    (found,) = told(shop.other.report())
    assert (found.code, found.data["kind"]) == ("thing_uncovered", "coupon")
    assert shop.left() == (10, 1_100 + 97, 1), "what was paid earns its points"
    assert shop.wallet.total_minor == 4_000
    assert shop.booked("S02", "order_paid")["suspense"] == 2_300
    assert shop.booked("S02", "order_paid")["tender"] == 8_700
    assert shop.booked("HQ", "order_paid") == {}
    nothing_differs(shop.hq)
    wish = DecisionWish(
        wish_id=EventId(shop.hq.new_id()),
        member_id=shop.member,
        payment_id=paid.occasion.event_id,
        verdict=SuspenseVerdict.STORE,
        reason="nobody was there",
    )

    def settled(session: WriteSession, *_: object) -> None:
        subject = subject_of_entry(shop.other.terminal_id, 1, 1)
        settle_suspense(session, "S02", subject, wish.reason, Deed("boss", shop.hq.clock.at))

    assert decide_suspense(shop.hq.office.desk, Moment.at(shop.hq.clock.at), wish, settled) is None
    with shop.hq.database.read() as session:
        assert waiting(session, shop.member, wish.payment_id) == Waiting(serving_store=StoreId("S02"), amount_minor=0)
        assert set(session.scalars(select(ExceptionRecord.state))) == {"resolved"}
    assert shop.booked("S02", "suspense_decided") == {"suspense": -2_300, "suspense_borne": 2_300}
    nothing_differs(shop.hq)


def test_h8_units_below_zero_hide_none(shop: Shop) -> None:
    """Of two lines of one order that the same pass covers, one gives back what the other takes."""
    cut = replace(item(1, 5_000, category="wash"), covered_by=PassCover(holding_id=shop.wash, units=5))
    back = replace(item(2, 5_000, category="wash"), covered_by=PassCover(holding_id=shop.wash, units=-5))
    shop.order(shop.other, Cart(items=(cut, back)))
    assert uncovered("pass_uses", 5) in told(shop.other.report())
    assert shop.left() == (10, 1_100, 1)


def test_what_was_written_off_while_the_till_was_silent_excuses_once(shop: Shop) -> None:
    (hold,) = shop.hold(shop.other, **{shop.wash: 3})
    shop.hq.clock.pass_(hours=2)
    wish = WriteOffWish(member_id=shop.member, reservation_id=hold, reason="silent for a week")
    assert write_off(shop.hq.office.desk, Moment.at(shop.hq.clock.at), wish, lambda *_: None)
    shop.use(shop.other, 2, hold)
    assert codes(shop.other.pushing.push()) == [["reservation_unknown"]]
    shop.use(shop.other, 2, hold)
    assert told(shop.other.pushing.push())[0] == uncovered("pass_uses", 1), "of the second two one was granted"
    assert shop.left()[0] == 8
    shop.hq.clock.pass_(seconds=1)
    shop.other.report()
    shop.use(shop.other, 1, hold)
    assert uncovered("pass_uses", 1) in told(shop.other.report()), "its report said that it knew"
    nothing_differs(shop.hq)


def test_h6_both_copies_of_a_disk_may_have_used_what_was_kept(shop: Shop) -> None:
    shop.use(shop.other, 1, *shop.hold(shop.other, **{shop.wash: 1}))
    shop.other.report()
    (hold,) = shop.hold(shop.other, **{shop.wash: 3})
    copy = Copy(shop.other)
    shop.use(shop.other, 3, hold)
    shop.other.pushing.push()
    copy.put_in()
    shop.use(shop.other, 2, hold)
    shop.use(shop.other, 1, hold)
    shop.use(shop.other, 1, hold)
    copy.is_taken_over()
    unknown = ["fork_adopted", "reservation_unknown"]
    assert codes(pushed(shop.other)) == [unknown, unknown, ["fork_adopted", "thing_uncovered", "reservation_unknown"]]
    assert shop.left()[0] == 10 - 1 - 3 - 3
    nothing_differs(shop.hq)


def test_h8_what_nobody_signed_was_not_forgotten_in_a_restore(shop: Shop) -> None:
    hq, till = shop.hq, shop.other
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    before = till.pushing.anchor
    till.pushing.open_session()
    till.pushing.anchor = before
    shop.use(till, 2, "held-before-the-restore")
    shop.use(till, 2)
    found = told(till.pushing.push())
    forgotten = OutcomeFinding(code="reservation_forgotten", data={"reservation": "held-before-the-restore"})
    assert found == [uncovered("pass_uses", 2), forgotten, uncovered("pass_uses", 2)]
    assert shop.left()[0] == 10
    till.report()
    shop.use(till, 2, "held-before-the-restore")
    assert codes(till.report()) == [["thing_uncovered", "reservation_unknown"]]
    assert shop.left()[0] == 10
    nothing_differs(hq)


def test_an_entry_that_is_judged_again_counts_once(shop: Shop) -> None:
    """A member whose wallet another till changed meanwhile is done again."""
    (hold,) = shop.hold(shop.other, **{shop.wash: 3})
    wish = WriteOffWish(member_id=shop.member, reservation_id=hold, reason="silent for a week")
    assert write_off(shop.hq.office.desk, Moment.at(shop.hq.clock.at), wish, lambda *_: None)
    event = shop.use(shop.other, 2, hold)
    with shop.hq.database.read() as session:
        row = read_terminal(session, "S02", shop.other.terminal_id)
        assert row is not None
        risk = TillRisk(row)
        again = Incoming(
            entry=shop.other.pushing.entries[-1],
            attachment=b"",
            event=event,
            event_id=event.occasion.event_id,
            kind=event.kind,
            member_id=shop.member,
            store_id=event.occasion.store_id,
            receipt_no="",
            business_date=event.occasion.business_date,
            rulebook=BOOK,
        )
        risk.learn(session, [again], {shop.member: shop.wallet})
    assert [risk.judge_things(again, shop.wallet) for _ in range(3)] == [None] * 3
    assert risk.counted() == f'{{"things":{{"{hold}/{shop.wash}":2}}}}'


def test_h8_an_exchange_without_evidence_by_its_own_word_gives_nothing(shop: Shop) -> None:
    till = shop.other
    place = replace(till.pushing.occasion(), evidence=EvidenceClass.NONE)
    till.pushing.write(PointsRedeemed(occasion=place, member_id=shop.member, points=200, reward_id="tea"))
    assert codes(till.report()) == [["no_evidence"]]
    assert shop.left() == (10, 1_100, 1)
    nothing_differs(shop.hq)
