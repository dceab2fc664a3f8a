"""Applies events in order to the wallets they name, each by the rulebook it pins, and keeps what each one did."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from stored_value.apply import apply, new_wallet
from stored_value.draw import Draw
from stored_value.events import Event, ShiftClosed, ShiftOpened
from stored_value.findings import Finding, FindingCode
from stored_value.identity import MemberId
from stored_value.postings import Posting
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One event and what it did; `wallet` is None for an event that touches none."""

    event: Event
    wallet: Wallet | None = None
    draws: tuple[Draw, ...] = ()
    postings: tuple[Posting, ...] = ()
    findings: tuple[Finding, ...] = ()


def replay(events: Iterable[Event], rulebooks: Mapping[int, Rulebook]) -> Iterator[Replayed]:
    """An event that pins an unknown rulebook is settled by the newest one before it, else the oldest, and gets a finding."""
    wallets: dict[MemberId, Wallet] = {}
    for event in events:
        if isinstance(event, ShiftOpened | ShiftClosed):
            yield Replayed(event=event)
            continue
        book, known = _pinned(rulebooks, event.occasion.rulebook)
        held = wallets.get(event.member_id) or new_wallet(event.member_id, book)
        done = apply(held, event, book)
        wallet = replace(done.wallet, version=held.version + 1)
        wallets[event.member_id] = wallet
        findings = done.findings
        if not known:
            unknown = Finding(FindingCode.RULEBOOK_UNKNOWN, {"rulebook": event.occasion.rulebook, "used": book.version})
            findings = (unknown, *findings)
        yield Replayed(event=event, wallet=wallet, draws=done.draws, postings=done.postings, findings=findings)


def _pinned(rulebooks: Mapping[int, Rulebook], version: int) -> tuple[Rulebook, bool]:
    if version in rulebooks:
        return rulebooks[version], True
    earlier = [known for known in rulebooks if known < version]
    return rulebooks[max(earlier) if earlier else min(rulebooks)], False
