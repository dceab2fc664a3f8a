"""Recovering a dead till's journal: what the till that takes over its store sends, `POST /v1/recoveries/{terminal_id}`, and what vouches for it.

The dead till's key may be gone. Then the chain from the head that it signed last, the rescuing till's key and a named person's code from head office stand for the bytes.
"""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.identity import TerminalId
from sync.keys import sign, statement_of, verify
from sync.messages import Message, Outcome, PushedEntry
from sync.signed_hold import SignedHold


class RescuedHead(Message, frozen=True, kw_only=True):
    """The last entry of what is sent. `signature` is by the rescuing till's key over the other fields; `own_signature` by the dead till's own over the same, empty when
    its key is gone."""

    terminal_id: TerminalId
    incarnation: int
    rescuer: TerminalId
    seq: int
    hash: str
    signature: str = ""
    own_signature: str = ""


class Recovery(Message, frozen=True, kw_only=True):
    """Entries of the dead till that follow what head office holds, in order; none only asks how far head office has come. `head` is None then. `is_whole`: with these,
    everything that the copy holds has been sent. `signed_holds` as in a push."""

    epoch: str
    approval: str
    entries: tuple[PushedEntry, ...] = ()
    head: RescuedHead | None = None
    is_whole: bool = False
    signed_holds: tuple[SignedHold, ...] = ()


class RecoveryReply(Message, frozen=True, kw_only=True):
    """What head office holds of the dead till's journal now, and how many leases and holds of the till wait to be written off."""

    incarnation: int
    accepted_through: int
    head_hash: str
    outcomes: tuple[Outcome, ...]
    status: str
    open_reservations: int


class RecoveryAsk(Message, frozen=True, kw_only=True):
    """POST /v1/recoveries/{terminal_id}/asks: somebody at this till asks head office for leave, saying what the copy of the dead till's journal holds."""

    technician: str
    copy_through: int
    has_own_key: bool = False


class RecoveryAsked(Message, frozen=True, kw_only=True):
    """A person at head office sees it now; `held_through` is what head office holds."""

    held_through: int


def sign_rescue(
    rescuer_key: Ed25519PrivateKey, bare: RescuedHead, own_key: Ed25519PrivateKey | None = None
) -> RescuedHead:
    statement = _statement(bare)
    return msgspec.structs.replace(
        bare,
        signature=sign(rescuer_key, statement),
        own_signature=sign(own_key, statement) if own_key is not None else "",
    )


def check_rescue(rescuer_public_key: str, head: RescuedHead) -> None:
    """Raises `SignatureError`."""
    verify(rescuer_public_key, head.signature, _statement(head))


def check_own(own_public_key: str, head: RescuedHead) -> None:
    """Raises `SignatureError`."""
    verify(own_public_key, head.own_signature, _statement(head))


def _statement(head: RescuedHead) -> bytes:
    return statement_of("recovery", msgspec.structs.replace(head, signature="", own_signature=""))
