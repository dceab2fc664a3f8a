"""Cash-out at the counter: the reckoning that is shown is the one that is asked for, printed and paid, once, and only by what head office has confirmed."""

from dataclasses import replace

import pytest

from stored_value.events import Tender, TenderKind
from stored_value.events_money_out import CashOutPaid, CashOutRequested
from stored_value.identity import EventId, LotId, StoreId
from stored_value.policies import CashOutMethod, CashOutPolicy, RewardsAtCashOut
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import Reservation, ReservationKind
from stored_value.standing import Deed
from stored_value.wallet import Holding, HoldingKind, LotEnd, ValueKind
from sync.event_codec import event_of
from terminal.counter.views import Completed
from terminal.counter.views_money_out import CashOutQuote, WaitingCashOut
from tests.stored_value.kept import reservation
from tests.terminal.counter.head_office import START
from tests.terminal.counter.till import (
    MANAGER,
    RULEBOOK,
    WANG,
    Till,
    cash,
    done,
    member_row,
    refused,
    rulebook_row,
    wallet_of,
    wechat,
)
from tests.terminal.slip_rows import words_on


@pytest.fixture
def saver(open_till: Till) -> Till:
    """王*丽 topped up 3000 and got 1000 long ago, by 2000 in cash and 1000 by WeChat, and used 3594; head office can be reached."""
    wallet = wallet_of(300_000, 100_000, version=7)
    paid = (cash(200_000), wechat(100_000))
    lots = tuple(
        replace(
            lot,
            acquired_on=lot.acquired_on.replace(year=2025),
            remaining_minor=lot.original_minor - (269_550 if lot.kind is ValueKind.PRINCIPAL else 89_850),
            tenders=paid if lot.kind is ValueKind.PRINCIPAL else (),
        )
        for lot in wallet.lots
    )
    row = member_row(replace(wallet, lots=lots))
    open_till.feed(row)
    open_till.hq.rows[WANG] = row
    online(open_till)
    return open_till


def online(till: Till) -> None:
    till.settle_and_follow()
    till.hq.online = True


def ask(till: Till) -> tuple[CashOutQuote, Completed]:
    quote = done(till.counter.quote_cash_out(WANG))
    return quote, done(till.counter.request_cash_out(till.counter.new_action(), quote, "搬家"))


def waiting(till: Till) -> WaitingCashOut:
    found = done(till.counter.waiting_cash_out(WANG))
    assert found is not None
    return found


def pay(till: Till, request: EventId, *tenders: Tender) -> Completed | Refusal:
    return till.counter.pay_cash_out(till.counter.new_action(), WANG, request, tenders)


def kept_elsewhere(kind: ReservationKind, amount_minor: int) -> Reservation:
    """At another store's till."""
    return reservation("theirs", amount_minor, kind=kind, granted_at=START)


def test_the_reckoning_is_shown_line_by_line_with_where_it_goes(saver: Till) -> None:
    quote = done(saver.counter.quote_cash_out(WANG))
    [line] = quote.lines
    assert (line.paid_minor, line.gift_minor, line.used_minor) == (300_000, 100_000, 359_400)
    assert (line.consumed_minor, line.refundable_minor, line.forfeited_minor) == (269_550, 30_450, 10_150)
    assert (quote.method, quote.refundable_minor, quote.reserved_minor) == (CashOutMethod.PROPORTIONAL, 30_450, 40_600)
    assert quote.goes_back == (cash(20_300), wechat(10_150)), "two thirds came in cash"


