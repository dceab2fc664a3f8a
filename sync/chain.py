"""The hash chain of a journal and its signed head (L1): following one entry after another, and checking a whole journal without trusting the machine it lies on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.identity import TerminalId
from sync.entry import GENESIS_HASH, Entry, read_entry
from sync.errors import ChainBroken, ChainGap, EntryUnreadable
from sync.keys import sign, statement_of, verify
from sync.messages import SignedHead

_NONE_DECLARED: Final[Mapping[int, str]] = MappingProxyType({})


def head_statement(head: SignedHead) -> bytes:
    return statement_of("head", msgspec.structs.replace(head, signature=""))


def sign_head(
    key: Ed25519PrivateKey, terminal_id: TerminalId, incarnation: int, seq: int, head_hash: str
) -> SignedHead:
    """Seq 0 with the genesis hash stands for an empty journal."""
    return signed_head(
        key, SignedHead(terminal_id=terminal_id, incarnation=incarnation, seq=seq, hash=head_hash, signature="")
    )


def signed_head(key: Ed25519PrivateKey, bare: SignedHead) -> SignedHead:
    return msgspec.structs.replace(bare, signature=sign(key, head_statement(bare)))


def check_head(public_key: str, head: SignedHead) -> None:
    """Raises `SignatureError`."""
    verify(public_key, head.signature, head_statement(head))


def follow(previous_hash: str, previous_seq: int, entry: Entry) -> None:
    """Raises `ChainGap` or `ChainBroken` unless `entry` is the one that comes after."""
    seq = entry.header.seq
    if seq != previous_seq + 1:
        raise ChainGap(f"entry {previous_seq + 1} is missing: after {previous_seq} comes {seq}", previous_seq + 1)
    if entry.header.prev != previous_hash:
        raise ChainBroken(f"entry {seq} does not follow entry {previous_seq}: one of them was changed or swapped", seq)


@dataclass(frozen=True, slots=True)
class ChainFault:
    """`place` is the position in the file, from 1; `seq` what the entry says of itself, 0 when unreadable."""

    place: int
    seq: int
    problem: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    entries: int
    head_seq: int
    head_hash: str
    faults: tuple[ChainFault, ...]


def verify_chain(
    raws: Iterable[bytes], terminal_id: TerminalId | None = None, declared: Mapping[int, str] = _NONE_DECLARED
) -> ChainReport:
    """Reads every entry and lists each that is changed, missing, swapped or not of this terminal; goes on after a fault from the entry found.
    `declared`: by place, the hashes of entries that were declared lost; the chain goes through those whatever their bytes say."""
    seq, last_hash, count = 0, GENESIS_HASH, 0
    faults: list[ChainFault] = []
    for place, raw in enumerate(raws, start=1):
        count = place
        if place in declared:
            seq, last_hash = seq + 1, declared[place]
            continue
        try:
            entry = read_entry(raw)
        except EntryUnreadable as error:
            faults.append(ChainFault(place, 0, f"cannot be read: {error}"))
            seq += 1
            last_hash = ""
            continue
        try:
            if last_hash:
                follow(last_hash, seq, entry)
        except (ChainGap, ChainBroken) as error:
            faults.append(ChainFault(place, entry.header.seq, str(error)))
        if terminal_id is not None and entry.header.terminal_id != terminal_id:
            faults.append(
                ChainFault(place, entry.header.seq, f"belongs to {entry.header.terminal_id}, not {terminal_id}")
            )
        seq, last_hash = entry.header.seq, entry.hash
    return ChainReport(count, seq, last_hash or GENESIS_HASH, tuple(faults))
