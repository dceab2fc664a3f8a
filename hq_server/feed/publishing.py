"""Owns the numbering of feed rows: gapless seqs, given under one lock, so that what commits later never stands below what a reader has passed.

`publish` is for rows that a business commit puts straight into a feed (rulebooks, stores, staff, certificates, blocks); rows of members come through the outbox
and the sequencer, which numbers them here too. Both hold the ledger's head until they commit.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

import msgspec
from sqlalchemy import bindparam, select

from hq_server.database.batch_writer import writer_for
from hq_server.database.engine import Reading, WriteSession
from hq_server.database.models import Feed, FeedHead, HqState
from hq_server.database.prepared import Prepared
from sync.messages import GLOBAL_SCOPE, FeedRow

T = TypeVar("T")
LEDGER: Final = "ledger"
"""The head whose row lock makes feed writers take turns; its seq counts the outbox rows sequenced, the cursor of rollups and periods (H12)."""


class NumberedRow(NamedTuple):
    """A row of the feed's table, in the order of its columns."""

    feed_id: str
    epoch: str
    seq: int
    needs_global: int
    sequenced_at: datetime
    payload: bytes


encode_row = msgspec.json.Encoder(order="sorted").encode


_EPOCH: Final = Prepared(select(HqState.epoch))
_EPOCH_KEPT: Final = Prepared(select(HqState.epoch).with_for_update(read=True))
_HEAD: Final = Prepared(
    select(FeedHead.seq).where(FeedHead.feed_id == bindparam("feed_id"), FeedHead.epoch == bindparam("epoch"))
)
_HEADS: Final = Prepared(select(FeedHead.feed_id, FeedHead.seq).where(FeedHead.epoch == bindparam("epoch")))
_ADVANCE: Final = Prepared(
    lambda insert: (
        (
            adding := insert(FeedHead).values(
                feed_id=bindparam("feed_id"), epoch=bindparam("epoch"), seq=bindparam("count")
            )
        )
        .on_conflict_do_update(
            index_elements=[FeedHead.feed_id, FeedHead.epoch], set_={"seq": FeedHead.seq + adding.excluded.seq}
        )
        .returning(FeedHead.seq)
    )
)


def current_epoch(session: Reading) -> str:
    return _only(_EPOCH.row(session))


def hold_ledger(session: WriteSession) -> str:
    """Waits for its turn and keeps it until the commit; returns the epoch, which cannot end meanwhile."""
    epoch = _only(_EPOCH_KEPT.row(session))
    _advance(session, epoch, {LEDGER: 0})
    return epoch


def count_sequenced(session: WriteSession, epoch: str, rows: int) -> None:
    """Moves the ledger's head, which the caller holds."""
    _advance(session, epoch, {LEDGER: rows})


def heads_of(session: Reading, epoch: str) -> dict[str, int]:
    """The last seq of every feed of an epoch; a feed without rows is absent."""
    return dict(_HEADS.rows(session, epoch=epoch))


def feed_head(session: Reading, feed_id: str, epoch: str) -> int:
    """The last seq of one feed; 0 before the first row."""
    found = _HEAD.row(session, feed_id=feed_id, epoch=epoch)
    return found[0] if found else 0


def publish(session: WriteSession, feed_id: str, *rows: FeedRow, at: datetime) -> int:
    """Puts rows at the end of a feed, in the caller's own unit of work; returns the last one's seq."""
    epoch = hold_ledger(session)
    return number_rows(session, epoch, {feed_id: [encode_row(row) for row in rows]}, at=at)[feed_id]


def number_rows(
    session: WriteSession, epoch: str, payloads: Mapping[str, Sequence[bytes]], *, at: datetime
) -> dict[str, int]:
    """Numbers and writes encoded rows by feed; the caller holds the ledger. Returns the new heads."""
    heads = _advance(session, epoch, {feed_id: len(rows) for feed_id, rows in payloads.items()})
    needs_global = feed_head(session, GLOBAL_SCOPE, epoch)
    writer_for(session).append(
        Feed,
        [
            NumberedRow(
                feed_id=feed_id,
                epoch=epoch,
                seq=heads[feed_id] - len(encoded) + place,
                needs_global=0 if feed_id == GLOBAL_SCOPE else needs_global,
                sequenced_at=at,
                payload=payload,
            )
            for feed_id, encoded in payloads.items()
            for place, payload in enumerate(encoded, start=1)
        ],
    )
    return heads


def _advance(session: WriteSession, epoch: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {
        feed_id: _only(_ADVANCE.row(session, feed_id=feed_id, epoch=epoch, count=counts[feed_id]))
        for feed_id in sorted(counts)
    }


def _only(found: tuple[T] | None) -> T:
    assert found is not None, "head office has no state: it was not set up"
    return found[0]
