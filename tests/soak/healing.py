"""Owns the end of the soak: everything is settled under a clear sky, and whatever does not agree then is named.

The arithmetic is the witness's; only the rebuild and the check of the journal's file ask the product.
"""

from collections import Counter
from collections.abc import Iterator

from hq_server.database.engine import Database
from hq_server.ingest.rebuild import differences
from terminal.verify import verify_journal
from tests.at_rest import faults_at_rest
from tests.soak.franchise import Franchise
from tests.soak.stand import Stand
from tests.waiting import until
from tongchu.witness.agreement import (
    TillEvidence,
    head_office_disagreements,
    member_disagreements,
    paper_disagreements,
    till_evidence,
)
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import read_journal
from tongchu.witness.legs import merged_and_not_swept, transfers_in_two_legs
from tongchu.witness.overspent import (
    BEYOND_RISK,
    CLOSED,
    blamed,
    lease_differences,
    left_of_leases,
    open_leases,
    open_on_one_side,
    overspent,
)
from tongchu.witness.promises import unexplained_bonus
from tongchu.witness.reserved import ReservedBook

_LOOKS_MAX = 20


def _settle(franchise: Franchise) -> None:
    """Everything is at head office, on paper, in the feeds, and in every till's replica."""
    for stand in franchise.stands.values():
        shown = stand.look((), settled=True)
        franchise.happened["printed by hand"] += shown.printed_by_hand
    books = franchise.books
    until(lambda: not books.rows("SELECT 1 FROM outbox"), what="the outbox to drain", timeout_s=30)
    for stand in franchise.stands.values():
        until(lambda: not _views(franchise, stand), what=f"{stand.name} to follow", timeout_s=60, nap_s=0.2)  # noqa: B023 - awaited here
        until(lambda: _has_told_all(stand), what=f"{stand.name} to tell of its leases", timeout_s=60, nap_s=0.5)  # noqa: B023 - awaited here
    until(lambda: not list(_leases(franchise)), what="leases to be known on both sides", timeout_s=60, nap_s=0.5)


def disagreements(franchise: Franchise) -> list[str]:
    """Empty when every law held, judged at a moment at which nothing moved: leases come and go for a while after the last customer. Counts what really happened on the way."""
    for _ in range(_LOOKS_MAX):
        _settle(franchise)
        before = _standing(franchise)
        evidence = [_evidence(stand) for stand in franchise.stands.values()]
        found = _judged(franchise, evidence)
        if _standing(franchise) == before:
            _count(franchise, evidence)
            return found
    return [f"something moved in each of {_LOOKS_MAX} looks"]


def _standing(franchise: Franchise) -> list[object]:
    """What changes whenever a till writes or hears of something, or head office gives, asks back or closes a reservation."""
    journals = [read_journal(stand.place.config.data_dir) for stand in franchise.stands.values()]
    kept = franchise.books.rows("SELECT reservation_id, state, recalled_at FROM reservations ORDER BY 1")
    return [*((len(journal.entries), journal.settled_through) for journal in journals), *map(tuple, kept)]


def _judged(franchise: Franchise, evidence: list[TillEvidence]) -> list[str]:
    books = franchise.books
    found = faults_at_rest(books, *franchise.names)
    for till in evidence:
        found += paper_disagreements(till)
        found += head_office_disagreements(till, books)
    found += member_disagreements([said for till in evidence for said in till.said()], books)
    found += unexplained_bonus(books)
    found += transfers_in_two_legs(books)
    found += merged_and_not_swept(books)
    found += _set_aside(franchise)
    for stand in franchise.stands.values():
        found += _views(franchise, stand)
        faults = verify_journal(stand.place.config.data_dir).faults
        found += [f"{stand.name}: {fault.code} {fault.what}" for fault in faults]
    found += _rebuilt(franchise)
    return found


def _evidence(stand: Stand) -> TillEvidence:
    return till_evidence(stand.name, stand.name, read_journal(stand.place.config.data_dir), stand.printer.jobs())


