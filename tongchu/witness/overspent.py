"""Owns the arithmetic of overspending and of what is left of leases: overdrafts by payments against what no lease or hold covered, and which findings blame a till.

Called by the simulation and the soak. Reads head office's tables; must not import the rules or the protocol.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tongchu.witness.books import HqBooks
from tongchu.witness.reserved import PAYMENTS, ReservedBook

CLOSED: Final = frozenset({"reservation_unknown", "reservation_foreign", "lease_differs"})
"""A till used what head office does not keep for it, or gave back another amount."""
FORGOTTEN: Final = frozenset({"reservation_forgotten"})
"""A till did not show what head office had signed for it before a restore."""
BEYOND_RISK: Final = frozenset({"risk_exceeded", "thing_uncovered"})
"""Nothing covers it: of money no allowance, of things nothing at all."""
NO_TILLS_DOING: Final = frozenset(
    {
        "not_a_tills_kind",
        "another_tills_entry",
        "original_unknown",
        "not_reversible",
        "cash_out_uncovered",
        "card_exceeded",
    }
)
"""What only somebody else with a till's key writes (H8, H4)."""


def overdrafts(books: HqBooks) -> Counter[str]:
    """What payments overdrew, by member."""
    owed: Counter[str] = Counter()
    for _, _, member_id, kind, found in _findings(books, {"overdraft"}):
        if kind in PAYMENTS:
            owed[member_id] += int(found["data"]["owed_minor"])
    return owed


def overspent(books: HqBooks, risked: Mapping[str, int], forgotten: Mapping[str, int]) -> Iterator[str]:
    """By member: what his payments took without lease or hold, and what head office forgot of him."""
    for member_id, minor in sorted(overdrafts(books).items()):
        at_risk, lost = risked.get(member_id, 0), forgotten.get(member_id, 0)
        if minor > at_risk + lost:
            yield f"member {member_id}: payments overdrew {minor}; {at_risk} were at risk, head office forgot {lost}"


def blamed(books: HqBooks, codes: Collection[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Till, entry and finding."""
    for terminal_id, seq, _, _, found in _findings(books, codes):
        yield terminal_id, seq, found


def shown_again(books: HqBooks, forgotten: Collection[str]) -> set[str]:
    """The holds that head office had forgotten and knows as used again."""
    used = books.rows("SELECT reservation_id FROM reservations WHERE kind = 'hold' AND state = 'settled'")
    return {str(hold_id) for (hold_id,) in used} & set(forgotten)


def open_leases(folder: Path) -> set[str]:
    """That the till's journal took and neither used up nor gave back."""
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        rows = connection.execute("SELECT lease_id FROM leases WHERE closed_seq IS NULL").fetchall()
    return {str(lease_id) for (lease_id,) in rows}


def lease_differences(
    terminal_id: str, book: ReservedBook, judged: Collection[str], left: Mapping[str, int]
) -> Iterator[str]:
    """Where as much is not left of a lease to the till as to head office (`left`)."""
    for lease_id in sorted(judged):
        if book.left_minor(lease_id) != left[lease_id]:
            yield f"{terminal_id}: {book.left_minor(lease_id)} is left of {lease_id}, to head office {left[lease_id]}"


def open_on_one_side(books: HqBooks, by_till: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Every reservation that is open at head office is a lease that its till knows, and every lease of a till is open at head office."""
    rows = books.rows(
        "SELECT terminal_id, reservation_id, kind, member_id FROM reservations WHERE state = 'open' ORDER BY 1, 2"
    )
    for terminal_id, reservation_id, kind, member_id in rows:
        if kind != "lease":
            yield f"{terminal_id}: the hold {reservation_id} of {member_id} is still open"
        elif reservation_id not in by_till.get(terminal_id, ()):
            yield f"{terminal_id}: head office keeps the lease {reservation_id} of {member_id}, its till does not"
    known = {(terminal_id, reservation_id) for terminal_id, reservation_id, _, _ in rows}
    for terminal_id, leases in sorted(by_till.items()):
        yield from (
            f"{terminal_id}: has the lease {lease_id}, head office does not"
            for lease_id in sorted(leases)
            if (terminal_id, lease_id) not in known
        )


def left_of_leases(books: HqBooks) -> dict[str, int]:
    """As members' wallets have it."""
    return {lease: minor for kept in books.reserved().values() for lease, minor in kept.items()}


def _findings(books: HqBooks, codes: Collection[str]) -> Iterator[tuple[str, int, str, str, dict[str, Any]]]:
    rows = books.rows("SELECT terminal_id, seq, member_id, kind, findings FROM journal_entries WHERE findings <> '[]'")
    for terminal_id, seq, member_id, kind, findings in rows:
        for found in json.loads(findings):
            if found["code"] in codes:
                yield terminal_id, seq, member_id, kind, found
