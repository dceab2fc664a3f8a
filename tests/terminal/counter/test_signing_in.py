"""Signing in: who may, and what wrong PINs cost, also across restarts and changed clocks."""

from datetime import timedelta

from stored_value.identity import StaffId
from stored_value.refusals import Refusal, RefusalCode
from sync.pins import make_verifier
from terminal.counter.pin_tries import FIRST_DELAY_S, LONGEST_DELAY_S, delay_after
from terminal.counter.views import StaffRole
from tests.terminal.counter.head_office import KEYS
from tests.terminal.counter.till import CASHIER, MANAGER, PIN, Till, done, refused, staff_row


def wrong(till: Till, times: int) -> Refusal:
    answer: object = None
    for _ in range(times):
        answer = till.counter.sign_in(CASHIER, "000000")
    assert isinstance(answer, Refusal)
    return answer


def test_the_right_pin_signs_in_with_name_and_role(till: Till) -> None:
    assert [(tile.name, tile.role) for tile in till.counter.staff()] == [
        ("张敏", StaffRole.CASHIER),
        ("李强", StaffRole.MANAGER),
    ]
    till.feed(staff_row(MANAGER, "李强", "manager", verifier=make_verifier(PIN, KEYS.staff_pepper)))
    signed_in = done(till.counter.sign_in(MANAGER, PIN))
    assert (signed_in.name, signed_in.role) == ("李强", StaffRole.MANAGER)
    assert till.counter.status().staff_name == "李强"
    till.counter.sign_out()
    assert till.counter.status().staff_name is None


def test_a_restart_locks_the_till(till: Till) -> None:
    till.sign_in()
    till.restart()
    assert refused(till.counter.x_report()) is RefusalCode.NOT_SIGNED_IN


def test_wrong_pins_cost_a_growing_delay(till: Till) -> None:
    assert wrong(till, 1).data == {"attempts_left_free": 2}
    answer = wrong(till, 2)
    assert (answer.code, answer.data["delay_s"]) == (RefusalCode.PIN_WRONG, FIRST_DELAY_S)
    answer = wrong(till, 1)
    assert (answer.code, answer.data) == (RefusalCode.PIN_DELAYED, {"delay_s": FIRST_DELAY_S})
    assert refused(till.counter.sign_in(CASHIER, PIN)) is RefusalCode.PIN_DELAYED, "the right one waits as well"
    till.pass_time(seconds=FIRST_DELAY_S)
    assert wrong(till, 1).data["delay_s"] == 2 * FIRST_DELAY_S
    till.pass_time(seconds=2 * FIRST_DELAY_S)
    till.sign_in()
    assert wrong(till, 1).data == {"attempts_left_free": 2}, "a good sign-in forgives"


def test_one_persons_wrong_pins_do_not_lock_the_others_out(till: Till) -> None:
    wrong(till, 3)
    till.sign_in(MANAGER)


def test_the_lock_survives_a_restart(till: Till) -> None:
    wrong(till, 3)
    till.pass_time(seconds=10)
    till.restart()
    answer = till.counter.sign_in(CASHIER, PIN)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.PIN_DELAYED, {"delay_s": FIRST_DELAY_S - 10})
    till.pass_time(seconds=FIRST_DELAY_S - 10)
    till.sign_in()


def test_setting_the_clock_neither_shortens_nor_lengthens_the_delay(till: Till) -> None:
    wrong(till, 3)
    till.clock.set_wall(till.clock.now() + timedelta(hours=5))
    assert refused(till.counter.sign_in(CASHIER, PIN)) is RefusalCode.PIN_DELAYED
    till.clock.set_wall(till.clock.now() - timedelta(days=1))
    till.restart()
    assert refused(till.counter.sign_in(CASHIER, PIN)) is RefusalCode.PIN_DELAYED
    till.pass_time(seconds=FIRST_DELAY_S)
    till.sign_in()


def test_delays_double_up_to_a_quarter_of_an_hour() -> None:
    assert [delay_after(failures) for failures in range(5)] == [0, 0, 0, 30, 60]
    assert delay_after(1_000_000) == LONGEST_DELAY_S


def test_the_dismissed_and_the_unknown_cannot_sign_in(till: Till) -> None:
    till.feed(staff_row(CASHIER, "张敏", "cashier", active=False), staff_row(StaffId("s-x"), "审计", "auditor"))
    assert [tile.staff_id for tile in till.counter.staff()] == [MANAGER]
    for staff_id in (CASHIER, StaffId("s-x"), StaffId("nobody")):
        assert refused(till.counter.sign_in(staff_id, PIN)) is RefusalCode.STAFF_UNKNOWN


def test_a_staff_list_of_more_than_a_week_opens_to_nobody(till: Till) -> None:
    till.pass_time(days=7)
    till.sign_in()
    till.pass_time(seconds=1)
    assert refused(till.counter.sign_in(CASHIER, PIN)) is RefusalCode.STAFF_LIST_TOO_OLD
    till.feed()
    till.sign_in()
