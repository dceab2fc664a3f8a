"""Owns what a batch of entries does to one member's reservations: which ended, which were made, and which of those that a restored head office forgot were used after all.

Called by `wallet_batch` entry by entry; `reservations.settling` writes it down in the same unit of work. Pure.
"""

from dataclasses import dataclass, field

from hq_server.ingest.understanding import Incoming
from hq_server.reservations.silence import LostLease, given_back
from stored_value.events_reservation import ReservationWrittenOff
from stored_value.identity import MemberId
from stored_value.reservation_records import Reservation, ReservationId
from stored_value.reservations import with_reservation
from stored_value.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A lease that an entry made, or a hold that it showed, with where it stands in time and in the wallet."""

    kept: Reservation
    member_id: MemberId
    incarnation: int
    epoch: str
    version: int


@dataclass(slots=True)
class ReservationChanges:
    """`ended` are reservations that were there before and are not any more, `opened` those that are new and still there, `shown` holds that head office had forgotten and that
    are used now."""

    ended: list[Reservation] = field(default_factory=list)
    opened: list[Noted] = field(default_factory=list)
    shown: list[Noted] = field(default_factory=list)
    written_off: set[ReservationId] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.ended or self.opened or self.shown)

    def note(self, each: Incoming, before: tuple[Reservation, ...], wallet: Wallet) -> None:
        """`wallet` as it is after the entry, under its new version."""
        had = {kept.reservation_id for kept in before}
        has = {kept.reservation_id for kept in wallet.reservations}
        own = {opened.kept.reservation_id for opened in self.opened}
        self.ended.extend(kept for kept in before if kept.reservation_id not in has | own)
        self.opened = [opened for opened in self.opened if opened.kept.reservation_id in has]
        self.opened.extend(_noted(each, kept, wallet) for kept in wallet.reservations if kept.reservation_id not in had)
        self.shown.extend(_noted(each, kept, wallet) for kept in each.shown_holds)
        if isinstance(each.event, ReservationWrittenOff):
            self.written_off.add(each.event.reservation_id)


def with_lost(wallet: Wallet, lost: LostLease) -> Wallet:
    """Only of a member whom the till's store knew before: nobody else is leased to it."""
    lease = given_back(wallet, lost)
    return wallet if lease is None else with_reservation(wallet, lease)


def _noted(each: Incoming, kept: Reservation, wallet: Wallet) -> Noted:
    header = each.entry.header
    return Noted(
        kept=kept,
        member_id=wallet.member_id,
        incarnation=header.incarnation,
        epoch=header.anchor.epoch if header.anchor is not None else "",
        version=wallet.version,
    )
