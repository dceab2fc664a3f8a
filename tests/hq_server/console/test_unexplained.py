"""What stands as unexplained in a store's books: each receipt leads to its exception, says whether it is settled and in which words, and the page says what a person does (H7)."""

import csv
from io import StringIO

from tests.hq_server.console.franchise_day import add_people, newer_entry
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.served import ServedHq

PAGE = "/settlement/receipts?figure=unexplained&from=2026-11-23&to=2026-11-23"
CODE = "unknown_kind"


def unexplained(hq: ServedHq) -> dict[str, str]:
    """One receipt at each store; by store, the path of its exception."""
    add_people(hq)
    paths: dict[str, str] = {}
    for store_id in ("S01", "S02"):
        till = hq.till(store_id)
        member = till.enrol_member()
        till.top_up(member, 30_000, first_50=5_000)
        newer_entry(hq, till, member, out_minor=1_500)
        till.push()
        paths[store_id] = f"/exceptions/{store_id}/{till.terminal_id}~1~3/{CODE}"
    hq.sequenced()
    return paths


def rows_of(visitor: Visit, page: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(visitor.get(f"{page}&csv=1").text.removeprefix("\ufeff"))))


def test_each_receipt_leads_to_its_exception_and_says_how_it_was_settled(hq: ServedHq) -> None:
    paths = unexplained(hq)
    boss = visit(hq.url, "boss")
    page = boss.page(PAGE)
    assert all(f'href="/console{path}"' in page for path in paths.values())
    said = text_of(page)
    assert said.count("A kind of entry that this version does not know") == 2
    assert "Still to look at 2" in said
    path = paths["S01"]
    assert boss.send(path, f"{path}/resolution", resolution="会员取走两瓶香薰，门店记账").status_code == 303
    said = text_of(boss.page(PAGE))
    assert "Still to look at 1" in said
    assert "会员取走两瓶香薰，门店记账" in said
    exported = {row["Store"]: (row["To look at"], row["How it was settled"]) for row in rows_of(boss, PAGE)}
    assert exported == {"S01": ("Settled", "会员取走两瓶香薰，门店记账"), "S02": ("Open", "")}


def test_the_page_says_what_to_do_and_that_no_words_book_anything(hq: ServedHq) -> None:
    unexplained(hq)
    said = text_of(visit(hq.url, "boss").page(PAGE))
    assert "Settling an exception books nothing" in said
    other = text_of(visit(hq.url, "boss").page(PAGE.replace("unexplained", "collected")))
    assert "Settling an exception books nothing" not in other
    assert "Still to look at" not in other


def test_a_franchisee_sees_its_own_stores_alone(hq: ServedHq) -> None:
    paths = unexplained(hq)
    page = visit(hq.url, "liu").page(PAGE)
    assert paths["S02"] in page
    assert paths["S01"] not in page
