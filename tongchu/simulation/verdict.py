"""What the witness finds after healing: paper against journals, journals against head office, head office against itself, every till's view against all of them.

Each law is one function that names what disagrees. The arithmetic is the witness's own; only the two rebuild checks ask the product.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hq_server import franchise_data
from hq_server.ingest.rebuild import differences
from printers.decode import decode, split_jobs
from stored_value.identity import MemberId
from stored_value.refusals import Refusal
from terminal.verify import verify_journal
from tongchu.simulation import at_rest
from tongchu.simulation.errands_newcomers import ENROLLED_AS
from tongchu.simulation.overspend import (
    lease_amounts,
    nothing_beyond_risk,
    nothing_stuck,
    overspending,
    reservations_known,
    within_what_was_said,
)
from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World
from tongchu.witness.agreement import (
    Said,
    TillEvidence,
    head_office_disagreements,
    member_disagreements,
    paper_disagreements,
    till_evidence,
)
from tongchu.witness.booked import booked_entries
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import read_journal
from tongchu.witness.legs import merged_and_not_swept, transfers_in_two_legs
from tongchu.witness.periods import told_as_late
from tongchu.witness.personal import in_clear
from tongchu.witness.pins import pins_claimed, pins_misjudged
from tongchu.witness.promises import unexplained_bonus


@dataclass(frozen=True, slots=True)
class Evidence:
    """One machine, and what the witness has of it."""

    machine: TillMachine
    till: TillEvidence


def judge(world: World) -> list[str]:
    """Everything that disagrees; empty when every law held."""
    books = HqBooks(world.head_office.config.database)
    with books.at_one_moment():
        return _judged(world, books)


def _judged(world: World, books: HqBooks) -> list[str]:
    evidence = [_evidence(machine) for machine in world.tills]
    found = [
        *_paper_against_journals(evidence),
        *_what_was_acknowledged(world, evidence),
        *_journals_at_head_office(evidence, books),
        *_conservation(world, evidence, books),
        *_views(world, books),
        *_head_office_itself(world, books),
        *unexplained_bonus(books),
        *transfers_in_two_legs(books),
        *merged_and_not_swept(books),
        *told_as_late(books, franchise_data.ZONE),
        *_personal_fields(world, evidence),
        *overspending(world, books),
        *nothing_stuck(world, books),
        *lease_amounts(world, books),
        *reservations_known(world, books),
        *nothing_beyond_risk(world, books),
        *within_what_was_said(world),
        *_paid_by_pin(world, books),
    ]
    world.record.count("events", sum(len(each.till.journal.entries) for each in evidence if not each.machine.scrapped))
    world.record.count("receipts", sum(len(each.till.papers) for each in evidence))
    world.record.count("reprints", sum(each.till.marked.total() for each in evidence))
    for each in evidence:
        for number, paper in sorted(each.till.papers.items()):
            world.record.note(world.time(), f"{each.machine.label} paper {number} {paper.rows}")
    for member_id, balance in sorted(books.balances().items()):
        world.record.note(world.time(), f"balance {member_id} {balance}")
    return found


def _evidence(machine: TillMachine) -> Evidence:
    printed = machine.paper.read_bytes() if machine.paper.exists() else b""
    jobs = split_jobs(decode(printed))
    return Evidence(machine, till_evidence(machine.label, machine.terminal_id, read_journal(machine.folder), jobs))


def _paper_against_journals(evidence: Iterable[Evidence]) -> Iterator[str]:
    for each in evidence:
        yield from paper_disagreements(each.till, all_printed=not each.machine.scrapped)


def _what_was_acknowledged(world: World, evidence: Iterable[Evidence]) -> Iterator[str]:
    """L1: what the cashier saw succeed is in the journal of the machine that said so."""
    held = {each.machine.label: each.till.journal.event_ids for each in evidence}
    for label, event_id in world.acknowledged:
        if event_id not in held[label]:
            yield f"{label}: {event_id} was acknowledged and is not in the journal"


def _journals_at_head_office(evidence: Iterable[Evidence], books: HqBooks) -> Iterator[str]:
    for each in evidence:
        machine = each.machine
        if machine.scrapped:
            continue
        yield from head_office_disagreements(each.till, books)
        yield from (f"{machine.label}: {fault.code} {fault.what}" for fault in verify_journal(machine.folder).faults)
        if machine.station.replica.deferred_count():
            yield f"{machine.label}: rows of members are still put aside"


def _conservation(world: World, evidence: Iterable[Evidence], books: HqBooks) -> Iterator[str]:
    """What a fork's losing branch printed counts as far as head office has it: it may have come there before the fork was seen, or be what a restored one holds."""
    said: dict[str, Said] = {}
    for each in sorted(evidence, key=lambda each: each.machine.scrapped):
        written = each.till.written() if each.machine.scrapped else ()
        said = {one.entry.event_id: one for one in (*written, *each.till.said())} | said
    changed = sum(len(each.gifts_minor) for each in booked_entries(books).values())
    world.record.count("promises that head office changed", changed)
    yield from member_disagreements(said.values(), books)


def _views(world: World, books: HqBooks) -> Iterator[str]:
    """L3: what every till shows is what head office has; and whom it knew before its replica was lost, it knows again (L7)."""
    held = books.balances()
    for till in world.in_service:
        for member_id, balance in sorted(held.items()):
            view = till.counter.member(MemberId(member_id))
            knew = world.watch.knew_before(till, member_id)
            world.record.count("members looked for after a replica was lost", knew)
            if isinstance(view, Refusal):
                if knew:
                    yield f"{till.label}: lost its replica, and with it the member {member_id}"
                continue
            world.record.count("views compared")
            if view.balance_minor != balance or view.pending:
                yield f"{till.label}: shows {view.balance_minor} for {member_id}, pending: {view.pending}; head office has {balance}"


def _personal_fields(world: World, evidence: Iterable[Evidence]) -> Iterator[str]:
    """H14: whose phone a till has heard, and his name, stand in none of its files and on no paper."""
    people = at_rest.people(world.scenario.members)
    secrets = {ENROLLED_AS, *(person.name for person in people), *(person.phone for person in people)}
    secrets |= {str(phone) for phone in world.phones}
    for each in evidence:
        papers = ["\n".join(paper.lines) for paper in each.till.papers.values()]
        yield from (f"{each.machine.label}: {found}" for found in in_clear(each.machine.folder, papers, secrets))


def _paid_by_pin(world: World, books: HqBooks) -> Iterator[str]:
    """H8: what head office believes was typed, and it believes what was."""
    world.record.count("PINs judged", len(pins_claimed(books)))
    yield from pins_misjudged(books, world.watch.typed, forgotten=bool(world.record.counts["hq restore"]))


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
