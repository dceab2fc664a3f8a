"""The pages: what they say, that every number leads to its receipts, and that a franchisee sees the own store only."""

import csv
import io
import re

import pytest
from sqlalchemy import select

from hq_server.audit.log import broken_rows
from hq_server.database.models import AuditRecord, Terminal, WalletEventRecord
from tests.hq_server.console.franchise_day import LONG_NAME, FranchiseDay, add_people
from tests.hq_server.console.visiting import Visit, links, text_of, visit
from tests.hq_server.served import PushingTill, ServedHq

DAY = "from=2026-11-23&to=2026-11-23"


@pytest.fixture
def boss(day: FranchiseDay) -> Visit:
    return visit(day.hq.url, "boss")


@pytest.fixture
def liu(day: FranchiseDay) -> Visit:
    """The franchisee of S02."""
    return visit(day.hq.url, "liu")


def test_today_shows_each_stores_money_and_the_latest_receipts(boss: Visit) -> None:
    said = text_of(boss.page("/"))
    assert "人民路店 S01" in said
    assert "￥2,300.00" in said
    assert "Offline" in said
    assert "5 to look at" in said


def test_the_moving_part_is_sent_only_when_it_moved(day: FranchiseDay, boss: Visit) -> None:
    seen = re.search(r"seen=([0-9a-f]{16})", boss.page("/"))
    assert seen is not None
    assert boss.get(f"/live?seen={seen[1]}").status_code == 204
    assert boss.get("/live?seen=0123456789abcdef").status_code == 200


def test_every_number_of_the_settlement_is_the_sum_of_the_receipts_that_it_opens(boss: Visit) -> None:
    page = boss.page(f"/settlement?{DAY}")
    figures = re.findall(r'<a class="fig num[^"]*" href="/console(/settlement/receipts[^"]+)">\+?([^<]+)</a>', page)
    assert len(figures) > 40
    for address, shown in figures:
        behind = boss.page(address.replace("&amp;", "&"))
        total = re.search(r'id="explained">(-?)￥([^<]+)<', behind)
        assert total is not None
        assert total[1] + total[2] == shown, address
        assert "Not counted yet" not in behind


def test_what_lies_in_a_stores_suspense_is_withheld(boss: Visit) -> None:
    said = text_of(boss.page(f"/settlement?{DAY}"))
    assert "S02 +26.00 26.00 26.00 0.00 -17.50 -17.50" in said


def test_each_receipt_behind_a_number_opens(boss: Visit) -> None:
    receipts = {
        each
        for kind in ("collected", "redeemed", "net_due", "unexplained")
        for each in links(boss.page(f"/settlement/receipts?figure={kind}&{DAY}"), "/receipts/")
    }
    assert len(receipts) > 10
    for address in receipts:
        assert "Balanced in each store" in text_of(boss.page(address))


def test_a_receipt_page_shows_the_entry_its_postings_and_its_place_in_the_chain(day: FranchiseDay, boss: Visit) -> None:
    till = day.tills["S02-T1"]
    entry = next(each for each in till.entries if each.header.kind == "redeemed")
    said = text_of(boss.page(f"/receipts/S02-T1/1/{entry.header.seq}"))
    for expected in (
        entry.hash,
        entry.header.prev,
        entry.header.id,
        "￥164.50",
        "131.60",
        "菜品1",
        "Principal owed to members",
    ):
        assert expected in said
    assert f"S02-T1-{entry.header.seq:06d}" in said


def test_a_refund_leads_to_its_purchase(day: FranchiseDay, boss: Visit) -> None:
    refund = next(each for each in day.tills["S02-T1"].entries if each.header.kind == "purchase_refunded")
    page = boss.page(f"/receipts/S02-T1/1/{refund.header.seq}")
    assert "Refunds receipt" in page
    assert "/receipts/S02-T1/1/4" in list(links(page, "/receipts/S02-T1/1/4"))


