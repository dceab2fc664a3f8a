"""Tills whose protocol head office does not speak: told on the pages of tills and of what to look at, with what to do, until they speak again."""

import httpx
import pytest

from sync.keys import session_statement, sign
from sync.messages import PROTOCOL_HEADER, ChallengeRequest, SessionRequest
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import text_of, visit
from tests.hq_server.served import ServedHq
from tests.waiting import until

TOO_OLD, TOO_NEW = "2001-01-01", "2999-01-01"


def ask(hq: ServedHq, terminal_id: str, protocol: str) -> int:
    answer = httpx.post(
        f"{hq.url}/v1/challenges",
        json={"terminal_id": terminal_id},
        headers={PROTOCOL_HEADER: protocol},
        trust_env=False,
    )
    return answer.status_code


@pytest.mark.parametrize(
    ("protocol", "status", "what", "next_step"),
    [
        (TOO_OLD, 426, "Its program is too old: it speaks 2001-01-01", "Update the till's program."),
        (TOO_NEW, 400, "Its program is newer than head office: it speaks 2999-01-01", "Update head office."),
    ],
)
def test_such_a_till_is_told_with_since_when_and_what_to_do(
    hq: ServedHq, protocol: str, status: int, what: str, next_step: str
) -> None:
    add_people(hq)
    till = hq.till("S01")
    boss = visit(hq.url, "boss")
    assert "does not understand" not in boss.page("/tills")
    assert ask(hq, "S01-T1", protocol) == status
    until(lambda: what in text_of(boss.page("/tills")), what="the note")
    hq.clock.pass_(minutes=90)
    assert ask(hq, "S01-T1", protocol) == status
    told = "Refused since 2026-11-23 12:00, last try 2026-11-23 13:30"
    until(lambda: told in text_of(boss.page("/tills")), what="the last try")
    said = text_of(boss.page("/exceptions"))
    for expected in (what, told, next_step, "S01-T1"):
        assert expected in said, expected
    assert what not in text_of(visit(hq.url, "liu").page("/tills")), "liu sees S02 only"
    till.open_session()
    for page in ("/tills", "/exceptions"):
        assert "does not understand" not in boss.page(page)


def test_who_names_no_till_of_ours_leaves_nothing_behind(hq: ServedHq) -> None:
    add_people(hq)
    till = hq.till("S01")
    boss = visit(hq.url, "boss")
    assert ask(hq, "S07-T9", TOO_OLD) == 426
    assert ask(hq, "S01-T1" + "x" * 5_000, TOO_OLD) == 426
    challenge = till.client.challenge(ChallengeRequest(terminal_id=till.terminal_id)).challenge
    signed = SessionRequest(
        terminal_id=till.terminal_id, challenge=challenge, signature=sign(till.key, session_statement(challenge))
    )
    assert till.client.open_session(signed).token
    assert "does not understand" not in boss.page("/tills")
