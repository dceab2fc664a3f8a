"""Owns the rows of a till's journal file and of head office's tables as plain SQL and JSON show them, and counted papers. Its arithmetic is its own.

Called by the simulation and by crash and scenario tests. Must not import the rules or the protocol.
"""

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from printers.decode import PrinterOutput
from tongchu.witness.paper import read_receipt

GENESIS = "0" * 64
WAITS_IN_OUTBOX: Final = "something still waits in the outbox"
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
    def value_minor(self) -> int:
        """What the member's wallet gained or lost, promised bonus included."""
        amount = self.amount_minor
        match self.kind:
            case "topped_up":
                return amount + sum(self.promised_minor)
            case "redeemed" | "order_paid" | "refund_reversed" | "cash_out_requested":
                return -amount
            case "purchase_refunded" | "order_refunded" | "cash_out_rejected":
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
    with tempfile.TemporaryDirectory(prefix="witness-") as folder:
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


def _kept(state: bytes, what: str) -> list[dict[str, Any]]:
    """A wallet's lots, reservations and the like; what it has none of it does not name."""
    return list(json.loads(bytes(state)).get(what, ()))


class HqBooks:
    """Head office's tables by plain SQL. `url` is a SQLAlchemy URL; each look is a connection of its own, but within `at_one_moment`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._still: Any = None

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """All looks within see the tables of one moment, whatever head office writes meanwhile."""
        with self._connection() as connection:
            connection.execute("BEGIN" if self._is_sqlite else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self._still = connection
            try:
                yield
            finally:
                self._still = None

    @property
    def _is_sqlite(self) -> bool:
        return self._url.startswith("sqlite:///")

    def rows(self, statement: str) -> list[Any]:
        with self._connection() as connection:
            return list(connection.execute(statement).fetchall())

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self._still is not None:
            yield self._still
        elif self._is_sqlite:
            with closing(sqlite3.connect(self._url.removeprefix("sqlite:///"), timeout=10)) as lite:
                yield lite
        else:
            with psycopg.connect(self._url.replace("+psycopg", "")) as connection:
                yield connection

    def entries(self, terminal_id: str) -> tuple[SeenEntry, ...]:
        """The journal that head office follows now. Of a till in a later incarnation: its newest branch, and before it what the branches have in common (H6)."""
        found = self.rows(
            "SELECT seq, raw, incarnation FROM journal_entries"
            f" WHERE terminal_id = '{terminal_id}' ORDER BY seq, incarnation"
        )
        newest = {seq: bytes(raw) for seq, raw, _ in found}
        if any(incarnation > 1 for _, _, incarnation in found):
            through, _ = self.head(terminal_id)
            newest = {seq: raw for seq, raw in newest.items() if seq <= through}
        return tuple(seen_entry(seq, raw) for seq, raw in newest.items())

    def head(self, terminal_id: str) -> tuple[int, str]:
        (row,) = self.rows(f"SELECT accepted_seq, head_hash FROM terminals WHERE terminal_id = '{terminal_id}'")
        return int(row[0]), str(row[1])

    def machine_mark(self, terminal_id: str) -> str:
        """Of the machine that the till is known by."""
        (row,) = self.rows(f"SELECT machine_mark FROM terminals WHERE terminal_id = '{terminal_id}'")
        return str(row[0])

    def grants_made(self) -> dict[str, int]:
        """The number of the last lease that head office granted to each till in this epoch."""
        rows = self.rows(
            "SELECT terminal_id, grant_counter FROM terminals WHERE grant_epoch = (SELECT epoch FROM hq_state)"
        )
        return {str(terminal_id): int(number) for terminal_id, number in rows}

    def reserved_for_past_lives(self, terminal_id: str) -> list[tuple[str, str]]:
        """Member and id of what is open for an earlier incarnation of the till: nobody will report on it."""
        rows = self.rows(
            "SELECT r.member_id, r.reservation_id FROM reservations r JOIN terminals t ON t.terminal_id = r.terminal_id"
            f" WHERE r.terminal_id = '{terminal_id}' AND r.state = 'open' AND r.incarnation < t.incarnation ORDER BY 1, 2"
        )
        return [(str(member_id), str(reservation_id)) for member_id, reservation_id in rows]

    def till_status(self, terminal_id: str) -> tuple[str, str]:
        (row,) = self.rows(f"SELECT status, status_reason FROM terminals WHERE terminal_id = '{terminal_id}'")
        return str(row[0]), str(row[1])

    def balances(self) -> dict[str, int]:
        """Principal and bonus less what is owed, of every member."""
        return {
            member_id: int(principal) + int(bonus) - int(owed)
            for member_id, principal, bonus, owed in self.rows(
                "SELECT member_id, principal_minor, bonus_minor, receivable_minor FROM wallets"
            )
        }

    def cashed_out_lots(self, member_id: str) -> frozenset[str]:
        """What a paid cash-out retired."""
        rows = self.rows(f"SELECT state FROM wallets WHERE member_id = '{member_id}'")
        lots = [lot for (state,) in rows for lot in _kept(state, "lots")]
        return frozenset(str(lot["lot_id"]) for lot in lots if lot.get("end") == "cashed_out")

    def reserved(self, member_id: str | None = None) -> dict[str, dict[str, int]]:
        """What is left of each lease and hold, by member, as his wallet has it."""
        chosen = "" if member_id is None else f" WHERE member_id = '{member_id}'"
        return {
            member: {each["reservation_id"]: int(each["amount_minor"]) for each in _kept(state, "reservations")}
            for member, state in self.rows(f"SELECT member_id, state FROM wallets{chosen}")
        }

    def principal(self, member_id: str) -> int:
        (row,) = self.rows(f"SELECT principal_minor FROM wallets WHERE member_id = '{member_id}'")
        return int(row[0])

    def findings(self, terminal_id: str) -> dict[int, tuple[str, ...]]:
        """The codes by seq, of entries that have any."""
        found = self.rows(f"SELECT seq, findings FROM journal_entries WHERE terminal_id = '{terminal_id}'")
        return {
            seq: tuple(each["code"] for each in json.loads(findings)) for seq, findings in found if findings != "[]"
        }

    def imbalance(self) -> dict[str, int]:
        """Sum of postings by event; empty when all are double entry."""
        found = self.rows("SELECT event_id, sum(amount_minor) FROM postings GROUP BY event_id")
        return {event_id: int(total) for event_id, total in found if total}

    def posted_minor(self, account: str) -> int:
        (row,) = self.rows(f"SELECT coalesce(sum(amount_minor), 0) FROM postings WHERE account = '{account}'")
        return int(row[0])

    def faults(self, *terminal_ids: str) -> list[str]:
        """What is not exactly once: chains, wallet events, versions, postings, the outbox, and gaps in the feeds."""
        with self.at_one_moment():
            return self._faults(terminal_ids)

    def _faults(self, terminal_ids: Sequence[str]) -> list[str]:
        faults = [f"{till}: {fault}" for till in terminal_ids for fault in chain_faults(self.entries(till))]
        for till in terminal_ids:
            entries = self.entries(till)
            if self.head(till) != (len(entries), entries[-1].hash if entries else GENESIS):
                faults.append(f"{till}: the recorded head is not the last entry")
        faults += [f"postings of {event} sum to {total}" for event, total in self.imbalance().items()]
        versions: defaultdict[str, list[int]] = defaultdict(list)
        for member, version in self.rows("SELECT member_id, version FROM wallet_events"):
            versions[member].append(version)
        faults += [f"{member}: a version twice" for member, held in versions.items() if len(set(held)) < len(held)]
        for feed, epoch, head in self.rows(
            "SELECT feed_id, epoch, seq FROM feed_heads WHERE feed_id NOT IN ('ledger', 'audit')"
        ):
            seqs = self.rows(f"SELECT seq FROM feed WHERE feed_id = '{feed}' AND epoch = '{epoch}' ORDER BY seq")
            if [seq for (seq,) in seqs] != list(range(1, head + 1)):
                faults.append(f"feed {feed} has a gap, or does not end at {head}")
        strays = self.rows(
            "SELECT p.purchase_id, p.receipt_no, e.receipt_no FROM purchases p JOIN wallet_events e"
            " ON e.event_id = p.purchase_id WHERE e.receipt_no <> p.receipt_no"
        )
        faults += [f"purchase {bought} stands under {wrong}, its receipt is {right}" for bought, wrong, right in strays]
        if self.rows("SELECT 1 FROM outbox"):
            faults.append(WAITS_IN_OUTBOX)
        return faults


@dataclass(frozen=True, slots=True)
class Papers:
    """What came out of a till's printer, by receipt number: prints without and with the reprint mark, and drawer kicks."""

    unmarked: Counter[str]
    marked: Counter[str]
    kicks: Counter[str]


def read_papers(jobs: Iterable[PrinterOutput]) -> Papers:
    """A job without its cut is half a receipt: it may open the drawer, but it is no print."""
    papers = Papers(Counter(), Counter(), Counter())
    for job in jobs:
        paper = read_receipt(job.text)
        papers.kicks[paper.receipt_no] += job.drawer_kicks
        if job.cuts:
            (papers.marked if paper.reprint else papers.unmarked)[paper.receipt_no] += 1
    return papers
