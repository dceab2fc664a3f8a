"""Owns what HQ takes of a push before it looks at any content: the entries that the chain and the signed head prove (L1, L2). Pure.

An entry is proven by the hash that its successor, or the head, names. So what stands directly before a break is not taken either.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from sync.chain import check_head
from sync.entry import Entry, read_entry
from sync.errors import EntryUnreadable, SignatureError
from sync.hole import DeclaredHole, check_hole, entry_of_hole
from sync.keys import decode_bytes
from sync.messages import PushedEntry, SignedHead
from sync.recovery import RescuedHead
from sync.unreadable import Place, is_stand_in, names_previous, read_or_stand_in

Vouched = SignedHead | RescuedHead
"""Names the journal and the last entry that somebody signed for."""


@dataclass(frozen=True, slots=True)
class Received:
    """An entry as it came, or what stands in for one whose header cannot be read. `hole` is the declaration that came instead of lost bytes (H7).
    `is_adopted`: written in an incarnation before the one that head office counts it to (H6); the entry's header then names the latter, its bytes the former."""

    entry: Entry
    attachment: bytes
    hole: DeclaredHole | None = None
    is_adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """How far HQ holds the till's journal, and who signs it. `branch_open`: entries of an earlier incarnation may still come."""

    terminal_id: str
    incarnation: int
    public_key: str
    seq: int
    hash: str
    branch_open: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The last entry that somebody has vouched for."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` as in `errors.STATUS_OF`. `stops`: the till must not go on before people have looked."""

    code: str
    message: str
    seq: int
    stops: bool = True


@dataclass(frozen=True, slots=True)
class Proven:
    """`known` are entries that HQ holds already, `fresh` those that follow its head; `fault` is why the rest is not taken."""

    known: tuple[Received, ...]
    fresh: tuple[Received, ...]
    fault: Fault | None


def read_pushed(entries: Sequence[PushedEntry], vouched: Vouched, at: datetime) -> tuple[Received, ...]:
    """What cannot be read is counted from an entry that can, else from the end. Raises `SignatureError` for text that is not base64url."""
    raws = [b"" if pushed.hole is not None else decode_bytes(pushed.raw) for pushed in entries]
    read = [_read(pushed, raw) for pushed, raw in zip(entries, raws, strict=True)]
    seqs = [each.header.seq - place for place, each in enumerate(read) if each is not None]
    base = seqs[0] if seqs else vouched.seq - len(read) + 1
    received: list[Received] = []
    for place, (pushed, raw, entry) in enumerate(zip(entries, raws, read, strict=True)):
        attachment = decode_bytes(pushed.attachment) if pushed.attachment else b""
        where = Place(vouched.terminal_id, vouched.incarnation, max(1, base + place), at)
        received.append(Received(entry or read_or_stand_in(raw, where), attachment, pushed.hole))
    return tuple(received)


def _read(pushed: PushedEntry, raw: bytes) -> Entry | None:
    if pushed.hole is not None:
        return entry_of_hole(pushed.hole)
    try:
        return read_entry(raw)
    except EntryUnreadable:
        return None


def prove(received: Sequence[Received], head: SignedHead, held: JournalHead, hashes: dict[int, str]) -> Proven:
    """`hashes` are HQ's own of the entries that it holds, by seq, at least of those in the push and of the head's."""
    fault = _head_fault(head, held, hashes)
    if fault is not None:
        return Proven((), (), fault)
    return prove_chain(received, End(head.seq, head.hash), held, hashes, declarer=held.public_key)


def prove_chain(
    received: Sequence[Received], end: End, held: JournalHead, hashes: dict[int, str], *, declarer: str
) -> Proven:
    """As `prove`, when somebody has vouched for `end`. Holes must be signed by the key `declarer`."""
    known = tuple(itertools.takewhile(lambda each: each.entry.header.seq <= held.seq, received))
    for each in known:
        seq = each.entry.header.seq
        if hashes.get(seq) != each.entry.hash:
            return Proven((), (), _forked(seq))
    fresh = [_placed(each, held) for each in received[len(known) :]]
    taken, fault = _follow(fresh, end, held, declarer)
    return Proven(known, tuple(fresh[:taken]), fault)


def _head_fault(head: SignedHead, held: JournalHead, hashes: dict[int, str]) -> Fault | None:
    try:
        check_head(held.public_key, head)
    except SignatureError:
        return Fault("journal_broken", "the journal's head is not signed with this till's key", head.seq)
    if head.terminal_id != held.terminal_id or head.incarnation != held.incarnation:
        return Fault("journal_broken", f"the head is of {head.terminal_id}, incarnation {head.incarnation}", head.seq)
    if 0 < head.seq <= held.seq and hashes.get(head.seq) != head.hash:
        return _forked(head.seq)
    return None


def _forked(seq: int) -> Fault:
    return Fault(
        "journal_forked", f"head office holds entry {seq} with other bytes: this journal has a second copy", seq
    )


def _follow(fresh: Sequence[Received], end: End, held: JournalHead, declarer: str) -> tuple[int, Fault | None]:
    """How many of the entries are proven, and what is wrong with the rest."""
    seq, previous = held.seq, held.hash
    for place, each in enumerate(fresh):
        entry = each.entry
        header = entry.header
        if header.terminal_id != held.terminal_id or header.incarnation != held.incarnation:
            whose = f"{header.terminal_id}, incarnation {header.incarnation}"
            return max(0, place - 1), Fault("journal_broken", f"entry {seq + 1} belongs to {whose}", seq + 1)
        if header.seq != seq + 1:
            message = f"entry {seq + 1} is missing: after {seq} comes {header.seq}"
            return max(0, place - 1), Fault("journal_gap", message, seq + 1, stops=False)
        if each.hole is not None:
            fault = _hole_fault(each.hole, declarer)
            if fault is not None:
                return max(0, place - 1), fault
        elif not _follows(each, previous):
            message = f"entry {header.seq} does not follow entry {seq}: one of them was changed or swapped"
            return max(0, place - 1), Fault("journal_broken", message, header.seq)
        seq, previous = header.seq, entry.hash
    if fresh and end.seq < seq:
        return 0, Fault("journal_broken", f"the signed head is {end.seq}, the push goes to {seq}", seq)
    if fresh and end.seq == seq and end.hash != previous:
        return len(fresh) - 1, Fault("journal_broken", f"entry {seq} is not the one whose hash the head names", seq)
    return len(fresh), None


def _follows(each: Received, previous: str) -> bool:
    if is_stand_in(each.entry):
        return names_previous(each.entry.raw, previous)
    return each.entry.header.prev == previous


def _placed(each: Received, held: JournalHead) -> Received:
    entry = each.entry
    if entry.header.incarnation >= held.incarnation or not held.branch_open:
        return each
    header = msgspec.structs.replace(entry.header, incarnation=held.incarnation)
    return replace(each, entry=replace(entry, header=header), is_adopted=True)


def _hole_fault(hole: DeclaredHole, declarer: str) -> Fault | None:
    try:
        check_hole(declarer, hole)
    except SignatureError:
        return Fault("journal_broken", f"entry {hole.seq} is declared lost, but not by this till's key", hole.seq)
    return None
