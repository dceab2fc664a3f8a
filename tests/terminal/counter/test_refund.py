"""Refunds by line, and taking back top-ups."""

from printers.document import Row
from stored_value.events import RefundLine
from stored_value.identity import EventId
from stored_value.refusals import Refusal, RefusalCode
from sync.cards import receipt_text
from terminal.counter.views import Completed, MemberView, PurchaseView
from tests.terminal.counter.till import WANG, Till, cash, done, member_row, refused, wallet_of, wechat


def back(line_no: int, amount: int) -> tuple[RefundLine, ...]:
    return (RefundLine(line_no=line_no, amount_minor=amount),)


def refund(till: Till, sale: Completed, lines: tuple[RefundLine, ...]) -> Completed | Refusal:
    return till.counter.refund(till.counter.new_action(), sale.event_id, lines, "破损")


def test_a_scanned_receipt_shows_the_purchase_and_what_can_go_back(open_till: Till) -> None:
    sale = done(open_till.redeem(9_000, 3_000))
    view = done(open_till.counter.identify(receipt_text(sale.receipt_no)))
    assert isinstance(view, PurchaseView)
    assert (view.purchase_id, view.total_minor, view.refundable_minor) == (sale.event_id, 12_000, 12_000)
    assert [line.name for line in view.lines] == ["商品1", "商品2"]


def test_a_line_goes_back_in_the_kinds_that_it_drew(open_till: Till) -> None:
    sale = done(open_till.redeem(9_000, 3_000))
    completed = done(refund(open_till, sale, back(2, 3_000)))
    assert (completed.principal_minor, completed.bonus_minor) == (2_500, 500)
    assert (completed.principal_after_minor, completed.bonus_after_minor) == (42_500, 8_500)
    view = done(open_till.counter.purchase(sale.receipt_no))
    assert [line.refundable_minor for line in view.lines] == [9_000, 0]


def test_the_same_line_cannot_go_back_twice_nor_more_than_it_cost(open_till: Till) -> None:
    sale = done(open_till.redeem(9_000, 3_000))
    done(refund(open_till, sale, back(2, 2_000)))
    answer = refund(open_till, sale, back(2, 1_001))
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.REFUND_EXCEEDS_LINE, {"line_no": 2, "left_minor": 1_000})
    done(refund(open_till, sale, back(2, 1_000)))
    assert refused(refund(open_till, sale, back(2, 1))) is RefusalCode.REFUND_EXCEEDS_LINE
    assert refused(refund(open_till, sale, back(3, 1))) is RefusalCode.REFUND_EXCEEDS_LINE
    assert refused(refund(open_till, sale, back(1, 0))) is RefusalCode.AMOUNT_NOT_POSITIVE
    assert refused(refund(open_till, sale, ())) is RefusalCode.AMOUNT_NOT_POSITIVE
    assert open_till.wang().balance_minor == 51_000


def test_a_refund_works_the_same_before_and_after_head_office_confirmed_the_sale(open_till: Till) -> None:
    sale = done(open_till.redeem(9_000, 3_000))
    open_till.settle_and_follow()
    completed = done(refund(open_till, sale, back(2, 3_000)))
    assert (completed.principal_minor, completed.bonus_minor) == (2_500, 500)
    open_till.settle_and_follow()
    assert refused(refund(open_till, sale, back(2, 1))) is RefusalCode.REFUND_EXCEEDS_LINE
    done(refund(open_till, sale, back(1, 9_000)))
    assert open_till.wang().balance_minor == 60_000


def test_what_head_office_had_not_taken_of_the_member_goes_back_to_where_it_waits(open_till: Till) -> None:
    """The payment was without evidence there: a refund gives the member only what was taken of him, and says so."""
    sale = done(open_till.redeem(9_000, 3_000))
    open_till.settle_and_follow(unproved_minor=10_000)
    assert open_till.wang().balance_minor == 60_000 - 2_000
    action = open_till.counter.new_action()
    first = done(open_till.counter.refund(action, sale.event_id, back(1, 9_000), ""))
    assert (first.principal_minor, first.bonus_minor, first.awaiting_minor) == (1_250, 250, 7_500)
    assert done(open_till.counter.refund(action, sale.event_id, back(1, 9_000), "")) == first
    second = done(refund(open_till, sale, back(2, 3_000)))
    assert (second.principal_minor + second.bonus_minor, second.awaiting_minor) == (500, 2_500)
    assert open_till.wang().balance_minor == 60_000
    again = done(open_till.counter.take_back(open_till.counter.new_action(), second.event_id))
    assert open_till.wang().balance_minor == 59_500
    for completed, awaiting in ((first, "￥75.00"), (second, "￥25.00"), (again, "￥25.00")):
        rows = [(block.left, block.right) for block in completed.receipt.blocks if isinstance(block, Row)]
        assert ("  待总部核实", awaiting) in rows
        assert "  欠款" not in dict(rows)


