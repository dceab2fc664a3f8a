"""What the witness finds after healing: paper against journals, journals against head office, head office against itself, every till's view against all of them.

Each law is one function that names what disagrees. The arithmetic is the witness's own; only the two rebuild checks ask the product.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hq_server.ingest.rebuild import differences
from printers.decode import decode, split_jobs
from stored_value.identity import MemberId
from stored_value.refusals import Refusal
from terminal.verify import verify_journal
from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World
from tongchu.witness.books import HqBooks, SeenJournal, chain_faults, read_journal
from tongchu.witness.paper import PaperReceipt, read_receipt


@dataclass(slots=True)
class Evidence:
    """One machine: its journal and everything that it printed, by receipt number."""

    machine: TillMachine
    journal: SeenJournal
    unmarked: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    kicks: Counter[str] = field(default_factory=Counter)
    papers: dict[str, PaperReceipt] = field(default_factory=dict)

    def number(self, seq: int) -> str:
        return f"{self.machine.terminal_id}-{seq:06d}"


def judge(world: World) -> list[str]:
    """Everything that disagrees; empty when every law held."""
    books = HqBooks(world.head_office.config.database)
    evidence = [_evidence(machine) for machine in world.tills]
    found = [
        *_paper_against_journals(evidence),
        *_what_was_acknowledged(world, evidence),
        *_journals_at_head_office(evidence, books),
        *_conservation(world, evidence, books),
        *_views(world, books),
        *_head_office_itself(world, books),
    ]
    world.record.count("receipts", sum(len(each.papers) for each in evidence))
    world.record.count("reprints", sum(sum(each.marked.values()) for each in evidence))
    for each in evidence:
        for number in sorted(each.papers):
            world.record.note(world.time(), f"{each.machine.label} paper {number} {each.papers[number].rows}")
    for member_id, balance in sorted(books.balances().items()):
        world.record.note(world.time(), f"balance {member_id} {balance}")
    return found


def _evidence(machine: TillMachine) -> Evidence:
    seen = Evidence(machine, read_journal(machine.folder))
    printed = machine.paper.read_bytes() if machine.paper.exists() else b""
    for job in split_jobs(decode(printed)):
        paper = read_receipt(job.text)
        if not paper.kind:
            continue
        number = paper.receipt_no
        seen.kicks[number] += job.drawer_kicks
        if job.cuts:
            (seen.marked if paper.reprint else seen.unmarked)[number] += 1
            seen.papers[number] = paper
    return seen


def _paper_against_journals(evidence: Iterable[Evidence]) -> Iterator[str]:
    """L1: whatever was printed is in the journal, whatever is in the journal was printed, once without a mark, and the drawer opened once at most."""
    for each in evidence:
        label, entries = each.machine.label, {each.number(entry.seq): entry for entry in each.journal.entries}
        for number, paper in sorted(each.papers.items()):
            entry = entries.get(number)
            if entry is None:
                yield f"{label}: {number} was printed and is not in the journal"
            elif (paper.kind, paper.amount_minor) != (entry.kind, entry.body.get("amount_minor", 0)):
                yield f"{label}: {number} says {paper.kind} {paper.amount_minor}, its entry something else"
        if not each.machine.scrapped:
            yield from (
                f"{label}: {number} was never printed" for number in sorted(entries.keys() - each.papers.keys())
            )
        yield from (
            f"{label}: {number} was printed {times} times unmarked"
            for number, times in each.unmarked.items()
            if times > 1
        )
        yield from (
            f"{label}: {number} opened the drawer {times} times" for number, times in each.kicks.items() if times > 1
        )


def _what_was_acknowledged(world: World, evidence: Iterable[Evidence]) -> Iterator[str]:
    """L1: what the cashier saw succeed is in the journal of the machine that said so."""
    held = {each.machine.label: each.journal.event_ids for each in evidence}
    for label, event_id in world.acknowledged:
        if event_id not in held[label]:
            yield f"{label}: {event_id} was acknowledged and is not in the journal"


def _journals_at_head_office(evidence: Iterable[Evidence], books: HqBooks) -> Iterator[str]:
    """L1, L2: every journal is sound, at head office byte for byte, settled, and nothing is under way."""
    for each in evidence:
        machine, journal = each.machine, each.journal
        if machine.scrapped:
            continue
        yield from (f"{machine.label}: {fault}" for fault in chain_faults(journal.entries))
        if [entry.raw for entry in books.entries(machine.terminal_id)] != [entry.raw for entry in journal.entries]:
            yield f"{machine.label}: head office's entries are not the journal's"
        if journal.open_push is not None:
            yield f"{machine.label}: the push {journal.open_push} is still open"
        if journal.settled_through != len(journal.entries):
            yield f"{machine.label}: {len(journal.entries)} entries, outcomes up to {journal.settled_through}"
        if journal.totals != journal.recomputed_totals():
            yield f"{machine.label}: shift totals are not those of its entries"
        if journal.integrity != "ok":
            yield f"{machine.label}: {journal.integrity}"
        yield from (f"{machine.label}: {fault.code} {fault.what}" for fault in verify_journal(machine.folder).faults)
        if machine.station.replica.deferred_count():
            yield f"{machine.label}: rows of members are still put aside"


def _conservation(world: World, evidence: Iterable[Evidence], books: HqBooks) -> Iterator[str]:
    """L4: each member has what the papers add up to, to the fen, and what head office says that it gave beyond a promise (H10). What a fork's losing branch
    printed does not count, and is known."""
    sums: Counter[str] = Counter()
    for each in evidence:
        if each.machine.scrapped:
            continue
        for entry in each.journal.entries:
            paper = each.papers.get(each.number(entry.seq))
            for member_id in entry.header["members"]:
                sums[member_id] += paper.value_minor if paper is not None else 0
    beyond = _given_beyond_promises(books)
    world.record.count("bonus given beyond a promise", len(beyond))
    sums.update(beyond)
    held = books.balances()
    for member_id in sorted(sums.keys() | held.keys()):
        if sums[member_id] != held.get(member_id, 0):
            yield f"member {member_id}: papers add up to {sums[member_id]}, head office has {held.get(member_id)}"


def _given_beyond_promises(books: HqBooks) -> Counter[str]:
    """A till that could not know promised less than head office's order of things gives; a reversal takes that back as well."""
    rows = books.rows("SELECT member_id, event_id, findings, raw FROM journal_entries WHERE member_id IS NOT NULL")
    taken_back = {json.loads(raw)["body"].get("top_up_id") for _, _, _, raw in rows}
    beyond: Counter[str] = Counter()
    for member_id, event_id, findings, _ in rows:
        for found in json.loads(findings):
            if found["code"] == "promise_differs" and event_id not in taken_back:
                beyond[member_id] += found["data"]["given_minor"] - found["data"]["promised_minor"]
    return beyond


