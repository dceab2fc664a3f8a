"""Owns the change of head office's signing keys under the root that tills pin (H16): a new key certified ahead of its time, and the root's word that a key is revoked.

The root's file is read here and nowhere else, from wherever its keeper brings it; it is never copied into the key directory. Called by the command line; tills hear of either
by their sessions and by the global feed, a running head office by its `KeyRing`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hq_server.database.engine import WriteSession
from hq_server.feed.publishing import publish
from hq_server.keys.derived import KEY_BYTES
from hq_server.keys.key_files import (
    CERTIFICATES,
    CERTIFIED_DAYS,
    REVOCATIONS,
    HqKeys,
    KeysUnusable,
    key_file_of,
    load_keys,
    read_key,
    write_key,
    write_text_anew,
)
from sync.keys import (
    KeyCertificate,
    KeyPurpose,
    KeyRevocation,
    certify,
    public_key_text,
    revoke_key,
)
from sync.messages import GLOBAL_SCOPE, CertificateRow, RevocationRow

LEAD: Final = timedelta(days=7)
"""A till that was offline for so long still hears of a key before anything is signed with it."""


def rotate_key(
    directory: Path,
    purpose: KeyPurpose,
    root_key: Path,
    *,
    now: datetime,
    lead: timedelta = LEAD,
    random: Callable[[int], bytes] = token_bytes,
) -> KeyCertificate:
    """A new key, valid from `now + lead`; the old one stays valid until its own end. A rulebook key made without a lead is valid from the first rulebook on: it can sign again
    what a stolen one has signed. Raises `KeysUnusable`; what was begun is then harmless, and done again makes another key."""
    keys = load_keys(directory)
    root = _root(root_key, keys)
    private = Ed25519PrivateKey.from_private_bytes(random(KEY_BYTES))
    begins = _begins(keys, purpose, now, lead)
    certificate = certify(root, public_key_text(private), purpose, begins, now + lead + timedelta(days=CERTIFIED_DAYS))
    write_key(key_file_of(directory, certificate), private.private_bytes_raw())
    _write_list(directory / CERTIFICATES, (*keys.certificates, certificate))
    return certificate


def _begins(keys: HqKeys, purpose: KeyPurpose, now: datetime, lead: timedelta) -> datetime:
    if purpose is KeyPurpose.RULEBOOK and not lead:
        return min((each.not_before for each in keys.certificates if each.purpose is purpose), default=now)
    return now + lead


def revoke(directory: Path, key_id: str, root_key: Path, *, now: datetime) -> KeyRevocation:
    """Nothing that the key signs from `now` on is believed. Raises `KeysUnusable`, also when no other key could sign in its place."""
    keys = load_keys(directory)
    root = _root(root_key, keys)
    known = [each for each in keys.certificates if each.key_id == key_id]
    if not known:
        raise KeysUnusable(directory / CERTIFICATES, f"names no key {key_id}", "Look at the key ids in that file")
    others = [
        each for each in keys.signing_keys if each.key_id != key_id and each.certificate.purpose is known[0].purpose
    ]
    if not any(keys.may_sign(each, now) for each in others):
        remedy = f"First run: tongchu hq rotate-key {known[0].purpose} --at-once"
        raise KeysUnusable(directory, f"no other {known[0].purpose} key is valid now", remedy)
    revocation = revoke_key(root, known[0], now)
    _write_list(directory / REVOCATIONS, (*keys.revocations, revocation))
    return revocation


def tell_of_certificate(session: WriteSession, certificate: KeyCertificate, *, now: datetime) -> None:
    publish(session, GLOBAL_SCOPE, CertificateRow(certificate=certificate), at=now)


def tell_of_revocation(session: WriteSession, revocation: KeyRevocation, *, now: datetime) -> None:
    publish(session, GLOBAL_SCOPE, RevocationRow(revocation=revocation), at=now)


def _root(path: Path, keys: HqKeys) -> Ed25519PrivateKey:
    root = Ed25519PrivateKey.from_private_bytes(read_key(path))
    if public_key_text(root) != keys.root_public_key:
        raise KeysUnusable(path, "is not the root that the tills pin", "Bring the root key of this head office")
    return root


def _write_list(path: Path, values: tuple[KeyCertificate, ...] | tuple[KeyRevocation, ...]) -> None:
    write_text_anew(path, msgspec.json.format(msgspec.json.encode(values)).decode())
