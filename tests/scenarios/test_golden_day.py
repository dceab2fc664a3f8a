"""A small day worked by hand (tests/golden/day.toml), played at real tills against a real head office: wallets, settlement and postings to the fen (L4)."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hq_server.settlement.service import day_settlement, recompute
from stored_value.events import Tender, TenderKind
from stored_value.identity import EventId, PromotionId
from terminal.counter.views import MemberView
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till, done
from tongchu.witness.books import HqBooks

pytestmark = pytest.mark.slow
GOLDEN: dict[str, Any] = tomllib.loads((Path(__file__).parents[1] / "golden" / "day.toml").read_text("utf-8"))
HOMES = {"A": "S01", "B": "S02", "C": "S03"}
DAY = date(2026, 11, 23)


def member_id(letter: str) -> Any:
    return member_of(HOMES[letter])


class Played:
    def __init__(self, franchise: Franchise) -> None:
        self.tills = {name: franchise.till(name) for name in ("S01-T1", "S02-T1", "S03-T1")}
        self.numbers = dict(franchise.books.rows("SELECT member_id, member_no FROM members"))
        self.called: dict[str, EventId] = {}

    def act(self, action: dict[str, Any]) -> None:
        till = self.tills[action["till"]]
        event_id = self._done_at(till, action)
        if "called" in action:
            self.called[action["called"]] = event_id
        till.sync()

    def _done_at(self, till: Till, action: dict[str, Any]) -> EventId:
        counter = till.counter
        if "member" in action:
            done(counter.identify(self.numbers[member_id(action["member"])]))
        match action["does"]:
            case "top_up":
                tenders = tuple(
                    Tender(kind=TenderKind(kind), amount_minor=fen) for kind, fen in action["tenders"].items()
                )
                plan = PromotionId(action["plan"]) if "plan" in action else None
                paid = sum(tender.amount_minor for tender in tenders)
                made = counter.top_up(counter.new_action(), member_id(action["member"]), paid, tenders, plan)
                return done(made).event_id
            case "redeem":
                return till.redeem(member_id(action["member"]), *action["lines"]).event_id
            case "refund":
                return till.refund(self.called[action["of"]], action["line"], action["amount"]).event_id
            case "reverse":
                return done(counter.take_back(counter.new_action(), self.called[action["of"]])).event_id
            case other:
                raise AssertionError(f"day.toml does {other}, which nobody here can play")


@pytest.fixture
def played(franchise: Franchise) -> Played:
    day = Played(franchise)
    for action in GOLDEN["action"]:
        day.act(action)
    for till in day.tills.values():
        till.sync()
    return day


def test_wallets_are_what_was_worked_out_by_hand_at_head_office_and_at_every_till(
    franchise: Franchise, played: Played
) -> None:
    books: HqBooks = franchise.books
    stored = {
        member: {"principal": principal, "bonus": bonus}
        for member, principal, bonus in books.rows("SELECT member_id, principal_minor, bonus_minor FROM wallets")
    }
    assert {letter: stored[member_id(letter)] for letter in GOLDEN["wallet"]} == GOLDEN["wallet"]
    for till in played.tills.values():
        for letter, wallet in GOLDEN["wallet"].items():
            shown = done(till.counter.identify(played.numbers[member_id(letter)]))
            assert isinstance(shown, MemberView)
            assert {"principal": shown.principal_minor, "bonus": shown.bonus_minor} == wallet, (
                f"{letter} at {till.name}"
            )


def test_the_settlement_is_what_was_worked_out_by_hand_and_nets_to_zero(franchise: Franchise, played: Played) -> None:
    with franchise.hq.database.read() as session:
        settlement = day_settlement(session, DAY, DAY)
        assert recompute(session, DAY, DAY) == settlement, "rollups are what the postings say"
    told = {
        row.store_id: {
            "collected": row.collected_minor,
            "bonus": row.bonus_minor,
            "redeemed": row.redeemed_minor,
            "from_others": row.from_others_minor,
            "refunded": row.refunded_minor,
            "due": row.due_minor,
            "net_due": row.net_due_minor,
        }
        for row in settlement.stores
    }
    assert told == GOLDEN["settlement"]
    assert settlement.total.net_due_minor == sum(row.net_due_minor for row in settlement.stores) == 0
    assert franchise.books.imbalance() == {}
    assert franchise.books.faults("S01-T1", "S02-T1", "S03-T1") == []
    assert [franchise.books.findings(name) for name in played.tills] == [{}, {}, {}]
