"""Owns what a till's journal file shows as plain SQL and JSON: its entries, print jobs and totals, and whether they form a chain.

Called by the simulation and by crash and scenario tests. Must not import the rules or the protocol.
"""

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

GENESIS = "0" * 64
_MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108 - where there is one, for copies that nobody keeps
_AMOUNTS: Final = {
    "order_paid": "balance_minor",
    "order_refunded": "balance_minor",
    "cash_out_requested": "reserved_minor",
    "cash_out_rejected": "restored_minor",
}
"""Where an entry's amount is not called amount_minor."""


WITHOUT_PAPER: Final = ("lease_accepted", "lease_returned")
"""Leases come and go by themselves, outside of shifts: nobody is given a receipt for them."""


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """One journal entry, from its bytes alone."""

    seq: int
    raw: bytes
    header: dict[str, Any]
    body: dict[str, Any]

    @property
    def event_id(self) -> str:
        return str(self.header["id"])

    @property
    def kind(self) -> str:
        return str(self.header["kind"])

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def amount_minor(self) -> int:
        """What its paper says that it moved."""
        return int(self.body.get(_AMOUNTS.get(self.kind, "amount_minor"), 0))

    @property
    def promised_minor(self) -> list[int]:
        """Of a top-up: the bonus that each promotion promised for now, those of nothing left out."""
        return [int(each["bonus_minor"]) for each in self.body["promised"] if each["bonus_minor"]]

    @property
    def awaiting_minor(self) -> int:
        """Of a refund: what its till knew to lie in suspense."""
        return int(self.body.get("suspense_minor", 0))

    @property
    def value_minor(self) -> int:
        """What the member's wallet gained or lost, promised bonus included."""
        amount = self.amount_minor
        match self.kind:
            case "topped_up":
                return amount + sum(self.promised_minor)
            case "redeemed" | "order_paid" | "cash_out_requested":
                return -amount
            case "refund_reversed":
                return self.awaiting_minor - amount
            case "purchase_refunded":
                return amount - self.awaiting_minor
            case "order_refunded" | "cash_out_rejected":
                return amount
            case "transferred_in":
                return self._moved_minor
            case "transferred_out":
                return -self._moved_minor
            case "lot_expired":
                return -amount
            case _:
                return 0

    @property
    def _moved_minor(self) -> int:
        """What a transfer moved of the balance: what is owed goes along, a deposit stands apart."""
        signs = {"principal": 1, "bonus": 1, "receivable": -1}
        return sum(signs.get(part["kind"], 0) * int(part["amount_minor"]) for part in self.body["moved"])


def seen_entry(seq: int, raw: bytes) -> SeenEntry:
    told = json.loads(raw)
    return SeenEntry(seq, bytes(raw), told["header"], told["body"])


