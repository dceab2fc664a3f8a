"""Keys and what they sign: Ed25519 for tills and head office, a pinned root that certifies dated single-purpose keys (H16), and the statements that get signed."""

import base64
import binascii
import hashlib
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from sync.errors import KeyUnknown, SignatureError
from sync.message_types import prepare


class KeyPurpose(StrEnum):
    """What a certified head office key may sign."""

    ANCHOR = "anchor"
    RULEBOOK = "rulebook"


class KeyCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The root's word that `public_key` may sign for `purpose` between two times; `signature` covers the other fields as canonical JSON."""

    key_id: str
    purpose: KeyPurpose
    public_key: str
    not_before: datetime
    not_after: datetime
    signature: str = ""


class KeyRevocation(msgspec.Struct, frozen=True, kw_only=True):
    """The root's word that nothing the key signs from `revoked_at` on is to be believed."""

    key_id: str
    purpose: KeyPurpose
    revoked_at: datetime
    signature: str = ""


def encode_bytes(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode_bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise SignatureError("not base64url text") from error


def private_key_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def public_key_text(key: Ed25519PrivateKey) -> str:
    return encode_bytes(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def key_id_of(public_key: str) -> str:
    return hashlib.sha256(decode_bytes(public_key)).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, statement: bytes) -> str:
    return encode_bytes(key.sign(statement))


def verify(public_key: str, signature: str, statement: bytes) -> None:
    """Raises `SignatureError` when the signature is not by that key over those bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(decode_bytes(public_key)).verify(decode_bytes(signature), statement)
    except (InvalidSignature, ValueError) as error:
        raise SignatureError("the signature does not hold") from error


_canonical = msgspec.json.Encoder(order="sorted").encode


def statement_of(purpose: str, message: object) -> bytes:
    """The bytes to sign: a purpose that keeps one kind of statement from being taken for another, then canonical JSON."""
    return f"tongchu/{purpose}/1\0".encode() + _canonical(message)


def session_statement(challenge: str) -> bytes:
    return statement_of("session", challenge)


def certify(
    root: Ed25519PrivateKey, public_key: str, purpose: KeyPurpose, not_before: datetime, not_after: datetime
) -> KeyCertificate:
    bare = KeyCertificate(
        key_id=key_id_of(public_key), purpose=purpose, public_key=public_key, not_before=not_before, not_after=not_after
    )
    return msgspec.structs.replace(bare, signature=sign(root, statement_of("certificate", bare)))


@lru_cache(maxsize=256)
def check_certificate(root_public_key: str, certificate: KeyCertificate) -> None:
    """Raises `SignatureError` when the pinned root did not sign it. What was found good is remembered by its whole content: it is good for ever, and both
    sides look at the same few certificates at every exchange."""
    bare = msgspec.structs.replace(certificate, signature="")
    verify(root_public_key, certificate.signature, statement_of("certificate", bare))
    if certificate.key_id != key_id_of(certificate.public_key):
        raise SignatureError("the certificate's key id is not that of its key")


def revoke_key(root: Ed25519PrivateKey, certificate: KeyCertificate, at: datetime) -> KeyRevocation:
    bare = KeyRevocation(key_id=certificate.key_id, purpose=certificate.purpose, revoked_at=at)
    return msgspec.structs.replace(bare, signature=sign(root, statement_of("revocation", bare)))


def check_revocation(root_public_key: str, revocation: KeyRevocation) -> None:
    """Raises `SignatureError` when the pinned root did not sign it."""
    bare = msgspec.structs.replace(revocation, signature="")
    verify(root_public_key, revocation.signature, statement_of("revocation", bare))


class TrustedKeys:
    """The certified keys a till holds and those that were revoked, checked against the pinned root when they were added."""

    def __init__(
        self,
        root_public_key: str,
        certificates: tuple[KeyCertificate, ...] = (),
        revocations: tuple[KeyRevocation, ...] = (),
    ) -> None:
        self._root = root_public_key
        self._by_id: dict[tuple[str, KeyPurpose], KeyCertificate] = {}
        self._revoked: dict[tuple[str, KeyPurpose], datetime] = {}
        for certificate in certificates:
            self.add(certificate)
        for revocation in revocations:
            check_revocation(root_public_key, revocation)
            held = self._revoked.get((revocation.key_id, revocation.purpose), revocation.revoked_at)
            self._revoked[revocation.key_id, revocation.purpose] = min(held, revocation.revoked_at)

    def add(self, certificate: KeyCertificate) -> None:
        check_certificate(self._root, certificate)
        self._by_id[certificate.key_id, certificate.purpose] = certificate

    def is_revoked(self, key_id: str, purpose: KeyPurpose) -> bool:
        """Whatever the time: whoever stole a key dates back what he signs."""
        return (key_id, purpose) in self._revoked

    def verify(self, key_id: str, purpose: KeyPurpose, signature: str, statement: bytes, at: datetime) -> None:
        """`at` is the time the statement itself names; raises `SignatureError`."""
        certificate = self._by_id.get((key_id, purpose))
        if certificate is None:
            raise KeyUnknown(f"no certified {purpose} key {key_id}")
        if not certificate.not_before <= at <= certificate.not_after:
            raise SignatureError(f"key {key_id} was not valid at {at.isoformat()}")
        revoked_at = self._revoked.get((key_id, purpose))
        if revoked_at is not None and at >= revoked_at:
            raise SignatureError(f"key {key_id} was revoked at {revoked_at.isoformat()}")
        verify(certificate.public_key, signature, statement)


prepare(globals())
