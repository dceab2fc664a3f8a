"""Owns how a staff PIN becomes a verifier and is checked: argon2id over HMAC(pepper, pin).

Head office makes verifiers, tills check them (H15). `pepper` is `Enrolment.staff_pepper` as it travels. Counting
attempts is the till's; where a verifier lies is the caller's.
"""

import hashlib
import hmac
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from sync.errors import SignatureError
from sync.keys import decode_bytes

PIN_DIGITS_MIN = 6
PIN_DIGITS_MAX = 12
_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True, kw_only=True)
class PinCost:
    """What one guess costs; the verifier itself names it, so tills need not know."""

    passes: int = _hasher.time_cost
    memory_kib: int = _hasher.memory_cost
    lanes: int = _hasher.parallelism


FULL_COST = PinCost()


def is_pin(text: str) -> bool:
    """Six digits or more: four fall to one stolen till in minutes."""
    return PIN_DIGITS_MIN <= len(text) <= PIN_DIGITS_MAX and text.isascii() and text.isdigit()


def make_verifier(pin: str, pepper: str, *, salt: bytes | None = None, cost: PinCost = FULL_COST) -> str:
    """`salt` None: a new one each time, so that equal PINs do not show. Takes about 0.1 s at full cost; less only for invented staff."""
    hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
    return hasher.hash(_peppered(pin, pepper), salt=salt)


def check_pin(verifier: str, pin: str, pepper: str) -> bool:
    """Raises `SignatureError` when the verifier itself cannot be read."""
    try:
        return _hasher.verify(verifier, _peppered(pin, pepper))
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as error:
        raise SignatureError("the PIN verifier is not readable") from error


def _peppered(pin: str, pepper: str) -> bytes:
    return hmac.digest(decode_bytes(pepper), pin.encode(), hashlib.sha256)
