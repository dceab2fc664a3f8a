"""How long one press of the cashier's waits for head office in all, by the virtual clock."""

from stored_value.refusals import Refusal
from terminal.counter.online_read import BEGINS_WITHIN_S
from tests.terminal.counter.test_reserving import give_back, lease, online
from tests.terminal.counter.till import WANG, Till, done

DEADLINE_S = 0.8


def test_however_much_there_is_to_wait_for_the_cashier_waits_for_head_office_no_longer_than_twice(
    open_till: Till,
) -> None:
    """His own top-up is not taken yet, head office answers at the last moment, and what it holds is too little by then: three reasons to wait, one patience."""
    online(open_till)
    lease(open_till, "l1", 4_000)
    open_till.settle_and_follow()
    done(open_till.top_up(10_000))
    asked_at: list[float] = []

    def slowly() -> None:
        if not asked_at:
            give_back(open_till, "l1")
        asked_at.append(open_till.clock.monotonic_s())
        open_till.clock.wait(DEADLINE_S)

    open_till.hq.before_hold = slowly
    began = open_till.clock.monotonic_s()
    paid = done(open_till.redeem(10_000))
    assert len(asked_at) == 1, "asking again would have begun too late"
    assert open_till.clock.monotonic_s() - began <= BEGINS_WITHIN_S + DEADLINE_S
    assert paid.provisional, "decided as if nobody had answered"
    assert open_till.journal.reservations.report().open_reservations == (), "and nothing stays held for it"


def test_what_a_cash_out_asks_one_after_the_other_has_one_patience(open_till: Till) -> None:
    online(open_till)
    open_till.settle_and_follow()
    quote = done(open_till.counter.quote_cash_out(WANG))
    done(open_till.top_up(10_000))
    open_till.hq.before_hold = lambda: open_till.clock.wait(DEADLINE_S)
    began = open_till.clock.monotonic_s()
    assert isinstance(open_till.counter.request_cash_out(open_till.counter.new_action(), quote, "迁居"), Refusal)
    assert open_till.clock.monotonic_s() - began <= BEGINS_WITHIN_S + DEADLINE_S
