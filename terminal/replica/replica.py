"""The replica: head office's confirmed state as far as this store may know it. Disposable (L7). Reads for the counter; pages and snapshots for the sync cycle.

Never shows, within an epoch, less than it has shown: an older page or snapshot is refused.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

from stored_value.eligibility import CampaignUse
from stored_value.frozen import changed
from stored_value.identity import EventId, MemberId, PromotionId, StoreId
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import parse_rulebook
from stored_value.wallet import WalletStatus
from sync.errors import PageError
from sync.messages import FeedPage, FeedRow, MemberRow, PurchaseRow, RulebookRow, SnapshotManifest, UnknownRow
from sync.payment_pins import read_verifier
from sync.remembered import RememberedStanding
from sync.snapshot import unpack_file
from sync.wallet_codec import read_purchase, read_wallet
from terminal.replica import rows
from terminal.replica.errors import ReplicaOutdated
from terminal.replica.file import ReplicaFile, mapped_errors, remove_file
from terminal.replica.records import ConfirmedMember, ConfirmedPurchase, Cursor, SettledFinding, StaffMember, Store
from terminal.replica.rows import MembersInDoubt

_MEMBER = (
    "SELECT m.member_id, m.member_no, m.card_issue, m.name_masked, m.phone_last4, m.phone_tag, m.home_store_id,"
    " m.version, m.wallet, m.updated_at, m.pin, b.status, b.version, (SELECT epoch FROM cursors LIMIT 1)"
    " FROM members m LEFT JOIN blocks b ON b.member_id = m.member_id WHERE "
)
_PURCHASE = (
    "SELECT purchase_id, member_id, terminal_id, receipt_no, business_date, version, purchase FROM purchases WHERE "
)


def trust_all(_: FeedRow) -> bool:
    return True


class Replica:
    """Thread-safe: reads never wait for a page that is being applied, only for the moment in which a snapshot is swapped in."""

    def __init__(self, file: ReplicaFile) -> None:
        self._file = file
        self._rulebooks: dict[int, Rulebook] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Makes an empty one when there is none. Raises `ReplicaUnreadable`."""
        return cls(ReplicaFile(path))

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        """A staged one that does not take over."""
        self._file.close()
        remove_file(self._file.path)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """The reads in the block see one state, whatever the sync cycle does meanwhile."""
        with self._file.reading():
            yield

    def member(self, member_id: MemberId) -> ConfirmedMember | None:
        return next(iter(self._members("m.member_id = ?", member_id)), None)

    def members_by_no(self, member_no: str) -> tuple[ConfirmedMember, ...]:
        """One, but for what copies of a till's disk gave out twice (H6)."""
        return self._members("m.member_no = ?", member_no)

    def members_by_phone(self, phone_tag: int, phone_last4: str) -> tuple[ConfirmedMember, ...]:
        return self._members("m.phone_tag = ? AND m.phone_last4 = ?", phone_tag, phone_last4)

    def nameless(self) -> tuple[MemberId, ...]:
        """Members of whom head office knows no name and phone: erased (H14), or never readable."""
        with self._file.reading() as connection:
            found = connection.execute(
                "SELECT member_id FROM members WHERE phone_tag = 0 AND phone_last4 = ''"
            ).fetchall()
        return tuple(MemberId(row[0]) for row in found)

    def purchase(self, purchase_id: EventId) -> ConfirmedPurchase | None:
        return next(iter(self._purchases("purchase_id = ?", purchase_id)), None)

    def purchase_by_receipt(self, receipt_no: str) -> ConfirmedPurchase | None:
        """The newest: two branches of a forked till may have printed one number twice, and no row that head office sends may stop those behind it."""
        return next(iter(reversed(self._purchases("receipt_no = ?", receipt_no))), None)

    def purchases_of(self, member_id: MemberId) -> tuple[ConfirmedPurchase, ...]:
        return self._purchases("member_id = ?", member_id)

    def staff(self) -> tuple[StaffMember, ...]:
        """Everybody of this store, the dismissed included, by name."""
        with self._file.reading() as connection:
            found = connection.execute(
                "SELECT staff_id, name, role, verifier, active, updated_at FROM staff ORDER BY name, staff_id"
            ).fetchall()
        return tuple(
            StaffMember(
                staff_id=row[0],
                name=row[1],
                role=row[2],
                verifier=row[3],
                active=bool(row[4]),
                updated_at=datetime.fromisoformat(row[5]),
            )
            for row in found
        )

    def store(self, store_id: StoreId) -> Store | None:
        def read(connection: sqlite3.Connection) -> Store | None:
            row = connection.execute(
                "SELECT store_id, name, zone FROM stores WHERE store_id = ?", (store_id,)
            ).fetchone()
            return Store(store_id=row[0], name=row[1], zone=row[2]) if row else None

        return self._file.remembered(("store", store_id), read)

    def campaign_uses(self) -> dict[PromotionId, CampaignUse]:
        """What head office last counted; a promotion that is not there has given nothing, as far as is known."""
        with self._file.reading() as connection:
            found = connection.execute("SELECT promotion_id, times, bonus_minor FROM campaign_uses").fetchall()
        return {PromotionId(row[0]): CampaignUse(times=row[1], bonus_minor=row[2]) for row in found}

    def settled_findings(self) -> dict[tuple[str, str], SettledFinding]:
        """All of this store, by the entry's hash and the finding's code."""
        return self._file.remembered(("settled findings",), _settled_findings)

    def rulebook(self, version: int) -> Rulebook | None:
        known = self._rulebooks.get(version)
        if known is None:
            with self._file.reading() as connection:
                row = connection.execute("SELECT document FROM rulebooks WHERE version = ?", (version,)).fetchone()
            if row is None:
                return None
            known = self._rulebooks[version] = parse_rulebook(row[0])
        return known

    def rulebook_in_force(self, at: datetime) -> Rulebook | None:
        """The highest version whose time has come; future ones are held as well, so that midnight happens offline too (L8)."""
        for version, effective_at in self._file.remembered(("rulebooks",), _rulebook_times):
            if effective_at <= at:
                return self.rulebook(version)
        return None

    def member_version(self, member_id: MemberId) -> int | None:
        with self._file.reading() as connection:
            row = connection.execute("SELECT version FROM members WHERE member_id = ?", (member_id,)).fetchone()
        return row[0] if row else None

    def rulebook_rows(self) -> tuple[RulebookRow, ...]:
        """As they were signed, for checking a snapshot before it is taken over."""
        with self._file.reading() as connection:
            return rows.rulebook_rows(connection)

    def blocked(self) -> tuple[RememberedStanding, ...]:
        """Whoever may not pay, whatever the scope, as head office last told."""
        with self._file.reading() as connection:
            return rows.blocked(connection)

    def cursor(self, scope: str) -> Cursor | None:
        """None when the scope was never filled."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT scope, epoch, cursor, as_of FROM cursors WHERE scope = ?", (scope,)
            ).fetchone()
        return Cursor(scope=row[0], epoch=row[1], cursor=row[2], as_of=datetime.fromisoformat(row[3])) if row else None

    def cursors(self) -> dict[str, int]:
        with self._file.reading() as connection:
            return dict(connection.execute("SELECT scope, cursor FROM cursors").fetchall())

    def epoch(self) -> str | None:
        """None while empty."""
        with self._file.reading() as connection:
            row = connection.execute("SELECT epoch FROM cursors LIMIT 1").fetchone()
        return row[0] if row else None

    def as_of(self) -> datetime | None:
        """HQ's time at which everything here was current; None while empty."""
        return self._file.remembered(("as of",), _oldest_as_of)

    def deferred_count(self) -> int:
        with self._file.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM deferred").fetchone()[0])

    def apply_page(
        self, page: FeedPage, in_doubt: MembersInDoubt = frozenset(), is_trusted: Callable[[FeedRow], bool] = trust_all
    ) -> int:
        """Applies what the page adds, in one transaction, and returns the new cursor. The same page again changes nothing. A row that is not trusted is left out.
        Raises `PageError` on a gap, `ReplicaOutdated` for another epoch."""
        with self._file.writing() as connection:
            held = connection.execute(
                "SELECT epoch, cursor, as_of FROM cursors WHERE scope = ?", (page.scope,)
            ).fetchone()
            cursor = held[1] if held else 0
            epoch = connection.execute("SELECT epoch FROM cursors LIMIT 1").fetchone()
            if epoch is not None and epoch[0] != page.epoch:
                raise ReplicaOutdated(f"page of epoch {page.epoch} into a replica of epoch {epoch[0]}")
            for entry in page.entries:
                if entry.seq <= cursor:
                    continue
                if entry.seq != cursor + 1:
                    raise PageError(f"feed {page.scope}: after {cursor} comes {entry.seq}")
                if isinstance(entry.row, UnknownRow):
                    rows.pass_over(connection, page.scope, entry.seq, entry.row)
                elif is_trusted(entry.row):
                    rows.apply_row(connection, entry.row, in_doubt)
                cursor = entry.seq
            current = cursor >= page.head
            as_of = page.as_of.isoformat() if current or held is None else held[2]
            connection.execute(
                "INSERT OR REPLACE INTO cursors (scope, epoch, cursor, as_of) VALUES (?, ?, ?, ?)",
                (page.scope, page.epoch, cursor, as_of),
            )
        return int(cursor)

    def unmoved(self, cursors: Mapping[str, int], as_of: datetime) -> None:
        """Head office said that these feeds ended here at `as_of`: what is here was current then."""
        with self._file.writing() as connection:
            connection.executemany(
                "UPDATE cursors SET as_of = ? WHERE scope = ? AND cursor = ? AND as_of < ?",
                [(as_of.isoformat(), scope, cursor, as_of.isoformat()) for scope, cursor in cursors.items()],
            )

    def passed_over(self, scope: str) -> dict[str, int]:
        """Kinds of rows that the program did not know when they came, with the seq of the first of each."""
        with self._file.reading() as connection:
            return dict(connection.execute("SELECT kind, seq FROM passed_over WHERE scope = ?", (scope,)).fetchall())

    def make_up_for(
        self, scope: str, kinds: Iterable[str], found: Iterable[FeedRow], in_doubt: MembersInDoubt = frozenset()
    ) -> None:
        """`found` are the rows of these kinds that were passed over, all of them, in the feed's order; the caller trusts them."""
        with self._file.writing() as connection:
            for row in found:
                rows.apply_row(connection, row, in_doubt)
            forgotten = [(scope, kind) for kind in kinds]
            connection.executemany("DELETE FROM passed_over WHERE scope = ? AND kind = ?", forgotten)

    def forget_rulebook(self, version: int) -> None:
        with self._file.writing() as connection:
            connection.execute("DELETE FROM rulebooks WHERE version = ?", (version,))
        self._rulebooks.pop(version, None)

    def take_ahead(self, found: Iterable[FeedRow], epoch: str, in_doubt: MembersInDoubt = frozenset()) -> None:
        """Rows that come before their page: of a member read online, put aside while in doubt; blocks. Ignored when they are of another epoch than the replica."""
        with self._file.writing() as connection:
            held = connection.execute("SELECT epoch FROM cursors LIMIT 1").fetchone()
            if held is not None and held[0] == epoch:
                for row in found:
                    rows.apply_row(connection, row, in_doubt)

    def release_deferred(self, in_doubt: MembersInDoubt = frozenset()) -> int:
        """After outcomes were settled and the feed was followed to its head; returns how many rows were released."""
        if not self.deferred_count():
            return 0
        with self._file.writing() as connection:
            return rows.release(connection, in_doubt)

    def was_deleted(self) -> bool:
        return self._file.was_replaced()

    def reopen(self) -> None:
        self._file.reopen()
        self._rulebooks.clear()

    def clear(self) -> None:
        """Forgets everything: another epoch began (H1)."""
        self._file.clear()
        self._rulebooks.clear()

    def stage(self, packed: Path, manifest: SnapshotManifest, key: bytes, global_scope: str) -> "Replica":
        """The downloaded snapshot as a replica of its own beside this one, verified; feed pages may be applied to it before it takes over. Raises `PageError`, or
        `ReplicaUnreadable` when there is no room for it; either leaves nothing behind."""
        path = self._file.path.with_name(self._file.path.name + ".staged")
        with mapped_errors(path):
            try:
                remove_file(path)  # a till that died while it staged one has left that, and its log
                unpack_file(packed, path, key, manifest.sha256, manifest.plain_sha256)
            except BaseException:
                remove_file(path)
                raise
        staged = Replica.open(path)
        if staged.epoch() != manifest.epoch:  # what SQLite cannot read is opened as an empty one
            staged.discard()
            raise PageError("the snapshot holds no replica of its epoch")
        with staged._file.writing() as connection:
            connection.execute("DELETE FROM cursors")
            connection.executemany(
                "INSERT INTO cursors (scope, epoch, cursor, as_of) VALUES (?, ?, ?, ?)",
                [
                    (scope, manifest.epoch, cursor, manifest.as_of.isoformat())
                    for scope, cursor in {global_scope: manifest.global_cursor, manifest.scope: manifest.cursor}.items()
                ],
            )
        return staged

    def become(self, staged: "Replica", in_doubt: MembersInDoubt = frozenset()) -> None:
        """The staged replica takes this one's place by rename; members in doubt keep the row that they have here, and the newer one is put aside (H9)."""
        for member_id in in_doubt:
            same_epoch = self.epoch() == staged.epoch()
            staged._hold_back(member_id, self._wallet_rows(member_id) if same_epoch else ())
        staged._file.seal()
        self._file.become(staged._file.path)
        self._rulebooks.clear()

    def _hold_back(self, member_id: MemberId, instead: tuple[MemberRow | PurchaseRow, ...]) -> None:
        newer = self._wallet_rows(member_id)
        with self._file.writing() as connection:
            connection.execute("DELETE FROM members WHERE member_id = ?", (member_id,))
            connection.execute("DELETE FROM purchases WHERE member_id = ?", (member_id,))
            for row in instead:
                rows.apply_row(connection, row, frozenset())
            for row in newer:
                rows.defer(connection, row)

    def _wallet_rows(self, member_id: MemberId) -> tuple[MemberRow | PurchaseRow, ...]:
        with self._file.reading() as connection:
            return rows.wallet_rows(connection, member_id)

    def _members(self, condition: str, *parameters: str | int) -> tuple[ConfirmedMember, ...]:
        def read(connection: sqlite3.Connection) -> tuple[ConfirmedMember, ...]:
            found = connection.execute(_MEMBER + condition + " ORDER BY m.member_no", parameters).fetchall()
            return tuple(_confirmed_member(row) for row in found)

        return self._file.remembered((condition, *map(str, parameters)), read)

    def _purchases(self, condition: str, *parameters: str) -> tuple[ConfirmedPurchase, ...]:
        with self._file.reading() as connection:
            found = connection.execute(_PURCHASE + condition + " ORDER BY purchase_id", parameters).fetchall()
        return tuple(
            ConfirmedPurchase(
                purchase_id=row[0],
                member_id=row[1],
                terminal_id=row[2],
                receipt_no=row[3],
                business_date=datetime.fromisoformat(row[4]).date(),
                version=row[5],
                purchase=read_purchase(row[6]),
            )
            for row in found
        )


