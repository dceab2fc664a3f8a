"""Owns a feed's pages: full ones sealed once, under the scope's key, and the same bytes for ever; the open one as it stands. Whoever may read them is the endpoint's question."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from typing import Final, TypeGuard, cast

import msgspec
from sqlalchemy import bindparam, select

from hq_server.database.engine import Database, Reading, WriteSession
from hq_server.database.models import Feed, SealedPage
from hq_server.database.prepared import Prepared
from hq_server.database.upsert import upsert
from hq_server.feed.open_rows import Address, OpenRows, PageRows
from hq_server.feed.publishing import current_epoch, feed_head
from hq_server.keys.derived import DerivedKey
from sync.feed import page_of, seal_page, write_page
from sync.message_types import prepare
from sync.messages import PAGE_ROWS, BlockRow, FeedEntry, FeedPage, FeedRow

_NONCE_BYTES = 12
_STORED = Prepared(
    select(SealedPage.body, SealedPage.key_id).where(
        SealedPage.feed_id == bindparam("feed_id"),
        SealedPage.epoch == bindparam("epoch"),
        SealedPage.page == bindparam("page"),
    )
)
_OF_FEED = (Feed.feed_id == bindparam("feed_id"), Feed.epoch == bindparam("epoch"))
_ROWS = Prepared(
    select(Feed.seq, Feed.payload, Feed.needs_global)
    .where(*_OF_FEED, Feed.seq.between(bindparam("first"), bindparam("last")))
    .order_by(Feed.seq)
)
_NUMBERED_AT = Prepared(select(Feed.sequenced_at).where(*_OF_FEED, Feed.seq == bindparam("seq")))
"""Apart from the rows, because reading a time takes longer than the rest of its row."""


class _Tag(msgspec.Struct, frozen=True):
    row: str


_tag_of: Final = msgspec.json.Decoder(_Tag).decode
_BLOCK: Final = BlockRow.__struct_config__.tag


class PageUnknown(Exception):
    """There is no such page yet, or no such epoch any more; `epoch_over` tells which."""

    def __init__(self, message: str, *, epoch_over: bool) -> None:
        super().__init__(message)
        self.epoch_over = epoch_over


@dataclass(frozen=True, slots=True)
class Page:
    """`key_id` names the scope's key that a sealed one was sealed with."""

    body: bytes
    sealed: bool
    key_id: str = ""

    @property
    def etag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:32]}"'


def stored_page(session: Reading, feed_id: str, epoch: str, page: int) -> Page | None:
    """A sealed page that was served before."""
    kept = _STORED.row(session, feed_id=feed_id, epoch=epoch, page=page)
    return None if kept is None else Page(kept[0], sealed=True, key_id=kept[1])


def head_at(session: Reading, feed_id: str, epoch: str, page: int) -> int:
    """The feed's head, asked by somebody who wants this page. Raises `PageUnknown` for a page that does not exist."""
    now = current_epoch(session)
    if epoch != now:
        raise PageUnknown(f"epoch {epoch} is over, this is {now}", epoch_over=True)
    head = feed_head(session, feed_id, epoch)
    if not 0 <= page <= page_of(head + 1):
        raise PageUnknown(f"the feed's last page is {page_of(head + 1)}", epoch_over=False)
    return head


def is_full(page: int, head: int) -> bool:
    return head >= (page + 1) * PAGE_ROWS


def seal(
    database: Database,
    feed_id: str,
    epoch: str,
    page: int,
    key: DerivedKey,
    *,
    random: Callable[[int], bytes] = token_bytes,
) -> Page:
    """Seals a full page and keeps it; when two do so at once, both answer with what the first one kept."""
    with database.write() as session:
        body = seal_page(key.key, _sealed_contents(session, feed_id, epoch, page), random(_NONCE_BYTES))
        _keep(session, feed_id, epoch, page, key.key_id, body)
        kept = stored_page(session, feed_id, epoch, page)
    assert kept is not None
    return kept


def _keep(session: WriteSession, feed_id: str, epoch: str, page: int, key_id: str, body: bytes) -> None:
    session.execute(
        upsert(session, SealedPage)
        .values(feed_id=feed_id, epoch=epoch, page=page, key_id=key_id, body=body)
        .on_conflict_do_nothing()
    )


def _sealed_contents(session: Reading, feed_id: str, epoch: str, page: int) -> FeedPage:
    """What never changes: the head is the page's own last seq, the time that of its last row."""
    rows = _rows(session, feed_id, epoch, page)
    assert len(rows.entries) == PAGE_ROWS, f"page {page} of {feed_id} is not full"
    assert rows.last_at is not None
    return FeedPage(
        scope=feed_id,
        epoch=epoch,
        page=page,
        sealed=True,
        entries=rows.entries,
        head=rows.entries[-1].seq,
        needs_global=rows.needs_global,
        as_of=rows.last_at,
    )


def rows_of(session: Reading, where: Address, kept: OpenRows) -> PageRows:
    """Of an open page."""
    return kept.of(where, lambda: _rows(session, where.feed_id, where.epoch, where.page))


def open_page(session: Reading, where: Address, kept: OpenRows, *, at: datetime) -> Page:
    """The page at the feed's end as this session sees it, the head included; empty when the feed ends just before it."""
    rows = rows_of(session, where, kept)
    contents = FeedPage(
        scope=where.feed_id,
        epoch=where.epoch,
        page=where.page,
        sealed=False,
        entries=rows.entries,
        head=rows.entries[-1].seq if rows.entries else where.head,
        needs_global=rows.needs_global,
        as_of=at,
    )
    return Page(write_page(contents), sealed=False)


def _rows(session: Reading, feed_id: str, epoch: str, page: int) -> PageRows:
    first = page * PAGE_ROWS + 1
    found = _ROWS.rows(session, feed_id=feed_id, epoch=epoch, first=first, last=first + PAGE_ROWS - 1)
    if not found:
        return PageRows((), 0, None)
    entries = tuple(FeedEntry(seq=seq, row=_as_encoded(payload)) for seq, payload, _ in found)
    assert [entry.seq for entry in entries] == list(range(first, first + len(entries))), "a feed has no gaps"
    needs_global = max(needs for _, _, needs in found)
    [(last_at,)] = _NUMBERED_AT.rows(session, feed_id=feed_id, epoch=epoch, seq=entries[-1].seq)
    return PageRows(entries, needs_global, last_at)


def _as_encoded(payload: bytes) -> FeedRow:
    """A row that goes into the page byte for byte: it was encoded when it was numbered, and nobody here looks into it."""
    return cast(FeedRow, msgspec.Raw(payload))


def is_kept_block(row: FeedRow) -> TypeGuard[BlockRow]:
    """Of a row of an open page, as it was encoded."""
    return _tag_of(cast(msgspec.Raw, row)).row == _BLOCK


prepare(globals())
