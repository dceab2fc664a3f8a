"""What is kept for one till, as a page, CSV and JSON; and all of it written off at once when the till is revoked: once, whatever breaks in between."""

from collections.abc import Sized

import pytest
from sqlalchemy import func, select

from hq_server.database.models import AuditRecord, TerminalStatus
from hq_server.own_journal.place import Moment
from hq_server.reservations import write_off
from hq_server.reservations.by_till import kept_page
from hq_server.reservations.exposure import exposure
from hq_server.reservations.silence import Till
from hq_server.reservations.write_off import TillWriteOff, WriteOff, write_off_till
from hq_server.terminals.standing import revoke
from stored_value.events_reservation import ReservationWrittenOff
from stored_value.identity import MemberId, StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.own_journal.miniature import own_events
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
    state_of,
)
from tests.hq_server.served import ServedHq

NO_LEASES = LeasePolicy(amount_minor=0, share_percent=0, tills_max=0)
HELD_MINOR = (1_000, 2_000, 3_000, 4_000, 5_000)


@pytest.fixture
def till(hq: ServedHq) -> ReservingTill:
    lease_policy(hq, NO_LEASES)
    return ReservingTill(hq)


@pytest.fixture
def held(till: ReservingTill) -> dict[str, MemberId]:
    """Five holds of one till, of two members; their members by the hold."""
    one, other = member_with(till, 20_000), member_with(till, 20_000)
    of = (one, other, one, other, one)
    return {till.hold(member, minor)[0].hold_id: member for member, minor in zip(of, HELD_MINOR, strict=True)}


@pytest.fixture
def boss(hq: ServedHq) -> Visit:
    add_people(hq)
    return visit(hq.url, "boss")


def revoke_till(till: ReservingTill) -> None:
    with till.hq.database.write() as session:
        revoke(session, TerminalId(till.terminal_id), "")


def place_of(till: ReservingTill) -> Till:
    return Till(StoreId("S01"), TerminalId(till.terminal_id))


def audited(hq: ServedHq) -> int:
    with hq.database.read() as session:
        wanted = select(func.count()).select_from(AuditRecord).where(AuditRecord.action == "reservation_written_off")
        return session.scalar(wanted) or 0


def test_the_page_lists_what_is_kept_and_whose_it_is(
    till: ReservingTill, held: dict[str, MemberId], boss: Visit
) -> None:
    page = f"/tills/{till.terminal_id}/kept"
    assert f"/console{page}" in boss.page("/exposure")
    assert f"/console{page}" in boss.page("/tills")
    said = text_of(boss.page(page))
    assert "Leases and holds 5" in said
    assert "Granted with them ￥150.00" in said
    assert said.count("Payment under way") == len(held)
    for hold_id, member in held.items():
        assert f"/members/{member}/reservations/{hold_id}" in boss.page(page)
    lines = boss.get(f"{page}?csv=1").text.splitlines()
    assert len(lines) == 1 + len(held)
    assert any("50.00" in line and "Payment under way" in line for line in lines)


def test_programs_read_the_list_and_it_comes_page_by_page(
    hq: ServedHq, till: ReservingTill, held: dict[str, MemberId], boss: Visit
) -> None:
    told = boss.get(f"/tills/{till.terminal_id}/kept.json").json()
    assert (told["count"], told["granted_minor"], told["after"]) == (5, 15_000, None)
    seen = [(each["reservation_id"], each["member_id"], each["left_minor"]) for each in told["kept"]]
    assert sorted(seen) == sorted(
        (hold_id, member, minor) for (hold_id, member), minor in zip(held.items(), HELD_MINOR, strict=True)
    )
    after: str | None = ""
    pages: list[list[str]] = []
    while after is not None:
        with hq.database.read() as session:
            found = kept_page(session, place_of(till), after=after, rows_max=2)
        pages.append([each.reservation_id for each in found.lines])
        after = found.after
    assert pages == [sorted(held)[0:2], sorted(held)[2:4], sorted(held)[4:]]


