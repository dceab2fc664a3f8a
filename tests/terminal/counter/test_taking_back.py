"""Taking back the last entry: every kind that can be taken back, at the till and in the shift that wrote it, once, and shown before it is done."""

from collections.abc import Callable

import pytest

from stored_value.events import EVENT_TYPES, PurchaseRefunded, RefundLine
from stored_value.refusals import Refusal, RefusalCode
from stored_value.taking_back import REMEDIES, TAKEN_BACK_BY
from stored_value.wallet import WalletStatus
from sync.event_codec import event_of
from terminal.counter.views import Completed
from terminal.counter.views_money_out import TakingBack
from tests.terminal.counter.till import WANG, Till, cash, done, member_row, refused, wallet_of, wechat
from tests.terminal.slip_rows import words_on

Act = Callable[[Till], Completed]


def top_up(till: Till) -> Completed:
    return till.top_up(100_000, cash(60_000), wechat(40_000))


def redeem(till: Till) -> Completed:
    return done(till.redeem(9_000, 3_000))


def refund(till: Till) -> Completed:
    sale = redeem(till)
    line = RefundLine(line_no=2, amount_minor=3_000)
    return done(till.counter.refund(till.counter.new_action(), sale.event_id, (line,), ""))


def take_deposit(till: Till) -> Completed:
    return done(till.counter.take_deposit(till.counter.new_action(), WANG, (cash(9_900),), "雨伞"))


def return_deposit(till: Till) -> Completed:
    taken = take_deposit(till)
    return done(till.counter.return_deposit(till.counter.new_action(), taken.event_id, (cash(9_900),)))


def keep_deposit(till: Till) -> Completed:
    taken = take_deposit(till)
    return done(till.counter.keep_deposit(till.counter.new_action(), taken.event_id, 900, "破损"))


def report_lost(till: Till) -> Completed:
    return done(till.counter.change_status(till.counter.new_action(), WANG, WalletStatus.LOST))


def request_cash_out(till: Till) -> Completed:
    till.hq.rows[WANG] = member_row(wallet_of(50_000, 10_000))
    till.settle_and_follow()
    till.hq.online = True
    quote = done(till.counter.quote_cash_out(WANG))
    return done(till.counter.request_cash_out(till.counter.new_action(), quote))


def pay_cash_out(till: Till) -> Completed:
    asked = request_cash_out(till)
    till.settle_and_follow()
    tenders = (cash(asked.amount_minor),)
    return done(till.counter.pay_cash_out(till.counter.new_action(), WANG, asked.event_id, tenders))


def take_back(till: Till, done_before: Completed) -> Completed | Refusal:
    return till.counter.take_back(till.counter.new_action(), done_before.event_id)


def look(till: Till) -> TakingBack:
    found = done(till.counter.last_entry())
    assert found is not None
    return found


CASES: dict[str, tuple[Act, str, tuple[str, ...]]] = {
    "topped_up": (top_up, "top_up_reversed", ("撤销单号",)),
    "redeemed": (redeem, "purchase_refunded", ("原单号",)),
    "purchase_refunded": (refund, "refund_reversed", ("撤销单号", "原单号")),
    "deposit_taken": (take_deposit, "deposit_returned", ("押金单号",)),
    "deposit_returned": (return_deposit, "deposit_restored", ("撤销单号", "押金单号")),
    "deposit_kept": (keep_deposit, "deposit_restored", ("撤销单号", "押金单号")),
    "status_changed": (report_lost, "status_changed", ("撤销单号",)),
    "cash_out_requested": (request_cash_out, "cash_out_rejected", ("撤销单号", "申请单号")),
    "cash_out_paid": (pay_cash_out, "cash_out_reversed", ("撤销单号", "申请单号")),
}


@pytest.mark.parametrize("kind", CASES)
def test_an_entry_is_shown_taken_back_once_and_named_on_the_slip(open_till: Till, kind: str) -> None:
    act, by_kind, names = CASES[kind]
    entry = act(open_till)
    before = look(open_till)
    assert (before.kind, before.receipt_no, before.by_kind, before.refusal) == (kind, entry.receipt_no, by_kind, None)
    action = open_till.counter.new_action()
    undone = done(open_till.counter.take_back(action, entry.event_id))
    assert undone.kind == by_kind
    assert done(open_till.counter.take_back(action, entry.event_id)) == undone
    assert refused(take_back(open_till, entry)) is RefusalCode.NOT_LAST_ENTRY
    if "撤销单号" in names:
        assert f"撤销单号 {entry.receipt_no}" in words_on(undone.receipt)
    assert all(any(row.startswith(name) for row in words_on(undone.receipt)) for name in names)


