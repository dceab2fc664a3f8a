"""The laws of what is set aside (L5, L6), after healing: nobody overspent beyond what tills took at risk or head office forgot, no till took more than head office had said,
and no lease or hold is stuck.

Called by `verdict`. The arithmetic is the witness's; it reads journals, head office's tables and answers.
"""

import json
from collections import Counter
from collections.abc import Iterator

from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World
from tongchu.witness.books import HqBooks
from tongchu.witness.overspent import (
    BEYOND_RISK,
    CLOSED,
    FORGOTTEN,
    NO_TILLS_DOING,
    blamed,
    lease_differences,
    left_of_leases,
    open_leases,
    open_on_one_side,
    overdrafts,
    overspent,
    shown_again,
)
from tongchu.witness.reserved import PAYMENTS, Payment


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
    world.record.count("overdrafts by payments", len(overdrafts(books)))
    yield from overspent(books, risked, world.head_office.forgotten.moved_minor)


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
    """No hold is open, and each lease is open on both sides or on none."""
    by_till = {till.terminal_id: open_leases(till.folder) for till in world.in_service}
    world.record.count("leases open in the end", sum(map(len, by_till.values())))
    yield from open_on_one_side(books, by_till)


def lease_amounts(world: World, books: HqBooks) -> Iterator[str]:
    """What is left of each lease is the same to its till and to head office, also where an entry that used it was not understood (H7) and where a restored head office heard
    of it from the till again (H1). Two machines of one till spend theirs twice."""
    left = left_of_leases(books)
    for till in _single(world):
        judged = open_leases(till.folder) & left.keys()
        world.record.count("leases compared", len(judged))
        yield from lease_differences(till.terminal_id, world.watch.book(till), judged, left)


def reservations_known(world: World, books: HqBooks) -> Iterator[str]:
    """No till used what head office had closed, unless two machines were that till or a restore made head office forget what was used."""
    forgotten = world.head_office.forgotten.reservations
    for till in _single(world):
        world.record.count("reservations used and judged", len(world.watch.book(till).named - forgotten))
    for terminal_id, seq, found in blamed(books, CLOSED):
        if terminal_id not in world.copied and found["data"]["reservation"] not in forgotten:
            yield f"{terminal_id}-{seq}: {found['code']} {found['data']}"
    for terminal_id, seq, found in blamed(books, FORGOTTEN):
        if terminal_id not in world.copied:
            yield f"{terminal_id}-{seq}: {found['code']} {found['data']}, though its till has what head office signed"
    world.record.count("forgotten holds shown by their tills", len(shown_again(books, forgotten)))


def nothing_beyond_risk(world: World, books: HqBooks) -> Iterator[str]:
    """No honest till took what nothing covers, and head office blamed none for what it had forgotten or written off itself (H8). Where a copy of a machine is the first to report
    to a restored head office, what the other one's entries name counts as closed, and a person decides."""
    restored = bool(world.record.counts["hq restore"])
    for till in world.in_service:
        book = world.watch.book(till)
        judged = [each for each in book.payments if not (restored and each.named and till.terminal_id in world.copied)]
        world.record.count("payments judged by the risk allowance", len(judged))
    excused = {
        (terminal_id, seq)
        for terminal_id, seq, raw in books.rows(
            "SELECT terminal_id, seq, raw FROM journal_entries"
            " WHERE findings LIKE '%risk_exceeded%' OR findings LIKE '%thing_uncovered%'"
        )
        if restored and terminal_id in world.copied and json.loads(bytes(raw))["header"]["reservations"]
    }
    for terminal_id, seq, found in blamed(books, BEYOND_RISK):
        if (terminal_id, seq) not in excused:
            what = "beyond the risk allowance" if found["code"] == "risk_exceeded" else "a thing that nothing kept"
            yield f"{terminal_id}-{seq}: {what} {found['data']}"
    by_pin = {(terminal_id, seq) for terminal_id, seq, _ in blamed(books, {"pin_not_proven"})}
    held_in_vain = _held_in_vain(world, books)
    for terminal_id, seq, found in blamed(books, NO_TILLS_DOING):
        if found["code"] == "card_exceeded" and (terminal_id, seq) in by_pin:
            continue  # it follows from that, which is judged by who typed
        if found["code"] == "cash_out_uncovered" and (terminal_id, seq) in held_in_vain:
            continue
        yield f"{terminal_id}-{seq}: {found['code']} {found['data']}, which no honest till writes"


def _held_in_vain(world: World, books: HqBooks) -> set[tuple[str, int]]:
    """Cash-outs that rest on what head office had held, as its own answers show, and forgot with a backup whose new epoch was forgotten as well: within an epoch no till shows what
    was signed for it, so head office sets them aside. Nobody has been paid yet; the cashier asks again."""
    if not world.record.counts["hq restore, epoch forgotten"]:
        return set()
    asked = books.rows("SELECT terminal_id, seq, raw FROM journal_entries WHERE findings LIKE '%cash_out_uncovered%'")
    named = {(str(till), int(seq)): json.loads(bytes(raw))["header"]["reservations"] for till, seq, raw in asked}
    return {entry for entry, names in named.items() if names and world.watch.holds.keys() & set(names)}


def within_what_was_said(world: World) -> list[str]:
    """No till took more that nothing covered than head office had said of it, whenever it was asked (L5)."""
    for till in world.in_service:
        world.stated.last(till)
    return world.stated.found


def _single(world: World) -> Iterator[TillMachine]:
    """Tills of which there was never a second machine."""
    return (till for till in world.in_service if till.terminal_id not in world.copied)


def _count(world: World, taken: int, given_back: int) -> None:
    world.record.count("leases taken", taken)
    world.record.count("leases given back", given_back)


def _count_payment(world: World, leased: int, held: int, uncovered: int) -> None:
    for what, minor in (("by lease", leased), ("by hold", held), ("at risk", uncovered)):
        if minor:
            world.record.count(f"paid {what}")
