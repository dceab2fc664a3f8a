"""The laws of what is set aside (L5, L6), after healing: nobody overspent beyond what tills took at risk or head office forgot, and no lease or hold is stuck.

Called by `verdict`. The arithmetic is the witness's; it reads journals, head office's tables and answers.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World
from tongchu.witness.books import HqBooks
from tongchu.witness.reserved import PAYMENTS, Payment

_UNKNOWN = frozenset({"reservation_unknown", "reservation_foreign", "lease_differs"})


def overspending(world: World, books: HqBooks) -> Iterator[str]:
    """Each member's overdrafts by payments against what his payments took without lease or hold, what head office forgot of him when it was restored, and what
    the branches paid that it took over: a copied disk's leases are spent twice, and a person said that both count."""
    risked = _taken_over(books)
    for till in world.in_service:
        book = world.watch.book(till)
        _count(world, book.taken, book.given_back)
    for payment in _payments(world, books):
        risked[payment.member_id] += payment.uncovered_minor
        _count_payment(world, payment.leased_minor, payment.held_minor, payment.uncovered_minor)
    forgotten = world.head_office.forgotten
    owed = _overdrafts(books)
    world.record.count("overdrafts by payments", len(owed))
    for member_id, minor in sorted(owed.items()):
        bound = risked[member_id] + forgotten[member_id]
        if minor > bound:
            yield (
                f"member {member_id}: payments overdrew {minor}; {risked[member_id]} were at risk,"
                f" head office forgot {forgotten[member_id]}"
            )


def _payments(world: World, books: HqBooks) -> Iterator[Payment]:
    """Each once: of the machines in service, and of the others what head office has."""
    standing = {payment.event_id: payment for till in world.in_service for payment in world.watch.book(till).payments}
    yield from standing.values()
    arrived = {event_id for (event_id,) in books.rows("SELECT event_id FROM journal_entries")} - standing.keys()
    gone = [world.watch.last_book(till) for till in world.tills if till.scrapped]
    yield from {each.event_id: each for book in gone for each in book.payments if each.event_id in arrived}.values()


def _taken_over(books: HqBooks) -> Counter[str]:
    taken: Counter[str] = Counter()
    rows = books.rows("SELECT member_id, kind, raw FROM journal_entries WHERE findings LIKE '%fork_adopted%'")
    for member_id, kind, raw in rows:
        if kind in PAYMENTS:
            taken[member_id] += int(json.loads(bytes(raw))["header"]["out_minor"])
    return taken


def nothing_stuck(world: World, books: HqBooks) -> Iterator[str]:
    """Every reservation that is open at head office is a lease that its till knows, and every lease of a till is open at head office."""
    by_till = {till.terminal_id: _open_at(till) for till in world.in_service}
    rows = books.rows(
        "SELECT terminal_id, reservation_id, kind, member_id FROM reservations WHERE state = 'open' ORDER BY 1, 2"
    )
    world.record.count("leases open in the end", len(rows))
    for terminal_id, reservation_id, kind, member_id in rows:
        if kind != "lease":
            yield f"{terminal_id}: the hold {reservation_id} of {member_id} is still open"
        elif reservation_id not in by_till.get(terminal_id, set()):
            yield f"{terminal_id}: head office keeps the lease {reservation_id} of {member_id}, its till does not"
    known = {(terminal_id, reservation_id) for terminal_id, reservation_id, _, _ in rows}
    for terminal_id, leases in sorted(by_till.items()):
        yield from (
            f"{terminal_id}: has the lease {lease_id}, head office does not"
            for lease_id in sorted(leases)
            if (terminal_id, lease_id) not in known
        )


def lease_amounts(world: World, books: HqBooks) -> Iterator[str]:
    """What is left of each lease is the same to its till and to head office, also where an entry that used it was not understood (H7). A lease that a restored head office
    had forgotten comes back as it was granted, and a copied machine spends it twice."""
    counts = world.record.counts
    if counts["hq restore"] or counts["cloned disk"]:
        return
    left = {lease: minor for kept in books.reserved().values() for lease, minor in kept.items()}
    for till in world.in_service:
        book = world.watch.book(till)
        for lease_id in sorted(_open_at(till) & left.keys()):
            if book.left_minor(lease_id) != left[lease_id]:
                yield f"{till.terminal_id}: {book.left_minor(lease_id)} is left of {lease_id}, to head office {left[lease_id]}"


def reservations_known(world: World, books: HqBooks) -> Iterator[str]:
    """No till used what head office had closed; where nobody restored or copied a machine, that is certain."""
    counts = world.record.counts
    if counts["hq restore"] or counts["cloned disk"]:
        return
    for terminal_id, seq, findings in books.rows("SELECT terminal_id, seq, findings FROM journal_entries"):
        for found in json.loads(findings):
            if found["code"] in _UNKNOWN:
                yield f"{terminal_id}-{seq}: {found['code']} {found['data']}"


def nothing_beyond_risk(world: World, books: HqBooks) -> Iterator[str]:
    """No honest till took what nothing covers, and head office blamed none for what it had forgotten or written off itself (H8). Where a copy of a machine is the first to report
    to a restored head office, what the other one held counts as nothing, and a person decides."""
    counts = world.record.counts
    if counts["hq restore"] and counts["cloned disk"]:
        return
    for terminal_id, seq, findings in books.rows(
        "SELECT terminal_id, seq, findings FROM journal_entries WHERE findings LIKE '%risk_exceeded%'"
    ):
        yield f"{terminal_id}-{seq}: beyond the risk allowance {findings}"


def _overdrafts(books: HqBooks) -> Counter[str]:
    owed: Counter[str] = Counter()
    rows = books.rows("SELECT member_id, kind, findings FROM journal_entries WHERE findings <> '[]'")
    for member_id, kind, findings in rows:
        for found in json.loads(findings):
            if kind in PAYMENTS and found["code"] == "overdraft":
                owed[member_id] += int(found["data"]["owed_minor"])
    return owed


def _open_at(till: TillMachine) -> set[str]:
    with closing(sqlite3.connect(till.folder / "journal.db")) as connection:
        rows = connection.execute("SELECT lease_id FROM leases WHERE closed_seq IS NULL").fetchall()
    return {str(lease_id) for (lease_id,) in rows}


def _count(world: World, taken: int, given_back: int) -> None:
    world.record.count("leases taken", taken)
    world.record.count("leases given back", given_back)


def _count_payment(world: World, leased: int, held: int, uncovered: int) -> None:
    for what, minor in (("by lease", leased), ("by hold", held), ("at risk", uncovered)):
        if minor:
            world.record.count(f"paid {what}")
