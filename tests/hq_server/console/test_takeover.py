"""Decisions about a till that is dead, forked or in another machine: what waited for them is shown with what head office knows, and settled by them in words."""

import re

import pytest
from sqlalchemy import select

from hq_server.audit.log import broken_rows
from hq_server.console.tills.takeover_reads import takeover
from hq_server.database.models import AuditRecord, ExceptionRecord
from hq_server.recovery.approvals import ApprovalRefused, approval_of
from stored_value.identity import StoreId, TerminalId
from sync.errors import HqRefused
from sync.keys import session_statement, sign
from sync.messages import ChallengeRequest, SessionRequest
from sync.recovery import RecoveryAsk
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.served import PushingTill, ServedHq

PAGE = "/tills/S01-T1/takeover"
ASK = RecoveryAsk(technician="李师傅", copy_through=5)


def dead_and_alive(hq: ServedHq) -> tuple[PushingTill, Visit]:
    """The till that is still there, and an administrator; S01-T1 has sent two entries and never speaks again."""
    add_people(hq)
    dead, alive = hq.till("S01"), hq.till("S01")
    dead.top_up(dead.enrol_member(), 20_000)
    dead.push()
    hq.clock.pass_(hours=3)
    alive.open_session()
    return alive, visit(hq.url, "boss")


def exceptions(hq: ServedHq, code: str) -> list[tuple[str, str]]:
    with hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == code))
        return [(each.state, each.resolution) for each in found]


def audited(hq: ServedHq) -> list[tuple[str, str, str]]:
    with hq.database.read() as session:
        assert list(broken_rows(session)) == []
        rows = session.scalars(select(AuditRecord).order_by(AuditRecord.seq)).all()
        return [(each.actor, each.action, each.data) for each in rows]


def came_from(till: PushingTill, machine: str) -> bool:
    """Whether head office takes the machine for the till's own."""
    challenge = till.client.challenge(ChallengeRequest(terminal_id=till.terminal_id)).challenge
    signature = sign(till.key, session_statement(challenge))
    request = SessionRequest(
        terminal_id=till.terminal_id, challenge=challenge, signature=signature, anchor=till.anchor, machine=machine
    )
    return till.client.open_session(request).machine_confirmed


def test_a_till_asks_and_an_administrator_gives_leave_with_a_reason_and_a_code_shown_once(hq: ServedHq) -> None:
    alive, boss = dead_and_alive(hq)
    assert alive.client.ask_recovery("S01-T1", ASK).held_through == 2
    assert alive.client.ask_recovery("S01-T1", ASK).held_through == 2, "twice is once"
    (path,) = set(re.findall(r'href="/console(/exceptions/S01/[^"]+/recovery_asked)"', boss.page("/exceptions")))
    assert PAGE in boss.page(path), "the exception leads to the page"
    said = text_of(boss.page(PAGE))
    for expected in ("3 h ago", "李师傅", "S01-T2", "3 more than head office holds", "Without the till's own key"):
        assert expected in said, expected
    assert boss.send(PAGE, f"{PAGE}/leave", reason=" ").headers["location"].endswith("done=reason_missing")
    answer = boss.send(PAGE, f"{PAGE}/leave", reason="water damage, told by the store manager")
    code = re.search(r'id="recovery-code">([0-9A-Z-]+)<', answer.text)
    assert code is not None
    assert code[1] not in boss.page(PAGE)
    now = hq.clock.at
    with hq.database.read() as session:
        approval = approval_of(session, code[1], "S01-T1", StoreId("S01"), TerminalId("S01-T2"), now=now)
        assert approval.approved_by == "boss"
    assert exceptions(hq, "recovery_asked") == [("resolved", "water damage, told by the store manager")]
    asked = '{"reason":"water damage, told by the store manager"}'
    assert ("boss", "recovery_approved", asked) in audited(hq)
    assert "boss" in text_of(boss.page(PAGE)).split("Approved before")[1]


def test_the_dead_tills_own_key_is_told_where_the_copy_has_it(hq: ServedHq) -> None:
    alive, boss = dead_and_alive(hq)
    alive.client.ask_recovery("S01-T1", RecoveryAsk(technician="李师傅", copy_through=2, has_own_key=True))
    said = text_of(boss.page(PAGE))
    assert "The till's own key is with it." in said
    assert "nothing that head office lacks" in said


def test_it_is_refused_with_a_reason_and_asked_again(hq: ServedHq) -> None:
    alive, boss = dead_and_alive(hq)
    assert boss.send(PAGE, f"{PAGE}/refusal", reason="nobody asked").headers["location"].endswith("done=unchanged")
    alive.client.ask_recovery("S01-T1", ASK)
    assert boss.send(PAGE, f"{PAGE}/refusal", reason="it only rests").headers["location"].endswith("done=refused")
    assert exceptions(hq, "recovery_asked") == [("resolved", "it only rests")]
    assert [action for _, action, _ in audited(hq)] == ["exception_resolved", "recovery_refused"]
    alive.client.ask_recovery("S01-T1", ASK)
    assert exceptions(hq, "recovery_asked")[0][0] == "open"


