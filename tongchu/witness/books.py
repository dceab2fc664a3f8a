"""Owns head office's tables as plain SQL and JSON show them. Its arithmetic is its own.

Called by the simulation and by crash and scenario tests. Must not import the rules or the protocol.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

import psycopg

from tongchu.witness.journal import GENESIS, SeenEntry, chain_faults, seen_entry

WAITS_IN_OUTBOX: Final = "something still waits in the outbox"


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
        """All looks within see the tables of one moment, whatever head office writes meanwhile; a moment within a moment is the same one."""
        if self._still is not None:
            yield
            return
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
        """Member and id of leases that are open for an earlier incarnation of the till: nobody will report on them."""
        rows = self.rows(
            "SELECT r.member_id, r.reservation_id FROM reservations r JOIN terminals t ON t.terminal_id = r.terminal_id"
            f" WHERE r.terminal_id = '{terminal_id}' AND r.state = 'open' AND r.kind = 'lease' AND r.incarnation < t.incarnation ORDER BY 1, 2"
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
