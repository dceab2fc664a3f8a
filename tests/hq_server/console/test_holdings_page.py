"""What a member has beside the balance, and receipts of orders, cash-outs, deposits and transfers: pushed by real tills and written by head office, read on the console's pages."""

from dataclasses import dataclass, replace
from datetime import date

import pytest
from sqlalchemy import select

from hq_server.database.models import JournalEntry, WalletRecord
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.events import OrderPaid, Tender, TenderKind, ToppedUp
from stored_value.events_money_out import (
    CardReplaced,
    CashOutRequested,
    DepositTaken,
    MovedValue,
    TransferPurpose,
    TransferredIn,
    TransferredOut,
)
from stored_value.events_order import OrderItem, SoldLine
from stored_value.identity import EventId, LotId, MemberId, PromotionId
from stored_value.loyalty import PendingInstalment
from stored_value.policies import CashOutMethod
from stored_value.wallet import Holding, HoldingKind, ValueKind
from sync.wallet_codec import read_wallet, write_wallet
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import links, text_of, visit
from tests.hq_server.reservations.reserving import held_for
from tests.hq_server.served import TODAY, PushingTill, ServedHq


@dataclass(frozen=True, slots=True)
class Lived:
    hq: ServedHq
    till: PushingTill
    saver: MemberId
    taker: MemberId
    plain: MemberId


@pytest.fixture
def lived(hq: ServedHq) -> Lived:
    """One member pays an order and hands 50 yuan on, another gets them with points, a pass and a coupon; a third leaves a deposit and asks for the balance."""
    add_people(hq)
    till = hq.till("S01")
    giver, taker = till.enrol_member(), till.enrol_member("张伟", "+8613800001235")
    plain, saver = till.enrol_member("李强", "+8613800001236"), till.enrol_member("欧阳雨桐", "+8613800001237")
    topped = till.top_up(giver, 30_000)
    order = OrderPaid(
        occasion=till.occasion(),
        member_id=giver,
        lines=(
            SoldLine(item=OrderItem(line_no=1, name="洗剪吹", unit_price_minor=8_800), total_minor=8_800),
            SoldLine(item=OrderItem(line_no=2, name="护发素", unit_price_minor=5_000), total_minor=5_000),
        ),
        balance_minor=10_000,
        tenders=(Tender(kind=TenderKind.WECHAT, amount_minor=3_800),),
    )
    till.write(order)
    cash = (Tender(kind=TenderKind.CASH, amount_minor=9_900),)
    till.top_up(saver, 5_000)
    till.write(DepositTaken(occasion=till.occasion(), member_id=saver, amount_minor=9_900, tenders=cash, item="雨伞"))
    till.push()
    till.write(
        CashOutRequested(
            occasion=replace(till.occasion(), reservations=(held_for(till, saver, 5_000),)),
            member_id=saver,
            method=CashOutMethod.PROPORTIONAL,
            refundable_minor=5_000,
            reserved_minor=5_000,
        )
    )
    till.push()
    _hand_on(till, topped, taker)
    return Lived(hq, till, saver, taker, plain)


def _hand_on(till: PushingTill, topped: ToppedUp, taker: MemberId) -> None:
    """50 yuan with points, a pass and a coupon: two legs in head office's own journal."""
    hq, giver, transfer_id = till.hq, topped.member_id, EventId(till.hq.new_id())
    moment = Moment.at(hq.clock.at)
    moved = MovedValue(
        kind=ValueKind.PRINCIPAL,
        lot_id=LotId(f"{topped.occasion.event_id}/p"),
        store_id=till.store_id,
        source_id=topped.occasion.event_id,
        amount_minor=5_000,
        acquired_on=TODAY,
        rulebook=1,
        tenders=topped.tenders,
    )
    out = TransferredOut(
        occasion=moment.occasion(hq.new_id(), 1),
        member_id=giver,
        transfer_id=transfer_id,
        to_member_id=taker,
        purpose=TransferPurpose.MEMBER,
        amount_minor=5_000,
        moved=(moved,),
    )
    arriving = TransferredIn(
        occasion=moment.occasion(hq.new_id(), 1),
        member_id=taker,
        transfer_id=transfer_id,
        from_member_id=giver,
        purpose=TransferPurpose.MEMBER,
        amount_minor=5_000,
        moved=(moved,),
        holdings=_holdings(till, out.occasion.event_id),
    )

    def write(journal: OwnJournal) -> None:
        journal.wallets_to_decide_on([giver, taker])
        for leg in (out, arriving):
            journal.write([leg])

    hq.office.desk.write(hq.clock.at, write)


