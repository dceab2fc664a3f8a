"""Owns what people are told when head office came back from a backup (H1): once for each epoch, that what it had decided by itself since then is gone.

No till sends that again. Called by `sessions.epochs`, in the unit of work that begins an epoch; *Today* asks what is open.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import AuditRecord, ExceptionRecord, ExceptionState, Feed, FeedHead, Terminal
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_for_head_office
from hq_server.own_journal.place import OWN_STORE, business_day

NEW_EPOCH_SUBJECT: Final = "restored"
_MINUTE: Final = "%Y-%m-%d %H:%M UTC"


def newest_held(session: ReadSession, epoch: str) -> datetime | None:
    """When the newest thing happened of which head office knows: a row of a feed of this epoch, a till's call, a deed in the audit log. None before any."""
    last_row = (Feed.feed_id == FeedHead.feed_id) & (Feed.epoch == FeedHead.epoch) & (Feed.seq == FeedHead.seq)
    times = (
        session.scalar(select(func.max(Feed.sequenced_at)).join(FeedHead, last_row).where(FeedHead.epoch == epoch)),
        session.scalar(select(func.max(Terminal.last_seen_at))),
        session.scalar(select(AuditRecord.at).order_by(AuditRecord.seq.desc()).limit(1)),
    )
    return max((at for at in times if at is not None), default=None)


def notice_new_epoch(session: WriteSession, epoch: str, held_until: datetime | None, *, now: datetime) -> None:
    data = {"held_until": held_until.strftime(_MINUTE)} if held_until is not None else {}
    found = TillFinding(code=ExceptionCode.HEAD_OFFICE_RESTORED, data=data, on=business_day(now))
    raise_for_head_office(session, f"{NEW_EPOCH_SUBJECT}-{epoch}", found, now=now)


def is_restored(session: ReadSession, epoch: str) -> bool:
    """Whether the epoch is not the first one of this head office."""
    told = select(ExceptionRecord.code).where(
        ExceptionRecord.store_id == OWN_STORE,
        ExceptionRecord.code == ExceptionCode.HEAD_OFFICE_RESTORED,
        ExceptionRecord.subject.startswith(f"{NEW_EPOCH_SUBJECT}-{epoch}"),
    )
    return session.scalars(told.limit(1)).first() is not None


def open_restores(session: ReadSession) -> tuple[ExceptionRecord, ...]:
    """Of which nobody has said yet that the list was gone through; newest first."""
    asked = select(ExceptionRecord).where(
        ExceptionRecord.state == ExceptionState.OPEN,
        ExceptionRecord.store_id == OWN_STORE,
        ExceptionRecord.code == ExceptionCode.HEAD_OFFICE_RESTORED,
    )
    return tuple(session.scalars(asked.order_by(ExceptionRecord.raised_at.desc())))
