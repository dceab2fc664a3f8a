"""What head office does with a member by the console: shown in words and amounts, confirmed, done once, audited; refused with the reason; only for administrators."""

import re
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy import select

from hq_server.console.refusal_words import REFUSALS
from hq_server.database.models import AuditRecord, ConsoleUser, JournalEntry, Member
from hq_server.own_journal.place import OWN_TERMINAL
from stored_value.events_money_out import CashOutRequested
from stored_value.identity import MemberId
from stored_value.policies import CashOutMethod
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.own_journal.miniature import books_are_right, own_kinds, till_under, wallet_of
from tests.hq_server.pin_till import PinTill
from tests.hq_server.reservations.reserving import held_for
from tests.hq_server.served import PushingTill, ServedHq

SHANGHAI = timezone(timedelta(hours=8))
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    add_people(hq)
    return till_under(hq)


@pytest.fixture
def two(till: PushingTill) -> tuple[MemberId, MemberId]:
    one, other = till.enrol_member(), till.enrol_member("李晓梅", "+8613900005678")
    till.plan_top_up(one, 10_000, "ends", 3_000)
    till.push()
    return one, other


@pytest.fixture
def boss(hq: ServedHq, two: tuple[MemberId, MemberId]) -> Visit:
    assert two, "people and members are entered first"
    return visit(hq.url, "boss")


def number_of(hq: ServedHq, member: MemberId) -> str:
    with hq.database.read() as session:
        return session.get_one(Member, member).member_no


def audited(hq: ServedHq) -> list[tuple[str, str, str]]:
    with hq.database.read() as session:
        rows = session.execute(select(AuditRecord.action, AuditRecord.subject, AuditRecord.actor))
        return [
            (action, subject, actor)
            for action, subject, actor in rows
            if action
            in {
                "value_transferred",
                "members_merged",
                "member_standing_changed",
                "cash_out_rejected",
                "payment_pin_taken_away",
            }
        ]


def test_a_transfer_is_shown_confirmed_and_done_once(hq: ServedHq, two: tuple[MemberId, MemberId], boss: Visit) -> None:
    place = f"/members/{two[0]}/transfer"
    assert "At most ￥130.00 can be moved" in text_of(boss.page(place))
    asked = f"{place}?to={number_of(hq, two[1])}&amount=26"
    said = text_of(boss.page(asked))
    for expected in ("Transfer ￥26.00 from", "130.00", "104.00", "￥20.00", "￥6.00"):
        assert expected in said
    assert own_kinds(hq) == []
    form = dict(_HIDDEN.findall(boss.page(asked)))
    for _ in range(2):
        answer = boss.client.post(f"/console{place}", data=form)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/console/members/{two[0]}?done=transferred",
        )
    assert wallet_of(hq, two[1]).total_minor == 2_600
    assert audited(hq) == [("value_transferred", two[0], "boss")]
    said = text_of(boss.page(f"/members/{two[0]}"))
    assert "Transfer out" in said
    assert f"{OWN_TERMINAL}-000001" in said
    books_are_right(hq)


def test_the_receipt_of_head_offices_own_entry_says_who_and_what(
    hq: ServedHq, two: tuple[MemberId, MemberId], boss: Visit
) -> None:
    place = f"/members/{two[0]}/transfer"
    boss.send(f"{place}?to={number_of(hq, two[1])}&amount=26", place)
    said = text_of(boss.page(f"/receipts/{OWN_TERMINAL}/1/1"))
    for expected in ("Transfer out", "Head office", "总部 管理员", "Transfers on their way", "￥26.00", "Balanced"):
        assert expected in said
    answer = boss.get(f"/find?q={OWN_TERMINAL}-000002")
    assert answer.headers["location"] == f"/console/receipts/{OWN_TERMINAL}/1/2"


