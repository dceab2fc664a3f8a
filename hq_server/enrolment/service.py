"""Owns the enrolment of a till: a code and a public key become a terminal. Called by the endpoint; the caller commits."""

from datetime import datetime

from sqlalchemy import update

from hq_server.database.engine import WriteSession
from hq_server.database.models import EnrolmentCode, HqState, Store, Terminal, TerminalStatus
from hq_server.enrolment.codes import code_hash
from hq_server.feed.publishing import current_epoch
from hq_server.keys.key_files import HqKeys
from stored_value.identity import StoreId, TerminalId
from sync.enrolment import Enrolment, EnrolmentRequest
from sync.entry import GENESIS_HASH
from sync.errors import SignatureError
from sync.keys import decode_bytes, encode_bytes
from sync.messages import MEMBER_NO_BLOCK
from sync.versions import knows_holds

FIRST_INCARNATION = 1
_PUBLIC_KEY_BYTES = 32
_MACHINE_CHARS_MAX = 128


class EnrolmentRefused(Exception):
    """`code`: code_unknown | code_used | code_expired | key_invalid | not_permitted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def enrol(
    session: WriteSession, keys: HqKeys, request: EnrolmentRequest, *, now: datetime, protocol: str = ""
) -> Enrolment:
    """The same code with the same key again gives the same answer: the first one may have been lost on its way. `protocol` is the enrolling program's: the till is no older."""
    _refuse_bad_key(request.public_key)
    code = session.get(EnrolmentCode, code_hash(request.code))
    if code is None:
        raise EnrolmentRefused("code_unknown", "no such enrolment code; check it, or make a new one at head office")
    if request.terminal_id not in ("", code.terminal_id):
        raise EnrolmentRefused(
            "not_permitted", f"this code is for {code.terminal_id}; a till that has a journal keeps its name"
        )
    terminal = session.get(Terminal, (code.store_id, code.terminal_id))
    if terminal is not None:
        if terminal.public_key != request.public_key or code.used_at is None:
            raise EnrolmentRefused("code_used", "this enrolment code was used; make a new one at head office")
        terminal.knows_holds = terminal.knows_holds or knows_holds(protocol)
        return _answer(session, keys, terminal)
    if now > code.expires_at:
        raise EnrolmentRefused("code_expired", "this enrolment code is too old; make a new one at head office")
    if not _claim(session, code, now):
        raise EnrolmentRefused("code_used", "this enrolment code was used; make a new one at head office")
    terminal = Terminal(
        store_id=code.store_id,
        terminal_id=code.terminal_id,
        incarnation=FIRST_INCARNATION,
        public_key=request.public_key,
        machine=request.machine[:_MACHINE_CHARS_MAX],
        member_no_from=_member_no_block(session),
        status=TerminalStatus.ACTIVE,
        accepted_seq=0,
        head_hash=GENESIS_HASH,
        enrolled_at=now,
        knows_holds=knows_holds(protocol),
        reported_epoch="" if request.terminal_id else current_epoch(session),  # who was here before may hold leases
    )
    session.add(terminal)
    session.flush()
    return _answer(session, keys, terminal)


def _claim(session: WriteSession, code: EnrolmentCode, now: datetime) -> bool:
    """One of two tills that come with one code at the same time gets it."""
    claimed = session.execute(
        update(EnrolmentCode)
        .where(EnrolmentCode.code_hash == code.code_hash, EnrolmentCode.used_at.is_(None))
        .values(used_at=now)
        .returning(EnrolmentCode.code_hash)
    )
    return claimed.first() is not None


def _member_no_block(session: WriteSession) -> int:
    """The start of a block of member numbers that no other till has or will have."""
    taken = session.execute(
        update(HqState)
        .values(next_member_no=HqState.next_member_no + MEMBER_NO_BLOCK)
        .returning(HqState.next_member_no)
        .execution_options(synchronize_session=False)
    )
    return taken.scalar_one() - MEMBER_NO_BLOCK


def _refuse_bad_key(public_key: str) -> None:
    try:
        raw = decode_bytes(public_key)
    except SignatureError as error:
        raise EnrolmentRefused("key_invalid", "the till's public key is not base64url text") from error
    if len(raw) != _PUBLIC_KEY_BYTES or encode_bytes(raw) != public_key:
        raise EnrolmentRefused("key_invalid", f"an Ed25519 public key has {_PUBLIC_KEY_BYTES} bytes")


def _answer(session: WriteSession, keys: HqKeys, terminal: Terminal) -> Enrolment:
    store = session.get_one(Store, terminal.store_id)
    state = session.get_one(HqState, "hq")
    return Enrolment(
        terminal_id=TerminalId(terminal.terminal_id),
        incarnation=terminal.incarnation,
        store_id=StoreId(store.store_id),
        store_name=store.name,
        zone=store.zone,
        epoch=state.epoch,
        root_public_key=keys.root_public_key,
        certificates=keys.certificates,
        seal_public_key=keys.seal_public_key,
        staff_pepper=keys.staff_pepper(store.store_id),
        phone_tag_key=encode_bytes(keys.phone_tag_key),
        member_no_from=terminal.member_no_from,
    )
