"""An entry whose frozen header cannot be read: what stands in for it, so that the chain goes on through its bytes (H7). Its bytes are kept as they are; it moves no wallet.

Used by both sides: a till sends what it wrote whatever it can read of it, head office sets it aside.
"""

from datetime import datetime
from typing import NamedTuple

import msgspec

from stored_value.events import EvidenceClass
from stored_value.identity import EventId, MemberId, TerminalId
from sync.entry import Entry, Evidence, Header, entry_hash, read_entry
from sync.errors import EntryUnreadable
from sync.message_types import prepare

UNREADABLE_KIND = "unreadable"


class _LooseHeader(msgspec.Struct, frozen=True):
    members: tuple[MemberId, ...] = ()


class _LooseFrame(msgspec.Struct, frozen=True):
    header: _LooseHeader


_encode = msgspec.json.Encoder().encode
_decode_loose = msgspec.json.Decoder(_LooseFrame).decode


class Place(NamedTuple):
    """Where an entry stands in a journal, and when it came: what its own bytes do not tell."""

    terminal_id: TerminalId
    incarnation: int
    seq: int
    at: datetime


def stand_in(raw: bytes, place: Place, why: str) -> Entry:
    """In the shape of an entry, with the bytes and the hash of what was sent; the body says why it cannot be read."""
    header = Header(
        v=1,
        id=EventId(""),
        kind=UNREADABLE_KIND,
        terminal_id=place.terminal_id,
        incarnation=place.incarnation,
        seq=place.seq,
        prev="",
        occurred_at=place.at,
        anchor=None,
        members=(),
        reservations=(),
        in_minor=0,
        out_minor=0,
        evidence=Evidence(evidence_class=EvidenceClass.NONE),
    )
    return Entry(raw, entry_hash(raw), header, _encode(why))


def why_unreadable(entry: Entry) -> str:
    """Of a stand-in."""
    return msgspec.json.decode(entry.body, type=str)


def is_stand_in(entry: Entry) -> bool:
    """A chain has no entry that names none before it."""
    return entry.header.kind == UNREADABLE_KIND and not entry.header.prev


def names_previous(raw: bytes, previous: str) -> bool:
    """Whether the bytes name the hash of the entry before as an entry does. Whoever wrote them knew that hash, and the entry behind, or the signed head, vouches for them."""
    return f'"prev":"{previous}"'.encode() in raw


def members_named(raw: bytes) -> tuple[MemberId, ...]:
    """As far as the bytes still tell; none when they do not."""
    try:
        return _decode_loose(raw).header.members
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def read_or_stand_in(raw: bytes, place: Place) -> Entry:
    """Never fails."""
    try:
        return read_entry(raw)
    except EntryUnreadable as error:
        return stand_in(raw, place, str(error))


prepare(globals())