def test_leave_that_was_withdrawn_takes_nothing_over(hq: ServedHq) -> None:
    _, boss = dead_and_alive(hq)
    answer = boss.send(PAGE, f"{PAGE}/leave", reason="burnt")
    code = re.search(r'id="recovery-code">([0-9A-Z-]+)<', answer.text)
    assert code is not None
    now = hq.clock.at
    with hq.database.read() as session:
        found = takeover(session, "S01-T1", now=now)
        assert found is not None
        (leave,) = found.leaves
    fields = {"leave": leave.approval_id, "reason": "it was found"}
    assert boss.send(PAGE, f"{PAGE}/withdrawal", **fields).headers["location"].endswith("done=withdrawn")
    assert boss.send(PAGE, f"{PAGE}/withdrawal", **fields).headers["location"].endswith("done=unchanged")
    with hq.database.read() as session, pytest.raises(ApprovalRefused, match="too old"):
        approval_of(session, code[1], "S01-T1", StoreId("S01"), TerminalId("S01-T2"), now=now)
    assert audited(hq)[-1] == ("boss", "recovery_withdrawn", '{"reason":"it was found"}')


def test_only_an_administrator_decides_and_only_a_till_of_the_store_asks(hq: ServedHq) -> None:
    alive, boss = dead_and_alive(hq)
    sun = visit(hq.url, "sun")
    assert sun.get(PAGE).status_code == 403
    assert sun.send("/tills", f"{PAGE}/leave", reason="x").status_code == 403
    assert boss.get("/tills/S01-T9/takeover").status_code == 404
    for asking, terminal_id in ((hq.till("S02"), "S01-T1"), (alive, "S01-T2"), (alive, "S01-T9")):
        with pytest.raises(HqRefused, match="its own store"):
            asking.client.ask_recovery(terminal_id, ASK)
    assert exceptions(hq, "recovery_asked") == []


def test_a_changed_machine_is_an_exception_until_a_person_confirms_it(hq: ServedHq) -> None:
    till, boss = dead_and_alive(hq)
    assert came_from(till, "a" * 64)
    assert exceptions(hq, "machine_changed") == []
    assert not came_from(till, "b" * 64)
    assert not came_from(till, "b" * 64)
    assert exceptions(hq, "machine_changed") == [("open", "")]
    said = text_of(boss.page("/exceptions?kind=till"))
    for expected in ("The till speaks from another machine", "Call the store", "Technician", "bbbbbbbbbbbb"):
        assert expected in said, expected
    page = "/tills/S01-T2/machine"
    done = boss.send(page, page, reason="The mainboard was replaced.")
    assert done.headers["location"].endswith("done=confirmed")
    assert exceptions(hq, "machine_changed") == [("resolved", "The mainboard was replaced.")]
    assert came_from(till, "b" * 64)
    assert not came_from(till, "a" * 64), "the old machine again, on the same day"
    assert exceptions(hq, "machine_changed")[0][0] == "open"


def test_a_till_that_no_longer_shows_a_mark_is_an_exception_and_one_that_never_did_is_not(hq: ServedHq) -> None:
    till, boss = dead_and_alive(hq)
    assert came_from(till, "")
    assert came_from(till, "a" * 64), "the first is taken at its word"
    assert not came_from(till, "")
    assert exceptions(hq, "machine_changed") == [("open", "")]
    page = "/tills/S01-T2/machine"
    assert boss.send(page, page, reason="A board without a serial.").headers["location"].endswith("done=confirmed")
    assert came_from(till, "")
    assert not came_from(till, "a" * 64)


def test_taking_the_other_copy_over_settles_the_fork_in_the_words_of_the_reason(hq: ServedHq) -> None:
    till, boss = dead_and_alive(hq)
    till.enrol_member()
    till.push()
    till.entries.clear()
    till.enrol_member("张伟", "+8613800005555")
    with pytest.raises(HqRefused, match="second copy"):
        till.push(till.entries)
    assert exceptions(hq, "journal_forked") == [("open", "")]
    page = "/tills/S01-T2/adopt"
    assert "Entries held" in text_of(boss.page(page))
    assert boss.send(page, page, reason="Friday's image").headers["location"].endswith("done=adopted")
    assert exceptions(hq, "journal_forked") == [("resolved", "Friday's image")]


def test_a_decision_for_another_copy_is_taken_back_with_a_reason_in_the_audit_log(hq: ServedHq) -> None:
    _, boss = dead_and_alive(hq)
    boss.send("/tills/S01-T2/stop", "/tills/S01-T2/stop", reason="a look")
    assert "/tills/S01-T2/take-back" not in boss.page("/tills")
    boss.send("/tills/S01-T2/adopt", "/tills/S01-T2/adopt", reason="Friday's image")
    listed = boss.page("/tills")
    assert "waits for the other copy" in text_of(listed)
    page = "/tills/S01-T2/take-back"
    assert page in listed
    assert "Entries held" in text_of(boss.page(page))
    assert boss.send(page, page, reason=" ").headers["location"].endswith("done=reason_missing")
    assert boss.send(page, page, reason="There is no other machine.").headers["location"].endswith("done=taken_back")
    assert boss.send(page, page, reason="again").headers["location"].endswith("done=unchanged")
    assert "There is no other machine." in text_of(boss.page("/tills")), "the till is stopped for it"
    with hq.database.read() as session:
        done = session.scalars(select(AuditRecord).where(AuditRecord.action == "branch_adoption_taken_back")).one()
    assert "There is no other machine." in str(done.data)