def _has_told_all(stand: Stand) -> bool:
    """Leases that it took it tells in the cycle after."""
    journal = read_journal(stand.place.config.data_dir)
    return journal.settled_through == len(journal.entries)


def _views(franchise: Franchise, stand: Stand) -> list[str]:
    """What the till shows and head office does not have."""
    books = franchise.books
    numbers = dict(books.rows("SELECT member_no, member_id FROM members"))
    held, shown = books.balances(), stand.look(franchise.regulars, settled=False)
    return [
        f"{stand.name}: shows {balance} for {number}, pending: {number in shown.pending}; head office has {held[numbers[number]]}"
        for number, balance in shown.balances_minor.items()
        if balance != held[numbers[number]] or number in shown.pending
    ] + [f"{stand.name}: does not know {number}" for number in set(franchise.regulars) - shown.balances_minor.keys()]


def _set_aside(franchise: Franchise) -> Iterator[str]:
    """Nobody overspent beyond what tills took at risk, none is blamed, every lease is the same to both sides, and no hold is left: every till has reported, nobody restored
    head office and nobody copied a disk."""
    books = franchise.books
    risked: Counter[str] = Counter()
    for stand in franchise.stands.values():
        for payment in _reserved(stand, books).payments:
            risked[payment.member_id] += payment.uncovered_minor
            for how, minor in (("by lease", payment.leased_minor), ("by hold", payment.held_minor)):
                franchise.happened[f"paid {how}"] += bool(minor)
            franchise.happened["paid at risk"] += bool(payment.uncovered_minor)
    yield from overspent(books, risked, {})
    for terminal_id, seq, finding in blamed(books, CLOSED | BEYOND_RISK):
        yield f"{terminal_id}-{seq}: {finding['code']} {finding['data']}"
    yield from _leases(franchise)


def _leases(franchise: Franchise) -> Iterator[str]:
    """Which are open on one side alone, or with another amount left."""
    books = franchise.books
    with books.at_one_moment():
        left = left_of_leases(books)
        by_till = {stand.name: open_leases(stand.place.config.data_dir) for stand in franchise.stands.values()}
        yield from open_on_one_side(books, by_till)
        for stand in franchise.stands.values():
            judged = by_till[stand.name] & left.keys()
            yield from lease_differences(stand.name, _reserved(stand, books), judged, left)


def _reserved(stand: Stand, books: HqBooks) -> ReservedBook:
    """What its journal says of leases, and head office of holds."""
    rows = books.rows("SELECT reservation_id, amount_minor FROM reservations WHERE kind = 'hold'")
    book = ReservedBook({str(hold): int(amount) for hold, amount in rows})
    for entry in read_journal(stand.place.config.data_dir).entries:
        book.read(entry)
    return book


def _rebuilt(franchise: Franchise) -> Iterator[str]:
    """Wallets, purchases, postings, rollups and reservations are what the journals say."""
    database = Database(franchise.head_office.config.database)
    with database.read() as session:
        for each in differences(session):
            yield f"head office: {each.subject} {each.what}: {each.stored}, rebuilt {each.rebuilt}"
    database.close()


def _count(franchise: Franchise, evidence: list[TillEvidence]) -> None:
    happened, books = franchise.happened, franchise.books
    for kind, state, count in books.rows("SELECT kind, state, count(*) FROM reservations GROUP BY kind, state"):
        happened[f"{kind} {state}"] += int(count)
    ((recalled,),) = books.rows("SELECT count(*) FROM reservations WHERE recalled_at IS NOT NULL")
    happened["leases asked back"] += int(recalled)
    for till in evidence:
        happened["entries"] += len(till.journal.entries)
        happened.update(entry.kind for entry in till.journal.entries if entry.kind.startswith("lease_"))
        happened["reprints"] += till.marked.total()
        for _, paper in till.printed_entries():
            happened[f"{paper.kind} {'offline' if paper.provisional else 'online'}"] += 1
        for codes in books.findings(till.terminal_id).values():
            happened.update(f"finding {code}" for code in codes)
    for stand in franchise.stands.values():
        happened.update(stand.happened)
    happened.update(franchise.wires.happened)
