"""The exceptions that head office promises to tell, one row each: raised end to end by what happens, with reason, owner and next step in both languages, and settled in words."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from hq_server.console.catalogues import Language, catalogue
from hq_server.console.finding_words import UNKNOWN_FINDING
from hq_server.console.words import Words
from hq_server.exceptions.kinds import RESPONSIBLE, ExceptionCode, ExceptionKind, kind_of
from hq_server.franchise_data import rulebook
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.findings import FindingCode
from stored_value.rulebook_document import write_rulebook
from sync.errors import HqRefused
from sync.keys import session_statement, sign
from sync.messages import ChallengeRequest, SessionRequest
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import links, text_of, visit
from tests.hq_server.served import PushingTill, ServedHq


def overdraws(_hq: ServedHq, till: PushingTill) -> None:
    till.redeem(till.enrol_member(), 700)
    till.push()


def fills_above_the_limit(_hq: ServedHq, till: PushingTill) -> None:
    till.top_up(till.enrol_member(), 600_000)
    till.push()


def uses_a_rulebook_that_is_over(hq: ServedHq, till: PushingTill) -> None:
    """It has heard of the next one, and goes on by the last."""
    member = till.enrol_member()
    till.push()
    ended = replace(rulebook(hq.clock.at), promotions=())
    with hq.database.write() as session:
        publish_rulebook(session, hq.office.keys, write_rulebook(ended), by="test", now=hq.clock.at)
    hq.clock.pass_(hours=1)
    till.push([])
    hq.clock.pass_(hours=1)
    till.top_up(member, 1_000)
    till.push()


def is_copied(_hq: ServedHq, till: PushingTill) -> None:
    till.enrol_member()
    till.push()
    till.entries.clear()
    till.enrol_member("张伟", "+8613800005555")
    with pytest.raises(HqRefused, match="second copy"):
        till.push(till.entries)


def comes_after_the_books_were_closed(hq: ServedHq, till: PushingTill) -> None:
    till.top_up(till.enrol_member(), 1_000)
    hq.clock.pass_(days=13)
    till.open_session()
    till.push()


def dates_entries_into_the_future(_hq: ServedHq, till: PushingTill) -> None:
    member = till.enrol_member()
    till.skew = timedelta(hours=2)
    till.top_up(member, 1_000)
    till.push()


def tells_a_clock_that_is_off(hq: ServedHq, till: PushingTill) -> None:
    challenge = till.client.challenge(ChallengeRequest(terminal_id=till.terminal_id)).challenge
    signature = sign(till.key, session_statement(challenge))
    off = hq.clock.at + timedelta(minutes=6)
    till.client.open_session(
        SessionRequest(terminal_id=till.terminal_id, challenge=challenge, signature=signature, till_time=off)
    )


def promises_what_no_rulebook_gives(_hq: ServedHq, till: PushingTill) -> None:
    till.top_up(till.enrol_member(), 20_000, plan_88=8_800)
    till.push()


@dataclass(frozen=True, slots=True)
class Named:
    """`happens` None: it cannot arise yet, for the reason in docs/EXCEPTIONS.md; its words are there."""

    code: FindingCode | ExceptionCode
    kind: ExceptionKind
    happens: Callable[[ServedHq, PushingTill], None] | None


NAMED = {
    "overdraft": Named(FindingCode.OVERDRAFT, ExceptionKind.OVERDRAFT, overdraws),
    "breached limit": Named(FindingCode.WALLET_LIMIT, ExceptionKind.LIMIT, fills_above_the_limit),
    "stale rulebook": Named(FindingCode.OUTSIDE_ANCHORS, ExceptionKind.RULEBOOK, uses_a_rulebook_that_is_over),
    "unknown code": Named(FindingCode.PAY_CODE_UNKNOWN, ExceptionKind.EVIDENCE, None),
    "replayed code": Named(FindingCode.PAY_CODE_REPLAYED, ExceptionKind.EVIDENCE, None),
    "fork": Named(ExceptionCode.JOURNAL_FORKED, ExceptionKind.FORK, is_copied),
    "prior-period item": Named(FindingCode.PRIOR_PERIOD, ExceptionKind.PERIOD, comes_after_the_books_were_closed),
    "clock jump": Named(FindingCode.OUTSIDE_ANCHORS, ExceptionKind.CLOCK, dates_entries_into_the_future),
    "clock off": Named(ExceptionCode.CLOCK_OFF, ExceptionKind.CLOCK, tells_a_clock_that_is_off),
    "promotion mismatch": Named(FindingCode.PROMISE_DIFFERS, ExceptionKind.PROMOTION, promises_what_no_rulebook_gives),
}


@pytest.mark.parametrize("name", NAMED)
def test_each_has_reason_owner_and_next_step_in_both_languages(name: str) -> None:
    named = NAMED[name]
    english, chinese = (Words(catalogue(language)) for language in (Language.EN, Language.ZH_CN))
    assert english.finding(named.code).what != UNKNOWN_FINDING.what
    owner = RESPONSIBLE[named.kind]
    for said, same in (
        (english.finding(named.code).what, chinese.finding(named.code).what),
        (english.finding(named.code).next_step, chinese.finding(named.code).next_step),
        (english.responsible(owner), chinese.responsible(owner)),
        (english.exception_kind(named.kind), chinese.exception_kind(named.kind)),
    ):
        assert said
        assert said != same
    data = {"why": "rulebook"} if named.kind is ExceptionKind.RULEBOOK else {}
    assert kind_of(named.code, data) is named.kind


@pytest.mark.parametrize("name", [name for name, named in NAMED.items() if named.happens])
def test_each_is_raised_by_what_happens_shown_with_what_to_do_and_settled_in_words(hq: ServedHq, name: str) -> None:
    named = NAMED[name]
    add_people(hq)
    till = hq.till("S01")
    assert named.happens is not None
    named.happens(hq, till)
    boss, words = visit(hq.url, "boss"), Words(catalogue(Language.EN))
    inbox = boss.page(f"/exceptions?kind={named.kind}")
    (path,) = {each for each in links(inbox, "/exceptions/S01/") if each.endswith(f"/{named.code}")}
    said = text_of(inbox)
    reason = words.finding(named.code)
    for expected in (reason.what, reason.next_step, words.responsible(RESPONSIBLE[named.kind])):
        assert expected in said, expected
    boss.send(path, f"{path}/resolution", resolution="Looked into by Chen.")
    assert path not in set(links(boss.page("/exceptions"), "/exceptions/S01/"))
    assert "Looked into by Chen." in text_of(boss.page(path))
