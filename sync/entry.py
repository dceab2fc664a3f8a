"""One journal entry: a frozen header and a body as canonical JSON bytes. The bytes are the entry; hashes and signatures are over them, never over a re-encoding (L1).

Canonical: UTF-8 JSON, keys sorted, no spaces, integers only. The header's shape never changes; what grows is the body (H7).
"""

import hashlib
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

import msgspec

from stored_value.events import EvidenceClass
from stored_value.identity import EventId, MemberId, TerminalId
from sync.errors import EntryUnreadable
from sync.message_types import prepare

SCHEMA_VERSION = 1
GENESIS_HASH = "0" * 64
ENTRY_BYTES_MAX = 256 * 1024
FRAGMENT_CHARS = 8


class AnchorRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """HQ's signed time and newest rulebook as of the last exchange before the entry (H8); `sig` is over the other fields, by the key `key_id`."""

    epoch: str
    terminal_id: TerminalId
    hq_time: datetime
    rulebook: int
    global_cursor: int
    accepted_seq: int
    key_id: str
    sig: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    evidence_class: EvidenceClass = msgspec.field(name="class")
    ref: str = ""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`in_minor` and `out_minor` are stored value put into and taken out of the first member's wallet; settled even when the body is not understood."""

    v: int
    id: EventId
    kind: str
    terminal_id: TerminalId
    incarnation: int
    seq: int
    prev: str
    occurred_at: datetime
    anchor: AnchorRef | None
    members: tuple[MemberId, ...]
    reservations: tuple[str, ...]
    in_minor: int
    out_minor: int
    evidence: Evidence


class _Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    header: Header
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Entry:
    """The exact bytes with what was read from them. `body` is the raw JSON of the body; `sync.event_codec.event_of` understands it."""

    raw: bytes
    hash: str
    header: Header
    body: bytes

    @property
    def fragment(self) -> str:
        """The part of the hash that the receipt prints."""
        return self.hash[:FRAGMENT_CHARS]


_encode = msgspec.json.Encoder(order="sorted").encode
_decode_frame = msgspec.json.Decoder(_Frame).decode


def entry_hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def write_entry(header: Header, body: dict[str, Any]) -> Entry:
    """The bytes of a new entry. Body values are what JSON has, money as integers; a float raises `EntryUnreadable`."""
    _refuse_floats(body)
    raw_body = _encode(body)
    raw = b'{"body":' + raw_body + b',"header":' + _encode(header) + b"}"
    if len(raw) > ENTRY_BYTES_MAX:
        raise EntryUnreadable(f"entry of {len(raw)} bytes is over the limit of {ENTRY_BYTES_MAX}")
    return Entry(raw, entry_hash(raw), header, raw_body)


def read_entry(raw: bytes) -> Entry:
    """Raises `EntryUnreadable` when the bytes are not an entry or the header is not of this schema."""
    if len(raw) > ENTRY_BYTES_MAX:
        raise EntryUnreadable(f"entry of {len(raw)} bytes is over the limit of {ENTRY_BYTES_MAX}")
    try:
        frame = _decode_frame(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EntryUnreadable(str(error)) from error
    header = frame.header
    if header.in_minor < 0 or header.out_minor < 0 or header.seq < 1:
        raise EntryUnreadable("header: seq must be 1 or more, in_minor and out_minor 0 or more")
    times = [header.occurred_at] if header.anchor is None else [header.occurred_at, header.anchor.hq_time]
    if any(at.tzinfo is None or not MINYEAR < at.year < MAXYEAR for at in times):
        raise EntryUnreadable("header: a time needs a zone and a year that can be reckoned with")
    return Entry(raw, entry_hash(raw), header, bytes(frame.body))


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise EntryUnreadable("an entry holds no floats")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


prepare(globals())
