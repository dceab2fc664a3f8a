"""What must hold at every moment of a run, not only after healing: a till shows what its replica and its own journal make (L3), and nobody spends what no
lease or hold covers beyond the risk allowance (L5). Reads entries as the witness does; decides nothing.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from stored_value.identity import MemberId
from stored_value.offline_policy import RiskAllowance
from terminal.counter.views import MemberView
from tongchu.simulation.head_office import HeadOffice
from tongchu.simulation.in_process import Answer, Call
from tongchu.simulation.record import Record
from tongchu.simulation.till import TillMachine, machine_mark
from tongchu.witness.booked import Booked, booked_entries
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import SeenEntry, seen_entry
from tongchu.witness.reserved import ReservedBook

HELD: Final = 200
_TAKES_THINGS: Final = frozenset({"pass_used", "points_redeemed"})
_DECIDING: Final = timedelta(seconds=5)
"""Between the cashier's wish and the entry, when head office answers slowly."""
REFUNDS: Final = frozenset({"purchase_refunded", "order_refunded"})


class Watch:
    """`found` says what was wrong when it was seen; `typed` are the events for which a member typed his payment PIN."""

    def __init__(self, office: HeadOffice, record: Record, *, risk: RiskAllowance) -> None:
        self.found: list[str] = []
        self.holds: dict[str, int] = {}
        self.typed: set[str] = set()
        self._risk = risk
        self._reserved: dict[str, ReservedBook] = {}
        self._settled: dict[str, int] = {}
        self._known: dict[str, set[str]] = {}
        self._copied: dict[str, int] = {}
        self._office = office
        self._record = record
        self._books = HqBooks(office.config.database)
        self._published = {int(version) for (version,) in self._books.rows("SELECT version FROM rulebooks")}

    def shown(self, till: TillMachine, view: MemberView) -> None:
        """The balance on the screen against head office's entries up to the version of the till's row, and the till's own entries that are not among them."""
        row = till.station.replica.member(view.member_id)
        ours = till.station.journal.head_office.epoch
        if not self._office.up or row is None or row.epoch != ours or not self._office.is_trustworthy(ours):
            return
        with self._books.at_one_moment():
            contained = booked_entries(self._books, member_id=view.member_id, through=row.wallet.version)
            retired = self._books.cashed_out_lots(view.member_id)
        known = {each.event_id: each for each in own_entries(till, view.member_id)}
        known |= {event_id: each.entry for event_id, each in contained.items()}
        expected = sum(said_minor(each, known, contained) for each in known.values())
        self._record.count("views watched")
        beyond = [each for each in known.values() if each.event_id not in contained]
        forfeited = drawn_from(beyond, retired)
        if not expected - forfeited <= view.balance_minor <= expected:
            self.found.append(
                f"{till.label} showed {view.balance_minor} for {view.member_id}, its replica and journal make {expected}"
            )

    def in_doubt(self, till: TillMachine) -> None:
        """After a cycle that failed: the members whose entries are on their way, or arrived and nobody heard."""
        settled = till.station.journal.outcomes.settled_through()
        unknown = [seen_entry(seq, raw) for seq, _, raw, _ in till.station.journal.stored_after(settled, 50)]
        for member_id in sorted({str(member) for entry in unknown for member in entry.header["members"]}):
            view = till.counter.member(MemberId(member_id))
            if isinstance(view, MemberView):
                self.shown(till, view)

    def heard(self, _label: str, call: Call, answer: Answer) -> None:
        """What head office held, from its own answers, whether or not they arrive."""
        if call.path == "/v1/holds" and answer.status == HELD and not json.loads(answer.body)["refusal"]:
            wanted = json.loads(call.content)
            self.holds[wanted["hold_id"]] = int(wanted["amount_minor"])
            self._record.count("holds")

    def left_by_head_office(self, member_id: str, before_minor: int) -> None:
        """After it moved value of a member by itself: what leases and holds keep of him is still there, or as much of it as there was (H5)."""
        reserved = sum(self._books.reserved(member_id)[member_id].values())
        left = self._books.balances()[member_id]
        self._record.count("moves watched")
        if left < min(before_minor, reserved):
            self.found.append(f"head office left {left} to {member_id}, of whom tills may spend {reserved}")

    def published(self, version: int) -> None:
        """Head office may forget it again with a backup; tills go on by it."""
        self._published.add(version)

    def copied(self, clone: TillMachine) -> None:
        """A new machine goes on from a copied disk."""
        self._copied[clone.label] = clone.station.journal.head().seq

    def pinned(self, till: TillMachine) -> None:
        """After each entry: it names the rulebook that was in force at the till, of those in its replica (L8), one that head office published (H16). Whatever takes passes or
        points names what keeps them for it (H4)."""
        head = till.station.journal.head().seq
        entry = next(seen_entry(seq, raw) for seq, _, raw, _ in till.station.journal.stored_after(head - 1, 1))
        with closing(sqlite3.connect(till.folder / "replica.db")) as connection:
            held = connection.execute("SELECT version, effective_at FROM rulebooks").fetchall()
        if entry.kind in _TAKES_THINGS and not entry.header["reservations"]:
            self.found.append(f"{till.label}-{entry.seq} takes passes or points that no lease or hold keeps for it")
        at = datetime.fromisoformat(entry.header["occurred_at"])
        right = {in_force(held, at), in_force(held, at - _DECIDING)}
        self._record.count("rulebooks watched")
        if entry.body.get("rulebook", 0) not in {0, *self._published}:
            self.found.append(
                f"{till.label}-{entry.seq} pins rulebook {entry.body['rulebook']}, which head office never published"
            )
        if "rulebook" in entry.body and entry.body["rulebook"] not in right:
            self.found.append(f"{till.label}-{entry.seq} pins rulebook {entry.body['rulebook']}, in force was {right}")

    def loses_replica(self, till: TillMachine) -> None:
        """Just before: whom the file knows."""
        with closing(sqlite3.connect(till.folder / "replica.db")) as connection:
            members = connection.execute("SELECT member_id FROM members").fetchall()
        self._known.setdefault(till.label, set()).update(str(member_id) for (member_id,) in members)

    def knew_before(self, till: TillMachine, member_id: str) -> bool:
        """In a replica that was lost, and head office did not forget that the till's store knows him: where he had only been looked for, it cannot send him again."""
        forgotten = (till.store_id, member_id) in self._office.forgotten.known
        return not forgotten and member_id in self._known.get(till.label, set())

    def synced(self, till: TillMachine) -> None:
        """After each cycle: what the till has heard of cannot be unheard, also when a new epoch asks for it again."""
        settled = till.station.journal.outcomes.settled_through()
        self._settled[till.label] = max(settled, self.settled(till))

    def settled(self, till: TillMachine) -> int:
        """The last entry that the till knows to be at head office."""
        return self._settled.get(till.label, 0)

    def spent(self, till: TillMachine) -> None:
        """After each payment: what no lease or hold covered stays within the risk allowance, between two reports (L5)."""
        book = self.book(till)
        settled = self.settled(till)
        self._spends_no_copied_lease(till, book)
        since = [payment for payment in book.payments if payment.seq > settled]
        by_member: Counter[str] = Counter()
        for payment in since:
            by_member[payment.member_id] += payment.uncovered_minor
            self._within(till, f"payment {payment.event_id}", payment.uncovered_minor, self._risk.payment_minor)
        for member_id, taken in by_member.items():
            self._within(till, f"member {member_id}", taken, self._risk.member_minor)
        self._within(till, "till", by_member.total(), self._risk.till_minor)

    def _spends_no_copied_lease(self, till: TillMachine, book: ReservedBook) -> None:
        """On a copied disk nothing is spent from leases before head office's people have confirmed the machine (H6)."""
        copied_at = self._copied.get(till.label)
        if (
            copied_at is None
            or not book.payments
            or self._books.machine_mark(till.terminal_id) == machine_mark(till.label)
        ):
            return
        last = book.payments[-1]
        if last.seq > copied_at and last.leased_minor:
            self.found.append(
                f"{till.label} is a copy and spends {last.leased_minor} of a lease, payment {last.event_id}"
            )

    def book(self, till: TillMachine) -> ReservedBook:
        """Of the machine's journal, read up to its head."""
        book = self._reserved.setdefault(till.label, ReservedBook(self.holds))
        for seq, _, raw, _ in till.station.journal.stored_after(book.read_through, 1_000_000):
            book.read(seen_entry(seq, raw))
        return book

    def last_book(self, till: TillMachine) -> ReservedBook:
        """As far as it was read, of a machine that is out of service."""
        return self._reserved.get(till.label, ReservedBook(self.holds))

    def _within(self, till: TillMachine, what: str, taken_minor: int, most_minor: int) -> None:
        if taken_minor > most_minor:
            self.found.append(
                f"{till.label}, {what}: {taken_minor} spent without a lease or hold, {most_minor} is the limit"
            )


