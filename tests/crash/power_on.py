"""Owns what must hold when the power comes back: an outsider's look at the files that were found, then the real till on them. Used by the tests of cuts and of failing disks."""

import sqlite3
from contextlib import closing
from pathlib import Path

from stored_value.refusals import Refusal
from terminal.journal.mirror import Mirror
from tests.crash.played_hour import BEGAN_WITH_MINOR, CUSTOMERS, StationTill
from tests.terminal.counter.till import CASHIER, PIN, done
from tongchu.witness.journal import SeenEntry, SeenJournal, chain_faults, read_journal, seen_entry

Stored = list[tuple[int, bytes]]


def losses(root: Path, acknowledged: list[bytes], *, unanswered_max: int) -> list[str]:
    """What is wrong with the files as they were found. Up to `unanswered_max` entries may be there that nobody was told of: the power went before the answer."""
    try:
        journal = read_journal(root / "till")
    except sqlite3.DatabaseError as error:
        return [f"the journal cannot be read: {error}"]
    found = [f"SQLite says: {journal.integrity}"] if journal.integrity != "ok" else []
    found += chain_faults(journal.entries)
    found += _missing(journal, acknowledged, unanswered_max)
    if journal.totals != journal.recomputed_totals():
        found.append("the shift's totals are not those of its entries")
    printed = {job.entry_seq for job in journal.print_jobs}
    found += [f"entry {entry.seq} has no receipt in the spool" for entry in journal.entries if entry.seq not in printed]
    mirrored = read_mirror(root)
    if mirrored != [(entry.seq, entry.raw) for entry in journal.entries][: len(mirrored)]:
        found.append("the mirror is not a beginning of the journal")
    return found


def _missing(journal: SeenJournal, acknowledged: list[bytes], unanswered_max: int) -> list[str]:
    there = {entry.raw for entry in journal.entries}
    wanted = set(acknowledged)
    found = [
        f"acknowledged entry {seen_entry(0, raw).header['seq']} is lost" for raw in acknowledged if raw not in there
    ]
    if len(there - wanted) > unanswered_max:
        found.append(f"{len(there - wanted)} entries are there that nobody was told of")
    return found


def read_mirror(root: Path) -> Stored:
    files = list((root / "stick").glob("*.mirror.db"))
    if not files:
        return []
    with closing(sqlite3.connect(files[0])) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone():
            return []
        return connection.execute("SELECT seq, raw FROM entries ORDER BY seq").fetchall()


def goes_on(root: Path) -> list[str]:
    """Opens the till as after power on, looks at every balance, sells, and lets the mirror catch up. What it could not do."""
    before = read_journal(root / "till").entries
    till = StationTill(root)
    try:
        till.pass_time(hours=12)
        signed_in = till.counter.sign_in(CASHIER, PIN)
        if isinstance(signed_in, Refusal):
            return [f"nobody can sign in: {signed_in.code}"]
        found = _balances(till, before)
        sold = _sell(till)
        if isinstance(sold, Refusal):
            return [*found, f"it does not sell: {sold.code}"]
        found += [str(fault) for fault in till.journal.verify().faults]
        Mirror(till.journal, root / "stick").copy()
        stored = [(seq, raw) for seq, _, raw, _ in till.journal.stored_after(0, 100_000)]
        if read_mirror(root) != stored:
            found.append("the mirror did not catch up")
        if [raw for _, raw in stored][: len(before)] != [entry.raw for entry in before]:
            found.append("what was there before is not there any more")
        return found
    finally:
        till.close()


def _sell(till: StationTill) -> Refusal | None:
    if till.journal.shifts.current() is None:
        done(till.counter.open_shift(50_000))
    bought = till.redeem(100, member_id=CUSTOMERS[1])
    return bought if isinstance(bought, Refusal) else None


def _balances(till: StationTill, entries: tuple[SeenEntry, ...]) -> list[str]:
    found: list[str] = []
    for member_id in CUSTOMERS:
        view = done(till.counter.member(member_id))
        expected = BEGAN_WITH_MINOR + sum(each.value_minor for each in entries if member_id in each.header["members"])
        if view.balance_minor != expected:
            found.append(f"{member_id} has {view.balance_minor}, the journal says {expected}")
    return found
