"""What was bought or left at a till that is gone: head office refunds and returns it instead, once, and only when the till is revoked (H4)."""

import re
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from hq_server.database.models import AuditRecord
from hq_server.own_journal.dead_tills import (
    DepositWish,
    RefundWish,
    refund_for_dead_till,
    return_deposit_for_dead_till,
)
from hq_server.own_journal.place import Moment
from hq_server.own_journal.transfers import TwoMembers, move
from hq_server.settlement.service import StoreSettlement, day_settlement
from hq_server.terminals.standing import revoke
from stored_value.events import OrderPaid, Redeemed, Tender, TenderKind
from stored_value.events_money_out import DepositTaken
from stored_value.events_order import OrderItem, OrderRefundLine, SoldLine
from stored_value.identity import EventId, MemberId, StaffId, StoreId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import ValueKind
from tests.hq_server.console.franchise_day import add_people, counted
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.own_journal.miniature import books_are_right, own_kinds, unnoted, wallet_of
from tests.hq_server.served import TODAY, PushingTill, ServedHq

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WHY = "收银机被盗"


@dataclass(frozen=True, slots=True)
class Gone:
    """At S02's till, which is revoked: a meal of ￥100 and ￥20 from ￥200 of S01, and a deposit of ￥99."""

    hq: ServedHq
    till: PushingTill
    member: MemberId
    meal: Redeemed
    deposit: DepositTaken

    @property
    def refund(self) -> str:
        return f"/members/{self.member}/purchases/{self.meal.occasion.event_id}/refund"

    @property
    def give_back(self) -> str:
        return f"/members/{self.member}/deposits/{self.deposit.occasion.event_id}/return"

    def settled(self, store_id: str) -> StoreSettlement:
        counted(self.hq)
        with self.hq.database.read() as session:
            row = day_settlement(session, TODAY, TODAY).store(StoreId(store_id))
        assert row is not None
        return row


@pytest.fixture
def working(hq: ServedHq) -> Gone:
    """The same before the till is revoked."""
    add_people(hq)
    there, till = hq.till("S01"), hq.till("S02")
    member = there.enrol_member()
    for _ in range(4):  # too little for the first top-up's bonus
        there.top_up(member, 5_000)
    there.push()
    meal = till.redeem(member, 10_000, 2_000)
    deposit = DepositTaken(
        occasion=till.occasion(),
        member_id=member,
        amount_minor=9_900,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=9_900),),
        item="雨伞",
    )
    till.write(deposit)
    till.push()
    return Gone(hq, till, member, meal, deposit)


@pytest.fixture
def gone(working: Gone) -> Gone:
    revoke_till(working.hq, working.till)
    return working


def revoke_till(hq: ServedHq, till: PushingTill) -> None:
    with hq.database.write() as session:
        revoke(session, till.terminal_id, WHY)


@pytest.fixture
def boss(hq: ServedHq, working: Gone) -> Visit:
    assert working.till.entries, "people are entered first"
    return visit(hq.url, "boss")


def confirmed(boss: Visit, page: str, to: str, **fields: str) -> int:
    """Sends the form that stands on a page, as it stands there."""
    hidden = dict(_HIDDEN.findall(boss.page(page)))
    return boss.client.post(f"/console{to}", data=hidden | {"reason": WHY} | fields).status_code


def principal(gone: Gone) -> int:
    return wallet_of(gone.hq, gone.member).balance_minor(ValueKind.PRINCIPAL)


def test_a_purchase_of_a_dead_till_goes_back_to_the_balance_line_by_line(gone: Gone, boss: Visit) -> None:
    seq = 1 + [entry.header.id for entry in gone.till.entries].index(gone.meal.occasion.event_id)
    assert f"/console{gone.refund}" in boss.page(f"/receipts/{gone.till.terminal_id}/1/{seq}")
    said = text_of(boss.page(gone.refund))
    assert "100.00 – 100.00" in said
    asked = f"{gone.refund}?back=30&back=20.00"
    assert "Back to the balance ￥50.00" in text_of(boss.page(asked))
    assert own_kinds(gone.hq) == []
    assert confirmed(boss, asked, gone.refund) == 303
    assert (principal(gone), own_kinds(gone.hq)) == (13_000, ["purchase_refunded"])
    assert "70.00" in text_of(boss.page(gone.refund)), "the rest of it can go back later"
    own, other = gone.settled("S02"), gone.settled("S01")
    assert (own.redeemed_minor, own.refunded_minor, own.due_minor) == (12_000, 5_000, {"S01": 7_000})
    assert other.due_minor == {"S02": -7_000}
    with gone.hq.database.read() as session:
        (row,) = session.scalars(select(AuditRecord).where(AuditRecord.action == "purchase_refunded"))
        assert (row.actor, row.subject, WHY in row.data) == ("boss", gone.member, True)
    books_are_right(gone.hq)


def test_the_same_refund_sent_twice_is_one_and_more_than_is_left_is_refused(gone: Gone, boss: Visit) -> None:
    asked = f"{gone.refund}?back=30&back=20.00"
    form = dict(_HIDDEN.findall(boss.page(asked))) | {"reason": WHY}
    late = dict(_HIDDEN.findall(boss.page(f"{gone.refund}?back=71&back="))) | {"reason": WHY}
    assert [boss.client.post(f"/console{gone.refund}", data=form).status_code for _ in range(2)] == [303, 303]
    refused = boss.client.post(f"/console{gone.refund}", data=late)
    assert refused.status_code == 409
    assert "More than the line still allows" in text_of(refused.text)
    assert (principal(gone), own_kinds(gone.hq)) == (13_000, ["purchase_refunded"])
    assert "More than the line still allows" in text_of(boss.page(f"{gone.refund}?back=71&back="))
    assert "not an amount" in text_of(boss.page(f"{gone.refund}?back=abc&back="))