def test_a_franchisee_sees_the_own_tills_only_and_writes_nothing_off(
    hq: ServedHq, till: ReservingTill, held: dict[str, MemberId], boss: Visit
) -> None:
    page = f"/tills/{till.terminal_id}/kept"
    revoke_till(till)
    assert visit(hq.url, "liu").get(page).status_code == 404
    own = ReservingTill(hq, "S02")
    liu = visit(hq.url, "liu")
    assert "Nothing is kept" in liu.page(f"/tills/{own.terminal_id}/kept")
    sun = visit(hq.url, "sun")
    assert "Write all of it off" not in sun.page(page)
    assert sun.send(page, f"{page}/write-off", reason="我来").status_code == 403
    assert len(held) == sum(len(kept(hq, member)) for member in set(held.values()))


def test_all_of_a_revoked_till_is_written_off_once_under_one_reason(
    hq: ServedHq, till: ReservingTill, held: dict[str, MemberId], boss: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_off, "BATCH_RESERVATIONS", 2)
    page = f"/tills/{till.terminal_id}/kept"
    assert boss.send(page, f"{page}/write-off", reason="机器烧毁").headers["location"].endswith("done=not_revoked")
    revoke_till(till)
    assert boss.send(page, f"{page}/write-off", reason="  ").headers["location"].endswith("done=reason_missing")
    assert len(own_events(hq)) == audited(hq) == 0
    answer = boss.send(page, f"{page}/write-off", reason="机器烧毁")
    assert answer.headers["location"].endswith("done=written_off&count=5")
    assert [kept(hq, member) for member in set(held.values())] == [{}, {}]
    assert {state_of(hq, hold_id) for hold_id in held} == {"written_off"}
    events = own_events(hq)
    assert {event.reservation_id for event in events if isinstance(event, ReservationWrittenOff)} == set(held)
    assert {event.reason for event in events if isinstance(event, ReservationWrittenOff)} == {"机器烧毁"}
    assert (len(events), audited(hq)) == (5, 5)
    said = text_of(boss.page(f"{page}?done=written_off&count=5"))
    assert "5 leases and holds are written off" in said
    assert said.count("Written off, not reported") == len(held)
    assert "Write all of it off" not in said
    again = write_off_till(hq.office.desk, Moment.at(hq.clock.at), place_of(till), "再来", lambda *_: None)
    assert (again, len(own_events(hq))) == (TillWriteOff(answer=WriteOff.NOTHING_KEPT), 5)
    with hq.database.read() as session:
        (line,) = exposure(session, hq.office.rulebooks.all(session), hq.clock.at).tills
        assert (line.status, line.written_off.amount_minor) == (TerminalStatus.REVOKED, 15_000)
    nothing_differs(hq)


class Crash(BaseException):
    """kill -9 in the second unit of work."""


def test_what_a_crash_left_is_written_off_by_the_same_wish_again(
    hq: ServedHq, till: ReservingTill, held: dict[str, MemberId], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_off, "BATCH_RESERVATIONS", 2)
    revoke_till(till)
    batches: list[int] = []

    def crash_at_the_second(_session: object, events: Sized) -> None:
        batches.append(len(events))
        if len(batches) == 2:
            raise Crash

    moment = Moment.at(hq.clock.at)
    with pytest.raises(Crash):
        write_off_till(hq.office.desk, moment, place_of(till), "机器烧毁", crash_at_the_second)
    assert len(own_events(hq)) == 2
    done = write_off_till(hq.office.desk, moment, place_of(till), "机器烧毁", lambda *_: None)
    minor_of = dict(zip(held, HELD_MINOR, strict=True))
    left_minor = sum(minor_of[hold_id] for hold_id in sorted(held)[2:])
    assert done == TillWriteOff(answer=WriteOff.DONE, count=3, amount_minor=left_minor)
    assert (len(own_events(hq)), [kept(hq, member) for member in set(held.values())]) == (5, [{}, {}])
    nothing_differs(hq)
