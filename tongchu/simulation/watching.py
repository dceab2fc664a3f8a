"""What must hold at every moment of a run, not only after healing: a till shows what its replica and its own journal make (L3), and offline nobody spends beyond the
limit between two syncs (L5). Reads entries as the witness does; decides nothing.
"""

import json
from collections.abc import Iterable
from typing import Final

from hq_server import franchise_data
from stored_value.identity import MemberId
from terminal.counter.views import MemberView
from tongchu.simulation.head_office import HeadOffice
from tongchu.simulation.record import Record
from tongchu.simulation.scenario import FOUNDED
from tongchu.simulation.till import TillMachine
from tongchu.witness.books import HqBooks, SeenEntry, seen_entry

OFFLINE_LIMIT_MINOR: Final = franchise_data.rulebook(FOUNDED).offline.risk.member_minor
_SPENDING: Final = {"refund_reversed": 1, "purchase_refunded": -1}


class Watch:
    """`found` says what was wrong when it was seen."""

    def __init__(self, office: HeadOffice, record: Record) -> None:
        self.found: list[str] = []
        self._office = office
        self._record = record
        self._books = HqBooks(office.config.database)

    def shown(self, till: TillMachine, view: MemberView) -> None:
        """The balance on the screen against head office's entries up to the version of the till's row, and the till's own entries that are not among them."""
        row = till.station.replica.member(view.member_id)
        ours = till.station.journal.head_office.epoch
        if not self._office.up or row is None or row.epoch != ours or not self._office.is_trustworthy(ours):
            return
        contained, beyond = self._contained(view.member_id, row.wallet.version)
        known = {entry.event_id: entry for entry in (*contained, *own_entries(till, view.member_id))}
        expected = sum(value_minor(entry, known, beyond) for entry in known.values()) + sum(beyond.values())
        self._record.count("views watched")
        if view.balance_minor != expected:
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

    def spent(self, till: TillMachine, member_id: str) -> None:
        """Offline, and not known at head office yet."""
        settled = till.station.journal.outcomes.settled_through()
        own = own_entries(till, member_id)
        unknown = [entry for entry in own if entry.seq > settled]
        spent, limit = offline_spending(unknown), OFFLINE_LIMIT_MINOR + leased_minor(own, unknown)
        if spent > limit:
            self.found.append(f"{till.label} let {member_id} spend {spent} offline, {limit} is the limit")

    def _contained(self, member_id: str, version: int) -> tuple[list[SeenEntry], dict[str, int]]:
        """With what head office gave beyond a promise, by event."""
        rows = self._books.rows(
            "SELECT seq, raw, findings, event_id FROM journal_entries"
            f" WHERE member_id = '{member_id}' AND version <= {version} ORDER BY version"
        )
        beyond = {
            event_id: found["data"]["given_minor"] - found["data"]["promised_minor"]
            for _, _, findings, event_id in rows
            for found in json.loads(findings)
            if found["code"] == "promise_differs"
        }
        return [seen_entry(seq, bytes(raw)) for seq, raw, _, _ in rows], beyond


def value_minor(entry: SeenEntry, known: dict[str, SeenEntry], beyond: dict[str, int]) -> int:
    """A reversal takes back the top-up with everything that it gave."""
    if entry.kind != "top_up_reversed":
        return entry.value_minor
    top_up = known[str(entry.body["top_up_id"])]
    return -top_up.value_minor - beyond.get(top_up.event_id, 0)


def own_entries(till: TillMachine, member_id: str) -> list[SeenEntry]:
    """From the bytes in the journal."""
    marked = member_id.encode()
    stored = till.station.journal.stored_after(0, 1_000_000)
    return [seen_entry(seq, raw) for seq, _, raw, _ in stored if marked in raw]


def leased_minor(own: Iterable[SeenEntry], spending: Iterable[SeenEntry]) -> int:
    """What the leases that the spending names were for: those that the till took, and its own offline top-ups."""
    granted = {
        entry.body["lease_id"]: int(entry.body["amount_minor"]) for entry in own if entry.kind == "lease_accepted"
    }
    granted |= {entry.event_id: int(entry.body["amount_minor"]) for entry in own if entry.kind == "topped_up"}
    named = {str(each) for entry in spending for each in entry.header["reservations"]}
    return sum(granted.get(each, 0) for each in named)


def offline_spending(entries: Iterable[SeenEntry]) -> int:
    """Redemptions decided offline, less what was given back of them."""
    spent: dict[str, int] = {}
    for entry in entries:
        if entry.kind == "redeemed" and entry.body["offline"]:
            spent[entry.event_id] = int(entry.body["amount_minor"])
        elif entry.kind in _SPENDING and entry.body["purchase_id"] in spent:
            spent[entry.body["purchase_id"]] += _SPENDING[entry.kind] * int(entry.body["amount_minor"])
    return sum(spent.values())