def test_all_of_it_goes_back_and_nothing_is_left_to_refund(gone: Gone, boss: Visit) -> None:
    assert confirmed(boss, f"{gone.refund}?back=100&back=20", gone.refund) == 303
    assert "Nothing is left to refund" in text_of(boss.page(gone.refund))
    wallet = wallet_of(gone.hq, gone.member)
    assert wallet.balance_minor(ValueKind.PRINCIPAL) == 20_000
    assert gone.settled("S02").due_minor == {"S01": 0}


def test_what_cash_or_wechat_paid_of_an_order_is_paid_out_by_head_office(working: Gone, boss: Visit) -> None:
    till = working.till
    order = OrderPaid(
        occasion=till.occasion(),
        member_id=working.member,
        lines=(SoldLine(item=OrderItem(line_no=1, name="洗剪吹", unit_price_minor=8_800), total_minor=8_800),),
        balance_minor=5_000,
        tenders=(Tender(kind=TenderKind.WECHAT, amount_minor=3_800),),
    )
    till.write(order)
    till.push()
    revoke_till(working.hq, till)
    page = f"/members/{working.member}/purchases/{order.occasion.event_id}/refund"
    said = text_of(boss.page(f"{page}?back=88"))
    assert "Back to the balance ￥50.00" in said
    assert "Head office pays out: WeChat ￥38.00" in said
    assert confirmed(boss, f"{page}?back=88", page) == 303
    assert principal(working) == 8_000
    assert working.settled("HQ").collected_minor == {"wechat": -3_800}
    assert working.settled("HQ").due_minor == {"S02": 3_800}
    assert own_kinds(working.hq) == ["order_refunded"]
    books_are_right(working.hq)


def test_a_deposit_that_was_left_at_a_dead_till_is_paid_out_by_head_office(gone: Gone, boss: Visit) -> None:
    assert f"/console{gone.give_back}" in boss.page(f"/members/{gone.member}")
    assert "￥99.00" in text_of(boss.page(gone.give_back))
    assert confirmed(boss, gone.give_back, gone.give_back, tender="transfer", amount="40") == 303
    assert confirmed(boss, gone.give_back, gone.give_back, tender="transfer", amount="60") == 409
    assert confirmed(boss, gone.give_back, gone.give_back, tender="transfer", amount="59.00") == 303
    assert own_kinds(gone.hq) == ["deposit_returned", "deposit_returned"]
    assert wallet_of(gone.hq, gone.member).balance_minor(ValueKind.DEPOSIT) == 0
    assert gone.settled("HQ").due_minor == {"S02": 9_900}
    assert boss.get(gone.give_back).status_code == 404, "nothing is left of it"
    books_are_right(gone.hq)


def test_h4_a_till_that_may_come_back_gives_back_itself(working: Gone, boss: Visit) -> None:
    assert boss.get(working.refund).status_code == boss.get(working.give_back).status_code == 404
    assert f"/console{working.give_back}" not in boss.page(f"/members/{working.member}")
    moment = Moment.at(working.hq.clock.at, by=StaffId("u-boss"))
    desk = working.hq.office.desk
    refund = RefundWish(
        wish_id=EventId(working.hq.new_id()),
        member_id=working.member,
        purchase_id=working.meal.occasion.event_id,
        lines=(OrderRefundLine(line_no=1, amount_minor=100),),
        reason=WHY,
    )
    till: dict[str, int | str] = {"terminal_id": working.till.terminal_id}
    assert refund_for_dead_till(desk, moment, refund, unnoted) == Refusal(RefusalCode.PURCHASE_OF_ANOTHER_TILL, till)
    deposit = DepositWish(
        wish_id=EventId(working.hq.new_id()),
        member_id=working.member,
        deposit_id=working.deposit.occasion.event_id,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=100),),
    )
    refusal = return_deposit_for_dead_till(desk, moment, deposit, unnoted)
    assert refusal == Refusal(RefusalCode.DEPOSIT_OF_ANOTHER_TILL)
    assert own_kinds(working.hq) == []


def test_a_deposit_that_a_merge_brought_is_returned_by_head_office(working: Gone, boss: Visit) -> None:
    """The till that took it knows it as the merged member's, of whom nothing is left to return."""
    survivor = working.till.enrol_member("李晓梅", "+8613900005678")
    working.till.push()
    moment = Moment.at(working.hq.clock.at)
    merge = TwoMembers(transfer_id=EventId(working.hq.new_id()), giver=working.member, taker=survivor)
    assert move(working.hq.office.desk, moment, merge, unnoted) is None
    page = working.give_back.replace(working.member, survivor)
    assert boss.get(working.give_back).status_code == 404
    assert f"/console{page}" in boss.page(f"/members/{survivor}")
    assert confirmed(boss, page, page, tender="cash", amount="99") == 303
    assert wallet_of(working.hq, survivor).balance_minor(ValueKind.DEPOSIT) == 0
    assert boss.get(page).status_code == 404
    books_are_right(working.hq)


def test_only_administrators_give_back(gone: Gone) -> None:
    sun = visit(gone.hq.url, "sun")
    assert sun.get(gone.refund).status_code == sun.get(gone.give_back).status_code == 403
    assert f"/console{gone.give_back}" not in sun.page(f"/members/{gone.member}")