def test_a_merge_is_shown_confirmed_and_leads_to_the_survivor(
    hq: ServedHq, two: tuple[MemberId, MemberId], boss: Visit
) -> None:
    place = f"/members/{two[0]}/merge"
    said = text_of(boss.page(f"{place}?to={number_of(hq, two[1])}"))
    assert "A merge cannot be taken back." in said
    answer = boss.send(f"{place}?to={number_of(hq, two[1])}", place)
    assert answer.headers["location"].endswith("done=merged")
    page = boss.page(f"/members/{two[0]}")
    assert f'href="/console/members/{two[1]}"' in page
    assert "/transfer" not in page
    assert wallet_of(hq, two[1]).total_minor == 13_000
    assert audited(hq) == [("members_merged", two[0], "boss")]
    books_are_right(hq)


def test_what_cannot_be_is_refused_with_the_reason_and_nothing_happens(
    hq: ServedHq, two: tuple[MemberId, MemberId], boss: Visit
) -> None:
    place = f"/members/{two[0]}/transfer"
    other = number_of(hq, two[1])
    for query, reason in (
        (f"to={other}&amount=130.01", "That much cannot be moved"),
        (f"to={other}&amount=ten", "That is not an amount"),
        (f"to={number_of(hq, two[0])}&amount=1", "That is the same member"),
        ("to=0000000000&amount=1", "Nobody was found"),
    ):
        assert reason in text_of(boss.page(f"{place}?{query}"))
    form = dict(_HIDDEN.findall(boss.page(f"{place}?to={other}&amount=130")))
    assert boss.send(f"{place}?to={other}&amount=1", place).status_code == 303
    late = boss.client.post(f"/console{place}", data=form)
    assert late.status_code == 409
    assert "Nothing was done" in text_of(late.text)
    assert own_kinds(hq) == ["transferred_out", "transferred_in"]
    assert len(audited(hq)) == 1


def test_a_standing_is_changed_with_its_reason(hq: ServedHq, two: tuple[MemberId, MemberId], boss: Visit) -> None:
    asked = f"/members/{two[1]}/standing?status=frozen"
    assert "Freeze member" in text_of(boss.page(asked))
    answer = boss.send(asked, f"/members/{two[1]}/standing", reason="调查中")
    assert answer.headers["location"].endswith("done=standing")
    page = text_of(boss.page(f"/members/{two[1]}"))
    assert "Frozen" in page
    assert "Make active again" in page
    assert boss.get(asked).status_code == 404
    assert audited(hq) == [("member_standing_changed", two[1], "boss")]
    with hq.database.read() as session:
        raw = session.scalars(select(JournalEntry.raw).where(JournalEntry.terminal_id == OWN_TERMINAL)).one()
        user_id = session.scalars(select(ConsoleUser.user_id).where(ConsoleUser.login == "boss")).one()
    assert "调查中".encode() in raw
    assert user_id.encode() in raw


def test_who_lifts_a_freeze_is_told_of_the_loss_behind_it(two: tuple[MemberId, MemberId], boss: Visit) -> None:
    page, standing = f"/members/{two[1]}", f"/members/{two[1]}/standing"
    for status in ("lost", "frozen"):
        boss.send(f"{standing}?status={status}", standing, reason="电话挂失")
    assert "Frozen Card lost" in text_of(boss.page(page))
    assert "the card stays lost" in text_of(boss.page(f"{standing}?status=active"))
    boss.send(f"{standing}?status=active", standing, reason="查清了")
    shown = text_of(boss.page(page))
    assert "Card lost" in shown
    assert "Frozen" not in shown
    assert "may top up and pay again" in text_of(boss.page(f"{standing}?status=active"))


