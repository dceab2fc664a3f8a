"""Draws the console's pages into a folder: real tills pushed the day, a real Chromium looks. Run by `make screenshots`.

python -m tests.hq_server.console.make_screenshots [FOLDER]
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord, Member
from hq_server.franchise_data import rulebook
from stored_value.findings import FindingCode
from stored_value.offline_policy import RiskAllowance
from stored_value.rulebook import Rulebook
from sync.recovery import RecoveryAsk
from tests.browser import running_chromium
from tests.hq_server.console.franchise_day import PASSWORD, FranchiseDay, live_a_day
from tests.hq_server.furnished import served_hq
from tests.hq_server.pin_till import PinTill

WIDTH, HEIGHT = 1280, 800
FOLDER: Final = Path(__file__).parents[3] / "docs" / "images"


@dataclass(frozen=True, slots=True)
class Shot:
    """`whole`: the page in its full length, not only what fits the screen."""

    name: str
    path: str
    language: str = "zh-CN"
    dark: bool = False
    login: str = "boss"
    whole: bool = False


def shots(day: FranchiseDay) -> Iterator[Shot]:
    member = day.members["王小丽"]
    today = "from=2026-11-23&to=2026-11-23"
    places = {
        "today": "/",
        "members": "/members",
        "member": f"/members/{member}",
        "settlement": f"/settlement?{today}",
        "figure": f"/settlement/receipts?figure=net_due&store=S01&{today}",
        "receipt": "/receipts/S02-T1/1/4",
        "set-aside": "/receipts/S02-T1/1/9",
        "exceptions": "/exceptions",
        "exception": _one_exception(day),
        "exposure": "/exposure",
        "tills": "/tills",
        "stop-till": "/tills/S02-T1/stop",
        "takeover": "/tills/S02-T1/takeover",
        "promotions": "/promotions",
    }
    others = day.members["欧阳雨桐"]
    with day.hq.database.read() as session:
        other_no = session.get_one(Member, others).member_no
    places |= {
        "transfer": f"/members/{member}/transfer?to={other_no}&amount=100",
        "merge": f"/members/{member}/merge?to={other_no}",
        "freeze": f"/members/{member}/standing?status=frozen",
        "payment-pin": f"/members/{member}/payment-pin",
    }
    for name, path in places.items():
        yield Shot(name, path)
    for name in (
        "today",
        "settlement",
        "member",
        "payment-pin",
        "exceptions",
        "exception",
        "exposure",
        "tills",
        "takeover",
    ):
        yield Shot(f"{name}-en", places[name], language="en")
    for name in ("today", "settlement", "receipt"):
        yield Shot(f"{name}-dark", places[name], dark=True)
    yield Shot("settlement-franchisee", places["settlement"], login="liu")
    yield Shot("sign-in", "/sign-in", login="")


def _one_exception(day: FranchiseDay) -> str:
    with day.hq.database.read() as session:
        found = session.scalars(
            select(ExceptionRecord)
            .where(ExceptionRecord.code == FindingCode.OVERDRAFT)
            .order_by(ExceptionRecord.subject)
            .limit(1)
        ).one()
    return f"/exceptions/{found.store_id}/{found.subject}/{found.code}"


def _somebody_has_a_pin(day: FranchiseDay) -> None:
    till = day.tills["S01-T1"]
    PinTill(till).set_pin(day.members["王小丽"])
    till.push()


def _somebody_asks_to_take_over(day: FranchiseDay) -> None:
    asking = day.hq.till("S02")
    asking.client.ask_recovery("S02-T1", RecoveryAsk(technician="李师傅", copy_through=15, has_own_key=True))


def signed_in(browser: Browser, url: str, shot: Shot) -> Page:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        locale=shot.language,
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if shot.dark else "light",
    )
    page = context.new_page()
    page.goto(f"{url}/console/")
    if shot.login:
        page.fill("input[name=login]", shot.login)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("aside.rail")
    return page


def _rules(at: datetime) -> Rulebook:
    """The sample's, with an allowance and a limit of the card that are enough for the day: its tills ask nobody, and its members type no PIN."""
    book = rulebook(at)
    risk = RiskAllowance(payment_minor=150_000, member_minor=150_000, till_minor=200_000)
    limits = replace(book.limits, static_card_day_minor=150_000)
    return replace(book, offline=replace(book.offline, risk=risk), limits=limits)


def make(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    with (
        tempfile.TemporaryDirectory() as data,
        served_hq(None, Path(data), rules=_rules) as hq,
        running_chromium() as browser,
    ):
        day = live_a_day(hq)
        _somebody_asks_to_take_over(day)
        _somebody_has_a_pin(day)
        for shot in shots(day):
            page = signed_in(browser, hq.url, shot)
            page.goto(f"{hq.url}/console{shot.path}")
            page.wait_for_function("document.fonts.ready.then(() => true)")
            path = folder / f"hq-{shot.name}.png"
            page.screenshot(path=path, full_page=shot.whole, animations="disabled")
            page.context.close()
            made.append(path)
    return made


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
