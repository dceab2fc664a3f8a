"""A payment without evidence is decided at head office (H8): shown with what each verdict does, decided once with words, booked, audited, told to the store."""

import re
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from hq_server.database.models import AuditRecord, ExceptionRecord, ExceptionState
from hq_server.settlement.service import day_settlement
from stored_value.events import EvidenceClass, OrderLine, Redeemed
from stored_value.identity import MemberId, StoreId
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.own_journal.miniature import books_are_right, own_kinds, till_under, wallet_of
from tests.hq_server.served import TODAY, PushingTill, ServedHq

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
WORDS = "小票上有签名"


@dataclass(frozen=True, slots=True)
class Unproved:
    """￥80 at S02 that nobody proved, of a member with ￥130 from S01."""

    till: PushingTill
    member: MemberId
    payment: Redeemed

    @property
    def receipt(self) -> str:
        return f"/receipts/{self.till.terminal_id}/1/{len(self.till.entries)}"

    @property
    def place(self) -> str:
        return f"/members/{self.member}/suspense/{self.payment.occasion.event_id}"

    @property
    def exception(self) -> str:
        return f"/exceptions/S02/{self.till.terminal_id}~1~{len(self.till.entries)}/no_evidence"


@pytest.fixture
def unproved(hq: ServedHq) -> Unproved:
    add_people(hq)
    there, here = till_under(hq), till_under(hq, "S02")
    member = there.enrol_member()
    there.plan_top_up(member, 10_000, "ends", 3_000)
    there.push()
    payment = Redeemed(
        occasion=replace(here.occasion(), evidence=EvidenceClass.NONE),
        member_id=member,
        amount_minor=8_000,
        lines=(OrderLine(line_no=1, name="套餐", total_minor=8_000),),
    )
    here.write(payment)
    here.push()
    return Unproved(here, member, payment)


@pytest.fixture
def boss(hq: ServedHq, unproved: Unproved) -> Visit:
    assert unproved.payment.amount_minor, "people are entered first"
    return visit(hq.url, "boss")


def in_suspense(hq: ServedHq) -> int:
    with hq.database.read() as session:
        row = day_settlement(session, TODAY, TODAY).store(StoreId("S02"))
        assert row is not None
        return row.in_suspense_minor


def state_of(hq: ServedHq) -> tuple[str, str, str | None]:
    with hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "no_evidence")).one()
        return found.state, found.resolution, found.resolved_by


def decide(boss: Visit, unproved: Unproved, verdict: str) -> None:
    form = dict(_HIDDEN.findall(boss.page(unproved.place))) | {"verdict": verdict, "reason": f" {WORDS} "}
    for _ in range(2):
        answer = boss.client.post(f"/console{unproved.place}", data=form)
        assert answer.status_code == 303, text_of(answer.text)
        assert answer.headers["location"] == f"/console{unproved.receipt}?done=suspense_decided"


@pytest.mark.parametrize(("verdict", "left", "between"), [("member", 5_000, 8_000), ("store", 13_000, 0)])
def test_it_is_shown_decided_once_and_booked(
    hq: ServedHq, unproved: Unproved, boss: Visit, verdict: str, left: int, between: int
) -> None:
    assert in_suspense(hq) == 8_000
    page = boss.page(unproved.receipt)
    assert "Waits for a decision" in text_of(page)
    assert f'href="/console{unproved.place}"' in page
    said = text_of(boss.page(unproved.place))
    for expected in ("Who bears these ￥80.00?", "￥80.00 are drawn from the balance of ￥130.00", "建设路店"):
        assert expected in said
    decide(boss, unproved, verdict)
    assert own_kinds(hq) == ["suspense_decided"]
    assert (wallet_of(hq, unproved.member).total_minor, in_suspense(hq)) == (left, 0)
    with hq.database.read() as session:
        row = day_settlement(session, TODAY, TODAY).store(StoreId("S02"))
        assert row is not None
        assert row.net_due_minor == between
        audited = session.scalars(select(AuditRecord.actor).where(AuditRecord.action == "suspense_decided")).all()
    assert audited == ["boss"]
    assert state_of(hq) == (ExceptionState.RESOLVED, WORDS, "boss")
    said = text_of(boss.page(unproved.receipt))
    assert {"member": "Paid by the member", "store": "Borne by the store"}[verdict] in said
    assert WORDS in said
    assert "Waits for a decision" not in said
    assert unproved.receipt in boss.page("/receipts/HQ-00/1/1"), "the decision leads back to the payment"
    assert boss.get(unproved.place).status_code == 404
    books_are_right(hq)


def test_two_people_decide_once(hq: ServedHq, unproved: Unproved, boss: Visit) -> None:
    form = dict(_HIDDEN.findall(boss.page(unproved.place))) | {"verdict": "store", "reason": WORDS}
    decide(boss, unproved, "member")
    late = boss.client.post(f"/console{unproved.place}", data=form)
    assert late.status_code == 409
    assert "Nothing of this payment is in suspense any more" in text_of(late.text)
    assert own_kinds(hq) == ["suspense_decided"]


def test_words_alone_settle_nothing_while_money_waits(hq: ServedHq, unproved: Unproved, boss: Visit) -> None:
    page = boss.page(unproved.exception)
    assert f'href="/console{unproved.place}"' in page
    assert "/resolution" not in page, "no form that would be refused"
    answer = boss.send(unproved.exception, f"{unproved.exception}/resolution", resolution="settled")
    assert answer.headers["location"].endswith("done=decide_first")
    assert "decide first who bears it" in text_of(boss.page(f"{unproved.exception}?done=decide_first"))
    assert state_of(hq)[0] == ExceptionState.OPEN


def test_the_balance_in_suspense_leads_to_its_receipts_of_all_days(unproved: Unproved, boss: Visit) -> None:
    page = boss.page("/settlement")
    link = next(
        each
        for each in re.findall(r'href="/console([^"]+)"', page)
        if "figure=suspense" in each and "2000-01-01" in each
    )
    said = boss.page(link.replace("&amp;", "&"))
    assert unproved.receipt in said
    assert "Equal" in text_of(said)


@pytest.mark.parametrize("login", ["sun", "liu"])
def test_nobody_but_an_administrator_decides(hq: ServedHq, unproved: Unproved, boss: Visit, login: str) -> None:
    visitor = visit(hq.url, login)
    assert visitor.get(unproved.place).status_code == 403
    form = {"wish_id": "x", "verdict": "store", "reason": "mine"}
    assert visitor.send("/", unproved.place, **form).status_code == 403
    assert boss.send(unproved.place, unproved.place, verdict="store", reason="  ").status_code == 400, "no reason"
    assert own_kinds(hq) == []
    assert in_suspense(hq) == 8_000
