"""Draws every screen of the till, and the states that matter, into docs/images/till-*.png, without a display. Run by `make screenshots`; people look at the pictures.

python -m tests.terminal.screens.make_screenshots [FOLDER] [--only home redeem]
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import tests.terminal.screens.conftest  # noqa: F401 - sets up Kivy without a display before anything imports it
from stored_value.identity import TerminalId
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.views import KeptApart, StaffRole
from terminal.screens.enrolment_words import EnrolmentFailure
from terminal.screens.navigation import (
    CardCare,
    CashOut,
    CloseShift,
    Deposits,
    EnrolMember,
    EnrolTill,
    Findings,
    Home,
    Identify,
    Lock,
    MemberCard,
    OpenShift,
    Purpose,
    Receipts,
    Redeem,
    Refund,
    TakeBack,
    TopUp,
)
from terminal.stops import StopCode
from terminal.troubles import Trouble
from terminal.widgets.look import ASSETS
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.driving import REFERENCE, Driver, receipt_picture, window
from tests.terminal.screens.shots import Shot, both, dark, english, offline
from tests.terminal.screens.shots_order import ORDER_SHOTS
from tests.terminal.screens.shots_pin import PIN_SHOTS
from tests.terminal.screens.stand_in import LI, LONG, OFFLINE, PURCHASE, STATUS, WANG
from tests.terminal.screens.stand_in_money_out import LAST, WAITING

FOLDER: Final = Path(__file__).parents[3] / "docs" / "images"


def _pin(driver: Driver) -> None:
    driver.tap(driver.item("StaffButton"))
    driver.keys("2468")


def _wrong_pin(driver: Driver) -> None:
    driver.tap(driver.item("StaffButton"))
    driver.keys("111111")
    driver.confirm()


def _search(driver: Driver) -> None:
    driver.keys("13800138000")


def _unknown(driver: Driver) -> None:
    driver.keys("13900010000")


def _amount(driver: Driver) -> None:
    driver.keys("128")


def _items(driver: Driver) -> None:
    driver.keys("68")
    driver.quick(driver.bench.texts.t("+ Item"))
    driver.keys("42.5")
    driver.quick(driver.bench.texts.t("+ Item"))
    driver.keys("17.5")


def _plan(driver: Driver) -> None:
    driver.tap(driver.item("PlanCard", 1))


def _cash(driver: Driver) -> None:
    _plan(driver)
    driver.confirm()
    driver.tap(driver.item("TenderButton", 0))
    driver.keys("1100")


def _change(driver: Driver) -> None:
    _cash(driver)
    driver.confirm()


def _topped_up(driver: Driver) -> None:
    _plan(driver)
    driver.confirm()
    driver.tap(driver.item("TenderButton", 1))
    driver.confirm()


def _charged(driver: Driver) -> None:
    _amount(driver)
    driver.confirm()


def _lines(driver: Driver) -> None:
    driver.tap(driver.item("RefundLineRow", 0))
    driver.tap(driver.item("RefundLineRow", 1))
    driver.keys("20")


def _counted(driver: Driver) -> None:
    driver.keys("1775.5")


def _closed(driver: Driver) -> None:
    _counted(driver)
    driver.confirm()


def _person(driver: Driver) -> None:
    driver.screen.ids.name.text = "欧阳晓雨"
    driver.tap(driver.item("MonthButton", 6))
    driver.keys("1380013")


def _choose_receipt(driver: Driver) -> None:
    driver.tap(driver.item("ReceiptEntry", 1))


def _float(driver: Driver) -> None:
    driver.quick("￥500")


def _stopped(bench: Bench) -> None:
    bench.counter.state = replace(
        bench.counter.state, stopped_reason="forked", stop_code=StopCode.FORKED, findings_open=2
    )


def _signed_out(bench: Bench) -> None:
    bench.counter.state = replace(bench.counter.state, staff_name=None, staff_role=None, shift_opened_at=None)


def _first_start(bench: Bench) -> None:
    bench.before_enrolment()


def _no_code(bench: Bench) -> None:
    bench.enrol_answer = EnrolmentFailure.CODE_REFUSED
    _first_start(bench)


def _enrol(driver: Driver) -> None:
    driver.screen.ids.code.text = "7KQ2-M9XD"
    driver.tap(driver.screen.ids.confirm)


def _waiting(bench: Bench) -> None:
    bench.counter.waiting = WAITING


def _manager(bench: Bench) -> None:
    bench.counter.state = replace(bench.counter.state, staff_name="陈晓燕", staff_role=StaffRole.MANAGER)


def _not_last(bench: Bench) -> None:
    refusal = Refusal(RefusalCode.ENTRY_OF_ANOTHER_SHIFT, {"remedy": "refund_or_cash_out"})
    bench.counter.last = replace(LAST, by_kind="", tenders=(), refusal=refusal)


def _give_back(driver: Driver) -> None:
    driver.tap(driver.item("DepositLine", 0))


def _lost(driver: Driver) -> None:
    driver.tap(driver.item("CareRow", 0))


def _reject(driver: Driver) -> None:
    driver.tap(driver.screen.ids.reject)


def _paid_out(driver: Driver) -> None:
    driver.tap(driver.screen.ids.confirm)


def _too_full(bench: Bench) -> None:
    bench.counter.refusal = Refusal(RefusalCode.WALLET_LIMIT, {"limit_minor": 500_000, "left_minor": 396_160})


def _clock_off(bench: Bench) -> None:
    bench.counter.state = replace(STATUS, clock_off_s=420, pay_codes_blocked=True, findings_open=3)


def _hq_older(bench: Bench) -> None:
    bench.counter.state = replace(OFFLINE, trouble=Trouble.HQ_OLDER, findings_open=3)


def _owing(bench: Bench) -> None:
    kept = KeptApart(
        amount_minor=45_000,
        tills=1,
        terminal_id=TerminalId("S02-T1"),
        store_name="建设路店",
        oldest_at=datetime(2026, 11, 22, tzinfo=UTC),
        age_s=9_000,
    )
    bench.counter.people[WANG.member_id] = replace(
        WANG,
        owed_minor=1_200,
        offline_now_minor=30_000,
        leased_here_minor=20_000,
        leased_elsewhere=kept,
        held_elsewhere=replace(kept, amount_minor=2_000, age_s=30),
    )


def _choose_settled(driver: Driver) -> None:
    driver.tap(driver.item("FindingEntry", 4))


SHOTS: Final = (
    *ORDER_SHOTS,
    *PIN_SHOTS,
    Shot(name="enrol-till", at=EnrolTill(), set_up=_first_start),
    Shot(name="enrol-till-refused", at=EnrolTill(), play=_enrol, set_up=_no_code),
    Shot(name="lock", at=Lock(), set_up=_signed_out),
    Shot(name="lock-pin", at=Lock(), play=_pin, set_up=_signed_out),
    Shot(name="lock-wrong-pin", at=Lock(), play=_wrong_pin, set_up=_signed_out),
    Shot(name="shift-open", at=OpenShift(), play=_float),
    Shot(name="home", at=Home()),
    Shot(name="home-offline", at=Home(), set_up=offline),
    Shot(name="home-stopped", at=Home(), set_up=_stopped),
    Shot(name="home-dark", at=Home(), set_up=dark),
    Shot(name="home-en", at=Home(), set_up=english),
    Shot(name="identify", at=Identify(Purpose.REDEEM)),
    Shot(name="identify-several", at=Identify(Purpose.TOP_UP), play=_search),
    Shot(name="identify-unknown", at=Identify(Purpose.MEMBER), play=_unknown),
    Shot(name="member", at=MemberCard(WANG, True)),
    Shot(name="member-new", at=MemberCard(LI, True), set_up=offline),
    Shot(name="member-long-name", at=MemberCard(LONG, True)),
    Shot(name="member-owing", at=MemberCard(WANG, True), set_up=_owing),
    Shot(name="member-dark", at=MemberCard(WANG, True), set_up=dark),
    Shot(name="redeem", at=Redeem(WANG, True), play=_amount),
    Shot(name="redeem-items", at=Redeem(WANG, True), play=_items),
    Shot(name="redeem-offline-limit", at=Redeem(WANG, True), play=lambda driver: driver.keys("268"), set_up=offline),
    Shot(name="redeem-balance-too-low", at=Redeem(LI, True), play=_amount),
    Shot(name="redeem-en", at=Redeem(WANG, True), play=_items, set_up=english),
    Shot(
        name="redeem-en-refused",
        at=Redeem(WANG, True),
        play=lambda driver: driver.keys("268"),
        set_up=both(english, offline),
    ),
    Shot(name="redeem-dark", at=Redeem(WANG, True), play=_amount, set_up=dark),
    Shot(name="redeem-long", at=Redeem(LONG, True), play=lambda driver: driver.keys("1234567.89")),
    Shot(name="top-up-empty", at=TopUp(WANG)),
    Shot(name="top-up", at=TopUp(WANG), play=_plan),
    Shot(name="top-up-offline", at=TopUp(WANG), play=_plan, set_up=offline),
    Shot(name="top-up-cash", at=TopUp(WANG), play=_cash),
    Shot(name="top-up-refused", at=TopUp(WANG), play=lambda driver: driver.keys("4000"), set_up=_too_full),
    Shot(name="top-up-en", at=TopUp(LI), play=_cash, set_up=english),
    Shot(name="top-up-long", at=TopUp(LONG)),
    Shot(name="top-up-dark", at=TopUp(WANG), play=_cash, set_up=dark),
    Shot(name="refund-find", at=Refund()),
    Shot(name="refund", at=Refund(PURCHASE), play=_lines),
    Shot(name="refund-en", at=Refund(PURCHASE), play=_lines, set_up=english),
    Shot(name="cash-out", at=CashOut(WANG)),
    Shot(name="cash-out-long-en", at=CashOut(LONG), set_up=both(english, _manager)),
    Shot(name="cash-out-waiting", at=CashOut(WANG), set_up=_waiting),
    Shot(name="cash-out-waiting-en", at=CashOut(WANG), play=_reject, set_up=both(_waiting, english)),
    Shot(name="cash-out-dark", at=CashOut(WANG), set_up=both(_waiting, dark)),
    Shot(name="deposits", at=Deposits(WANG), play=lambda driver: driver.keys("99")),
    Shot(name="deposits-return", at=Deposits(WANG), play=_give_back),
    Shot(name="deposits-en", at=Deposits(LONG), play=_give_back, set_up=english),
    Shot(name="take-back", at=TakeBack()),
    Shot(name="take-back-refused-en", at=TakeBack(), set_up=both(_not_last, english)),
    Shot(name="card", at=CardCare(WANG), play=_lost),
    Shot(name="card-en-offline", at=CardCare(WANG), play=_lost, set_up=both(english, offline)),
    Shot(name="result-paid-out", at=CashOut(WANG), play=_paid_out, set_up=_waiting),
    Shot(name="enrol-member", at=EnrolMember(), play=_person),
    Shot(name="receipts", at=Receipts(), play=_choose_receipt),
    Shot(name="receipts-en", at=Receipts(), play=_choose_receipt, set_up=english),
    Shot(name="findings", at=Findings()),
    Shot(name="findings-en", at=Findings(), set_up=both(english, dark)),
    Shot(name="findings-settled", at=Findings(), play=_choose_settled),
    Shot(name="findings-settled-en", at=Findings(), play=_choose_settled, set_up=english),
    Shot(name="home-clock-off", at=Home(), set_up=_clock_off),
    Shot(name="home-hq-older-en", at=Home(), set_up=both(english, _hq_older)),
    Shot(name="shift-close", at=CloseShift(), play=_counted),
    Shot(name="shift-close-report", at=CloseShift(), play=_closed),
    Shot(name="shift-close-en", at=CloseShift(), play=_closed, set_up=english),
    Shot(name="result-redeemed", at=Redeem(WANG, True), play=_charged),
    Shot(name="result-offline", at=Redeem(WANG, True), play=_charged, set_up=offline),
    Shot(name="result-topped-up", at=TopUp(WANG), play=_topped_up),
    Shot(name="result-change", at=TopUp(WANG), play=_change),
    Shot(name="result-dark-en", at=Redeem(WANG, True), play=_charged, set_up=both(dark, english)),
)
LARGER: Final = ("home", "redeem", "top-up", "result-redeemed")
LARGER_SIZES: Final = ((1280, 800), (1920, 1080))


def draw(shot: Shot, folder: Path, size: tuple[int, int] = REFERENCE) -> Path:
    picture_of = receipt_picture(ASSETS / "fonts" / "NotoSansSC-subset.otf")
    bench = Bench(preview=picture_of)
    shot.set_up(bench)
    suffix = "" if size == REFERENCE else f"-{size[0]}x{size[1]}"
    path = folder / f"till-{shot.name}{suffix}.png"
    with window(bench, size) as driver:
        bench.navigator.go(shot.at)
        driver.settle()
        shot.play(driver)
        driver.picture(path)
    return path


def main(folder: Path, only: Sequence[str], size: tuple[int, int] | None) -> None:
    """A window without a display keeps the size it was born with: each size is drawn by a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    if size is None:
        for width, height in (REFERENCE, *LARGER_SIZES):
            command = [sys.executable, "-m", __spec__.name, str(folder), "--size", f"{width}x{height}", "--only", *only]
            subprocess.run(command, check=True)
        return
    for shot in SHOTS:
        if (size == REFERENCE or shot.name in LARGER) and (not only or shot.name in only):
            draw(shot, folder, size)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures; all without any")
    parser.add_argument("--size", type=_size)
    asked = parser.parse_args()
    main(asked.folder, asked.only, asked.size)
    sys.stdout.flush()
    os._exit(0)  # Kivy's window has no orderly end without a display