def test_a_set_aside_entry_says_so_and_keeps_its_bytes(day: FranchiseDay, boss: Visit) -> None:
    odd = next(each for each in day.tills["S02-T1"].entries if each.header.kind == "aroma_dispensed")
    said = text_of(boss.page(f"/receipts/S02-T1/1/{odd.header.seq}"))
    assert "Set aside" in said
    assert "cedar-10" in said
    assert "an update does not read the entry again" in said


def test_a_shift_has_a_page_though_it_moves_no_value(boss: Visit) -> None:
    assert "Nothing to book" in boss.page("/receipts/S01-T1/1/1")


def test_what_needs_a_person_is_listed_with_the_reason_and_the_next_step(boss: Visit) -> None:
    said = text_of(boss.page("/exceptions"))
    for expected in (
        "The payment took more than the wallet held",
        "owed ￥180.00",
        "The till promised another bonus than the rulebook gives",
        "Nothing shows that the member was there",
        "A kind of entry that this version does not know",
        "an update does not read the entry again",
    ):
        assert expected in said


@pytest.mark.parametrize("asked", ["王小丽", "王", "13800001000", "+86 138 0000 1000", "王*丽"])
def test_a_member_is_found_by_name_or_phone(boss: Visit, asked: str) -> None:
    assert "王*丽" in boss.client.get("/console/members", params={"q": asked}).text


def test_a_member_is_found_by_number_and_card(boss: Visit) -> None:
    number = re.search(r">(\d{10})</a>", boss.page("/members"))
    assert number is not None
    for asked in (number[1], f"TCM1{number[1]}01"):
        assert number[1] in boss.client.get("/console/members", params={"q": asked}).text


def test_a_name_that_nobody_has_finds_nobody(boss: Visit) -> None:
    assert "Nobody found" in boss.client.get("/console/members", params={"q": "王小梅"}).text


def test_one_field_finds_receipts_too(boss: Visit) -> None:
    for asked in ("S02-T1-000004", " s02-t1-000004", "TCR1S02-T1-000004"):
        answer = boss.client.get("/console/find", params={"q": asked})
        assert answer.headers["location"] == "/console/receipts/S02-T1/1/4"
    assert boss.client.get("/console/find", params={"q": "王"}).headers["location"].startswith("/console/members")


def test_a_member_page_tells_where_every_yuan_came_from(day: FranchiseDay, boss: Visit) -> None:
    said = text_of(boss.page(f"/members/{day.members['王小丽']}"))
    for expected in ("plan-1000", "first-50", "人民路店", "842.80", "S02-T1-000004", "菜品2", "36.00"):
        assert expected in said


def test_names_in_clear_are_shown_on_request_and_the_request_is_kept(day: FranchiseDay, boss: Visit) -> None:
    address = f"/members/{day.members[LONG_NAME]}"
    assert LONG_NAME not in boss.page(address)
    shown = boss.send(address, f"{address}/personal")
    assert LONG_NAME in shown.text
    assert "+8613800001002" in shown.text
    with day.hq.database.read() as session:
        kept = session.scalars(select(AuditRecord).where(AuditRecord.action == "personal_data_seen")).all()
        assert {(row.actor, row.subject) for row in kept} == {("boss", day.members[LONG_NAME])}
        assert list(broken_rows(session)) == []


def test_a_franchisee_sees_the_own_store_only(day: FranchiseDay, liu: Visit) -> None:
    assert "滨江店" not in text_of(liu.page("/"))
    for elsewhere in (
        "/?store=S01",
        "/settlement?store=S01",
        f"/settlement/receipts?figure=collected&store=S03&{DAY}",
        "/tills?store=S03",
        "/exceptions?store=S01",
    ):
        assert liu.get(elsewhere).status_code == 404, elsewhere
    settlement = liu.page(f"/settlement?{DAY}")
    assert "700.00" in settlement
    assert "5,500.00" not in settlement
    stranger = day.members["李强"]
    with day.hq.database.read() as session:
        seen = session.scalars(select(WalletEventRecord.store_id).where(WalletEventRecord.member_id == stranger)).all()
    assert "S02" in seen, "made at S03, topped up at S02: this one the store knows"
    assert liu.get(f"/members/{stranger}").status_code == 200
    assert liu.get(f"/members/{day.members[LONG_NAME]}").status_code == 404
    assert LONG_NAME[0] + "*" not in liu.page("/members")