def _holdings(till: PushingTill, source_id: EventId) -> tuple[Holding, ...]:
    points = Holding(
        holding_id=LotId(f"{source_id}/points"),
        kind=HoldingKind.POINTS,
        item_id="",
        store_id=till.store_id,
        source_id=source_id,
        acquired_on=TODAY,
        rulebook=1,
        original=500,
        remaining=321,
        expires_on=date(2027, 12, 31),
    )
    uses = replace(points, kind=HoldingKind.PASS_USES, original=10, remaining=7, expires_on=None)
    coupon = replace(points, kind=HoldingKind.COUPON, original=1, remaining=1, expires_on=date(2026, 12, 24))
    return (
        points,
        replace(uses, holding_id=LotId("wash"), item_id="wash-10"),
        replace(coupon, holding_id=LotId("cut"), item_id="cut-20-off"),
        replace(coupon, holding_id=LotId("gone"), item_id="used-up", remaining=0),
    )


def test_what_a_member_holds_is_listed_with_what_is_left_and_until_when(lived: Lived) -> None:
    said = text_of(visit(lived.hq.url, "boss").page(f"/members/{lived.taker}"))
    for expected in (
        "321 points",
        "2027-12-31 500 321",
        "Pass by uses wash-10",
        "Never 10 7",
        "Coupon cut-20-off",
        "2026-12-24 1 1",
    ):
        assert expected in said
    assert "used-up" not in said


def test_deposits_and_waiting_cash_outs_stand_apart_from_the_balance(lived: Lived) -> None:
    page = visit(lived.hq.url, "boss").page(f"/members/{lived.saver}")
    said = text_of(page)
    assert "Balance ￥0.00" in said
    assert "99.00 99.00" in said[said.index("Deposits") : said.index("Lots")]
    waiting = said[said.index("Cash-outs waiting") : said.index("Deposits")]
    assert "Within the cooling-off days 50.00 0.00 50.00 – 50.00" in waiting
    request = next(each for each in lived.till.entries if each.header.kind == "cash_out_requested")
    assert f"/receipts/S01-T1/1/{request.header.seq}" in list(links(page, "/receipts/"))


def test_instalments_to_come_are_listed_by_day(lived: Lived) -> None:
    parts = tuple(
        PendingInstalment(
            top_up_id=EventId("elsewhere"),
            promotion_id=PromotionId("plan-1000"),
            store_id=lived.till.store_id,
            number=number,
            due_on=due_on,
            amount_minor=2_500,
            rulebook=1,
        )
        for number, due_on in ((2, date(2027, 1, 23)), (1, date(2026, 12, 23)))
    )
    with lived.hq.database.write() as session:
        row = session.get_one(WalletRecord, lived.taker)
        wallet = read_wallet(row.state)
        row.state = write_wallet(replace(wallet, loyalty=replace(wallet.loyalty, pending=parts)))
    said = text_of(visit(lived.hq.url, "boss").page(f"/members/{lived.taker}"))
    coming = said[said.index("Bonus to come") :]
    assert coming.index("2026-12-23 plan-1000 1") < coming.index("2027-01-23 plan-1000 2")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_member_with_nothing_beside_the_balance_has_no_such_parts(lived: Lived, language: str) -> None:
    page = visit(lived.hq.url, "boss", language=language).page(f"/members/{lived.plain}")
    for part in ("cash-outs", "holdings", "deposits", "instalments"):
        assert f'id="{part}"' not in page


def test_the_parts_are_chinese_for_a_chinese_visitor(lived: Lived) -> None:
    boss = visit(lived.hq.url, "boss", language="zh")
    taker, saver = text_of(boss.page(f"/members/{lived.taker}")), text_of(boss.page(f"/members/{lived.saver}"))
    for expected in ("积分、次卡与优惠券", "321 积分", "次数卡", "优惠券", "转入"):
        assert expected in taker
    for expected in ("待处理的退卡申请", "押金", "冷静期内", "退卡申请", "收取押金"):
        assert expected in saver


@pytest.mark.parametrize(
    ("kind", "title", "account"),
    [
        ("order_paid", "Order", "Sales paid from balances"),
        ("transferred_out", "Transfer out", "Transfers on their way"),
        ("transferred_in", "Transfer in", "Transfers on their way"),
        ("deposit_taken", "Deposit taken", "Deposits owed to members"),
        ("cash_out_requested", "Cash-out asked for", "Cash-outs waiting"),
    ],
)
def test_receipts_of_every_kind_open_with_their_books(lived: Lived, kind: str, title: str, account: str) -> None:
    with lived.hq.database.read() as session:
        place = select(JournalEntry.terminal_id, JournalEntry.seq).where(JournalEntry.kind == kind)
        terminal_id, seq = session.execute(place).one()
    said = text_of(visit(lived.hq.url, "boss").page(f"/receipts/{terminal_id}/1/{seq}"))
    assert "Set aside" not in said
    for expected in (title, account, "Balanced in each store"):
        assert expected in said


def test_the_newest_card_is_the_one_that_counts(lived: Lived) -> None:
    lived.till.write(CardReplaced(occasion=lived.till.occasion(), member_id=lived.plain, card_issue=2))
    lived.till.push()
    said = text_of(visit(lived.hq.url, "boss").page(f"/members/{lived.plain}"))
    assert "Card issue 2" in said
