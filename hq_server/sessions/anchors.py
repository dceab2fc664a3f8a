"""Owns what head office signs about itself at each exchange (H8), and whether an anchor that a till shows lies in head office's future (H1)."""

from datetime import datetime, timedelta

from hq_server.database.engine import ReadSession
from hq_server.feed.publishing import current_epoch, feed_head
from hq_server.keys.key_files import HqKeys
from hq_server.sessions.epochs import newest_rulebook
from hq_server.terminals.rows import TerminalRow
from stored_value.identity import TerminalId
from sync.anchor import make_anchor
from sync.entry import AnchorRef
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE

CLOCK_LEEWAY = timedelta(minutes=10)
"""A head office clock put right by minutes is not a restored head office."""


def anchor_for(session: ReadSession, keys: HqKeys, terminal: TerminalRow, *, now: datetime) -> AnchorRef:
    """As of the session's own view: `accepted_seq` is the terminal row's, so flush what was accepted first."""
    epoch = current_epoch(session)
    key = keys.signing(KeyPurpose.ANCHOR, now)
    return make_anchor(
        key.private,
        key.key_id,
        epoch=epoch,
        terminal_id=TerminalId(terminal.terminal_id),
        hq_time=now,
        rulebook=newest_rulebook(session),
        global_cursor=feed_head(session, GLOBAL_SCOPE, epoch),
        accepted_seq=terminal.accepted_seq,
    )


def lies_in_future(session: ReadSession, terminal: TerminalRow, anchor: AnchorRef, *, now: datetime) -> bool:
    """True when head office signed something that its database no longer knows: it was restored from a backup."""
    epoch = current_epoch(session)
    if anchor.epoch != epoch:
        return anchor.epoch > epoch
    return (
        anchor.accepted_seq > terminal.accepted_seq
        or anchor.global_cursor > feed_head(session, GLOBAL_SCOPE, epoch)
        or anchor.rulebook > newest_rulebook(session)
        or anchor.hq_time > now + CLOCK_LEEWAY
    )
