"""Feed rows into the replica's tables, one at a time: idempotent, never backward in version, rows of members in doubt put aside (H9).

Plain functions inside the caller's transaction.
"""

import logging
import sqlite3
from datetime import datetime
from typing import Final, assert_never

import msgspec

from stored_value.identity import MemberId
from stored_value.wallet import WalletStatus
from sync.messages import (
    BlockRow,
    CampaignRow,
    CertificateRow,
    FeedRow,
    MemberExitRow,
    MemberRow,
    PurchaseRow,
    RevocationRow,
    RulebookRow,
    SettledFindingRow,
    StaffRow,
    StoreRow,
    UnknownRow,
)
from sync.payment_pins import read_verifier, write_verifier
from sync.remembered import RememberedStanding

MembersInDoubt = frozenset[MemberId]
"""Members whose entries were sent and whose outcome is unknown: their rows wait, because nobody knows which of them already contain those entries."""

WalletRow = MemberRow | PurchaseRow | MemberExitRow

_encode = msgspec.json.Encoder().encode
_decode_wallet_row: Final = msgspec.json.Decoder(WalletRow).decode

_PUT_MEMBER = (
    "INSERT INTO members (member_id, member_no, card_issue, name_masked, phone_last4, phone_tag, home_store_id,"
    " version, wallet, updated_at, pin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (member_id) DO UPDATE SET member_no = excluded.member_no, card_issue = excluded.card_issue,"
    " name_masked = excluded.name_masked, phone_last4 = excluded.phone_last4, phone_tag = excluded.phone_tag,"
    " home_store_id = excluded.home_store_id, version = excluded.version, wallet = excluded.wallet,"
    " updated_at = excluded.updated_at, pin = excluded.pin WHERE excluded.version > members.version"
    " OR (members.pin = '' AND excluded.pin <> '' AND excluded.version = members.version)"
)
_PUT_PURCHASE = (
    "INSERT INTO purchases (purchase_id, member_id, terminal_id, receipt_no, business_date, version, purchase)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (purchase_id) DO UPDATE SET version = excluded.version,"
    " purchase = excluded.purchase WHERE excluded.version > purchases.version"
)
_PUT_BLOCK = (
    "INSERT INTO blocks (member_id, status, version, updated_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (member_id) DO UPDATE SET status = excluded.status, version = excluded.version,"
    " updated_at = excluded.updated_at WHERE excluded.version > blocks.version"
)
_PUT_STAFF = (
    "INSERT OR REPLACE INTO staff (staff_id, name, role, verifier, active, updated_at) VALUES (?, ?, ?, ?, ?, ?)"
)
_PUT_RULEBOOK = (
    "INSERT OR REPLACE INTO rulebooks (version, effective_at, document, signature, key_id) VALUES (?, ?, ?, ?, ?)"
)


_PUT_CAMPAIGN = (
    "INSERT INTO campaign_uses (promotion_id, times, bonus_minor) VALUES (?, ?, ?)"
    " ON CONFLICT (promotion_id) DO UPDATE SET times = excluded.times, bonus_minor = excluded.bonus_minor"
    " WHERE excluded.times > campaign_uses.times"
)
_PUT_SETTLED = "INSERT OR REPLACE INTO settled_findings (entry_hash, code, resolution, settled_at) VALUES (?, ?, ?, ?)"
_log = logging.getLogger(__name__)


def pass_over(connection: sqlite3.Connection, scope: str, seq: int, row: UnknownRow) -> None:
    """Noted where the first of its kind stood: a newer program fetches them from there."""
    _log.warning("a row of kind %s is not known here; this till is older than head office", row.kind)
    connection.execute("INSERT OR IGNORE INTO passed_over (scope, kind, seq) VALUES (?, ?, ?)", (scope, row.kind, seq))


