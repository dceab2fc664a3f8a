"""The tables between ingest and readers: the outbox that a commit fills, the feeds that the sequencer numbers, sealed pages, and the rollups it keeps (H12)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import ID_CHARS, KIND_CHARS, STORE_ID_CHARS, Table, UtcDateTime, placed

FEED_ID_CHARS = 24


class Outbox(Table):
    """What a business commit leaves for the sequencer: `payload` is JSON of `feed.outbox.Change`, the rollup deltas and what to publish. A row lives until it is sequenced."""

    __tablename__ = "outbox"
    __table_args__ = placed("member_id")

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class FeedHead(Table):
    """The last seq given in a feed of an epoch. Its row lock is what makes seqs gapless and commits visible in their order."""

    __tablename__ = "feed_heads"
    __table_args__ = placed("feed_id", CheckConstraint("seq >= 0", name="seq"))

    feed_id: Mapped[str] = mapped_column(String(FEED_ID_CHARS), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class Feed(Table):
    """`payload` is JSON of one `sync.messages.FeedRow`; `needs_global` the head of the global feed when it was numbered (H9)."""

    __tablename__ = "feed"
    __table_args__ = placed("feed_id", CheckConstraint("seq >= 1", name="seq"))

    feed_id: Mapped[str] = mapped_column(String(FEED_ID_CHARS), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    needs_global: Mapped[int] = mapped_column(BigInteger)
    sequenced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class SealedPage(Table):
    """A full page as it is served for ever: sealed once under `key_id`, so that every fetch and every cache holds the same bytes."""

    __tablename__ = "feed_pages"
    __table_args__ = placed("feed_id")

    feed_id: Mapped[str] = mapped_column(String(FEED_ID_CHARS), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    page: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key_id: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Rollup(Table):
    """Sums by store and business day of what was sequenced: `amount_minor` of the postings (debit positive), `debit_minor` of the debits among them (two stores that serve
    each other's members both stand in one clearing sum), `count` of the events behind them."""

    __tablename__ = "rollups"
    __table_args__ = placed("store_id")

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    business_date: Mapped[date] = mapped_column(primary_key=True)
    event_kind: Mapped[str] = mapped_column(String(KIND_CHARS), primary_key=True)
    account: Mapped[str] = mapped_column(String(KIND_CHARS), primary_key=True)
    detail: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    debit_minor: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(BigInteger)


class CampaignCount(Table):
    """What a promotion with a cap over all members gave in all, as far as the outbox was sequenced."""

    __tablename__ = "campaign_counts"
    __table_args__ = placed("reference", CheckConstraint("times >= 0 AND bonus_minor >= 0", name="counts"))

    promotion_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)
    bonus_minor: Mapped[int] = mapped_column(BigInteger)
