"""The exceptions' pages: filters, the evidence, giving one to a person, settling it in words, and who may."""

import re

from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.served import ServedHq

_ONE = re.compile(r'href="/console(/exceptions/S\d\d/[^"]+)"')


def troubled(hq: ServedHq) -> Visit:
    """S01: an overdraft, eight days old. S02: an overdraft of today. Both at tills of their own."""
    add_people(hq)
    one, two = hq.till("S01"), hq.till("S02")
    one.redeem(one.enrol_member("张伟", "+8613800005555"), 4_800)
    one.push()
    hq.clock.pass_(days=8)
    for till in (one, two):
        till.open_session()
    two.redeem(two.enrol_member("王小丽", "+8613800001111"), 700)
    two.push()
    return visit(hq.url, "boss")


def listed(page: str) -> set[str]:
    return set(_ONE.findall(page))


def test_the_list_is_filtered_by_store_kind_responsible_and_age(hq: ServedHq) -> None:
    boss = troubled(hq)
    old, new = sorted(listed(boss.page("/exceptions")))
    assert "S01" in old
    assert "S02" in new
    for query, expected in (
        ("store=S02", {new}),
        ("kind=overdraft", {old, new}),
        ("kind=clock", set()),
        ("responsible=store_manager", {old, new}),
        ("responsible=technician", set()),
        ("older=7", {old}),
        ("state=resolved", set()),
    ):
        assert listed(boss.page(f"/exceptions?{query}")) == expected, query
    assert boss.get("/exceptions?kind=gossip").status_code == 404


def test_one_shows_its_evidence_is_given_to_a_person_and_settled_in_words(hq: ServedHq) -> None:
    boss = troubled(hq)
    path = min(listed(boss.page("/exceptions")))
    said = text_of(boss.page(path))
    for expected in ("The payment took more than the wallet held", "S01-T1-000002", "￥48.00", "Owed by members"):
        assert expected in said
    assert boss.send(path, f"{path}/person", login="sun").headers["location"].endswith("done=assigned")
    assert "财务 孙敏" in text_of(boss.page("/exceptions"))
    assert boss.send(path, f"{path}/resolution", resolution=" ").headers["location"].endswith("done=words_missing")
    done = boss.send(path, f"{path}/resolution", resolution="=Zhang Wei pays on Friday")
    assert done.headers["location"].endswith("done=resolved")
    assert path not in listed(boss.page("/exceptions"))
    assert "=Zhang Wei pays on Friday" in text_of(boss.page(path))
    assert path in listed(boss.page("/exceptions?state=resolved"))
    file = boss.get("/exceptions?state=resolved&csv=1")
    assert file.headers["content-type"].startswith("text/csv")
    assert "S01-T1-000002" in file.text
    assert "'=Zhang Wei pays on Friday" in file.text, "a text never becomes a formula"


def test_a_franchisee_settles_its_own_stores_and_sees_no_other(hq: ServedHq) -> None:
    troubled(hq)
    liu = visit(hq.url, "liu")
    (own,) = listed(liu.page("/exceptions"))
    assert liu.send(own, f"{own}/resolution", resolution="asked the member").status_code == 303
    assert liu.get("/exceptions/S01/S01-T1~1~2/overdraft").status_code == 404
    assert liu.send(own, "/exceptions/S01/S01-T1~1~2/overdraft/resolution", resolution="x").status_code == 404


def test_a_franchisee_leaves_to_head_office_what_head_office_settles(hq: ServedHq) -> None:
    add_people(hq)
    till = hq.till("S02")
    till.top_up(till.enrol_member(), 20_000, plan_88=8_800)
    till.push()
    liu = visit(hq.url, "liu")
    paths = [path for path in listed(liu.page("/exceptions")) if path.endswith("promise_differs")]
    assert len(paths) == 1
    assert "Head office settles this one" in text_of(liu.page(paths[0]))
    assert liu.send(paths[0], f"{paths[0]}/resolution", resolution="fine").status_code == 403


def test_the_rail_counts_what_is_open(hq: ServedHq) -> None:
    boss = troubled(hq)
    assert '<span class="count" title="Waiting for a person">2</span>' in boss.page("/")