def apply_row(connection: sqlite3.Connection, row: FeedRow, in_doubt: MembersInDoubt) -> None:
    match row:
        case MemberRow() | PurchaseRow() | MemberExitRow():
            _apply_wallet_row(connection, row, in_doubt)
        case BlockRow():
            # A block never waits: it only takes away, whatever the member's row says (H9).
            connection.execute(_PUT_BLOCK, (row.member_id, row.status, row.version, row.updated_at.isoformat()))
        case StaffRow():
            connection.execute(
                _PUT_STAFF,
                (row.staff_id, row.name, row.role, row.verifier, int(row.active), row.updated_at.isoformat()),
            )
        case RulebookRow():
            document = row.document.encode()
            connection.execute(
                _PUT_RULEBOOK, (row.version, row.effective_at.isoformat(), document, row.signature, row.key_id)
            )
        case StoreRow():
            connection.execute(
                "INSERT OR REPLACE INTO stores (store_id, name, zone) VALUES (?, ?, ?)",
                (row.store_id, row.name, row.zone),
            )
        case CampaignRow():
            connection.execute(_PUT_CAMPAIGN, (row.promotion_id, row.times, row.bonus_minor))
        case SettledFindingRow():
            connection.execute(_PUT_SETTLED, (row.entry_hash, row.code, row.resolution, row.settled_at.isoformat()))
        case CertificateRow() | RevocationRow():
            pass  # kept in the journal by the sync cycle, because trust outlives the replica
        case UnknownRow():
            pass  # `pass_over`
        case _:
            assert_never(row)


def defer(connection: sqlite3.Connection, row: WalletRow) -> None:
    """Puts the row aside; of two for the same thing the newer one stays."""
    key = _key_of(row)
    held = connection.execute("SELECT payload FROM deferred WHERE row_key = ?", (key,)).fetchone()
    if held is None or _decode_wallet_row(held[0]).version < row.version:
        connection.execute("INSERT OR REPLACE INTO deferred VALUES (?, ?, ?)", (key, row.member_id, _encode(row)))


def release(connection: sqlite3.Connection, in_doubt: MembersInDoubt) -> int:
    """Applies what was put aside for members no longer in doubt; returns how many rows. Members go before purchases ('member:' sorts first); a purchase
    that is still ahead of its member waits on."""
    rows = connection.execute("SELECT row_key, member_id, payload FROM deferred ORDER BY row_key").fetchall()
    free = [(key, payload) for key, member_id, payload in rows if member_id not in in_doubt]
    released = 0
    for key, payload in free:
        row = _decode_wallet_row(payload)
        if isinstance(row, PurchaseRow) and _is_ahead_of_member(connection, row):
            continue
        connection.execute("DELETE FROM deferred WHERE row_key = ?", (key,))
        _put(connection, row)
        released += 1
    return released


def wallet_rows(connection: sqlite3.Connection, member_id: MemberId) -> tuple[MemberRow | PurchaseRow, ...]:
    """The member's rows as the feed would bring them."""
    members = connection.execute(
        "SELECT member_id, member_no, card_issue, name_masked, phone_last4, phone_tag, home_store_id, version,"
        " wallet, updated_at, pin FROM members WHERE member_id = ?",
        (member_id,),
    ).fetchall()
    purchases = connection.execute(
        "SELECT purchase_id, member_id, terminal_id, receipt_no, business_date, version, purchase"
        " FROM purchases WHERE member_id = ?",
        (member_id,),
    ).fetchall()
    return (
        *(
            MemberRow(
                member_id=row[0],
                member_no=row[1],
                card_issue=row[2],
                name_masked=row[3],
                phone_last4=row[4],
                phone_tag=row[5],
                home_store_id=row[6],
                version=row[7],
                wallet=msgspec.Raw(row[8]),
                updated_at=datetime.fromisoformat(row[9]),
                pin=read_verifier(row[10]),
            )
            for row in members
        ),
        *(
            PurchaseRow(
                purchase_id=row[0],
                member_id=row[1],
                terminal_id=row[2],
                receipt_no=row[3],
                business_date=datetime.fromisoformat(row[4]).date(),
                version=row[5],
                purchase=msgspec.Raw(row[6]),
            )
            for row in purchases
        ),
    )


