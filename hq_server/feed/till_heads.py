"""Owns how far head office is for one till: the heads of its feeds and its last grant. Read by the live channel and for the answer to a push."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.engine import Reading
from hq_server.database.models import FeedHead, Terminal
from hq_server.database.prepared import Prepared
from hq_server.feed.publishing import current_epoch
from hq_server.sessions.tokens import TillToken
from sync.messages import GLOBAL_SCOPE, Heads

_HEADS: Final = Prepared(
    select(FeedHead.feed_id, FeedHead.seq).where(
        FeedHead.feed_id.in_((GLOBAL_SCOPE, bindparam("store_id"))), FeedHead.epoch == bindparam("epoch")
    )
)
_GRANTED: Final = Prepared(
    select(Terminal.grant_counter).where(
        Terminal.store_id == bindparam("store_id"),
        Terminal.terminal_id == bindparam("terminal_id"),
        Terminal.grant_epoch == bindparam("epoch"),
    )
)


def till_heads(session: Reading, till: TillToken, *, as_of: datetime) -> Heads:
    """`as_of` is of before the session began."""
    epoch = current_epoch(session)
    granted = _GRANTED.row(session, store_id=till.store_id, terminal_id=till.terminal_id, epoch=epoch)
    return Heads(
        epoch=epoch,
        heads=dict(_HEADS.rows(session, store_id=till.store_id, epoch=epoch)),
        grants=granted[0] if granted else 0,
        as_of=as_of,
    )