def test_a_franchisee_sees_a_receipt_of_another_store_only_when_it_touches_the_own_books(liu: Visit) -> None:
    own = liu.page(f"/settlement/receipts?figure=net_due&{DAY}")
    elsewhere = [each for each in links(own, "/receipts/") if "S02" not in each]
    assert elsewhere
    assert liu.get(elsewhere[0]).status_code == 200
    assert liu.get("/receipts/S01-T1/1/1").status_code == 404


def test_only_administrators_change_tills(day: FranchiseDay, liu: Visit) -> None:
    for visitor in (liu, visit(day.hq.url, "sun")):
        assert "Make a one-time code" not in visitor.page("/tills")
        assert visitor.get("/tills/S02-T1/stop").status_code == 403
        assert visitor.send("/tills", "/tills/codes", store="S02").status_code == 403
        assert visitor.send("/tills", "/tills/S02-T1/stop", reason="x").status_code == 403


def test_tables_are_exported_for_spreadsheets(boss: Visit) -> None:
    answer = boss.get(f"/settlement?{DAY}&csv=stores", **{"accept-language": "zh"})
    assert answer.content.startswith("\ufeff".encode())
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["门店", "门店名称", "现金", "微信"]
    assert rows[1][:2] == ["S01", "人民路店"]
    assert rows[-1][-1] == "0.00"
    for column in range(2, len(rows[0])):
        assert sum(_minor(row[column]) for row in rows[1:-1]) == _minor(rows[-1][column])


def test_the_receipts_behind_a_number_are_exported_whole(boss: Visit) -> None:
    answer = boss.get(f"/settlement/receipts?figure=collected&store=S01&{DAY}&csv=1")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sum(_minor(row[-1]) for row in rows[1:]) == 230_000


def _minor(text: str) -> int:
    return int(text.replace(".", ""))


@pytest.mark.parametrize(
    "address",
    [
        "/nowhere",
        "/receipts/S01-T1/1/999",
        "/receipts/S09-T1/1/1",
        "/members/none",
        "/promotions?version=99",
        "/tills/S01-T1/eat",
        "/exceptions?after=x",
        "/exceptions?after=2026-11-23~S01-T1~1~1",
        "/settlement?csv=x",
        "/?store=S77",
    ],
)
def test_what_is_not_there_is_said_plainly(boss: Visit, address: str) -> None:
    answer = boss.get(address)
    assert answer.status_code == 404
    assert "This page is not here" in answer.text


def test_an_address_that_is_not_understood_is_no_failure_of_head_office(boss: Visit) -> None:
    assert boss.get("/settlement?from=yesterday").status_code == 400
    assert boss.get(f"/settlement/receipts?figure=guess&{DAY}").status_code == 400


def test_days_the_wrong_way_round_are_put_right(boss: Visit) -> None:
    assert "2,300.00" in boss.page("/settlement?from=2026-11-23&to=2026-11-01")


def test_the_rulebook_is_shown_with_its_versions(boss: Visit) -> None:
    said = text_of(boss.page("/promotions"))
    for expected in (
        "Pay 1,000, get 200",
        "Paying exactly ￥1,000.00",
        "First top-up of at least ￥100.00",
        "Silver",
        "In force",
        "Version 1",
    ):
        assert expected in said


# --- changes, each on a head office of its own


def test_a_one_time_code_is_shown_once_and_enrols_a_till(hq: ServedHq) -> None:
    add_people(hq)
    boss = visit(hq.url, "boss")
    shown = boss.send("/tills", "/tills/codes", store="S02")
    code = re.search(r'id="enrolment-code">([0-9A-Z-]+)<', shown.text)
    assert code is not None
    assert code[1] not in boss.page("/tills")
    till = PushingTill(hq, code[1])
    hq.clients.enter_context(till.client)
    assert till.terminal_id == "S02-T1"
    assert "S02-T1" in boss.page("/tills")
    with hq.database.read() as session:
        row = session.scalars(select(AuditRecord)).one()
        assert (row.actor, row.action, row.subject) == ("boss", "enrolment_code_made", "S02-T1")
        assert code[1] not in row.data


