"""The witness names whoever overspent, used what was closed, or keeps a lease that the other side does not; head office's tables are made by hand."""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tongchu.witness.books import HqBooks
from tongchu.witness.journal import seen_entry
from tongchu.witness.overspent import (
    BEYOND_RISK,
    CLOSED,
    blamed,
    lease_differences,
    left_of_leases,
    open_on_one_side,
    overspent,
)
from tongchu.witness.reserved import ReservedBook

MEMBER, TILL = "m1", "S01-T1"


@pytest.fixture
def office(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "hq.db", isolation_level=None)
    connection.executescript(
        "CREATE TABLE journal_entries (terminal_id, seq, member_id, kind, findings);"
        "CREATE TABLE reservations (terminal_id, reservation_id, kind, member_id, state);"
        "CREATE TABLE wallets (member_id, state);"
    )
    return connection


@pytest.fixture
def books(tmp_path: Path, office: sqlite3.Connection) -> HqBooks:
    return HqBooks(f"sqlite:///{tmp_path / 'hq.db'}")


def found(office: sqlite3.Connection, seq: int, kind: str, *findings: dict[str, Any]) -> None:
    office.execute(
        "INSERT INTO journal_entries VALUES (?, ?, ?, ?, ?)", (TILL, seq, MEMBER, kind, json.dumps(findings))
    )


def test_payments_overdrew_no_more_than_was_at_risk_and_forgotten(office: sqlite3.Connection, books: HqBooks) -> None:
    found(office, 1, "redeemed", {"code": "overdraft", "data": {"owed_minor": 700}})
    found(office, 2, "order_paid", {"code": "overdraft", "data": {"owed_minor": 300}})
    found(office, 3, "top_up_reversed", {"code": "overdraft", "data": {"owed_minor": 9_000}})
    assert list(overspent(books, {MEMBER: 600}, {MEMBER: 400})) == []
    (said,) = overspent(books, {MEMBER: 600}, {MEMBER: 399})
    assert "overdrew 1000" in said


def test_who_used_what_was_closed_or_took_what_nothing_covers_is_named(
    office: sqlite3.Connection, books: HqBooks
) -> None:
    found(office, 1, "redeemed", {"code": "reservation_unknown", "data": {"reservation": "l1"}})
    found(office, 2, "redeemed", {"code": "risk_exceeded", "data": {"amount_minor": 5}}, {"code": "other", "data": {}})
    assert [(seq, each["code"]) for _, seq, each in blamed(books, CLOSED)] == [(1, "reservation_unknown")]
    assert [(seq, each["code"]) for _, seq, each in blamed(books, BEYOND_RISK)] == [(2, "risk_exceeded")]


@pytest.mark.parametrize(
    ("at_the_till", "said"),
    [({"l1", "l2"}, []), ({"l1"}, ["its till does not"]), ({"l1", "l2", "l3"}, ["head office does not"])],
)
def test_a_lease_is_open_on_both_sides_or_on_none(
    office: sqlite3.Connection, books: HqBooks, at_the_till: Iterable[str], said: list[str]
) -> None:
    rows = [(TILL, lease, "lease", MEMBER, "open") for lease in ("l1", "l2")]
    office.executemany("INSERT INTO reservations VALUES (?, ?, ?, ?, ?)", [*rows, (TILL, "h1", "hold", MEMBER, "done")])
    told = list(open_on_one_side(books, {TILL: set(at_the_till)}))
    assert [each.endswith(what) for each, what in zip(told, said, strict=True)] == [True] * len(said)


def test_a_hold_that_is_open_in_the_end_is_stuck(office: sqlite3.Connection, books: HqBooks) -> None:
    office.execute("INSERT INTO reservations VALUES (?, 'h1', 'hold', ?, 'open')", (TILL, MEMBER))
    (said,) = open_on_one_side(books, {TILL: {"h1"}})
    assert "the hold h1" in said


def test_as_much_is_left_of_a_lease_to_its_till_as_to_head_office(office: sqlite3.Connection, books: HqBooks) -> None:
    kept = {"reservations": [{"reservation_id": "l1", "amount_minor": 600}]}
    office.execute("INSERT INTO wallets VALUES (?, ?)", (MEMBER, json.dumps(kept).encode()))
    book = ReservedBook({})
    book.read(entry(1, "lease_accepted", lease_id="l1", amount_minor=1_000, expires_at=None))
    (said,) = lease_differences(TILL, book, {"l1"}, left_of_leases(books))
    assert "1000 is left of l1, to head office 600" in said
    book.read(entry(2, "redeemed", out_minor=400, reservations=["l1"]))
    assert list(lease_differences(TILL, book, {"l1"}, left_of_leases(books))) == []


def entry(seq: int, kind: str, *, out_minor: int = 0, reservations: Iterable[str] = (), **body: object) -> Any:
    header = {
        "id": f"e{seq}",
        "kind": kind,
        "members": [MEMBER],
        "occurred_at": "2026-11-30T08:00:00Z",
        "out_minor": out_minor,
        "reservations": list(reservations),
    }
    return seen_entry(seq, json.dumps({"header": header, "body": body}).encode())
