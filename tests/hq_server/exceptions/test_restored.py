"""Head office came back from a backup: a person is told once for each restore what to go through, and *Today* leads there until that is done (H1)."""

from datetime import timedelta

from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.feed.publishing import current_epoch
from hq_server.sessions.epochs import begin_epoch
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import links, text_of, visit
from tests.hq_server.served import ServedHq


def new_epoch(hq: ServedHq, *, replaces: str = "") -> str:
    with hq.database.write() as session:
        return begin_epoch(session, replaces or current_epoch(session), now=hq.clock.at)


def told(hq: ServedHq) -> list[ExceptionRecord]:
    with hq.database.read() as session:
        return list(session.scalars(select(ExceptionRecord).where(ExceptionRecord.kind == "restore")))


def test_h1_each_restore_is_told_once_with_the_time_of_the_newest_thing_that_head_office_holds(hq: ServedHq) -> None:
    till = hq.till()
    till.top_up(till.enrol_member(), 1_000)
    till.push()
    hq.sequenced()
    pushed = hq.clock.at
    hq.clock.pass_(hours=9)
    with hq.database.read() as session:
        before = current_epoch(session)
    new_epoch(hq)
    new_epoch(hq, replaces=before)  # another process saw it as well
    (one,) = told(hq)
    assert (one.store_id, one.code) == ("HQ", "head_office_restored")
    assert f"{pushed:%Y-%m-%d %H:%M UTC}" in one.findings
    hq.clock.pass_(minutes=1)
    new_epoch(hq)
    assert len(told(hq)) == 2


def test_h1_today_leads_to_the_list_until_somebody_has_gone_through_it(hq: ServedHq) -> None:
    add_people(hq)
    hq.clock.at += timedelta(hours=1)
    new_epoch(hq)
    boss = visit(hq.url, "boss")
    today = boss.page("/")
    assert "Head office came back from a backup" in text_of(today)
    (path,) = set(links(today, "/exceptions/HQ/"))
    page = text_of(boss.page(path))
    for word in ("reported lost", "revoked", "dismissed", "suspense", "rulebooks", "erased", "Administrator"):
        assert word in page, word
    boss.send(path, f"{path}/resolution", resolution="Gone through with Chen.")
    assert "Head office came back" not in text_of(boss.page("/"))


def test_a_franchisee_is_not_told_of_head_offices_own_list(hq: ServedHq) -> None:
    add_people(hq)
    hq.clock.at += timedelta(hours=1)
    new_epoch(hq)
    assert "Head office came back" not in text_of(visit(hq.url, "liu").page("/"))