def in_force(held: Iterable[tuple[int, str]], at: datetime) -> int:
    """The highest version whose time has come; 0 when there is none."""
    return max((version for version, since in held if datetime.fromisoformat(since) <= at), default=0)


def drawn_from(refunds: Iterable[SeenEntry], lots: Collection[str]) -> int:
    """What refunds of the till's own put back into lots that a cash-out retired: so much may stay forfeited (H10). Head office's finding says to the fen how much; until it
    has heard of the refund, nobody but the rules of money could."""
    return sum(
        int(draw["amount_minor"])
        for entry in refunds
        if entry.kind in REFUNDS
        for draw in entry.body["expected_draw"]
        if draw["lot_id"] in lots
    )


def said_minor(entry: SeenEntry, known: Mapping[str, SeenEntry], contained: Mapping[str, Booked]) -> int:
    """What the entry says and head office's findings on it, if it has them. A reversal takes back the top-up with everything that it gave."""
    minor = entry.value_minor
    if entry.kind == "top_up_reversed":
        top_up = known.get(str(entry.body["top_up_id"]))
        minor = -entry.amount_minor if top_up is None else -said_minor(top_up, known, contained)
    booked = contained.get(entry.event_id)
    return minor if booked is None else minor + booked.explained_minor(minor)


def own_entries(till: TillMachine, member_id: str) -> list[SeenEntry]:
    """From the bytes in the journal."""
    marked = member_id.encode()
    stored = till.station.journal.stored_after(0, 1_000_000)
    return [seen_entry(seq, raw) for seq, _, raw, _ in stored if marked in raw]
