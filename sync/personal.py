"""Personal fields that only head office can read (H14): sealed under a key of their own for each member, the key sealed to HQ and carried beside the entry, so that
destroying it erases the person while the chain still verifies. Also what a till may show: the masked name, the last four digits and a short tag."""

import hashlib
import hmac
import re
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stored_value.events import SealedPersonal
from stored_value.identity import MemberId
from sync.errors import SignatureError
from sync.keys import decode_bytes, encode_bytes
from sync.message_types import prepare

NAME_CHARS_MAX = 40
TAG_BITS = 12
_KEY_BYTES = 32
_NONCE_BYTES = 12
_PUBLIC_BYTES = 32
_INFO = b"tongchu/personal/1"


class PhoneInvalid(ValueError):
    """Not a phone number this product takes; the text is not repeated in the message."""


class Personal(msgspec.Struct, frozen=True):
    name: str
    phone: str


def seal_personal(
    personal: Personal, *, member_id: MemberId, hq_seal_public_key: str, random: Callable[[int], bytes]
) -> tuple[SealedPersonal, bytes]:
    """The ciphertext for the entry and the attachment that travels beside it. `random(n)` gives n secret bytes."""
    return seal(msgspec.json.encode(personal), member_id, hq_seal_public_key, random)


def seal(
    plain: bytes, member_id: MemberId, hq_seal_public_key: str, random: Callable[[int], bytes]
) -> tuple[SealedPersonal, bytes]:
    """Anything of a member's that only head office may read, under a key of its own."""
    key = random(_KEY_BYTES)
    nonce = random(_NONCE_BYTES)
    ciphertext = nonce + AESGCM(key).encrypt(nonce, plain, member_id.encode())
    attachment = _seal_key(key, member_id, hq_seal_public_key, random)
    sealed = SealedPersonal(
        ciphertext=encode_bytes(ciphertext), attachment_sha256=hashlib.sha256(attachment).hexdigest()
    )
    return sealed, attachment


def open_personal(
    sealed: SealedPersonal, attachment: bytes, member_id: MemberId, seal_private_key: X25519PrivateKey
) -> Personal:
    """HQ's side; raises `SignatureError` when attachment, key or ciphertext do not belong together."""
    plain = open_sealed(sealed, attachment, member_id, seal_private_key)
    try:
        return msgspec.json.decode(plain, type=Personal)
    except msgspec.DecodeError as error:
        raise SignatureError("the personal fields cannot be opened") from error


def open_sealed(
    sealed: SealedPersonal, attachment: bytes, member_id: MemberId, seal_private_key: X25519PrivateKey
) -> bytes:
    """What `seal` was given; raises as `open_personal` does."""
    if hashlib.sha256(attachment).hexdigest() != sealed.attachment_sha256:
        raise SignatureError("the sealed key is not the one that the entry names")
    key = _open_key(attachment, member_id, seal_private_key)
    ciphertext = decode_bytes(sealed.ciphertext)
    try:
        return AESGCM(key).decrypt(ciphertext[:_NONCE_BYTES], ciphertext[_NONCE_BYTES:], member_id.encode())
    except (InvalidTag, ValueError) as error:
        raise SignatureError("the personal fields cannot be opened") from error


def _shared_key(shared: bytes, ephemeral: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=ephemeral, info=_INFO).derive(shared)


def _seal_key(key: bytes, member_id: MemberId, hq_public_key: str, random: Callable[[int], bytes]) -> bytes:
    ephemeral = X25519PrivateKey.from_private_bytes(random(_KEY_BYTES))
    public = ephemeral.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(decode_bytes(hq_public_key)))
    nonce = random(_NONCE_BYTES)
    return public + nonce + AESGCM(_shared_key(shared, public)).encrypt(nonce, key, member_id.encode())


def _open_key(attachment: bytes, member_id: MemberId, seal_private_key: X25519PrivateKey) -> bytes:
    public, rest = attachment[:_PUBLIC_BYTES], attachment[_PUBLIC_BYTES:]
    try:
        shared = seal_private_key.exchange(X25519PublicKey.from_public_bytes(public))
        return AESGCM(_shared_key(shared, public)).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], member_id.encode())
    except (InvalidTag, ValueError) as error:
        raise SignatureError("the sealed key cannot be opened with this head office's key") from error


_MAINLAND_MOBILE = re.compile(r"1[3-9]\d{9}")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")


def e164(text: str) -> str:
    """A typed phone number in E.164; eleven digits are a mainland mobile number. Raises `PhoneInvalid`."""
    plain = re.sub(r"[\s\-()]", "", text)
    plain = re.sub(r"^(\+?86|0086)(?=1\d{10}$)", "", plain)
    if _MAINLAND_MOBILE.fullmatch(plain):
        return "+86" + plain
    if _INTERNATIONAL.fullmatch(plain) and not plain.startswith("+86"):
        return plain
    raise PhoneInvalid("a mobile number has 11 digits and starts with 1, or is written in full with + and country code")


def last4(phone: str) -> str:
    return phone[-4:]


def phone_tag(key: bytes, phone: str) -> int:
    """A short keyed hash for finding candidates at the till; 12 bits, so that a stolen till tells almost nothing (H14). `phone` in E.164."""
    return int.from_bytes(hmac.digest(key, phone.encode(), "sha256")[:2], "big") >> (16 - TAG_BITS)


def mask_name(name: str) -> str:
    """王小丽 becomes 王*丽, 王丽 becomes 王*, Anna Lee becomes A*e."""
    if len(name) <= 1:
        return "*"
    return name[0] + "*" + (name[-1] if len(name) > 2 else "")


prepare(globals())
