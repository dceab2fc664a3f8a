"""Owns the audit log: one row an action, each carrying the hash of the one before (L10). Called by whatever a person does at HQ, in the same unit of work.

Never holds personal data or secrets: `subject` names a thing by its id, `data` explains the action.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from sqlalchemy import select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import AuditRecord, FeedHead
from hq_server.database.upsert import upsert

_HEAD: Final = "audit"
"""The head whose row lock gives audit rows their gapless numbers, in every epoch."""
_GENESIS: Final = "0" * 64
_encode = msgspec.json.Encoder(order="sorted").encode


def record(
    session: WriteSession,
    *,
    actor: str,
    action: str,
    subject: str,
    data: Mapping[str, int | str] | None = None,
    now: datetime,
) -> None:
    adding = upsert(session, FeedHead).values(feed_id=_HEAD, epoch=_HEAD, seq=1)
    seq = session.execute(
        adding.on_conflict_do_update(
            index_elements=[FeedHead.feed_id, FeedHead.epoch], set_={"seq": FeedHead.seq + 1}
        ).returning(FeedHead.seq)
    ).scalar_one()
    previous = session.execute(select(AuditRecord.hash).where(AuditRecord.seq == seq - 1)).scalar_one_or_none()
    row = AuditRecord(
        seq=seq,
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        data=_encode(dict(data or {})).decode(),
        prev_hash=previous or _GENESIS,
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()


def broken_rows(session: ReadSession) -> Iterator[int]:
    """The seqs whose row does not follow the one before: changed, missing or put in between."""
    seq, previous = 0, _GENESIS
    for row in session.execute(select(AuditRecord).order_by(AuditRecord.seq)).scalars():
        if row.seq != seq + 1 or row.prev_hash != previous or row.hash != _hash(row):
            yield row.seq
        seq, previous = row.seq, row.hash


def _hash(row: AuditRecord) -> str:
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(
        _encode((row.seq, at, row.actor, row.action, row.subject, row.data, row.prev_hash))
    ).hexdigest()
