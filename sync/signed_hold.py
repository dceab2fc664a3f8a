"""Head office's signed word that it held something for a till: sent with the entry that used it, it shows a head office that came back from a backup what it had held and forgot
(H1, H8).

Made with every hold and told in its answer; kept by the till, which need not read it, with the entry that names the hold; sent again with that entry when its epoch is over.
"""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.identity import MemberId, StoreId, TerminalId
from stored_value.reservation_records import ReservationId, ReservedThing
from sync.errors import SignatureError
from sync.keys import KeyPurpose, TrustedKeys, sign
from sync.message_types import prepare

DOCUMENT_CHARACTERS_MAX: Final = 16 * 1024
"""A hold keeps a hundred things at most."""
_PURPOSE: Final = b"tongchu/hold/1\0"


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was held of whom, for which till, when and in which epoch; `number` is the till's own count."""

    epoch: str
    store_id: StoreId
    terminal_id: TerminalId
    member_id: MemberId
    hold_id: ReservationId
    number: int
    amount_minor: int
    granted_at: Annotated[datetime, msgspec.Meta(tz=True)]
    things: tuple[ReservedThing, ...] = ()


class SignedHold(msgspec.Struct, frozen=True, kw_only=True):
    """`document` is the exact JSON text of a `Held`; `signature` is by one of head office's anchor keys over it."""

    document: str
    key_id: str
    signature: str


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Held).decode


def sign_hold(key: Ed25519PrivateKey, key_id: str, held: Held) -> SignedHold:
    document = _encode(held)
    return SignedHold(document=document.decode(), key_id=key_id, signature=sign(key, _PURPOSE + document))


def read_hold(signed: SignedHold) -> Held:
    """What it says, whoever signed it. Raises `SignatureError` for what head office never signs."""
    if len(signed.document) > DOCUMENT_CHARACTERS_MAX:
        raise SignatureError("longer than the document of a hold")
    try:
        return _decode(signed.document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SignatureError("not the document of a hold") from error


def check_hold(trusted: TrustedKeys, signed: SignedHold, held: Held) -> None:
    """Raises `SignatureError` unless a certified key signed it that is not revoked: who stole one dates back what he signs. `held` is what was read of it."""
    if trusted.is_revoked(signed.key_id, KeyPurpose.ANCHOR):
        raise SignatureError(f"key {signed.key_id} was revoked")
    statement = _PURPOSE + signed.document.encode()
    trusted.verify(signed.key_id, KeyPurpose.ANCHOR, signed.signature, statement, held.granted_at)


prepare(globals())