def test_a_double_tap_is_one_refund_with_one_answer(open_till: Till) -> None:
    sale = done(open_till.redeem(9_000, 3_000))
    action = open_till.counter.new_action()
    first = done(open_till.counter.refund(action, sale.event_id, back(2, 1_000), ""))
    assert done(open_till.counter.refund(action, sale.event_id, back(2, 1_000), "")) == first
    assert open_till.wang().balance_minor == 49_000


def test_a_purchase_goes_back_only_at_the_till_that_made_it(open_till: Till) -> None:
    answer = open_till.counter.purchase("S02-T1-000012")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.PURCHASE_OF_ANOTHER_TILL, {"terminal_id": "S02-T1"})
    for unknown in ("S01-T1-000999", "S01-T1-000001", "S01-T1-x", "rubbish", ""):
        assert refused(open_till.counter.purchase(unknown)) is RefusalCode.PURCHASE_UNKNOWN
    nothing = open_till.counter.refund(open_till.counter.new_action(), EventId("x"), back(1, 1), "")
    assert refused(nothing) is RefusalCode.PURCHASE_UNKNOWN


def test_after_the_policys_days_it_is_too_late(open_till: Till) -> None:
    sale = done(open_till.redeem(3_000))
    open_till.pass_time(days=31)
    done(open_till.counter.close_shift(50_000))
    open_till.feed()
    open_till.open_shift()
    assert refused(refund(open_till, sale, back(1, 3_000))) is RefusalCode.REFUND_TOO_LATE


def test_a_receipt_of_a_top_up_leads_to_its_member(open_till: Till) -> None:
    topped_up = open_till.top_up(10_000)
    view = done(open_till.counter.identify(receipt_text(topped_up.receipt_no)))
    assert isinstance(view, MemberView)
    assert view.member_id == WANG


def test_a_top_up_that_never_left_the_till_is_taken_back_offline(open_till: Till) -> None:
    topped_up = open_till.top_up(100_000, cash(60_000), wechat(40_000))
    action = open_till.counter.new_action()
    completed = done(open_till.counter.take_back(action, topped_up.event_id))
    assert completed.opens_drawer
    assert (completed.amount_minor, completed.bonus_minor) == (100_000, 20_000)
    view = open_till.wang()
    assert (view.principal_minor, view.bonus_minor, view.provisional_bonus_minor) == (50_000, 10_000, 0)
    assert done(open_till.counter.take_back(action, topped_up.event_id)) == completed
    other = open_till.counter.take_back(open_till.counter.new_action(), topped_up.event_id)
    assert refused(other) is RefusalCode.NOT_LAST_ENTRY


def test_a_top_up_that_head_office_may_know_is_taken_back_online_only(open_till: Till) -> None:
    topped_up = open_till.top_up(10_000, wechat(10_000))
    open_till.journal.outcomes.record_push(1, topped_up.seq)
    counter = open_till.counter
    assert refused(counter.take_back(counter.new_action(), topped_up.event_id)) is RefusalCode.ONLINE_ONLY
    open_till.settle_and_follow()
    assert refused(counter.take_back(counter.new_action(), topped_up.event_id)) is RefusalCode.ONLINE_ONLY
    open_till.hq.online = True
    completed = done(counter.take_back(counter.new_action(), topped_up.event_id))
    assert not completed.opens_drawer
    assert open_till.wang().balance_minor == 60_000


def test_a_top_up_of_which_something_was_spent_stays(open_till: Till) -> None:
    open_till.feed(member_row(wallet_of(0, version=4)))
    topped_up = open_till.top_up(50_000)
    done(open_till.redeem(1))
    counter = open_till.counter
    answer = counter.take_back(counter.new_action(), topped_up.event_id)
    assert refused(answer) is RefusalCode.NOT_LAST_ENTRY
    assert refused(counter.take_back(counter.new_action(), EventId("x"))) is RefusalCode.RECEIPT_UNKNOWN
