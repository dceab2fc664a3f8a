"""The pictures of orders, passes and points."""

from typing import Final

from stored_value.refusals import Refusal, RefusalCode
from terminal.screens.navigation import Holdings, Order, Refund
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.driving import Driver
from tests.terminal.screens.shots import Shot, both, dark, english, offline
from tests.terminal.screens.stand_in import LI, WANG
from tests.terminal.screens.stand_in_order import ORDER


def _basket(driver: Driver) -> None:
    driver.screen.ids.name.text = "护理（资深技师）"
    driver.tap(driver.item("ShelfChip", 0))
    driver.keys("180")
    driver.quick(driver.bench.texts.t("+ Item"))
    driver.tap(driver.item("ShelfChip", 2))
    driver.keys("45")
    driver.quick(driver.bench.texts.t("+ Item"))
    driver.keys("26.8")


def _quantity(driver: Driver) -> None:
    _basket(driver)
    driver.tap(driver.item("BasketLineRow", 1))
    driver.keys("2")
    driver.quick(driver.bench.texts.t("Use pass"))


def _order_due(driver: Driver) -> None:
    _basket(driver)
    driver.confirm()


def _mixed(driver: Driver) -> None:
    _quantity(driver)
    driver.confirm()
    driver.confirm()
    driver.tap(driver.item("VoucherChip", 0))
    driver.tap(driver.item("VoucherChip", 1))
    driver.tap(driver.item("PayButton", 1))
    driver.keys("50")


def _order_done(driver: Driver) -> None:
    _mixed(driver)
    driver.confirm()


def _order_lines(driver: Driver) -> None:
    driver.tap(driver.item("RefundLineRow", 0))
    driver.tap(driver.item("RefundLineRow", 1))


def _pass_chosen(driver: Driver) -> None:
    driver.tap(driver.item("HoldingLine", 0))
    driver.tap(driver.item("UseChip", 0))


def _reward_chosen(driver: Driver) -> None:
    driver.tap(driver.item("HoldingLine", 2))


def _pass_done(driver: Driver) -> None:
    _pass_chosen(driver)
    driver.confirm()


def _coupon_too_small(bench: Bench) -> None:
    bench.counter.refusal = Refusal(RefusalCode.COUPON_BELOW_MINIMUM, {"coupon": "c-20", "minimum_minor": 50_000, "short_minor": 24_820})  # fmt: skip


ORDER_SHOTS: Final = (
    Shot(name="order", at=Order(WANG, True), play=_basket),
    Shot(name="order-en", at=Order(LI, True), play=_basket, set_up=english),
    Shot(name="order-quantity", at=Order(WANG, True), play=_quantity),
    Shot(name="order-payment", at=Order(WANG, True), play=_mixed),
    Shot(name="order-payment-en", at=Order(WANG, True), play=_mixed, set_up=both(english, dark)),
    Shot(name="order-payment-offline", at=Order(WANG, True), play=_order_due, set_up=offline),
    Shot(name="order-coupon-refused", at=Order(WANG, True), play=_order_due, set_up=_coupon_too_small),
    Shot(name="result-order", at=Order(WANG, True), play=_order_done),
    Shot(name="holdings", at=Holdings(WANG, True), play=_pass_chosen),
    Shot(name="holdings-en", at=Holdings(WANG, True), play=_reward_chosen, set_up=both(english, dark)),
    Shot(name="holdings-offline", at=Holdings(WANG, True), set_up=offline),
    Shot(name="result-pass", at=Holdings(WANG, True), play=_pass_done),
    Shot(name="refund-order", at=Refund(ORDER), play=_order_lines),
    Shot(name="refund-order-en", at=Refund(ORDER), play=_order_lines, set_up=both(english, dark)),
)
