"""A member who has a payment PIN that the till knows, and how he types it, for tests of the screens."""

from sync.event_codec import event_of
from tests.terminal.counter.till import CASHIER, MANAGER, WANG, Till, done, member_row, wallet_of
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.stand_in_pin import PAYMENT_PIN


def set_at_the_counter(till: Till) -> None:
    till.sign_in(MANAGER)
    till.hq.rows.setdefault(WANG, member_row(wallet_of(50_000, 10_000)))
    till.settle_and_follow()
    counter = till.counter
    done(counter.set_pin(counter.new_action(), WANG, PAYMENT_PIN, static_card=True))
    till.settle_and_follow()
    till.sign_in(CASHIER)


def type_pin(bench: Bench, pin: str = PAYMENT_PIN) -> None:
    bench.press(pin)
    bench.confirm()


def last_event(till: Till) -> object:
    return event_of(till.journal.recent(1)[0])