def _settled_findings(connection: sqlite3.Connection) -> dict[tuple[str, str], SettledFinding]:
    found = connection.execute("SELECT entry_hash, code, resolution, settled_at FROM settled_findings").fetchall()
    return {
        (row[0], row[1]): SettledFinding(
            entry_hash=row[0], code=row[1], resolution=row[2], settled_at=datetime.fromisoformat(row[3])
        )
        for row in found
    }


def _rulebook_times(connection: sqlite3.Connection) -> list[tuple[int, datetime]]:
    """Newest first."""
    found = connection.execute("SELECT version, effective_at FROM rulebooks ORDER BY version DESC")
    return [(version, datetime.fromisoformat(effective_at)) for version, effective_at in found]


def _oldest_as_of(connection: sqlite3.Connection) -> datetime | None:
    (as_of,) = connection.execute("SELECT min(as_of) FROM cursors").fetchone()
    return datetime.fromisoformat(as_of) if as_of else None


def _confirmed_member(row: tuple[object, ...]) -> ConfirmedMember:
    member_id, member_no, issue, name, last4, tag, store, version, wallet, updated, pin, status, blocked_at, epoch = row
    assert isinstance(wallet, bytes)
    assert isinstance(version, int)
    state = changed(read_wallet(wallet), version=version)
    if isinstance(blocked_at, int) and blocked_at >= version:
        state = changed(state, status=WalletStatus(str(status)))
    assert isinstance(issue, int)
    assert isinstance(tag, int)
    return ConfirmedMember(
        member_id=MemberId(str(member_id)),
        member_no=str(member_no),
        card_issue=issue,
        name_masked=str(name),
        phone_last4=str(last4),
        phone_tag=tag,
        home_store_id=StoreId(str(store)),
        wallet=state,
        updated_at=datetime.fromisoformat(str(updated)),
        epoch=str(epoch or ""),
        pin=read_verifier(str(pin)),
    )
