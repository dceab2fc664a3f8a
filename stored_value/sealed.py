"""What an entry holds that only head office can open: ciphertext, beside which a detachable key travels (H14). Owns the shape only; `sync.personal` seals and opens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPersonal:
    """Ciphertext under a key made for this member; the key travels beside the entry, `attachment_sha256` (hex) is its hash (H14)."""

    ciphertext: str
    attachment_sha256: str