def test_a_request_reserves_at_once_and_prints_what_was_shown(saver: Till) -> None:
    quote, asked = ask(saver)
    event = event_of(saver.journal.recent(1)[0])
    assert isinstance(event, CashOutRequested)
    assert (event.refundable_minor, event.reserved_minor, event.method) == (30_450, 40_600, quote.method)
    view = saver.wang()
    assert (view.balance_minor, view.spendable_now_minor, view.waiting_minor) == (0, 0, 30_450)
    assert refused(saver.redeem(1)) is RefusalCode.BALANCE_TOO_LOW
    assert (asked.amount_minor, asked.opens_drawer) == (30_450, False)
    paper = words_on(asked.receipt)
    for row in ("实付 ￥3,000.00", "获赠 ￥1,000.00", "已用 ￥3,594.00", "折合已用实付 -￥2,695.50", "可退 ￥304.50"):
        assert row in paper
    for row in (
        "放弃赠送 ￥101.50",
        "退回 现金 ￥203.00",
        "退回 微信 ￥101.50",
        "已预留 ￥406.00",
        "退卡待付 ￥304.50",
    ):
        assert row in paper


def test_a_request_is_paid_once_head_office_has_it_by_the_original_tenders(saver: Till) -> None:
    _quote, asked = ask(saver)
    assert refused(pay(saver, asked.event_id, cash(20_300), wechat(10_150))) is RefusalCode.ENTRIES_UNCONFIRMED
    assert not waiting(saver).confirmed
    saver.settle_and_follow()
    request = waiting(saver)
    assert (request.confirmed, request.here, request.receipt_no) == (True, True, asked.receipt_no)
    action = saver.counter.new_action()
    paid = done(saver.counter.pay_cash_out(action, WANG, asked.event_id, request.goes_back))
    assert (paid.amount_minor, paid.opens_drawer) == (30_450, True)
    paper = words_on(paid.receipt)
    assert f"申请单号 {asked.receipt_no}" in paper
    assert "付出 现金 ￥203.00" in paper
    assert "放弃赠送 ￥101.50" in paper
    assert done(saver.counter.pay_cash_out(action, WANG, asked.event_id, request.goes_back)) == paid
    assert refused(pay(saver, asked.event_id, *request.goes_back)) is RefusalCode.ENTRIES_UNCONFIRMED
    saver.settle_and_follow()
    assert refused(pay(saver, asked.event_id, *request.goes_back)) is RefusalCode.CASH_OUT_NOT_WAITING
    member = saver.replica.member(WANG)
    assert member is not None
    assert {lot.end for lot in member.wallet.lots} == {LotEnd.CASHED_OUT}
    assert saver.counter.waiting_cash_out(WANG) is None


def test_a_double_tap_asks_once(saver: Till) -> None:
    quote = done(saver.counter.quote_cash_out(WANG))
    action = saver.counter.new_action()
    first = done(saver.counter.request_cash_out(action, quote, ""))
    assert done(saver.counter.request_cash_out(action, quote, "")) == first
    other = replace(quote, refundable_minor=1)
    assert refused(saver.counter.request_cash_out(action, other, "")) is RefusalCode.ACTION_REUSED
    saver.settle_and_follow()
    answer = saver.counter.quote_cash_out(WANG)
    assert refused(answer) is RefusalCode.CASH_OUT_WAITING


def test_what_was_spent_after_the_reckoning_makes_it_stale(saver: Till) -> None:
    quote = done(saver.counter.quote_cash_out(WANG))
    done(saver.redeem(4_000))
    saver.settle_and_follow()
    answer = saver.counter.request_cash_out(saver.counter.new_action(), quote, "")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.CASH_OUT_CHANGED, {"refundable_minor": 27_450})


def test_the_amount_is_held_before_it_is_asked_for(saver: Till) -> None:
    _quote, asked = ask(saver)
    [held] = saver.hq.holds
    entry = saver.journal.find(asked.event_id)
    assert entry is not None
    assert (held.amount_minor, entry.header.reservations) == (40_600, (held.hold_id,))


def test_what_another_till_held_a_moment_before_is_not_paid_out_as_well(saver: Till) -> None:
    """L5: both tills are online; the reckoning was fresh when it was shown."""
    quote = done(saver.counter.quote_cash_out(WANG))
    elsewhere = kept_elsewhere(ReservationKind.HOLD, 1_000)
    saver.hq.before_hold = lambda: saver.hq.keep(WANG, elsewhere)
    before = saver.journal.head()
    answer = saver.counter.request_cash_out(saver.counter.new_action(), quote, "")
    assert isinstance(answer, Refusal)
    assert saver.journal.head() == before
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE


