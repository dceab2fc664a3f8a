"""Owns the end of the soak: everything is settled under a clear sky, and whatever does not agree then is named.

The arithmetic is the witness's; only the rebuild and the check of the journal's file ask the product.
"""

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
from tongchu.witness.journal import SeenJournal, read_journal


def settle(franchise: Franchise) -> None:
    """Everything is at head office, on paper, in the feeds, and in every till's replica."""
    for stand in franchise.stands.values():
        shown = stand.look((), settled=True)
        franchise.happened["printed by hand"] += shown.printed_by_hand
    books = franchise.books
    until(lambda: not books.rows("SELECT 1 FROM outbox"), what="the outbox to drain", timeout_s=30)
    for stand in franchise.stands.values():
        until(lambda: not _views(franchise, stand), what=f"{stand.name} to follow", timeout_s=60, nap_s=0.2)  # noqa: B023 - awaited here
        until(lambda: _has_told_all(stand), what=f"{stand.name} to tell of its leases", timeout_s=60, nap_s=0.5)  # noqa: B023 - awaited here


def disagreements(franchise: Franchise) -> list[str]:
    """Empty when every law held. Counts what really happened on the way."""
    books = franchise.books
    evidence = [_evidence(stand) for stand in franchise.stands.values()]
    found = faults_at_rest(books, *franchise.names)
    for till in evidence:
        found += paper_disagreements(till)
        found += head_office_disagreements(till, books)
    found += member_disagreements([said for till in evidence for said in till.said()], books)
    for stand in franchise.stands.values():
        found += _stuck(stand.name, read_journal(stand.place.config.data_dir), books)
        found += _views(franchise, stand)
        faults = verify_journal(stand.place.config.data_dir).faults
        found += [f"{stand.name}: {fault.code} {fault.what}" for fault in faults]
    found += _rebuilt(franchise)
    _count(franchise, evidence)
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


def _stuck(terminal_id: str, journal: SeenJournal, books: HqBooks) -> Iterator[str]:
    """Every till has reported, so no hold is left, and no lease that its till gave back."""
    returned = {entry.body["lease_id"] for entry in journal.entries if entry.kind == "lease_returned"}
    rows = books.rows(
        f"SELECT reservation_id, kind FROM reservations WHERE terminal_id = '{terminal_id}' AND state = 'open'"
    )
    for reservation_id, kind in rows:
        if kind == "hold" or reservation_id in returned:
            yield f"{terminal_id}: the {kind} {reservation_id} is stuck at head office"


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