def _is_before_anchor(entry: SeenEntry) -> bool:
    """H8: a till's time never runs below what head office signed."""
    anchor = entry.header["anchor"]
    return anchor is not None and _time(entry.header["occurred_at"]) < _time(anchor["hq_time"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def chain_faults(entries: Iterable[SeenEntry]) -> list[str]:
    """Gaps, broken links, repeated events and times below an anchor; empty for a sound journal."""
    faults: list[str] = []
    previous, expected = GENESIS, 1
    entries = tuple(entries)
    faults += [f"entry {entry.seq} is dated before its anchor" for entry in entries if _is_before_anchor(entry)]
    seen: set[str] = set()
    for entry in entries:
        if (entry.seq, entry.header["seq"]) != (expected, expected):
            faults.append(f"row {entry.seq} holds entry {entry.header['seq']}, expected {expected}")
        if entry.header["prev"] != previous:
            faults.append(f"entry {entry.seq} does not follow")
        if entry.event_id in seen:
            faults.append(f"event {entry.event_id} is there twice")
        seen.add(entry.event_id)
        previous, expected = entry.hash, expected + 1
    return faults


@dataclass(frozen=True, slots=True)
class SeenJob:
    """The print job of an entry; `waited_s` until it was on paper, None while it is not."""

    entry_seq: int
    state: str
    waited_s: float | None


@dataclass(frozen=True, slots=True)
class SeenJournal:
    """A till's journal.db, read from a copy, so that looking changes nothing."""

    entries: tuple[SeenEntry, ...]
    print_jobs: tuple[SeenJob, ...]
    totals: dict[tuple[str, str, str], int]
    open_push: tuple[int, int] | None
    settled_through: int
    integrity: str

    @property
    def event_ids(self) -> set[str]:
        return {entry.event_id for entry in self.entries}

    def recomputed_totals(self) -> dict[tuple[str, str, str], int]:
        sums: Counter[tuple[str, str, str]] = Counter()
        for entry in self.entries:
            if entry.kind in {"shift_opened", "shift_closed", *WITHOUT_PAPER}:
                continue
            shift, body = str(entry.body["shift_id"]), entry.body
            sums[shift, "count", entry.kind] += 1
            named = {"topped_up": "topped_up", "redeemed": "redeemed", "purchase_refunded": "refunded"}
            if entry.kind in named:
                sums[shift, named[entry.kind], ""] += body["amount_minor"]
            if entry.kind == "topped_up":
                sums[shift, "bonus", ""] += sum(each["bonus_minor"] for each in body["promised"])
                for tender in body["tenders"]:
                    sums[shift, "tender", tender["kind"]] += tender["amount_minor"]
            if entry.kind == "refund_reversed":
                sums[shift, "refunded", ""] -= body["amount_minor"]
            if entry.kind == "top_up_reversed":
                sums[shift, "reversed", ""] += body["amount_minor"]
                for tender in body["tenders"]:
                    sums[shift, "tender", tender["kind"]] -= tender["amount_minor"]
            _add_shop_totals(sums, shift, entry)
        return dict(sums)


def _add_shop_totals(sums: Counter[tuple[str, str, str]], shift: str, entry: SeenEntry) -> None:
    """Orders, cash-outs and deposits; what takes one back lowers its sum."""
    body, tenders = entry.body, entry.body.get("tenders", ())
    if entry.kind in {"order_paid", "order_refunded"}:
        measure, part = ("ordered", "total_minor") if entry.kind == "order_paid" else ("order_refunded", "amount_minor")
        sums[shift, measure, ""] += sum(line[part] for line in body["lines"])
        sums[shift, f"{measure}_balance", ""] += body["balance_minor"]
    restored = "deposits_returned" if tenders else "deposits_kept"
    measures = {
        "cash_out_paid": ("cashed_out", 1),
        "cash_out_reversed": ("cashed_out", -1),
        "deposit_taken": ("deposits_taken", 1),
        "deposit_returned": ("deposits_returned", 1),
        "deposit_kept": ("deposits_kept", 1),
        "deposit_restored": (restored, -1),
    }
    if entry.kind in measures:
        measure, sign = measures[entry.kind]
        sums[shift, measure, ""] += sign * body["amount_minor"]
    into = {"order_paid", "deposit_taken", "cash_out_reversed", "deposit_restored"}
    out_of = {"order_refunded", "cash_out_paid", "deposit_returned"}
    sign = 1 if entry.kind in into else -1 if entry.kind in out_of else 0
    for tender in tenders if sign else ():
        sums[shift, "tender", tender["kind"]] += sign * tender["amount_minor"]


def read_journal(data_dir: Path) -> SeenJournal:
    with tempfile.TemporaryDirectory(prefix="witness-", dir=_MEMORY_DISK if _MEMORY_DISK.is_dir() else None) as folder:
        for name in ("journal.db", "journal.db-wal"):
            if (data_dir / name).exists():
                shutil.copyfile(data_dir / name, Path(folder) / name)
        with closing(sqlite3.connect(Path(folder) / "journal.db")) as connection:

            def rows(statement: str) -> list[Any]:
                return connection.execute(statement).fetchall()

            return SeenJournal(
                entries=tuple(seen_entry(seq, raw) for seq, raw in rows("SELECT seq, raw FROM entries ORDER BY seq")),
                print_jobs=tuple(
                    SeenJob(*row)
                    for row in rows(
                        "SELECT entry_seq, state, (julianday(printed_at) - julianday(created_at)) * 86400"
                        " FROM print_jobs WHERE entry_seq IS NOT NULL"
                    )
                ),
                totals={
                    (shift, measure, detail): total
                    for shift, measure, detail, total in rows("SELECT * FROM shift_totals")
                },
                open_push=next(iter(rows("SELECT from_seq, to_seq FROM open_push")), None),
                settled_through=rows("SELECT coalesce(max(seq), 0) FROM outcomes")[0][0],
                integrity=rows("PRAGMA integrity_check")[0][0],
            )
