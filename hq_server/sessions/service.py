"""Owns the opening of a till's session and the check of every later call. Called by endpoints; the caller commits."""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, select

from hq_server.database.engine import Reading, ReadSession, WriteSession
from hq_server.database.models import UNCLAIMED, HqState, Terminal, TerminalStatus
from hq_server.database.prepared import Prepared
from hq_server.exceptions.clocks import notice_clock
from hq_server.exceptions.machines import is_known_machine
from hq_server.exceptions.troubles import notice_trouble
from hq_server.feed.publishing import current_epoch, heads_of
from hq_server.keys.key_files import HqKeys
from hq_server.recovery.branches import remember
from hq_server.sessions.anchors import anchor_for, lies_in_future
from hq_server.sessions.epochs import begin_epoch
from hq_server.sessions.tokens import TOKEN_LIFE, TillToken, TokenInvalid, TokenOutlived, Tokens
from hq_server.sessions.told import keep_told
from hq_server.sessions.unspoken import speaks
from hq_server.terminals.rows import TerminalRow, terminal_by_id, write_terminal
from stored_value.identity import StoreId, TerminalId
from sync.anchor import check_anchor
from sync.entry import AnchorRef
from sync.errors import SignatureError
from sync.keys import session_statement, verify
from sync.messages import GLOBAL_SCOPE, Session, SessionRequest
from sync.versions import knows_holds

logger = logging.getLogger(__name__)
_VERSION_CHARS_MAX = 40
_STANDING = Prepared(
    select(
        Terminal.incarnation,
        Terminal.status,
        Terminal.status_reason,
        select(HqState.epoch).scalar_subquery().label("epoch"),
    ).where(Terminal.store_id == bindparam("store_id"), Terminal.terminal_id == bindparam("terminal_id"))
)


class SessionRefused(Exception):
    """`code`: token_missing | token_invalid | token_expired | terminal_unknown | terminal_stopped | terminal_revoked |
    challenge_refused | signature_refused | epoch_behind."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FeedBehind(SessionRefused):
    """`epoch_behind`: nothing is left of the refused session's unit of work, so people are told in one of its own."""

    def __init__(self, message: str, facts: Mapping[str, int | str]) -> None:
        super().__init__("epoch_behind", message)
        self.facts = facts


def open_session(
    session: WriteSession, keys: HqKeys, tokens: Tokens, request: SessionRequest, *, now: datetime, protocol: str = ""
) -> Session:
    """`protocol` is the till's. May raise `SessionRefused`."""
    held = terminal_by_id(session, request.terminal_id)
    if held is None:
        raise SessionRefused("terminal_unknown", "this till is not enrolled here")
    terminal = held.row
    _prove(terminal, tokens, request, now)
    if request.anchor is not None and _is_ours(keys, request.anchor, terminal):
        _notice_restore(session, keys, terminal, request.anchor, now)
        if request.anchor.epoch < (epoch := current_epoch(session)) and terminal.reported_epoch != epoch:
            remember(terminal, request.incarnation)
    _refuse_when_behind(session, terminal, request)
    if request.till_time is not None:
        notice_clock(session, terminal, request.till_time, now=now)
    if request.trouble is not None:
        notice_trouble(session, terminal, request.trouble, now=now)
    machine_confirmed = is_known_machine(session, terminal, request.machine, now=now)
    speaks(terminal)
    keep_told(terminal, request, now=now)
    terminal.last_seen_at = now
    terminal.knows_holds = terminal.knows_holds or knows_holds(protocol)
    terminal.version = request.version[:_VERSION_CHARS_MAX]
    write_terminal(session, held)
    epoch = current_epoch(session)
    token = tokens.issue(
        terminal_id=TerminalId(terminal.terminal_id),
        store_id=StoreId(terminal.store_id),
        incarnation=terminal.incarnation,
        epoch=epoch,
        now=now,
    )
    return Session(
        token=token,
        expires_in_s=int(TOKEN_LIFE.total_seconds()),
        epoch=epoch,
        journal_head=terminal.accepted_seq,
        journal_head_hash=terminal.head_hash,
        anchor=anchor_for(session, keys, terminal, now=now),
        scopes=(GLOBAL_SCOPE, terminal.store_id),
        certificates=keys.certificates,
        revocations=keys.revocations,
        incarnation=terminal.incarnation,
        machine_confirmed=machine_confirmed,
        branch_wanted=terminal.branch_from == UNCLAIMED,
        requests_closed_through=terminal.requests_closed_through,
        takes_payment_pins=True,
    )


