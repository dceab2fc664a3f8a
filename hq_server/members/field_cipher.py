"""Owns how personal fields lie in the database: AES-256-GCM bound to the row and column they stand in, and a keyed hash to find a phone by (L10).

Pure; called by `members.personal`. Moving a ciphertext to another member or column makes it unreadable.
"""

import hashlib
import hmac
from collections.abc import Callable
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class FieldUnreadable(Exception):
    """The ciphertext is not of this row, column and key."""


class FieldCipher:
    def __init__(self, data_key: bytes, phone_index_key: bytes, random: Callable[[int], bytes] = token_bytes) -> None:
        self._cipher = AESGCM(data_key)
        self._phone_index_key = phone_index_key
        self._random = random

    def encrypt(self, text: str, *, row_id: str, column: str) -> bytes:
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), _place(row_id, column))

    def decrypt(self, ciphertext: bytes, *, row_id: str, column: str) -> str:
        """Raises `FieldUnreadable`."""
        nonce, sealed = ciphertext[:_NONCE_BYTES], ciphertext[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, _place(row_id, column)).decode()
        except (InvalidTag, ValueError) as error:
            raise FieldUnreadable(f"{column} of {row_id} cannot be decrypted with this data key") from error

    def phone_index(self, phone: str) -> bytes:
        """What equal phones (E.164) have in common, without telling which; the key never leaves HQ."""
        return hmac.digest(self._phone_index_key, phone.encode(), hashlib.sha256)


def _place(row_id: str, column: str) -> bytes:
    return f"tongchu/members/{column}/{row_id}".encode()
