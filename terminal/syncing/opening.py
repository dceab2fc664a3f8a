"""Step 1 of a cycle: a session, and whether both sides still tell one story. Here a fork is found, and a restored head office (H1, H6)."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.anchor import check_anchor
from sync.chain import sign_head
from sync.client import HqClient
from sync.entry import AnchorRef
from sync.errors import HqRefused, SignatureError
from sync.keys import TrustedKeys, session_statement, sign
from sync.messages import GLOBAL_SCOPE, ChallengeRequest, Push, Session, SessionRequest
from sync.till_trouble import TillStanding, TillTrouble
from terminal.journal import Head, Journal
from terminal.stops import StopCode
from terminal.syncing.branches import enter_branch
from terminal.syncing.errors import STOPPING_CODES, TillStopped

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a session tells beside who the till is: what its clock shows, a trouble, and how it stands."""

    till_time: datetime | None = None
    trouble: TillTrouble | None = None
    standing: TillStanding | None = None


NOTHING_TOLD: Final = Told()


def open_session(
    client: HqClient,
    journal: Journal,
    key: Ed25519PrivateKey,
    version: str,
    told: Told = NOTHING_TOLD,
) -> Session:
    """Signs HQ's challenge. Raises `TillStopped` when HQ or the journal's own head says so, any `SyncError` else."""
    office = journal.head_office
    terminal_id = office.identity.terminal_id
    challenge = client.challenge(ChallengeRequest(terminal_id=terminal_id)).challenge
    request = SessionRequest(
        terminal_id=terminal_id,
        challenge=challenge,
        signature=sign(key, session_statement(challenge)),
        anchor=office.anchor,
        epoch=office.epoch,
        cursors={scope: office.high_water(scope) for scope in (GLOBAL_SCOPE, office.identity.store_id)},
        machine=office.machine,
        version=version,
        till_time=told.till_time,
        incarnation=office.identity.incarnation,
        trouble=told.trouble,
        standing=told.standing,
    )
    try:
        session = client.open_session(request)
    except HqRefused as refused:
        if refused.code in STOPPING_CODES:
            office.stop(STOPPING_CODES[refused.code], refused.message)
            raise TillStopped(refused.message) from refused
        raise
    _trust(journal, session)
    if session.incarnation > office.identity.incarnation or session.branch_wanted:
        enter_branch(client, journal, session)
        return open_session(client, journal, key, version)
    _stop_on_fork(client, journal, key, session)
    if session.epoch != office.epoch:
        _log.warning("head office began a new epoch", extra={"epoch": session.epoch, "hq_head": session.journal_head})
        journal.outcomes.begin_epoch(session.epoch, session.journal_head)
    keep_anchor(journal, session.anchor)
    journal.reservations.count_past(session.requests_closed_through, session.anchor.hq_time)
    if session.machine_confirmed:
        office.machine_confirmed()
    else:
        office.machine_in_doubt()
    return session


def keep_anchor(journal: Journal, anchor: AnchorRef) -> None:
    """Raises `SignatureError` unless HQ signed it for this till."""
    office = journal.head_office
    check_anchor(office.trusted_keys(), anchor)
    if anchor.terminal_id != office.identity.terminal_id:
        raise SignatureError(f"the anchor is for {anchor.terminal_id}, not for this till")
    office.keep_anchor(anchor)


def _trust(journal: Journal, session: Session) -> None:
    """Only what the pinned root certified, whoever answers at that address."""
    TrustedKeys(journal.head_office.identity.root_public_key, session.certificates, session.revocations)
    journal.head_office.keep_certificates(session.certificates)
    journal.head_office.keep_revocations(session.revocations)


def _stop_on_fork(client: HqClient, journal: Journal, key: Ed25519PrivateKey, session: Session) -> None:
    """HQ has an entry that this journal does not have: the disk was put back, or there are two of this till."""
    seq = session.journal_head
    own_hash = journal.hash_at(seq)
    if own_hash == session.journal_head_hash:
        return
    if own_hash is None:
        code, reason = (
            StopCode.PUT_BACK,
            f"head office holds this till's entries up to {seq}, the journal ends at {journal.head().seq}",
        )
    else:
        code, reason = StopCode.ENTRY_DIFFERS, f"head office holds entry {seq} of this till with other content"
    journal.head_office.stop(code, reason)
    shown = journal.head() if own_hash is None else Head(seq, own_hash)
    if shown.seq:
        _tell_of_fork(client, journal, key, session.epoch, shown)
    raise TillStopped(reason)


def _tell_of_fork(client: HqClient, journal: Journal, key: Ed25519PrivateKey, epoch: str, shown: Head) -> None:
    """Shows HQ an entry of the other branch, signed, so that it stops the copy as well and tells its people. An older image that has sold nothing shows it nothing new."""
    identity = journal.head_office.identity
    head = sign_head(key, identity.terminal_id, identity.incarnation, shown.seq, shown.hash)
    try:
        client.push(identity.terminal_id, Push(epoch=epoch, entries=(), head=head))
    except HqRefused as refused:
        _log.error("told head office of a second copy of this journal: %s", refused)