def bearer(tokens: Tokens, authorization: str | None, *, now: datetime) -> TillToken:
    """What a genuine Authorization header says; whether it still holds only the database knows."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise SessionRefused("token_missing", "this call needs a session token")
    try:
        return tokens.read(text.strip(), now)
    except TokenInvalid as error:
        raise SessionRefused("token_invalid", "this is not a session token of this head office") from error
    except TokenOutlived as error:
        raise SessionRefused("token_expired", "the session is over; open a new one") from error


def authenticate(session: Reading, tokens: Tokens, authorization: str | None, *, now: datetime) -> TillToken:
    """The till behind an Authorization header. A token of an epoch that is over is expired: the till must notice."""
    token = bearer(tokens, authorization, now=now)
    found = _STANDING.row(session, store_id=token.store_id, terminal_id=token.terminal_id)
    if found is None or found[0] != token.incarnation:
        raise SessionRefused("terminal_unknown", "this till is not enrolled here")
    _, status, reason, epoch = found
    _refuse_inactive(status, reason)
    if token.epoch != epoch:
        raise SessionRefused("token_expired", "head office began a new epoch; open a new session")
    return token


def _prove(terminal: TerminalRow, tokens: Tokens, request: SessionRequest, now: datetime) -> None:
    try:
        tokens.check_challenge(request.challenge, request.terminal_id, now)
    except (TokenInvalid, TokenOutlived) as error:
        raise SessionRefused("challenge_refused", str(error)) from error
    try:
        verify(terminal.public_key, request.signature, session_statement(request.challenge))
    except SignatureError as error:
        raise SessionRefused("signature_refused", "the signature is not by this till's key") from error
    _refuse_inactive(terminal.status, terminal.status_reason)


def _refuse_inactive(status: str, status_reason: str) -> None:
    match status:
        case TerminalStatus.ACTIVE:
            return
        case TerminalStatus.STOPPED:
            raise SessionRefused("terminal_stopped", status_reason or "head office stopped this till")
        case _:
            raise SessionRefused("terminal_revoked", status_reason or "head office revoked this till")


def _is_ours(keys: HqKeys, anchor: AnchorRef, terminal: TerminalRow) -> bool:
    """A foreign anchor proves nothing and is no reason to keep a till out; a technician should see it."""
    try:
        check_anchor(keys.trusted, anchor)
    except SignatureError:
        logger.warning("anchor not signed by this head office", extra={"terminal_id": terminal.terminal_id})
        return False
    return anchor.terminal_id == terminal.terminal_id


def _refuse_when_behind(session: ReadSession, terminal: TerminalRow, request: SessionRequest) -> None:
    """A till says that it has seen more of a feed than there is. Nobody signed that, so it begins no epoch; nor may the feed grow past the till's cursor unnoticed (H1)."""
    epoch = current_epoch(session)
    if request.epoch != epoch:
        return
    heads = heads_of(session, epoch)
    for scope in (GLOBAL_SCOPE, terminal.store_id):
        seen = request.cursors.get(scope, 0)
        if seen > heads.get(scope, 0):
            facts: dict[str, int | str] = {
                "till": terminal.terminal_id,
                "scope": scope,
                "seen": seen,
                "issued": heads.get(scope, 0),
            }
            logger.error("a till has seen more than head office holds: was a backup restored?", extra=facts)
            message = f"this till has seen {scope} up to {seen}, head office holds {heads.get(scope, 0)}: it was restored; run `tongchu hq new-epoch`"
            raise FeedBehind(message, facts)


def _notice_restore(
    session: WriteSession, keys: HqKeys, terminal: TerminalRow, anchor: AnchorRef, now: datetime
) -> None:
    if not lies_in_future(session, terminal, anchor, now=now):
        return
    epoch = begin_epoch(session, current_epoch(session), seen=anchor.epoch, now=now, random=keys.random)
    logger.warning(
        "a till shows what head office signed and no longer knows: new epoch",
        extra={"terminal_id": terminal.terminal_id, "epoch": epoch, "old_epoch": anchor.epoch},
    )
