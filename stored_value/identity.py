"""Names of things: typed ids, UUIDv7 from given parts, ids named after a cause, member and receipt numbers. Owns no clock and no randomness; callers pass both in."""

import hashlib
from datetime import datetime
from typing import NewType
from uuid import UUID

EventId = NewType("EventId", str)
MemberId = NewType("MemberId", str)
StoreId = NewType("StoreId", str)
TerminalId = NewType("TerminalId", str)
StaffId = NewType("StaffId", str)
ShiftId = NewType("ShiftId", str)
LotId = NewType("LotId", str)
PromotionId = NewType("PromotionId", str)
TierId = NewType("TierId", str)

MEMBER_NO_DIGITS = 10
_RANDOM_BYTES = 10


def uuid7(at: datetime, random: bytes) -> str:
    """A UUIDv7 in canonical text (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then `random` (10 bytes) under the version and variant bits."""
    if at.tzinfo is None:
        raise ValueError("uuid7 needs an aware time")
    if len(random) != _RANDOM_BYTES:
        raise ValueError(f"uuid7 needs {_RANDOM_BYTES} random bytes, got {len(random)}")
    milliseconds = int(at.timestamp() * 1000)
    value = (milliseconds << 80) | int.from_bytes(random, "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(UUID(int=value))


def named_id(*parts: str) -> str:
    """An id that follows from what causes the event: the first 16 bytes of SHA-256 over `tongchu/named-id/1` and the parts, each after a zero byte, as a UUIDv8
    (RFC 9562 section 5.8). The same cause gives the same id on every machine, so doing it again is recognised."""
    digest = hashlib.sha256("\0".join(("tongchu/named-id/1", *parts)).encode()).digest()
    value = int.from_bytes(digest[:16], "big")
    value = (value & ~(0xF << 76)) | (0x8 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(UUID(int=value))


def _luhn_digit(digits: str) -> str:
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char)
        if place % 2 == 0:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return str(-total % 10)


def member_no(number: int) -> str:
    """The ten-digit member number for a running number below 10^9: nine digits and a Luhn check digit, which finds any one mistyped digit."""
    if not 0 <= number < 10 ** (MEMBER_NO_DIGITS - 1):
        raise ValueError(f"member running number {number} does not fit {MEMBER_NO_DIGITS - 1} digits")
    body = f"{number:0{MEMBER_NO_DIGITS - 1}d}"
    return body + _luhn_digit(body)


def is_member_no(text: str) -> bool:
    return len(text) == MEMBER_NO_DIGITS and text.isascii() and text.isdigit() and _luhn_digit(text[:-1]) == text[-1]


def receipt_no(store_id: StoreId, terminal_id: TerminalId, seq: int) -> str:
    """`STORE-TILL-SEQ`, where a terminal id is already `STORE-TILL`: `S01-T1` and 42 give `S01-T1-000042`."""
    if not terminal_id.startswith(f"{store_id}-"):
        raise ValueError(f"terminal {terminal_id} is not named after its store {store_id}")
    return f"{terminal_id}-{seq:06d}"