def test_rejecting_puts_everything_back(saver: Till) -> None:
    _quote, asked = ask(saver)
    saver.settle_and_follow()
    action = saver.counter.new_action()
    rejected = done(saver.counter.reject_cash_out(action, WANG, asked.event_id, "改主意"))
    assert done(saver.counter.reject_cash_out(action, WANG, asked.event_id, "")) == rejected
    assert saver.wang().balance_minor == 40_600
    assert "原因 改主意" in words_on(rejected.receipt)
    assert "退回余额 ￥406.00" in words_on(rejected.receipt)
    saver.settle_and_follow()
    again = saver.counter.reject_cash_out(saver.counter.new_action(), WANG, asked.event_id, "")
    assert refused(again) is RefusalCode.CASH_OUT_NOT_WAITING


def test_h4_nothing_of_a_cash_out_is_possible_offline(saver: Till) -> None:
    quote, asked = ask(saver)
    saver.settle_and_follow()
    saver.hq.online = False
    counter = saver.counter
    assert refused(counter.quote_cash_out(WANG)) is RefusalCode.ONLINE_ONLY
    assert refused(counter.request_cash_out(counter.new_action(), quote, "")) is RefusalCode.ONLINE_ONLY
    assert refused(pay(saver, asked.event_id, cash(30_450))) is RefusalCode.ONLINE_ONLY
    rejected = counter.reject_cash_out(counter.new_action(), WANG, asked.event_id, "")
    assert refused(rejected) is RefusalCode.ONLINE_ONLY


def test_h4_a_request_of_another_till_is_shown_and_not_paid_here(saver: Till) -> None:
    ask(saver)
    saver.settle_and_follow()
    row = saver.replica.member(WANG)
    assert row is not None
    [mine] = row.wallet.cash_outs
    elsewhere = replace(mine, request_id=EventId("019ab000-0000-7000-8000-0000000000aa"))
    saver.feed(member_row(replace(row.wallet, cash_outs=(elsewhere,), version=row.wallet.version + 1)))
    request = waiting(saver)
    assert (request.here, request.receipt_no) == (False, "")
    assert refused(pay(saver, elsewhere.request_id, cash(30_450))) is RefusalCode.CASH_OUT_OF_ANOTHER_TILL
    rejected = saver.counter.reject_cash_out(saver.counter.new_action(), WANG, elsewhere.request_id, "")
    assert refused(rejected) is RefusalCode.CASH_OUT_OF_ANOTHER_TILL


def test_the_tenders_must_come_to_the_sum_and_be_the_original_where_the_rulebook_says_so(saver: Till) -> None:
    policy = CashOutPolicy(original_tender_only=True)
    saver.feed(rulebook_row(replace(RULEBOOK, version=2, cash_out=policy)))
    _quote, asked = ask(saver)
    saver.settle_and_follow()
    assert waiting(saver).original_only
    assert refused(pay(saver, asked.event_id, cash(1))) is RefusalCode.TENDERS_DISAGREE
    assert refused(pay(saver, asked.event_id, cash(30_450))) is RefusalCode.TENDER_NOT_ORIGINAL
    done(pay(saver, asked.event_id, cash(20_300), wechat(10_150)))


def test_without_that_rule_any_tender_will_do(saver: Till) -> None:
    _quote, asked = ask(saver)
    saver.settle_and_follow()
    transfer = Tender(kind=TenderKind.TRANSFER, amount_minor=30_450, reference="6222")
    paid = done(pay(saver, asked.event_id, transfer))
    assert not paid.opens_drawer
    event = event_of(saver.journal.recent(1)[0])
    assert isinstance(event, CashOutPaid)
    assert event.tenders == (transfer,)


