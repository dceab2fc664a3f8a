"""A scanner that types and a cashier who types are told apart: no code ends in an amount, no amount is taken for a code."""

import pytest

from terminal.screens.keystrokes import Keystrokes
from tests.terminal.screens.desk import HandWound
from tests.terminal.screens.stand_in import CARD


class Ears:
    def __init__(self) -> None:
        self.timer = HandWound()
        self.scanned: list[str] = []
        self.pressed: list[str] = []
        self.keys = Keystrokes(self.timer, self.scanned.append, self.pressed.append)

    def type(self, text: str, gap_s: float, *, to_field: bool = False) -> float:
        at_s = 100.0
        for char in text:
            self.keys.text(char, at_s, to_field=to_field)
            self.timer.wind(gap_s)
            at_s += gap_s
        return at_s


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.mark.parametrize("to_field", [False, True])
def test_a_typed_code_is_scanned_and_no_digit_of_it_is_pressed(ears: Ears, to_field: bool) -> None:
    at_s = ears.type(CARD, 0.004, to_field=to_field)
    ears.keys.enter(at_s, to_field=to_field)
    ears.timer.wind(1)
    assert (ears.scanned, ears.pressed) == ([CARD], [])


def test_a_persons_digits_reach_the_keypad_and_enter_confirms(ears: Ears) -> None:
    at_s = ears.type("12.5", 0.2)
    ears.keys.enter(at_s, to_field=False)
    assert (ears.scanned, ears.pressed) == ([], [*"12.5", "confirm"])


def test_two_keys_rolled_quickly_count_both(ears: Ears) -> None:
    ears.type("12", 0.01)
    ears.timer.wind(0.1)
    assert ears.pressed == ["1", "2"]


def test_enter_right_after_a_digit_first_takes_the_digit(ears: Ears) -> None:
    ears.keys.text("5", 100.0, to_field=False)
    ears.keys.enter(100.02, to_field=False)
    ears.timer.wind(1)
    assert ears.pressed == ["5", "confirm"]


def test_what_is_typed_into_a_field_is_the_fields_alone(ears: Ears) -> None:
    at_s = ears.type("13", 0.2, to_field=True)
    ears.keys.enter(at_s, to_field=True)
    ears.timer.wind(1)
    assert (ears.scanned, ears.pressed) == ([], [])


def test_backspace_takes_back_the_last_digit(ears: Ears) -> None:
    ears.keys.text("5", 100.0, to_field=False)
    ears.keys.backspace()
    assert ears.pressed == ["5", "back"]