def test_a_till_is_stopped_and_let_go_on(hq: ServedHq) -> None:
    add_people(hq)
    till = hq.till("S01")
    boss = visit(hq.url, "boss")
    asked = boss.page("/tills/S01-T1/stop")
    assert "Stop S01-T1 of 人民路店?" in asked
    stopped = boss.send("/tills/S01-T1/stop", "/tills/S01-T1/stop", reason="stolen on Tuesday")
    assert stopped.headers["location"] == "/console/tills?done=stopped"
    assert "stolen on Tuesday" in boss.page("/exceptions")
    till.enrol_member()
    with pytest.raises(Exception, match="stolen on Tuesday"):
        till.push()
    again = boss.send("/tills/S01-T1/stop", "/tills/S01-T1/stop", reason="twice")
    assert again.headers["location"] == "/console/tills?done=unchanged"
    assert boss.send("/tills/S01-T1/allow", "/tills/S01-T1/allow").headers["location"] == "/console/tills?done=allowed"
    till.push()
    with hq.database.read() as session:
        assert session.scalars(select(Terminal.status)).one() == "active"
        actions = session.scalars(select(AuditRecord.action).order_by(AuditRecord.seq)).all()
        assert actions == ["terminal_stopped", "terminal_allowed"]
        assert list(broken_rows(session)) == []


@pytest.mark.parametrize("deed", ["stop", "adopt", "machine", "revoke", "give-up"])
def test_nothing_is_done_to_a_till_without_a_reason(hq: ServedHq, deed: str) -> None:
    add_people(hq)
    hq.till("S01")
    boss = visit(hq.url, "boss")
    answer = boss.send("/tills", f"/tills/S01-T1/{deed}", reason="  ")
    assert answer.headers["location"] == "/console/tills?done=reason_missing"
    with hq.database.read() as session:
        assert session.scalars(select(Terminal.status)).one() == "active"
        assert session.scalars(select(AuditRecord.action)).all() == []


def test_a_till_that_does_not_exist_cannot_be_stopped(hq: ServedHq) -> None:
    add_people(hq)
    boss = visit(hq.url, "boss")
    assert boss.send("/tills", "/tills/S01-T9/stop", reason="x").status_code == 404


def test_an_empty_head_office_teaches_what_comes_next(hq: ServedHq) -> None:
    add_people(hq)
    boss = visit(hq.url, "boss")
    for path, hint in (
        ("/", "No receipt yet today"),
        ("/", "No till enrolled"),
        ("/members", "No member yet"),
        ("/settlement", "No store owes another"),
        ("/settlement/receipts?figure=collected&" + DAY, "No receipt behind this number"),
        ("/exceptions", "Nothing to look at"),
        ("/tills", "Make a code below"),
    ):
        assert hint in boss.page(path), path


def test_members_and_flags_go_page_by_page_and_miss_nobody(hq: ServedHq) -> None:
    add_people(hq)
    till = hq.till("S01")
    names = {till.enrol_member(f"陈{place:03d}", f"+8613900{place:06d}") for place in range(120)}
    for member in sorted(names):
        till.redeem(member, 100)
    till.push()
    boss = visit(hq.url, "boss")
    assert _walk(boss, "/members", r"/console/members/([0-9a-f-]{36})") == names
    assert _walk(boss, "/members?q=%E9%99%88", r"/console/members/([0-9a-f-]{36})") == names
    assert len(_walk(boss, "/exceptions", r"/console/receipts/S01-T1/1/(\d+)")) == 120


def _walk(boss: Visit, path: str, found: str) -> set[str]:
    """Everything on the pages, following Next; nothing may stand on two of them."""
    everything: set[str] = set()
    while True:
        page = boss.page(path)
        here = set(re.findall(found, page))
        assert not here & everything
        everything |= here
        further = [each for each in links(page, path.partition("?")[0]) if "after=" in each]
        if not further:
            return everything
        path = further[-1]