def _views(world: World, books: HqBooks) -> Iterator[str]:
    """L3: what every till shows is what head office has."""
    held = books.balances()
    for till in world.in_service:
        for member_id, balance in sorted(held.items()):
            view = till.counter.member(MemberId(member_id))
            if isinstance(view, Refusal):
                continue
            world.record.count("views compared")
            if view.balance_minor != balance or view.pending:
                yield f"{till.label}: shows {view.balance_minor} for {member_id}, pending: {view.pending}; head office has {balance}"


def _head_office_itself(world: World, books: HqBooks) -> Iterator[str]:
    """Chains, versions, postings, feeds; and its tables are what the journals say."""
    yield from books.faults(*sorted({till.terminal_id for till in world.tills}))
    with world.head_office.office.database.read() as session:
        for difference in differences(session):
            yield f"head office: {difference.subject} {difference.what}: {difference.stored}, rebuilt {difference.rebuilt}"
    owing = {member: -balance for member, balance in books.balances().items() if balance < 0}
    world.record.count("members who owe", len(owing))
    findings = books.rows("SELECT findings FROM journal_entries WHERE findings <> '[]'")
    world.record.count("entries with findings", len(findings))
    world.record.count("overdrafts", sum("overdraft" in str(row[0]) for row in findings))
    world.record.count("epochs", len(books.rows("SELECT DISTINCT epoch FROM feed_heads")))
