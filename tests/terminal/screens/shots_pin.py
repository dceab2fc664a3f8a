"""The pictures of the member's payment PIN."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from stored_value.refusals import Refusal, RefusalCode
from terminal.screens.navigation import Holdings, MemberCard, Order, Redeem, SetPin
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.driving import Driver
from tests.terminal.screens.shots import Shot, both, dark, english
from tests.terminal.screens.stand_in import LI, LONG, WANG
from tests.terminal.screens.stand_in_pin import DELAYED, OVER_THE_DAY, PAYMENT_PIN

WITH_PIN, LONG_WITH_PIN = replace(WANG, pin_is_set=True), replace(LONG, pin_is_set=True)


def _know(bench: Bench) -> None:
    bench.counter.people.update({each.member_id: each for each in (WITH_PIN, LONG_WITH_PIN)})


def _over(bench: Bench) -> None:
    _know(bench)
    bench.counter.refusal = OVER_THE_DAY


def _over_without(bench: Bench) -> None:
    bench.counter.refusal = Refusal(OVER_THE_DAY.code, {**OVER_THE_DAY.data, "pin": "none"})


def _delayed(bench: Bench) -> None:
    bench.counter.wrong_pin = DELAYED


def _few_left(bench: Bench) -> None:
    few = replace(WITH_PIN, spendable_now_minor=18_000)
    bench.counter.people[WANG.member_id] = few


def _no_manager(bench: Bench) -> None:
    bench.counter.no_pin = Refusal(RefusalCode.NOT_PERMITTED)


def _amount(keys: str) -> Callable[[Driver], None]:
    return lambda driver: driver.keys(keys)


def _asked(driver: Driver) -> None:
    driver.keys("450")
    driver.confirm()


def _typing(driver: Driver) -> None:
    _asked(driver)
    driver.keys(PAYMENT_PIN[:4])


def _wrong(driver: Driver) -> None:
    _asked(driver)
    driver.keys("192837")
    driver.confirm()


def _again(driver: Driver) -> None:
    driver.keys(PAYMENT_PIN)
    driver.confirm()
    driver.keys("48")


def _set(driver: Driver) -> None:
    _again(driver)
    driver.keys(PAYMENT_PIN[2:])
    driver.confirm()


def _differ(driver: Driver) -> None:
    driver.keys(PAYMENT_PIN)
    driver.confirm()
    driver.keys("192837")
    driver.confirm()


def _order(driver: Driver) -> None:
    driver.keys("450")
    driver.quick(driver.bench.texts.t("+ Item"))
    driver.confirm()


def _pass(driver: Driver) -> None:
    driver.tap(driver.item("HoldingLine", 0))
    driver.tap(driver.item("UseChip", 0))


PIN_SHOTS: Final = (
    Shot(name="member-pin", at=MemberCard(WITH_PIN, True), set_up=_know),
    Shot(name="member-pin-only-en", at=MemberCard(WITH_PIN, True), set_up=both(_few_left, english)),
    Shot(name="redeem-pin", at=Redeem(WITH_PIN, True), play=_amount("128"), set_up=_know),
    Shot(name="redeem-pin-needed", at=Redeem(WITH_PIN, True), play=_amount("450"), set_up=_over),
    Shot(name="redeem-pin-none-en", at=Redeem(WANG, True), play=_amount("450"), set_up=both(_over_without, english)),
    Shot(name="prove-pin", at=Redeem(WITH_PIN, True), play=_typing, set_up=_over),
    Shot(name="prove-pin-wrong", at=Redeem(WITH_PIN, True), play=_wrong, set_up=_over),
    Shot(name="prove-pin-delayed-en", at=Redeem(WITH_PIN, True), play=_wrong, set_up=both(_over, _delayed, english)),
    Shot(name="prove-pin-long-en", at=Redeem(LONG_WITH_PIN, True), play=_asked, set_up=both(_over, dark, english)),
    Shot(name="set-pin", at=SetPin(WANG, True), play=_again),
    Shot(name="result-pin-set", at=SetPin(WANG, True), play=_set),
    Shot(name="set-pin-card", at=SetPin(LI, False)),
    Shot(name="set-pin-change-en", at=SetPin(LONG_WITH_PIN, True), set_up=both(_know, english)),
    Shot(name="set-pin-differ-en", at=SetPin(WANG, True), play=_differ, set_up=english),
    Shot(name="set-pin-refused", at=SetPin(WANG, True), set_up=_no_manager),
    Shot(name="order-pin", at=Order(WITH_PIN, True), play=_order, set_up=_few_left),
    Shot(name="order-pin-en", at=Order(WITH_PIN, True), play=_order, set_up=both(_few_left, english)),
    Shot(name="holdings-pin", at=Holdings(WITH_PIN, True), play=_pass, set_up=_know),
)
