"""A hole: an entry whose bytes no disk holds any more, declared and signed, so that the chain goes on from its hash (H7).

Made by a technician's command at the till or by the till that rescues a dead one; head office keeps it in the entry's place.
"""

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.events import EvidenceClass
from stored_value.identity import EventId, MemberId, TerminalId
from sync.entry import Entry, Evidence, Header
from sync.keys import sign, statement_of, verify
from sync.message_types import prepare

HOLE_KIND = "hole_declared"
_encode = msgspec.json.Encoder(order="sorted").encode


class DeclaredHole(msgspec.Struct, frozen=True, kw_only=True):
    """`hash` is that of the lost bytes, as the entry behind it or the journal's index names it. `event_id`, `kind` and `member_id` are what the index still
    knows, empty when it knows nothing. `declared_by` is a person's name; `signature` is by the till that declares, over the other fields."""

    terminal_id: TerminalId
    incarnation: int
    seq: int
    hash: str
    declared_at: datetime
    declared_by: str
    event_id: str = ""
    kind: str = ""
    member_id: str = ""
    signature: str = ""


def sign_hole(key: Ed25519PrivateKey, bare: DeclaredHole) -> DeclaredHole:
    return msgspec.structs.replace(bare, signature=sign(key, _statement(bare)))


def check_hole(public_key: str, hole: DeclaredHole) -> None:
    """Raises `SignatureError`."""
    verify(public_key, hole.signature, _statement(hole))


def entry_of_hole(hole: DeclaredHole) -> Entry:
    """The declaration in the shape of an entry of its own kind. Its `hash` is that of the lost bytes, not of `raw`; it moves no wallet."""
    header = Header(
        v=1,
        id=EventId(hole.event_id),
        kind=HOLE_KIND,
        terminal_id=hole.terminal_id,
        incarnation=hole.incarnation,
        seq=hole.seq,
        prev="",
        occurred_at=hole.declared_at,
        anchor=None,
        members=(MemberId(hole.member_id),) if hole.member_id else (),
        reservations=(),
        in_minor=0,
        out_minor=0,
        evidence=Evidence(evidence_class=EvidenceClass.NONE),
    )
    body = _encode(hole)
    raw = b'{"body":' + body + b',"header":' + _encode(header) + b"}"
    return Entry(raw, hole.hash, header, body)


def _statement(hole: DeclaredHole) -> bytes:
    return statement_of("hole", msgspec.structs.replace(hole, signature=""))


prepare(globals())