def test_a_payment_pin_is_shown_and_taken_away_once_with_its_reason(
    hq: ServedHq, till: PushingTill, two: tuple[MemberId, MemberId], boss: Visit
) -> None:
    place = f"/members/{two[0]}/payment-pin"
    assert "Payment PIN None" in text_of(boss.page(f"/members/{two[0]}"))
    assert place not in boss.page(f"/members/{two[0]}")
    assert boss.get(place).status_code == 404, "there is none to take away"
    pins = PinTill(till)
    pins.set_pin(two[0])
    till.push()
    said = text_of(boss.page(f"/members/{two[0]}"))
    assert f"Payment PIN since {hq.clock.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" in said
    assert "until it hears of this" in text_of(boss.page(place))
    form = dict(_HIDDEN.findall(boss.page(place)))
    assert boss.client.post(f"/console{place}", data=form).status_code == 400, "no reason"
    assert wallet_of(hq, two[0]).pin_is_set
    for _ in range(2):
        answer = boss.client.post(f"/console{place}", data=form | {"reason": "忘记密码"})
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/console/members/{two[0]}?done=pin_taken_away",
        )
    assert not wallet_of(hq, two[0]).pin_is_set
    assert own_kinds(hq) == ["pin_cleared"]
    assert audited(hq) == [("payment_pin_taken_away", two[0], "boss")]
    assert pins.row_of(two[0]).pin is None
    said = text_of(boss.page(f"/members/{two[0]}?done=pin_taken_away"))
    for expected in ("Payment PIN None", "Payment PIN taken away", "Tills hear of it with their next sync"):
        assert expected in said
    late = boss.client.post(f"/console{place}", data=form | {"request_id": hq.new_id(), "reason": "忘记密码"})
    assert late.status_code == 409
    assert "Nothing was done" in text_of(late.text)
    books_are_right(hq)


def test_a_cash_out_whose_till_is_gone_is_rejected_once(
    hq: ServedHq, till: PushingTill, two: tuple[MemberId, MemberId], boss: Visit
) -> None:
    till.top_up(two[1], 5_000)
    till.push()
    asked = CashOutRequested(
        occasion=replace(till.occasion(), reservations=(held_for(till, two[1], 5_000),)),
        member_id=two[1],
        method=CashOutMethod.PROPORTIONAL,
        refundable_minor=5_000,
        reserved_minor=5_000,
    )
    till.write(asked)
    till.push()
    before = wallet_of(hq, two[1])
    place = f"/members/{two[1]}/cash-outs/{asked.occasion.event_id}/reject"
    said = text_of(boss.page(place))
    assert "Reject this cash-out of ￥50.00?" in said
    form = dict(_HIDDEN.findall(boss.page(place))) | {"reason": "till burnt"}
    for _ in range(2):
        answer = boss.client.post(f"/console{place}", data=form)
        assert answer.headers["location"].endswith("done=cash_out_rejected")
    assert own_kinds(hq) == ["cash_out_rejected"]
    after = wallet_of(hq, two[1])
    assert (before.reserved_minor, after.reserved_minor) == (5_000, 0)
    assert after.total_minor == before.total_minor + 5_000
    assert audited(hq) == [("cash_out_rejected", two[1], "boss")]
    assert boss.get(place).status_code == 404
    late = boss.client.post(f"/console{place}", data=form | {"wish_id": "another"})
    assert late.status_code == 409
    assert "was paid or rejected meanwhile" in text_of(late.text)
    books_are_right(hq)


@pytest.mark.parametrize("login", ["sun", "liu"])
def test_nobody_but_an_administrator_may(hq: ServedHq, two: tuple[MemberId, MemberId], login: str) -> None:
    visitor = visit(hq.url, login)
    for path in ("transfer", "merge", "standing?status=frozen", "payment-pin"):
        assert visitor.get(f"/members/{two[0]}/{path}").status_code == 403
    form = {"transfer_id": "x", "taker": two[1], "amount_minor": "100"}
    assert visitor.send("/", f"/members/{two[0]}/transfer", **form).status_code == 403
    form = {"request_id": hq.new_id(), "reason": "x"}
    assert visitor.send("/", f"/members/{two[0]}/payment-pin", **form).status_code == 403
    assert own_kinds(hq) == []


def test_every_refusal_has_words_for_what_and_what_next() -> None:
    assert all(words.what and words.next_step for words in REFUSALS.values())
