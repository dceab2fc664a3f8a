"""Owns the keys that are derived and stored nowhere: per scope for pages and snapshots, per store for PINs and phones.

Pure; called by `HqKeys`.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """An AES-256-GCM key and the name by which both sides tell its generations apart."""

    key_id: str
    key: bytes


def derive(master: bytes, purpose: str, name: str) -> bytes:
    """32 bytes for one purpose and name (HKDF-SHA256); the same three give the same key for ever."""
    info = f"tongchu/{purpose}/1\0{name}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)


def scope_key(master: bytes, scope: str, generation: int) -> DerivedKey:
    """A revoked till's scope moves on to the next generation; older pages keep the key they were sealed with."""
    name = f"{scope}.{generation}"
    return DerivedKey(name, derive(master, "scope", name))
