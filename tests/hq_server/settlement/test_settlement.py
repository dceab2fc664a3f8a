"""The settlement of a day that real tills pushed: figures by hand, from rollups and from postings alike, and every one explained by its receipts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from hq_server.database.engine import ReadSession
from hq_server.settlement.explanation import ExplainedReceipt, explain, explained_total
from hq_server.settlement.figures import Figure, FigureName
from hq_server.settlement.service import Settlement, StoreSettlement, day_settlement, only_store, recompute
from stored_value.events import (
    EvidenceClass,
    OrderPaid,
    OrderRefunded,
    PointsRedeemed,
    Tender,
    TenderKind,
)
from stored_value.events_order import OrderItem, OrderRefundLine, SoldLine
from stored_value.identity import StoreId
from stored_value.periods import SettlementPolicy
from tests.hq_server.console.franchise_day import FranchiseDay, counted, newer_entry, push_all, tendered
from tests.hq_server.served import TODAY, ServedHq

S01, S02, S03 = StoreId("S01"), StoreId("S02"), StoreId("S03")


def settled(hq: ServedHq, from_date: date = TODAY, to_date: date = TODAY) -> Settlement:
    counted(hq)
    with hq.database.read() as session:
        return day_settlement(session, from_date, to_date)


def row(settlement: Settlement, store_id: StoreId) -> StoreSettlement:
    found = settlement.store(store_id)
    assert found is not None
    return found


def test_a_small_day_settles_as_it_was_worked_out_by_hand(hq: ServedHq) -> None:
    """1,000 with 250 bonus taken at S01; 100 spent at S02, of it 10 refunded: S02 is due 90 of S01."""
    one, two = hq.till("S01"), hq.till("S02")
    member = one.enrol_member()
    tendered(one, member, {TenderKind.CASH: 60_000, TenderKind.WECHAT: 40_000}, plan_1000=20_000, first_50=5_000)
    one.push()
    purchase = two.redeem(member, 6_000, 4_000)
    two.refund(purchase, 2, 1_000)
    two.push()
    settlement = settled(hq)
    assert row(settlement, S01) == StoreSettlement(
        store_id=S01,
        store_name="人民路店",
        collected_minor={"cash": 60_000, "wechat": 40_000},
        bonus_minor=25_000,
        due_minor={S02: -9_000},
    )
    assert row(settlement, S02) == StoreSettlement(
        store_id=S02,
        store_name="建设路店",
        redeemed_minor=10_000,
        from_others_minor=10_000,
        refunded_minor=1_000,
        due_minor={S01: 9_000},
    )
    assert row(settlement, S03) == StoreSettlement(store_id=S03, store_name="滨江店")
    assert settlement.total.net_due_minor == 0
    assert settlement.is_balanced


def test_rollups_say_what_the_postings_say(day: FranchiseDay) -> None:
    with day.hq.database.read() as session:
        assert day_settlement(session, TODAY, TODAY) == recompute(session, TODAY, TODAY)


def test_net_due_sums_to_zero_in_all_and_by_pair(day: FranchiseDay) -> None:
    settlement = settled(day.hq)
    assert any(store.net_due_minor for store in settlement.stores)
    assert settlement.unbalanced() == ()
    assert sum(store.net_due_minor for store in settlement.stores) == 0
    assert settlement.is_balanced


def test_a_side_that_is_missing_is_noticed() -> None:
    lopsided = Settlement(
        from_date=TODAY,
        to_date=TODAY,
        stores=(
            StoreSettlement(store_id=S01, store_name="", due_minor={S02: -500}),
            StoreSettlement(store_id=S02, store_name="", due_minor={S01: 400}),
        ),
    )
    assert lopsided.unbalanced() == ((S01, S02, -100),)
    assert not lopsided.is_balanced


def test_two_stores_that_serve_each_others_members_both_show_what_they_served(hq: ServedHq) -> None:
    """In the clearing between them the two amounts cancel; what each served for the other must not."""
    one, two = hq.till("S01"), hq.till("S02")
    ours, theirs = one.enrol_member("王小丽", "+8613800001001"), two.enrol_member("张伟", "+8613800001002")
    one.top_up(ours, 30_000)
    two.top_up(theirs, 30_000)
    push_all(hq, {"one": one, "two": two})
    two.redeem(ours, 5_000)
    one.redeem(theirs, 3_000)
    push_all(hq, {"one": one, "two": two})
    settlement = settled(hq)
    assert (row(settlement, S01).from_others_minor, row(settlement, S02).from_others_minor) == (3_000, 5_000)
    assert row(settlement, S01).due_minor == {S02: -2_000}


def test_what_an_unknown_entry_moved_stands_apart_until_it_is_explained(hq: ServedHq) -> None:
    till = hq.till("S01")
    member = till.enrol_member()
    till.top_up(member, 30_000)
    newer_entry(hq, till, member, out_minor=1_500)
    till.push()
    own = row(settled(hq), S01)
    assert own.unexplained_minor == -1_500
    assert own.redeemed_minor == 0


def test_only_the_days_asked_for_are_counted(day: FranchiseDay) -> None:
    before = settled(day.hq, TODAY - timedelta(days=3), TODAY - timedelta(days=1))
    assert before.total.collected_total_minor == 0
    assert settled(day.hq, TODAY - timedelta(days=3), TODAY).total == settled(day.hq).total


def test_a_franchisee_sees_the_own_row_only(day: FranchiseDay) -> None:
    own = only_store(settled(day.hq), S02)
    assert [store.store_id for store in own.stores] == [S02]


FIGURES: tuple[tuple[FigureName, Callable[[StoreSettlement], int]], ...] = (
    (FigureName.COLLECTED, lambda own: own.collected_total_minor),
    (FigureName.BONUS, lambda own: own.bonus_minor),
    (FigureName.REDEEMED, lambda own: own.redeemed_minor),
    (FigureName.FROM_OTHERS, lambda own: own.from_others_minor),
    (FigureName.REFUNDED, lambda own: own.refunded_minor),
    (FigureName.NET_DUE, lambda own: own.net_due_minor),
    (FigureName.UNEXPLAINED, lambda own: own.unexplained_minor),
    (FigureName.SUSPENSE, lambda own: own.suspense_minor),
)


def test_every_figure_of_every_store_is_the_sum_of_its_receipts(day: FranchiseDay) -> None:
    settlement = settled(day.hq)
    shown = 0
    with day.hq.database.read() as session:
        for store in settlement.stores:
            for name, read in FIGURES:
                shown += _explained(
                    session, Figure(name=name, from_date=TODAY, to_date=TODAY, store_id=store.store_id), read(store)
                )
            for tender, minor in store.collected_minor.items():
                figure = Figure(
                    name=FigureName.COLLECTED, from_date=TODAY, to_date=TODAY, store_id=store.store_id, detail=tender
                )
                shown += _explained(session, figure, minor)
            for other, minor in store.due_minor.items():
                figure = Figure(
                    name=FigureName.NET_DUE, from_date=TODAY, to_date=TODAY, store_id=store.store_id, detail=other
                )
                shown += _explained(session, figure, minor)
        for name, read in FIGURES:
            shown += _explained(session, Figure(name=name, from_date=TODAY, to_date=TODAY), read(settlement.total))
    assert shown > 40


def _explained(session: ReadSession, figure: Figure, minor: int) -> int:
    """How many receipts stand behind the figure; they add up to it, page by page."""
    receipts: list[ExplainedReceipt] = []
    after: tuple[str, str] | None = None
    while True:
        page = explain(session, figure, after=after, rows_max=3)
        receipts.extend(page.receipts)
        after = page.after
        if after is None:
            break
    assert sum(each.amount_minor for each in receipts) == minor, figure
    assert len({each.event_id for each in receipts}) == len(receipts)
    total = explained_total(session, figure)
    assert (total.amount_minor, total.receipts) == (minor, len(receipts))
    return len(receipts)


def test_orders_pass_uses_and_goods_for_points_are_served_as_redemptions_are(hq: ServedHq) -> None:
    """S01 took 300. At S02 an order of 106 with 6 tax inside, 30 of it in cash, and a mug for points worth 15; then half of the order, 53, goes back:
    15 in cash, 38 to the balance.
    Served 106 + 15; S01 owes 76 and head office 15; S02 kept 15 of the cash; due of S01 after the refund 76 - 38."""
    one, two = hq.till("S01"), hq.till("S02")
    member = one.enrol_member()
    one.top_up(member, 30_000)
    one.push()
    sold = SoldLine(
        item=OrderItem(line_no=1, name="咖啡豆", unit_price_minor=10_600, tax_basis_points=600, tax_category="vat6"),
        total_minor=10_600,
    )
    order = OrderPaid(
        occasion=two.occasion(),
        member_id=member,
        lines=(sold,),
        balance_minor=7_600,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=3_000),),
    )
    two.write(order)
    two.write(PointsRedeemed(occasion=two.occasion(), member_id=member, points=100, reward_id="mug", worth_minor=1_500))
    two.write(
        OrderRefunded(
            occasion=two.occasion(),
            member_id=member,
            purchase_id=order.occasion.event_id,
            lines=(OrderRefundLine(line_no=1, amount_minor=5_300),),
            balance_minor=3_800,
            tenders=(Tender(kind=TenderKind.CASH, amount_minor=1_500),),
        )
    )
    two.push()
    settlement = settled(hq)
    assert row(settlement, S02) == StoreSettlement(
        store_id=S02,
        store_name="建设路店",
        collected_minor={"cash": 1_500},
        redeemed_minor=12_100,
        from_others_minor=9_100,
        refunded_minor=5_300,
        due_minor={StoreId("HQ"): 1_500, S01: 3_800},
    )
    with hq.database.read() as session:
        for name, read in FIGURES:
            figure = Figure(name=name, from_date=TODAY, to_date=TODAY, store_id=S02)
            _explained(session, figure, read(row(settlement, S02)))
        assert recompute(session, TODAY, TODAY) == settlement


def test_h8_of_what_lies_in_suspense_settlement_withholds_what_is_above_the_rulebooks_figure(hq: ServedHq) -> None:
    """At S01 80 without evidence, of which 60 go back the day after: 80 and then 20 lie there, of which at most 50 are paid on account."""
    till = hq.till("S01")
    member = till.enrol_member()
    till.top_up(member, 5_000)
    bought = till.redeem(member, 8_000)
    till.entries.pop()
    till.write(replace(bought, occasion=replace(bought.occasion, evidence=EvidenceClass.NONE)))
    till.push()
    hq.clock.pass_(days=1)
    till.open_session()
    tomorrow = till.business_date = TODAY + timedelta(days=1)
    till.refund(bought, 1, 6_000)
    till.push()
    counted(hq)

    def of(from_date: date, to_date: date, paid: int) -> tuple[int, ...]:
        policy = SettlementPolicy(suspense_paid_minor=paid)
        with hq.database.read() as session:
            whole = day_settlement(session, from_date, to_date, policy)
            assert whole == recompute(session, from_date, to_date, policy)
            figure = Figure(name=FigureName.SUSPENSE, from_date=from_date, to_date=to_date, store_id=S01)
            own = row(whole, S01)
            assert explained_total(session, figure).amount_minor == own.suspense_minor
        assert (own.net_due_minor, whole.is_balanced) == (0, True)
        return own.suspense_minor, own.in_suspense_minor, own.withheld_minor, own.payable_minor

    assert of(TODAY, TODAY, 0) == (8_000, 8_000, 8_000, 0)
    assert of(TODAY, TODAY, 5_000) == (8_000, 8_000, 3_000, 5_000)
    assert of(tomorrow, tomorrow, 5_000) == (-6_000, 2_000, 0, -3_000)
    assert of(TODAY, tomorrow, 5_000) == (2_000, 2_000, 0, 2_000)
    assert of(tomorrow + timedelta(days=1), tomorrow + timedelta(days=1), 0) == (0, 2_000, 2_000, 0)