def rulebook_rows(connection: sqlite3.Connection) -> tuple[RulebookRow, ...]:
    """As they were signed, in the order of their numbers."""
    found = connection.execute(
        "SELECT version, effective_at, document, signature, key_id FROM rulebooks ORDER BY version"
    ).fetchall()
    return tuple(
        RulebookRow(
            version=row[0],
            effective_at=datetime.fromisoformat(row[1]),
            document=row[2].decode(),
            signature=row[3],
            key_id=row[4],
        )
        for row in found
    )


def blocked(connection: sqlite3.Connection) -> tuple[RememberedStanding, ...]:
    found = connection.execute(
        "SELECT member_id, status, updated_at FROM blocks WHERE status <> ? ORDER BY member_id", (WalletStatus.ACTIVE,)
    ).fetchall()
    return tuple(
        RememberedStanding(member_id=row[0], status=row[1], since=datetime.fromisoformat(row[2])) for row in found
    )


def _apply_wallet_row(connection: sqlite3.Connection, row: WalletRow, in_doubt: MembersInDoubt) -> None:
    if row.member_id in in_doubt or (isinstance(row, PurchaseRow) and _is_ahead_of_member(connection, row)):
        defer(connection, row)
        return
    _put(connection, row)
    if isinstance(row, MemberRow):
        _put_purchases_that_waited(connection, row)


def _is_ahead_of_member(connection: sqlite3.Connection, row: PurchaseRow) -> bool:
    """A purchase shows the refunds that its wallet shows, no more: otherwise an own refund would be counted in one and pending in the other."""
    held = connection.execute("SELECT version FROM members WHERE member_id = ?", (row.member_id,)).fetchone()
    return held is not None and held[0] < row.version


def _put_purchases_that_waited(connection: sqlite3.Connection, member: MemberRow) -> None:
    rows = connection.execute(
        "SELECT row_key, payload FROM deferred WHERE member_id = ? AND row_key LIKE 'purchase:%'", (member.member_id,)
    ).fetchall()
    for key, payload in rows:
        row = _decode_wallet_row(payload)
        if row.version <= member.version:
            connection.execute("DELETE FROM deferred WHERE row_key = ?", (key,))
            _put(connection, row)


def _put(connection: sqlite3.Connection, row: WalletRow) -> None:
    match row:
        case MemberRow():
            connection.execute(_PUT_MEMBER, _member_values(row))
        case PurchaseRow():
            connection.execute(_PUT_PURCHASE, _purchase_values(row))
        case MemberExitRow():
            gone = connection.execute(
                "DELETE FROM members WHERE member_id = ? AND version <= ?", (row.member_id, row.version)
            )
            if gone.rowcount:
                connection.execute("DELETE FROM purchases WHERE member_id = ?", (row.member_id,))
        case _:
            assert_never(row)


def _key_of(row: WalletRow) -> str:
    return f"purchase:{row.purchase_id}" if isinstance(row, PurchaseRow) else f"member:{row.member_id}"


def _member_values(row: MemberRow) -> tuple[str | int | bytes, ...]:
    return (
        row.member_id,
        row.member_no,
        row.card_issue,
        row.name_masked,
        row.phone_last4,
        row.phone_tag,
        row.home_store_id,
        row.version,
        bytes(row.wallet),
        row.updated_at.isoformat(),
        write_verifier(row.pin).decode() if row.pin is not None else "",
    )


def _purchase_values(row: PurchaseRow) -> tuple[str | int | bytes, ...]:
    return (
        row.purchase_id,
        row.member_id,
        row.terminal_id,
        row.receipt_no,
        row.business_date.isoformat(),
        row.version,
        bytes(row.purchase),
    )