@pytest.mark.parametrize("kind", [kind for kind in CASES if not kind.startswith("cash_out")])
def test_the_wallet_and_the_drawer_are_as_before(open_till: Till, kind: str) -> None:
    """Before the entry itself: what led to it stays."""
    act, _by_kind, _names = CASES[kind]
    if kind == "purchase_refunded":
        entry, wanted = act(open_till), (40_000, 8_000, 0)
    elif kind in ("deposit_returned", "deposit_kept"):
        entry, wanted = act(open_till), (50_000, 10_000, 9_900)
    else:
        entry, wanted = act(open_till), (50_000, 10_000, 0)
    done(take_back(open_till, entry))
    view = open_till.wang()
    assert (view.principal_minor, view.bonus_minor, view.deposits_minor) == wanted
    assert (view.status, view.owed_minor, view.provisional_bonus_minor) == (WalletStatus.ACTIVE, 0, 0)
    totals = done(open_till.counter.close_shift(0)).totals
    cash_left = 9_900 if kind in ("deposit_returned", "deposit_kept") else 0
    assert totals.tenders_minor.get("cash", 0) == cash_left
    assert totals.tenders_minor.get("wechat", 0) == 0


def test_a_paid_cash_out_taken_back_waits_again(open_till: Till) -> None:
    paid = pay_cash_out(open_till)
    assert look(open_till).to_member is False
    done(take_back(open_till, paid))
    assert open_till.wang().waiting_minor == paid.amount_minor
    open_till.settle_and_follow()
    request = done(open_till.counter.waiting_cash_out(WANG))
    assert request is not None
    done(open_till.counter.pay_cash_out(open_till.counter.new_action(), WANG, request.asked.request_id, (cash(paid.amount_minor),)))  # fmt: skip
    assert done(open_till.counter.close_shift(0)).totals.cashed_out_minor == paid.amount_minor


def test_a_redemption_taken_back_says_what_it_expects_to_put_back(open_till: Till) -> None:
    undone = done(take_back(open_till, redeem(open_till)))
    event = event_of(open_till.journal.recent(1)[0])
    assert isinstance(event, PurchaseRefunded)
    assert sum(back.amount_minor for back in event.expected_draw) == 12_000
    assert (undone.principal_minor, undone.bonus_minor) == (10_000, 2_000)
    assert "原因 撤销" in words_on(undone.receipt)


def test_an_enrolment_by_mistake_is_closed(open_till: Till) -> None:
    counter = open_till.counter
    enrolled = done(counter.enrol_member(counter.new_action(), "欧阳雨桐", "13900139000"))
    assert enrolled.member_id is not None
    done(take_back(open_till, enrolled))
    assert done(counter.member(enrolled.member_id)).status is WalletStatus.CLOSED


def test_only_the_members_newest_entry_and_only_in_its_shift(open_till: Till) -> None:
    first = open_till.top_up(10_000)
    second = open_till.top_up(20_000)
    assert refused(take_back(open_till, first)) is RefusalCode.NOT_LAST_ENTRY
    done(open_till.counter.close_shift(80_000))
    done(open_till.counter.open_shift(0))
    assert open_till.counter.last_entry() is None
    assert refused(take_back(open_till, second)) is RefusalCode.ENTRY_OF_ANOTHER_SHIFT
    shown = done(open_till.counter.look_back(second.event_id))
    assert shown.refusal is not None
    assert (shown.by_kind, shown.refusal.code) == ("", RefusalCode.ENTRY_OF_ANOTHER_SHIFT)


@pytest.mark.parametrize("kind", ["topped_up", "redeemed", "deposit_taken", "status_changed"])
def test_h3_offline_only_what_never_left_this_till(open_till: Till, kind: str) -> None:
    entry = CASES[kind][0](open_till)
    open_till.journal.outcomes.record_push(1, entry.seq)
    refusal = look(open_till).refusal
    assert refusal is not None
    assert refusal.code is RefusalCode.ONLINE_ONLY
    assert refused(take_back(open_till, entry)) is RefusalCode.ONLINE_ONLY
    open_till.hq.rows[WANG] = member_row(wallet_of(0))
    open_till.settle_and_follow()
    open_till.hq.online = True
    done(take_back(open_till, entry))


def test_the_id_of_another_action_is_not_an_undoing(open_till: Till) -> None:
    topped_up = open_till.top_up(10_000)
    sale = done(open_till.redeem(1_000))
    answer = open_till.counter.take_back(sale.event_id, topped_up.event_id)
    assert refused(answer) is RefusalCode.ACTION_REUSED


def test_every_kind_is_taken_back_or_says_what_to_do_instead() -> None:
    both = set(TAKEN_BACK_BY) & set(REMEDIES)
    assert not both
    assert set(TAKEN_BACK_BY) | set(REMEDIES) <= set(EVENT_TYPES)
    elsewhere = {"member_enrolled", "order_paid", "pass_used", "points_redeemed"}  # a case of its own below or beside
    assert set(CASES) | elsewhere == {kind.kind for kind in TAKEN_BACK_BY}
