"""Owns how a member's payment PIN becomes a secret, a verifier and proofs (ADR 0017). The till that hears the PIN derives the key from it (argon2id) and proves by the key that it
heard it; head office keeps the key and checks; other tills hold a verifier, by which they tell a wrong PIN without head office.

Neither PIN nor key stands in any `repr`. Counting attempts is the till's; judging proofs head office's.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

from stored_value.identity import EventId, MemberId
from sync.errors import SignatureError
from sync.keys import decode_bytes, encode_bytes
from sync.message_types import prepare
from sync.pins import FULL_COST, PinCost

PAYMENT_PIN_DIGITS: Final = 6
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_SALT_BYTES_MAX: Final = 64
_PASSES_MAX: Final = 20
_MEMORY_KIB_MAX: Final = 256 * 1024
_LANES_MAX: Final = 16
_CHECK: Final = b"tongchu/payment-pin/check/1"
_PROOF: Final = b"tongchu/payment-pin/proof/1"
_ASCENDING: Final = "01234567890123456789"


class PinRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """How the key comes of the PIN. It travels with verifier and secret, so that tills need not agree on a cost."""

    passes: int
    memory_kib: int
    lanes: int
    salt: str


class PinVerifier(msgspec.Struct, frozen=True, kw_only=True):
    """What tills know of a member's PIN of the issue `issue`: enough to tell a wrong one, not to prove a right one without having heard it."""

    issue: int
    recipe: PinRecipe
    check: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PinSecret:
    """What only head office and the till that hears the PIN ever hold."""

    recipe: PinRecipe
    key: bytes = field(repr=False)

    def verifier(self, issue: int) -> PinVerifier:
        return PinVerifier(issue=issue, recipe=self.recipe, check=encode_bytes(_check_of(self.key)))


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    recipe: PinRecipe
    key: str


def is_payment_pin(text: str) -> bool:
    """Exactly six digits: as many as a member remembers and a keypad asks for."""
    return len(text) == PAYMENT_PIN_DIGITS and text.isascii() and text.isdigit()


def is_weak(pin: str) -> bool:
    """What anybody tries first: one to three digits over and over, or digits in a row, up or down."""
    repeats = any(pin == pin[:length] * (PAYMENT_PIN_DIGITS // length) for length in (1, 2, 3))
    return repeats or pin in _ASCENDING or pin[::-1] in _ASCENDING


def make_secret(pin: str, random: Callable[[int], bytes], cost: PinCost = FULL_COST) -> PinSecret:
    """`random(n)` gives n secret bytes. Takes about 0.1 s at full cost."""
    salt = encode_bytes(random(_SALT_BYTES))
    recipe = PinRecipe(passes=cost.passes, memory_kib=cost.memory_kib, lanes=cost.lanes, salt=salt)
    return PinSecret(recipe=recipe, key=_derived(pin, recipe))


def key_for(pin: str, verifier: PinVerifier) -> bytes | None:
    """The key, when the PIN is the one that the verifier stands for. Raises `SignatureError` when the verifier itself cannot be read."""
    key = _derived(pin, verifier.recipe)
    return key if hmac.compare_digest(_check_of(key), decode_bytes(verifier.check)) else None


def prove(issue: int, key: bytes, event_id: EventId, member_id: MemberId, amount_minor: int) -> str:
    """The `ref` of an entry's evidence: which issue of the PIN, and the proof that it was heard for this event and what it takes out of the wallet."""
    return f"{issue}:{encode_bytes(_proof(key, event_id, member_id, amount_minor))}"


def issue_named(ref: str) -> int | None:
    """None: no till that heard a PIN writes such a `ref`."""
    issue, colon, _ = ref.partition(":")
    readable = bool(colon) and issue.isascii() and issue.isdigit() and len(issue) <= 9
    return int(issue) if readable else None


def is_proven(ref: str, key: bytes, event_id: EventId, member_id: MemberId, amount_minor: int) -> bool:
    try:
        proof = decode_bytes(ref.partition(":")[2])
    except SignatureError:
        return False
    return hmac.compare_digest(proof, _proof(key, event_id, member_id, amount_minor))


def write_secret(secret: PinSecret) -> bytes:
    """For sealing to head office (`sync.personal`)."""
    return msgspec.json.encode(_Sealed(recipe=secret.recipe, key=encode_bytes(secret.key)))


def read_secret(plain: bytes) -> PinSecret:
    """Raises `SignatureError` for what no till makes; a recipe that would choke every till that follows it above all."""
    try:
        sealed = msgspec.json.decode(plain, type=_Sealed)
    except msgspec.DecodeError as error:
        raise SignatureError("the sealed PIN is not readable") from error
    _refuse_costly(sealed.recipe)
    key = decode_bytes(sealed.key)
    if len(key) != _KEY_BYTES:
        raise SignatureError(f"the sealed PIN's key has not {_KEY_BYTES} bytes")
    return PinSecret(recipe=sealed.recipe, key=key)


write_verifier: Final = msgspec.json.Encoder(order="sorted").encode
_decode_verifier: Final = msgspec.json.Decoder(PinVerifier).decode


def read_verifier(text: str | bytes) -> PinVerifier | None:
    """As it lies in tables and replicas; None when there is none, or one of another version."""
    try:
        return _decode_verifier(text) if text else None
    except msgspec.DecodeError:
        return None


def _derived(pin: str, recipe: PinRecipe) -> bytes:
    _refuse_costly(recipe)
    salt = decode_bytes(recipe.salt)
    try:
        return hash_secret_raw(pin.encode(), salt, recipe.passes, recipe.memory_kib, recipe.lanes, _KEY_BYTES, Type.ID)
    except HashingError as error:
        raise SignatureError("the PIN's recipe cannot be followed") from error


def _refuse_costly(recipe: PinRecipe) -> None:
    sizes = ((recipe.passes, _PASSES_MAX), (recipe.memory_kib, _MEMORY_KIB_MAX), (recipe.lanes, _LANES_MAX))
    salt = decode_bytes(recipe.salt)
    if any(not 1 <= size <= most for size, most in sizes) or not _SALT_BYTES <= len(salt) <= _SALT_BYTES_MAX:
        raise SignatureError("the PIN's recipe is beyond what a till follows")
    if recipe.memory_kib < 8 * recipe.lanes:
        raise SignatureError("the PIN's recipe cannot be followed")


def _check_of(key: bytes) -> bytes:
    return hashlib.sha256(_CHECK + key).digest()


def _proof(key: bytes, event_id: EventId, member_id: MemberId, amount_minor: int) -> bytes:
    said = b"\0".join((_PROOF, event_id.encode(), member_id.encode(), str(amount_minor).encode()))
    return hmac.digest(key, said, hashlib.sha256)


prepare(globals())
