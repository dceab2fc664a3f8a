"""The console in a real browser: signing in, a figure that moves without reload, the way down to one receipt, and that nothing is fetched from elsewhere."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.hq_server.console.franchise_day import PASSWORD, FranchiseDay
from tests.hq_server.pin_till import PinTill
from tests.hq_server.served import ServedHq

# What a browser makes of a page is the same whatever database it was read from; that pages say the same on each is test_pages.py's.
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("day", ["sqlite"], indirect=True)]
WIDTHS = (1280, 1024, 390)


@pytest.fixture
def quiet(page: Page, day: FranchiseDay) -> Iterator[Page]:
    """A page that fails its test for any error in the console, any refusal by the policy, any request that leaves the machine."""
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((day.hq.url, "data:")) else troubles.append(request.url),
    )
    yield page
    assert troubles == []


def sign_in(page: Page, hq: ServedHq, login: str = "boss") -> None:
    page.goto(f"{hq.url}/")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").press("Enter")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


def test_signing_in_and_out(quiet: Page, day: FranchiseDay) -> None:
    sign_in(quiet, day.hq)
    quiet.get_by_role("button", name="退出").click()
    expect(quiet.get_by_role("button", name="登录")).to_be_visible()


def test_what_a_till_pushes_is_seen_without_reload(quiet: Page, day: FranchiseDay) -> None:
    sign_in(quiet, day.hq)
    figure = quiet.locator("#collected-S03")
    before = figure.inner_text()
    quiet.evaluate("window.sameDocument = true")
    figure.focus()
    till = day.tills["S03-T1"]
    till.top_up(day.members["李强"], 12_300)
    till.push()
    expect(figure).not_to_have_text(before)
    expect(quiet.get_by_text("123.00").first).to_be_visible()
    assert quiet.evaluate("window.sameDocument") is True
    assert quiet.evaluate("document.activeElement.id") == "collected-S03"


def test_from_the_settlement_down_to_one_receipt(quiet: Page, day: FranchiseDay) -> None:
    sign_in(quiet, day.hq)
    quiet.get_by_role("link", name="结算").click()
    quiet.locator("#netting a.fig", has_text="+376.00").first.click()
    expect(quiet.locator("#explained")).to_have_text("￥376.00")
    receipt = quiet.locator("#receipts a").first
    number = receipt.inner_text()
    receipt.click()
    expect(quiet.get_by_role("heading", level=1)).to_have_text(number)
    expect(quiet.get_by_text("每家门店借贷相等")).to_be_visible()
    expect(quiet.locator("pre.entry").first).to_contain_text('"business_date": "2026-11-23"')


def test_columns_that_are_hidden_stay_hidden(quiet: Page, day: FranchiseDay) -> None:
    sign_in(quiet, day.hq)
    quiet.goto(f"{day.hq.url}/console/settlement")
    head = quiet.get_by_role("columnheader", name="赠送")
    expect(head).to_be_visible()
    quiet.get_by_text("列", exact=True).click()
    quiet.get_by_label("赠送").uncheck()
    expect(head).to_be_hidden()
    quiet.reload()
    expect(head).to_be_hidden()


def test_the_slash_leads_to_the_search_and_a_receipts_number_to_the_receipt(quiet: Page, day: FranchiseDay) -> None:
    sign_in(quiet, day.hq)
    quiet.keyboard.press("/")
    quiet.keyboard.type("S02-T1-000004")
    quiet.keyboard.press("Enter")
    expect(quiet.get_by_role("heading", level=1)).to_have_text("S02-T1-000004")


def test_a_store_is_chosen_without_a_button(quiet: Page, day: FranchiseDay) -> None:
    sign_in(quiet, day.hq)
    quiet.get_by_label("门店").select_option("S02")
    expect(quiet.locator(".cards section")).to_have_count(1)


def test_a_payment_pin_is_taken_away_with_a_reason_and_no_other_way(quiet: Page, day: FranchiseDay) -> None:
    member, till = day.members["李强"], day.tills["S03-T1"]
    PinTill(till).set_pin(member)
    till.push()
    sign_in(quiet, day.hq)
    quiet.goto(f"{day.hq.url}/console/members/{member}")
    quiet.get_by_role("link", name="清除支付密码").click()
    for width in WIDTHS:
        quiet.set_viewport_size({"width": width, "height": 800})
        assert quiet.evaluate("document.documentElement.scrollWidth") <= width, width
    quiet.get_by_role("button", name="清除支付密码").click()
    expect(quiet.get_by_label("原因")).to_be_focused()
    quiet.get_by_label("原因").fill("忘记密码")
    quiet.get_by_role("button", name="清除支付密码").click()
    expect(quiet.get_by_role("status")).to_contain_text("支付密码已清除")
    expect(quiet.get_by_role("link", name="清除支付密码")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_no_page_is_wider_than_its_screen(quiet: Page, day: FranchiseDay, language: str) -> None:
    sign_in(quiet, day.hq)
    quiet.goto(f"{day.hq.url}/console/language/{language}?next=/console/")
    member = day.members["王小丽"]
    for path in (
        "/",
        "/members",
        f"/members/{member}",
        "/settlement",
        "/receipts/S02-T1/1/4",
        "/exceptions",
        "/tills",
        "/promotions",
    ):
        quiet.goto(f"{day.hq.url}/console{path}")
        for width in WIDTHS:
            quiet.set_viewport_size({"width": width, "height": 800})
            assert quiet.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
