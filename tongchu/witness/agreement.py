"""Owns what must agree about one till once everything works again: its paper, its journal, and head office's copy of it. Names what does not, in words.

Called by the simulation's verdict and by the soak. Must not import the rules or the protocol.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from printers.decode import PrinterOutput
from tongchu.witness.booked import booked_entries
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import SeenEntry, SeenJournal, chain_faults
from tongchu.witness.paper import KINDS, PaperReceipt, read_receipt

HEAD_OFFICE = "HQ-00"
"""What head office does by itself has no paper; its own journal says it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a paper says that its entry moved of the member's balance, and how much of that is bonus."""

    name: str
    entry: SeenEntry
    value_minor: int
    bonus_minor: int = 0


@dataclass(slots=True)
class TillEvidence:
    """One machine: its journal and everything that it printed, by receipt number. `label` is what it is called where two claim to be one till."""

    label: str
    terminal_id: str
    journal: SeenJournal
    unmarked: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    kicks: Counter[str] = field(default_factory=Counter)
    papers: dict[str, PaperReceipt] = field(default_factory=dict)

    def number(self, seq: int) -> str:
        return f"{self.terminal_id}-{seq:06d}"

    def said(self) -> Iterator[Said]:
        for entry, paper in self.printed_entries():
            yield Said(self.number(entry.seq), entry, paper.value_minor, paper.bonus_minor)

    def written(self) -> Iterator[Said]:
        """What the journal alone says of entries that are on no paper: of a machine that was taken out of service before it had printed them."""
        known = {entry.event_id: entry for entry in self.journal.entries}
        for entry in self.journal.entries:
            if self.number(entry.seq) in self.papers:
                continue
            top_up = known.get(str(entry.body.get("top_up_id"))) if entry.kind == "top_up_reversed" else None
            bonus = -sum(top_up.promised_minor) if top_up is not None else 0
            taken = -entry.amount_minor + bonus if entry.kind == "top_up_reversed" else entry.value_minor
            yield Said(self.number(entry.seq), entry, taken, bonus)

    def printed_entries(self) -> Iterator[tuple[SeenEntry, PaperReceipt]]:
        """Each entry that is on paper, with it."""
        for entry in self.journal.entries:
            paper = self.papers.get(self.number(entry.seq))
            if paper is not None:
                yield entry, paper


def till_evidence(label: str, terminal_id: str, journal: SeenJournal, jobs: Iterable[PrinterOutput]) -> TillEvidence:
    """A job without its cut is half a receipt: it may open the drawer, but it is no print. A paper that is no entry's receipt (an X report) does not count."""
    seen = TillEvidence(label, terminal_id, journal)
    for job in jobs:
        paper = read_receipt(job.text)
        if not paper.kind:
            continue
        number = paper.receipt_no
        seen.kicks[number] += job.drawer_kicks
        if job.cuts:
            (seen.marked if paper.reprint else seen.unmarked)[number] += 1
            seen.papers[number] = paper
    return seen


def paper_disagreements(till: TillEvidence, *, all_printed: bool = True) -> Iterator[str]:
    """L1: whatever was printed is in the journal, whatever is in the journal was printed (`all_printed`), once without a mark, and the drawer opened once at most."""
    entries = {till.number(entry.seq): entry for entry in till.journal.entries}
    for number, paper in sorted(till.papers.items()):
        entry = entries.get(number)
        if entry is None:
            yield f"{till.label}: {number} was printed and is not in the journal"
        elif (paper.kind, paper.amount_minor) != (entry.kind, entry.amount_minor):
            yield f"{till.label}: {number} says {paper.kind} {paper.amount_minor}, its entry something else"
        elif entry.kind == "topped_up" and sorted(paper.bonuses) != sorted(entry.promised_minor):
            yield f"{till.label}: {number} says bonus {paper.bonuses}, its entry promises {entry.promised_minor}"
    if all_printed:
        yield from (
            f"{till.label}: {number} was never printed" for number in sorted(_to_print(till) - till.papers.keys())
        )
    yield from (
        f"{till.label}: {number} was printed {times} times unmarked"
        for number, times in till.unmarked.items()
        if times > 1
    )
    yield from (
        f"{till.label}: {number} opened the drawer {times} times" for number, times in till.kicks.items() if times > 1
    )


def _to_print(till: TillEvidence) -> set[str]:
    """Whatever has a print job, and whatever ought to have one. What the till writes without a customer (a lease accepted) has none."""
    jobs = {till.number(job.entry_seq) for job in till.journal.print_jobs}
    return jobs | {till.number(entry.seq) for entry in till.journal.entries if entry.kind in KINDS.values()}


def head_office_disagreements(till: TillEvidence, books: HqBooks) -> Iterator[str]:
    """L1, L2: the journal is sound, at head office byte for byte, settled, and nothing is under way."""
    journal = till.journal
    yield from (f"{till.label}: {fault}" for fault in chain_faults(journal.entries))
    if [entry.raw for entry in books.entries(till.terminal_id)] != [entry.raw for entry in journal.entries]:
        yield f"{till.label}: head office's entries are not the journal's"
    if journal.open_push is not None:
        yield f"{till.label}: the push {journal.open_push} is still open"
    if journal.settled_through != len(journal.entries):
        yield f"{till.label}: {len(journal.entries)} entries, outcomes up to {journal.settled_through}"
    if journal.totals != journal.recomputed_totals():
        yield f"{till.label}: shift totals are not those of its entries"
    if journal.integrity != "ok":
        yield f"{till.label}: {journal.integrity}"


def member_disagreements(said: Iterable[Said], books: HqBooks) -> Iterator[str]:
    """L4: entry by entry head office booked what the paper says, to the fen, but for what its own findings on that entry explain (H10); and each member has the sum of it.
    `said` has each entry once; what head office does not have (a fork's losing branch) counts for nothing."""
    booked = booked_entries(books)
    sums: Counter[str] = Counter()
    untold = set(booked)
    own = [each.entry for each in booked.values() if each.entry.header["terminal_id"] == HEAD_OFFICE]
    for each in (*said, *(Said(f"{HEAD_OFFICE}-{entry.seq}", entry, entry.value_minor) for entry in own)):
        told = booked.get(each.entry.event_id)
        if told is None:
            continue
        untold.discard(each.entry.event_id)
        minor = each.value_minor + told.explained_minor(each.value_minor, each.bonus_minor)
        if each.entry.kind == "top_up_reversed" and each.entry.body["top_up_id"] in booked:
            # The paper takes back what was promised; head office what it gave instead, as it said of the top-up.
            minor -= sum(booked[each.entry.body["top_up_id"]].gifts_minor)
        sums[told.member_id] += minor
        if minor != told.moved_minor:
            codes = [found["code"] for found in told.findings]
            yield f"{each.name}: paper and findings {codes} say {minor}, head office booked {told.moved_minor}"
    for event_id, kind in books.rows(
        "SELECT p.event_id, p.kind FROM postings p JOIN journal_entries j ON j.event_id = p.event_id"
        " WHERE p.account = 'unexplained' AND j.findings = '[]' ORDER BY 1"
    ):
        yield f"{event_id}: head office booked a {kind} as unexplained, and nobody is told"
    for event_id in sorted(untold):
        if booked[event_id].moved_minor:
            yield f"{event_id}: head office booked {booked[event_id].moved_minor}, and no paper says so"
    held = books.balances()
    for member_id in sorted(sums.keys() | held.keys()):
        if sums[member_id] != held.get(member_id, 0):
            yield f"member {member_id}: papers add up to {sums[member_id]}, head office has {held.get(member_id)}"
