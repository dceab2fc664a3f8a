"""Value that left one member and does not arrive at the other: in the settlement with its receipts, and an exception when no transfer under way explains it (H11)."""

from datetime import date

import pytest
from sqlalchemy import delete, select

from hq_server.database.models import ExceptionRecord, OpenTransfer
from hq_server.exceptions.stranded import watch_transit
from hq_server.own_journal import transfers
from hq_server.own_journal.place import Moment
from hq_server.own_journal.schedule import Schedule
from hq_server.own_journal.transfers import TwoMembers, move
from hq_server.settlement.explanation import explain
from hq_server.settlement.figures import Figure, FigureName
from hq_server.settlement.service import day_settlement, recompute
from stored_value.identity import EventId, StoreId
from tests.hq_server.console.franchise_day import add_people, counted
from tests.hq_server.console.visiting import links, text_of, visit
from tests.hq_server.own_journal.miniature import run, till_under, unnoted
from tests.hq_server.served import ServedHq


class Crash(BaseException):
    """kill -9 between the legs."""


def crash(*_: object) -> None:
    raise Crash


@pytest.fixture
def half_done(hq: ServedHq, monkeypatch: pytest.MonkeyPatch) -> EventId:
    """100.00 of principal with 30.00 of bonus at S01, of which 26.00 has left for another member."""
    till = till_under(hq)
    one, other = till.enrol_member(), till.enrol_member("李晓梅", "+8613900005678")
    till.plan_top_up(one, 10_000, "ends", 3_000)
    till.push()
    wish = TwoMembers(transfer_id=EventId(hq.new_id()), giver=one, taker=other, amount_minor=2_600)
    with monkeypatch.context() as patched:
        patched.setattr(transfers, "finish_transfer", crash)
        with pytest.raises(Crash):
            move(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted)
    return wish.transfer_id


def today(hq: ServedHq) -> date:
    return Moment.at(hq.clock.at).on


def stranded(hq: ServedHq) -> list[tuple[str, str]]:
    with hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "transit_stranded"))
        return [(each.kind, each.state) for each in found]


def watched(hq: ServedHq) -> bool:
    return watch_transit(hq.database, hq.clock)


def test_what_is_between_two_members_stands_in_the_settlement_with_its_receipt(
    hq: ServedHq, half_done: EventId
) -> None:
    counted(hq)
    with hq.database.read() as session:
        settlement = day_settlement(session, today(hq), today(hq))
        assert settlement == recompute(session, today(hq), today(hq))
        figure = Figure(name=FigureName.IN_TRANSIT, from_date=today(hq), to_date=today(hq), store_id=StoreId("S01"))
        receipts = explain(session, figure).receipts
    assert {row.store_id: row.in_transit_minor for row in settlement.stores if row.in_transit_minor} == {"S01": 2_600}
    assert [(each.kind, each.amount_minor) for each in receipts] == [("transferred_out", 2_600)]
    add_people(hq)
    boss = visit(hq.url, "boss")
    assert "In transit" in text_of(boss.page("/settlement"))
    assert "+26.00" in boss.page("/settlement")
    assert "Equal" in boss.page(f"/settlement/receipts?figure=in_transit&store=S01&from={today(hq)}&to={today(hq)}")
    run(hq)
    counted(hq)
    assert "In transit" not in text_of(boss.page("/settlement"))


def test_a_transfer_under_way_calls_nobody_and_one_that_does_not_end_does(hq: ServedHq, half_done: EventId) -> None:
    assert (watched(hq), stranded(hq)) == (False, []), "the next run finishes it"
    hq.clock.pass_(hours=2)
    assert (watched(hq), stranded(hq)) == (True, [("money_out", "open")])
    add_people(hq)
    with hq.database.read() as session:
        subject = session.scalars(
            select(ExceptionRecord.subject).where(ExceptionRecord.code == "transit_stranded")
        ).one()
    page = visit(hq.url, "boss").page(f"/exceptions/HQ/{subject}/transit_stranded")
    assert f"in transit ￥26.00 · since {today(hq)} · transfers under way 1" in text_of(page)
    assert list(links(page, f"/settlement/receipts?figure=in_transit&from={today(hq)}&to={today(hq)}"))
    hq.clock.pass_(days=1)
    assert not watched(hq), "one that is open is enough"


def test_transit_without_a_transfer_is_found_and_transit_that_is_empty_is_not(hq: ServedHq, half_done: EventId) -> None:
    with hq.database.write() as session:
        session.execute(delete(OpenTransfer))
    counted(hq)
    schedule = Schedule(hq.office.desk, 3600, scope_quiet_days=400)
    assert schedule.look_at_transit()
    assert not schedule.look_at_transit(), "once a business day"
    assert stranded(hq) == [("money_out", "open")]


def test_a_finished_transfer_leaves_nothing_to_look_at(hq: ServedHq, half_done: EventId) -> None:
    run(hq)
    hq.clock.pass_(hours=2)
    assert (watched(hq), stranded(hq)) == (False, [])
