"""The tables of head office's own journal: how far it goes, and the transfers whose second leg is still to be written."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import (
    HASH_CHARS,
    ID_CHARS,
    STORE_ID_CHARS,
    TERMINAL_ID_CHARS,
    Table,
    UtcDateTime,
    placed,
)


class OwnJournalHead(Table):
    """One row: the last entry that head office wrote itself. Its row lock makes its writers take turns, in one process or in many."""

    __tablename__ = "own_journal_head"
    __table_args__ = placed("store_id", CheckConstraint("seq >= 0", name="seq"))

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS), primary_key=True)
    incarnation: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(HASH_CHARS))


class OpenTransfer(Table):
    """A first leg whose second leg is not written yet: made with the one, deleted with the other (H11). `seq` is the first leg's place in head office's journal."""

    __tablename__ = "open_transfers"
    __table_args__ = placed("member_id", Index(None, "begun_at"))

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    transfer_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    to_member_id: Mapped[str] = mapped_column(String(ID_CHARS))
    seq: Mapped[int] = mapped_column(BigInteger)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