def test_only_a_manager_says_that_the_merchant_caused_it(saver: Till) -> None:
    policy = CashOutPolicy(merchant_method=CashOutMethod.PRINCIPAL_ONLY)
    saver.feed(rulebook_row(replace(RULEBOOK, version=2, cash_out=policy)))
    assert refused(saver.counter.quote_cash_out(WANG, merchant_caused=True)) is RefusalCode.NOT_PERMITTED
    saver.sign_in(MANAGER)
    quote = done(saver.counter.quote_cash_out(WANG, merchant_caused=True))
    assert quote.method is CashOutMethod.PRINCIPAL_ONLY
    done(saver.counter.request_cash_out(saver.counter.new_action(), quote, ""))


def test_what_the_till_has_not_sent_keeps_a_cash_out_waiting(saver: Till) -> None:
    done(saver.redeem(100))
    assert refused(saver.counter.quote_cash_out(WANG)) is RefusalCode.ENTRIES_UNCONFIRMED


def test_the_drawer_is_short_by_what_was_paid_in_cash(saver: Till) -> None:
    _quote, asked = ask(saver)
    saver.settle_and_follow()
    done(pay(saver, asked.event_id, cash(20_300), wechat(10_150)))
    report = done(saver.counter.close_shift(29_700))
    assert (report.expected_minor, report.difference_minor) == (29_700, 0)
    assert report.totals.cashed_out_minor == 30_450
    assert report.totals.tenders_minor == {"cash": -20_300, "wechat": -10_150}
    assert "退卡付款 ×1 -￥304.50" in words_on(report.receipt)


def test_h5_a_cash_out_waits_for_what_another_till_keeps(saver: Till) -> None:
    row = saver.replica.member(WANG)
    assert row is not None
    kept = kept_elsewhere(ReservationKind.LEASE, 5_000)
    saver.feed(member_row(replace(row.wallet, reservations=(kept,), version=row.wallet.version + 1)))
    answer = saver.counter.quote_cash_out(WANG)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["reserved_minor"]) == (RefusalCode.RESERVED_ELSEWHERE, 5_000)


@pytest.fixture
def gifted(saver: Till) -> Till:
    """The top-up gave a coupon as well, which goes back with the money; the request waits at head office."""
    row = saver.replica.member(WANG)
    assert row is not None
    coupon = Holding(
        holding_id=LotId("c1"),
        kind=HoldingKind.COUPON,
        item_id="tea",
        store_id=StoreId("S02"),
        source_id=row.wallet.lots[0].top_up_id,
        acquired_on=START.date(),
        rulebook=1,
        original=1,
        remaining=1,
    )
    policy = replace(RULEBOOK.cash_out, rewards=RewardsAtCashOut.TAKE_BACK)
    saver.feed(rulebook_row(replace(RULEBOOK, version=2, cash_out=policy)))
    known = member_row(replace(row.wallet, holdings=(coupon,), version=row.wallet.version + 1))
    saver.feed(known)
    saver.hq.rows[WANG] = known
    ask(saver)
    saver.settle_and_follow()
    return saver


def test_h5_a_coupon_that_goes_back_with_the_money_is_reserved_first(gifted: Till) -> None:
    request = waiting(gifted)
    before = len(gifted.hq.holds)
    done(pay(gifted, request.asked.request_id, *request.goes_back))
    (held,) = gifted.hq.holds[before:]
    assert (held.amount_minor, held.deed) == (0, Deed.CASH_OUT)
    assert [(thing.thing_id, thing.quantity) for thing in held.things] == [("c1", 1)]
    paid = event_of(gifted.journal.recent(1)[0])
    assert isinstance(paid, CashOutPaid)
    assert paid.occasion.reservations == (held.hold_id,)


def test_h5_nothing_is_paid_while_another_till_keeps_a_coupon_that_goes_back_with_the_money(gifted: Till) -> None:
    gifted.hq.keep(WANG, reservation("theirs", 0, {"c1": 1}, granted_at=START))
    request = waiting(gifted)
    assert refused(pay(gifted, request.asked.request_id, *request.goes_back)) is RefusalCode.RESERVED_ELSEWHERE
    assert gifted.journal.reservations.report().open_reservations == ()
    assert waiting(gifted).asked.request_id == request.asked.request_id
