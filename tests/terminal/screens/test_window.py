"""The real window without a display: every screen loads in both languages and both themes, fits, and is driven by touches, keys and scans over the real counter."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from stored_value.events import EvidenceClass, Redeemed, ToppedUp
from sync.event_codec import event_of
from terminal.language import Language
from terminal.screens.navigation import (
    CloseShift,
    EnrolMember,
    Home,
    Identify,
    Lock,
    OpenShift,
    ProvePin,
    Purpose,
    Redeem,
    Result,
    SetPin,
    TopUp,
)
from tests.terminal.counter.till import PIN, WANG_CARD, Till
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.driving import Driver, as_a_scanner_types, pump, receipt_picture, unpainted, window
from tests.terminal.screens.make_screenshots import SHOTS
from tests.terminal.screens.pin_setting import set_at_the_counter
from tests.terminal.screens.shots import Shot, english
from tests.terminal.screens.stand_in import LONG, WANG
from tests.terminal.screens.stand_in_pin import PAYMENT_PIN
from tests.waiting import until

KEYPAD_DP_MIN = 72
TARGET_DP_MIN = 48


def visible(widget: Any) -> bool:
    while widget is not None and widget.parent is not widget:
        if widget.opacity == 0:
            return False
        widget = widget.parent
    return True


def labels(driver: Driver) -> list[Any]:
    from kivy.uix.label import Label

    return [each for each in driver.app.root.walk() if isinstance(each, Label) and each.text and visible(each)]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    def turned() -> bool:
        pump(1)
        return condition()

    until(turned, what=what)


def in_a_list(widget: Any) -> bool:
    from kivy.uix.scrollview import ScrollView

    return any(isinstance(parent, ScrollView) for parent in parents(widget))


def parents(widget: Any) -> list[Any]:
    found: list[Any] = []
    while widget.parent is not None and widget.parent is not widget:
        widget = widget.parent
        found.append(widget)
    return found


def different(shots: Sequence[Shot]) -> list[Shot]:
    """Each is tried in both languages: the English picture of a state that is there already shows nothing new."""
    states: list[tuple[object, ...]] = []
    chosen: list[Shot] = []
    for shot in shots:
        state = (shot.at, shot.play, Shot.set_up if shot.set_up is english else shot.set_up)
        if state not in states:
            states.append(state)
            chosen.append(shot)
    return chosen


@pytest.mark.slow
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("shot", different(SHOTS), ids=lambda shot: str(shot.name))
def test_every_state_of_every_screen_fits(shot: Shot, language: Language, tmp_path: Path) -> None:
    from terminal.widgets.labels import FitWords, Paragraph, Tag
    from terminal.widgets.look import ASSETS

    bench = Bench(preview=receipt_picture(ASSETS / "fonts" / "NotoSansSC-subset.otf"))
    bench.texts.use(language)
    shot.set_up(bench)
    bench.texts.use(language)
    bench.navigator.go(shot.at)  # before there is a window, which would else make the home screen too
    with unpainted(), window(bench) as driver:
        driver.settle()
        shot.play(driver)
        driver.settle()
    driver.settle()
    wide, high = driver.window.size
    shown = labels(driver)
    assert len(shown) >= 5
    for label in shown:
        x, y = label.to_window(label.x, label.y)
        where = f"{type(label).__name__} {label.text!r} at {x:.0f},{y:.0f} size {label.size}"
        if in_a_list(label):
            continue
        assert x >= -1, where
        assert x + label.width <= wide + 1, where
        assert y >= -1, where
        assert y + label.height <= high + 1, where
        if isinstance(label, FitWords | Tag | Paragraph):
            assert label.texture_size[0] <= label.width + 1, f"cut off: {where}"
        if isinstance(label, Tag):
            box = label.parent
            assert label.right <= box.right + 1, f"leaves its box: {where}"


def test_targets_are_as_large_as_fingers() -> None:
    from terminal.widgets.controls import ConfirmKey, DigitKey, Pressable

    bench = Bench(TopUp(WANG))
    with window(bench) as driver:
        driver.settle()
        pressable = [
            each for each in driver.screen.walk() if isinstance(each, Pressable) and visible(each) and each.height
        ]
        assert len(pressable) > 15
        digits = [each for each in pressable if isinstance(each, DigitKey)]
        confirm = next(each for each in pressable if isinstance(each, ConfirmKey))
        assert all(min(each.size) >= KEYPAD_DP_MIN for each in digits)
        assert confirm.width > max(each.width for each in digits)
        assert confirm.height > max(each.height for each in digits)
        for each in pressable:
            if type(each).__name__ not in {"ReasonLine"}:
                assert each.height >= TARGET_DP_MIN, type(each).__name__


def test_the_keypad_never_moves() -> None:
    bench = Bench(Redeem(WANG, True))
    with window(bench) as driver:
        places = set()
        for destination in (
            Redeem(WANG, True),
            TopUp(WANG),
            Identify(Purpose.REDEEM),
            Lock(),
            SetPin(WANG, True),
            OpenShift(),
            CloseShift(),
            EnrolMember(),
        ):
            bench.navigator.go(destination)
            driver.settle()
            five = driver.find(lambda widget: getattr(widget, "key", None) == "5")
            confirm = driver.find(lambda widget: type(widget).__name__ == "ConfirmKey")
            places.add((*five.to_window(*five.pos), *five.size, *confirm.to_window(*confirm.pos), *confirm.size))
        assert len(places) == 1


def test_a_payment_by_touch_takes_three_steps_from_home(till: Till, open_bench: Bench) -> None:
    with window(open_bench) as driver:
        driver.tap(driver.screen.ids.redeem)
        open_bench.front.scanned(WANG_CARD)
        pump(2)
        driver.keys("128.5")
        assert driver.screen.ids.pad.ids.display.text == "￥128.5"
        driver.confirm()
        assert open_bench.at(Result)
        assert driver.screen.ids.amount.text == "￥128.50"
        event = event_of(till.journal.recent(1)[0])
        assert isinstance(event, Redeemed)
        assert event.amount_minor == 12_850
        driver.tap(driver.screen.ids.amount)
        assert open_bench.at(Home)


def test_a_payment_above_the_cards_limit_is_the_members_pin_by_touch(till: Till, open_bench: Bench) -> None:
    set_at_the_counter(till)
    open_bench.navigator.go(Redeem(till.wang(), True))
    with window(open_bench) as driver:
        driver.keys("450")
        driver.confirm()
        assert open_bench.at(ProvePin)
        assert driver.screen.ids.amount.text == "￥450.00"
        driver.keys(PAYMENT_PIN[:5])
        assert driver.screen.ids.pad.ids.display.text == "● ● ● ● ● ○"
        driver.keys(PAYMENT_PIN[5:])
        driver.confirm()
        assert open_bench.at(Result)
    event = event_of(till.journal.recent(1)[0])
    assert isinstance(event, Redeemed)
    assert event.occasion.evidence is EvidenceClass.PIN


def test_a_top_up_by_touch(till: Till, open_bench: Bench) -> None:
    with window(open_bench) as driver:
        driver.tap(driver.screen.ids.top_up)
        open_bench.front.scanned(WANG_CARD)
        pump(2)
        driver.tap(driver.item("PlanCard"))
        driver.confirm()
        driver.tap(driver.item("TenderButton", 1))
        driver.confirm()
        event = event_of(till.journal.recent(1)[0])
        assert isinstance(event, ToppedUp)
        assert (event.amount_minor, event.tenders[0].kind) == (100_000, "wechat")


def test_signing_in_and_opening_the_shift_by_touch(till: Till, bench: Bench) -> None:
    bench.navigator.go(Lock())
    with window(bench) as driver:
        driver.tap(driver.item("StaffButton"))
        driver.keys(PIN)
        driver.confirm()
        driver.quick("￥500")
        driver.confirm()
        assert bench.at(Home)
        assert till.counter.status().shift_opened_at is not None


def test_a_disabled_confirm_key_does_nothing(till: Till, open_bench: Bench) -> None:
    before = till.journal.head().seq
    open_bench.navigator.go(Redeem(till.wang(), True))
    with window(open_bench) as driver:
        driver.confirm()
        assert open_bench.at(Redeem)
    assert till.journal.head().seq == before


def test_a_scanner_that_types_is_heard_by_the_window(open_bench: Bench) -> None:
    open_bench.navigator.go(Identify(Purpose.REDEEM))
    with window(open_bench) as driver:
        with as_a_scanner_types():
            for char in WANG_CARD:
                driver.window.dispatch("on_textinput", char)
            driver.window.dispatch("on_key_down", 13, 40, None, [])
        assert open_bench.at(Redeem)
        driver.settle(0.15)
        assert open_bench.view("redeem").pad.faint, "no digit of the code is in the amount"


def test_the_keyboard_types_amounts_and_escape_goes_back(open_bench: Bench, till: Till) -> None:
    open_bench.navigator.go(Redeem(till.wang(), True))
    with window(open_bench) as driver:
        for char in "25":
            driver.window.dispatch("on_textinput", char)
            wait_for(lambda: not open_bench.view("redeem").pad.faint, "the first digit")
        wait_for(lambda: open_bench.view("redeem").pad.display == "￥25", "both digits")
        assert driver.screen.ids.pad.ids.display.text == "￥25"
        driver.window.dispatch("on_key_down", 8, 42, None, [])
        assert open_bench.view("redeem").pad.display == "￥2"
        driver.window.dispatch("on_key_down", 27, 41, None, [])
        assert open_bench.at(Home)


def test_language_and_theme_are_switched_live() -> None:
    bench = Bench(Home())
    with window(bench) as driver:
        assert driver.screen.ids.redeem.label == "扣款"
        ground = driver.window.clearcolor
        bench.presenter("home").next_language()
        bench.presenter("home").next_theme()
        pump(2)
        assert driver.screen.ids.redeem.label == "Redeem"
        assert driver.window.clearcolor != ground


def test_a_touch_is_seen_in_the_same_frame() -> None:
    from kivy.tests.common import UnitTestTouch

    bench = Bench(Redeem(WANG, True))
    with window(bench) as driver:
        five = driver.find(lambda widget: getattr(widget, "key", None) == "5")
        touch = UnitTestTouch(*five.to_window(*five.center))
        touch.touch_down()
        assert five.state == "down"
        touch.touch_up()


@pytest.mark.parametrize("language", list(Language))
def test_a_long_tier_leaves_room_for_the_name_and_the_balance(language: Language) -> None:
    from terminal.widgets.labels import FitWords, Tag, Words

    bench = Bench(TopUp(LONG))
    bench.texts.use(language)
    with window(bench) as driver:
        driver.settle()
        shown = labels(driver)
        name = next(each for each in shown if isinstance(each, Words) and each.text.startswith("阿卜杜"))
        tier = next(each for each in shown if isinstance(each, Tag) and each.text == bench.view("top_up").header.tier)
        balance = next(each for each in shown if isinstance(each, FitWords) and each.text == "￥4,999,999.99")
        assert name.width >= 40
        assert name.to_window(name.right, 0)[0] <= tier.to_window(tier.x, 0)[0]
        assert tier.to_window(tier.right, 0)[0] <= balance.to_window(balance.x, 0)[0]
        assert tier.texture_size[0] <= tier.width + 1


def test_names_are_ellipsized_in_the_middle() -> None:
    from terminal.widgets.labels import Words

    shot = next(shot for shot in SHOTS if shot.name == "member-long-name")
    bench = Bench(shot.at)
    with window(bench) as driver:
        driver.settle()
        name = next(each for each in labels(driver) if isinstance(each, Words) and each.text.startswith("阿卜杜"))
        assert name.shorten
        assert name.shorten_from == "center"
        assert name.texture_size[0] <= name.width + 1
