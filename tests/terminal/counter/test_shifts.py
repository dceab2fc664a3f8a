"""Shifts: float, blind count, totals that are what the entries add up to, the business date past midnight."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stored_value.events import RefundLine, ShiftClosed
from stored_value.refusals import Refusal, RefusalCode
from stored_value.shift_totals import rebuilt_totals
from stored_value.wallet import WalletStatus
from sync.event_codec import event_of
from terminal.counter.views import Completed, MemberView
from tests.terminal.counter.head_office import START
from tests.terminal.counter.till import MANAGER, WANG, Till, cash, done, refused, wechat


def test_a_shift_opens_once_with_its_float(till: Till) -> None:
    till.sign_in()
    completed = done(till.counter.open_shift(50_000))
    assert (completed.kind, completed.amount_minor, completed.opens_drawer) == ("shift_opened", 50_000, False)
    assert till.counter.status().shift_opened_at == "08:02"
    assert refused(till.counter.open_shift(50_000)) is RefusalCode.SHIFT_ALREADY_OPEN
    till.restart()
    till.sign_in(MANAGER)
    assert refused(till.counter.open_shift(1)) is RefusalCode.SHIFT_ALREADY_OPEN


def test_a_float_and_a_count_are_not_below_zero(till: Till) -> None:
    till.sign_in()
    assert refused(till.counter.open_shift(-1)) is RefusalCode.AMOUNT_NEGATIVE
    assert refused(till.counter.close_shift(0)) is RefusalCode.SHIFT_NOT_OPEN
    done(till.counter.open_shift(0))
    assert refused(till.counter.close_shift(-1)) is RefusalCode.AMOUNT_NEGATIVE


def test_the_count_is_blind_for_a_cashier_and_open_for_a_manager(open_till: Till) -> None:
    open_till.top_up(10_000)
    seq = open_till.journal.head().seq
    blind = done(open_till.counter.x_report())
    assert (blind.expected_minor, blind.totals.tenders_minor, blind.totals.topped_up_minor) == (None, {}, 0)
    assert blind.totals.counts == {"topped_up": 1}
    open_till.sign_in(MANAGER)
    seen = done(open_till.counter.x_report())
    assert (seen.expected_minor, seen.totals.tenders_minor) == (60_000, {"cash": 10_000})
    assert open_till.journal.head().seq == seq
    assert open_till.journal.print_job_of(seq) is not None


def test_closing_compares_the_count_with_float_and_cash(open_till: Till) -> None:
    topped_up = open_till.top_up(30_000, cash(20_000), wechat(10_000))
    open_till.top_up(10_000)
    sale = done(open_till.redeem(9_000, 3_000))
    counter = open_till.counter
    done(counter.refund(counter.new_action(), sale.event_id, (RefundLine(line_no=2, amount_minor=3_000),), ""))
    open_till.settle_and_follow()
    last = open_till.top_up(5_000)
    done(counter.take_back(counter.new_action(), last.event_id))
    report = done(counter.close_shift(79_000))
    assert (report.float_minor, report.expected_minor, report.counted_minor) == (50_000, 80_000, 79_000)
    assert report.difference_minor == -1_000
    totals = report.totals
    assert (totals.topped_up_minor, totals.redeemed_minor, totals.refunded_minor) == (45_000, 12_000, 3_000)
    assert totals.tenders_minor == {"cash": 30_000, "wechat": 10_000}
    assert totals.counts == {"purchase_refunded": 1, "redeemed": 1, "top_up_reversed": 1, "topped_up": 3}
    assert report.seq is not None
    entry = open_till.journal.entry(report.seq)
    assert entry is not None
    event = event_of(entry)
    assert isinstance(event, ShiftClosed)
    assert (event.totals, event.expected_minor, event.counted_minor) == (totals, 80_000, 79_000)
    assert refused(counter.close_shift(79_000)) is RefusalCode.SHIFT_NOT_OPEN
    assert refused(open_till.redeem(1)) is RefusalCode.SHIFT_NOT_OPEN
    assert topped_up.opens_drawer


def test_past_midnight_the_business_date_stays_that_of_the_opening(open_till: Till) -> None:
    open_till.pass_time(hours=17)  # 01:02 of the next day in Shanghai
    sale = done(open_till.redeem(1_000))
    entry = open_till.journal.entry(sale.seq)
    assert entry is not None
    occasion = event_of(entry).occasion
    assert occasion.business_date == date(2026, 11, 23)
    assert occasion.local_time == "2026-11-24 01:02:00"
    done(open_till.counter.close_shift(50_000))
    done(open_till.counter.open_shift(0))
    assert done(open_till.counter.x_report()).business_date == date(2026, 11, 24)


def test_h8_a_shift_that_goes_on_too_long_takes_no_money_until_it_is_closed(open_till: Till) -> None:
    counter = open_till.counter

    def top_up() -> Completed | Refusal:
        return counter.top_up(counter.new_action(), WANG, 1_000, (cash(1_000),), None)

    assert counter.status().shift_left_s is None
    open_till.pass_time(hours=35, minutes=30)
    sale = done(top_up())
    assert counter.status().shift_left_s == 30 * 60, "said before"
    open_till.pass_time(minutes=30)
    assert top_up() == Refusal(RefusalCode.SHIFT_TOO_OLD, {"opened_at": "2026-11-23 08:02:00"})
    for refusal in (
        open_till.redeem(1_000),
        counter.enrol_member(counter.new_action(), "李雷", "13800009999"),
        counter.take_back(counter.new_action(), sale.event_id),
    ):
        assert refused(refusal) is RefusalCode.SHIFT_TOO_OLD
    assert counter.status().shift_left_s == 0
    assert isinstance(counter.member(WANG), MemberView), "looking is free"
    done(counter.print_x_report())
    done(counter.close_shift(50_000))
    done(counter.open_shift(0))
    done(top_up())


def test_h8_setting_the_clock_back_does_not_prolong_a_shift(open_till: Till) -> None:
    open_till.hq.time_at_least = START + timedelta(hours=40)
    assert refused(open_till.redeem(1_000)) is RefusalCode.SHIFT_TOO_OLD
    done(open_till.counter.close_shift(50_000))
    done(open_till.counter.open_shift(0))
    assert open_till.counter.status().shift_left_s is None, "a clock that stands, offline, does not end each new shift"
    counter = open_till.counter
    done(counter.top_up(counter.new_action(), WANG, 1_000, (cash(1_000),), None))


def test_a_lost_card_is_taken_down_in_a_shift_however_old(open_till: Till) -> None:
    open_till.pass_time(hours=40)
    done(open_till.counter.change_status(open_till.counter.new_action(), WANG, WalletStatus.LOST))


def test_a_shift_that_a_fast_clock_opened_tomorrow_is_closed_first(till: Till) -> None:
    def enrol() -> Completed | Refusal:
        return till.counter.enrol_member(till.counter.new_action(), "李雷", "13800009999")

    till.pass_time(hours=17)
    till.sign_in()
    done(till.counter.open_shift(50_000))
    till.clock.set_wall(START + timedelta(hours=15))
    assert refused(enrol()) is RefusalCode.SHIFT_TOO_OLD
    done(till.counter.close_shift(50_000))
    done(till.counter.open_shift(50_000))
    done(enrol())


def test_the_shift_stays_open_across_a_restart(open_till: Till) -> None:
    open_till.restart()
    open_till.sign_in()
    assert open_till.counter.status().shift_opened_at == "08:02"
    assert isinstance(open_till.redeem(1_000), Completed)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("cash"), st.integers(1, 20_000)),
        st.tuples(st.just("wechat"), st.integers(1, 20_000)),
        st.tuples(st.just("redeem"), st.integers(1, 3_000)),
        st.tuples(st.just("refund"), st.integers(1, 3_000)),
        st.tuples(st.just("reverse"), st.just(0)),
        st.tuples(st.just("sync"), st.just(0)),
    ),
    max_size=12,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps)
def test_shift_totals_are_what_the_entries_add_up_to(open_till: Till, played: list[tuple[str, int]]) -> None:
    """One till lives through all examples; each closes its shift and opens the next."""
    counter = open_till.counter
    for what, amount in played:
        _play(open_till, what, amount)
    shift = open_till.journal.shifts.current()
    assert shift is not None
    events = [event_of(entry) for entry in open_till.journal.entries_of_shift(shift.shift_id)]
    report = done(counter.close_shift(0))
    assert report.totals == rebuilt_totals(events)
    assert report.expected_minor == shift.float_minor + report.totals.tenders_minor.get("cash", 0)
    done(counter.open_shift(100))


def _play(till: Till, what: str, amount: int) -> None:
    counter = till.counter
    newest = counter.receipts(30)
    match what:
        case "cash" | "wechat":
            tender = cash(amount) if what == "cash" else wechat(amount)
            counter.top_up(counter.new_action(), WANG, amount, (tender,), None)
        case "redeem":
            till.redeem(amount)
        case "refund":
            for row in newest:
                if row.refundable:
                    line = RefundLine(line_no=1, amount_minor=amount)
                    counter.refund(counter.new_action(), row.event_id, (line,), "")
                    return
        case "reverse":
            for row in newest:
                if row.reversible:
                    counter.take_back(counter.new_action(), row.event_id)
                    return
        case _:
            till.settle_and_follow()


def test_nothing_happens_without_a_rulebook(till: Till) -> None:
    till.sign_in()
    till.replica.clear()
    answer = till.counter.open_shift(0)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.NO_RULEBOOK
