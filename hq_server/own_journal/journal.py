"""Owns the writing of head office's own entries: chained like a till's, understood, applied and written by the same code as a push, in one unit of work.

Idempotent by the events' ids, which follow from their causes (`stored_value.identity.named_id`): what a member has already is not written again. Called by the
runs and by the services of transfers and standing; must not decide what is due.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, tuple_

from hq_server.database.batch_writer import writer_for
from hq_server.database.engine import WriteSession
from hq_server.database.models import JournalEntry, OpenTransfer, OwnJournalHead, WalletEventRecord, WalletRecord
from hq_server.database.upsert import upsert
from hq_server.ingest.anchor_trail import Neighbours
from hq_server.ingest.entry_rows import BatchRows, write_rows
from hq_server.ingest.loading import load_wallets
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.ingest.understanding import Incoming, Place, understand
from hq_server.ingest.wallet_batch import HeldWallet, MemberBatch, apply_to_member
from hq_server.own_journal.place import HEAD_OFFICE_ZONE, OWN_INCARNATION, OWN_STORE, OWN_TERMINAL
from hq_server.reservations.settling import note_settled
from hq_server.reservations.silence import as_if_reported
from hq_server.wallets.scope import WalletChanged
from stored_value.events import WalletEvent
from stored_value.events_money_out import TransferredIn, TransferredOut
from stored_value.transfer import really_left
from stored_value.wallet import Wallet
from sync.entry import GENESIS_HASH, Entry, read_entry
from sync.event_codec import entry_of, event_of

_PLACE: Final = Place(store_id=OWN_STORE, zone=ZoneInfo(HEAD_OFFICE_ZONE))


class OwnEventFaulty(Exception):
    """An event that head office planned and its own rules cannot apply as planned: a defect. Nothing of the unit of work is kept."""


class OwnJournal:
    """One unit of work's hold on the journal. Make it first, then lock wallets, then `write` once: that is the order in which writers wait for each other."""

    def __init__(self, session: WriteSession, rulebooks: Rulebooks, *, now: datetime) -> None:
        self.session = session
        self.rulebooks = rulebooks
        self._now = now
        self._head = _held_head(session)
        self._held: dict[str, HeldWallet] = {}

    def wallets(self, member_ids: Iterable[str], named: Collection[tuple[str, str]] = ()) -> dict[str, Wallet]:
        """The members' wallets, locked until the commit; a member without one is left out. `write` knows the purchases that they name, and those
        that are `named` here (member, purchase)."""
        wanted = sorted(set(member_ids))
        self.session.execute(
            select(WalletRecord.member_id)
            .where(WalletRecord.member_id.in_(wanted))
            .order_by(WalletRecord.member_id)
            .with_for_update()
        ).all()
        self._held |= load_wallets(self.session, dict.fromkeys(wanted, ()), named=named)
        return {member_id: wallet for member_id in wanted if (wallet := self._held[member_id].wallet) is not None}

    def wallets_to_decide_on(
        self, member_ids: Iterable[str], named: Collection[tuple[str, str]] = ()
    ) -> dict[str, Wallet]:
        """The same as whoever takes something out of them must see them: with what silent tills may have leased (H1, H5)."""
        return as_if_reported(self.session, self.wallets(member_ids, named), self.rulebooks, self._now)

    def event_of(self, member_id: str, event_id: str) -> WalletEvent | None:
        """What this journal says of an event that the member has already; None when there is no such event. An id of a till's event raises `OwnEventFaulty`."""
        found = self.session.execute(
            select(WalletEventRecord.terminal_id, WalletEventRecord.seq).where(
                WalletEventRecord.member_id == member_id, WalletEventRecord.event_id == event_id
            )
        ).one_or_none()
        if found is None:
            return None
        if found.terminal_id != OWN_TERMINAL:
            raise OwnEventFaulty(f"{event_id} is an event of {found.terminal_id}")
        return self.entry_event(found.seq)

    def entry_event(self, seq: int) -> WalletEvent:
        """The event of an entry of this journal."""
        raw = self.session.scalars(
            select(JournalEntry.raw).where(
                JournalEntry.store_id == OWN_STORE,
                JournalEntry.terminal_id == OWN_TERMINAL,
                JournalEntry.incarnation == OWN_INCARNATION,
                JournalEntry.seq == seq,
            )
        ).one()
        event = event_of(read_entry(raw))
        assert isinstance(event, WalletEvent), "head office has no shifts"
        return event

    def write(self, events: Sequence[WalletEvent]) -> tuple[WalletEvent, ...]:
        """Appends the events that their members do not have yet, and returns those. The wallets must have been locked.
        Raises `OwnEventFaulty`; may raise `WalletChanged`."""
        known = self._known([(event.member_id, event.occasion.event_id) for event in events])
        fresh = tuple(event for event in events if (event.member_id, event.occasion.event_id) not in known)
        if fresh:
            incoming = [self._understood(entry) for entry in self._chained(fresh)]
            batches = self._applied(incoming)
            writer = writer_for(self.session)
            changed = writer.replace_wallets([row for batch in batches.values() for row in batch.wallet])
            if changed:
                raise WalletChanged(f"{len(changed)} wallets changed meanwhile")
            write_rows(writer, BatchRows(OWN_STORE, incoming, batches, self._now))
            note_settled(self.session, batches.values(), at=self._now)
            self._note_transfers(incoming)
            self._head.seq, self._head.hash = incoming[-1].seq, incoming[-1].entry.hash
        self._close_transfers(events)
        self.session.flush()
        return fresh

    def _known(self, wanted: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        found = self.session.execute(
            select(WalletEventRecord.member_id, WalletEventRecord.event_id).where(
                tuple_(WalletEventRecord.member_id, WalletEventRecord.event_id).in_(wanted)
            )
        )
        return {(row.member_id, row.event_id) for row in found}

    def _chained(self, events: Sequence[WalletEvent]) -> list[Entry]:
        entries: list[Entry] = []
        seq, previous = self._head.seq, self._head.hash
        for event in events:
            seq += 1
            entries.append(entry_of(event, seq=seq, prev=previous, incarnation=OWN_INCARNATION, anchor=None))
            previous = entries[-1].hash
        return entries

    def _understood(self, entry: Entry) -> Incoming:
        around = Neighbours(
            after=self._now, known=0, before=self._now, known_by=self.rulebooks.newest, sound=True
        )  # head office needs no anchor: the clock is its own
        incoming = understand(entry, b"", _PLACE, around, self.rulebooks)
        if incoming.event is None:
            raise OwnEventFaulty(f"{entry.header.kind}: {[found.data for found in incoming.findings]}")
        return incoming

    def _applied(self, incoming: Sequence[Incoming]) -> Mapping[str, MemberBatch]:
        groups: defaultdict[str, list[Incoming]] = defaultdict(list)
        for each in incoming:
            assert each.member_id is not None
            groups[each.member_id].append(each)
        batches: dict[str, MemberBatch] = {}
        for member_id, own in groups.items():
            held = self._held[member_id]
            self._refuse_short_legs(held.wallet, own)
            batch = apply_to_member(own, replace(held, stores=held.stores | {OWN_STORE}), self._now)
            if any(landed.set_aside for landed in batch.landed.values()):
                raise OwnEventFaulty(f"{[each.kind for each in own]} of {member_id}")
            batches[member_id] = batch
        return batches

    @staticmethod
    def _refuse_short_legs(wallet: Wallet | None, own: Sequence[Incoming]) -> None:
        """A first leg stands alone and takes exactly what it names: the second leg is written from it (H11)."""
        for each in own:
            if not isinstance(each.event, TransferredOut):
                continue
            if (
                wallet is None
                or len(own) > 1
                or really_left(wallet, each.event) != (each.event.moved, each.event.holdings)
            ):
                raise OwnEventFaulty(f"transfer {each.event.transfer_id} names what is not there")

    def _note_transfers(self, incoming: Sequence[Incoming]) -> None:
        self.session.add_all(
            OpenTransfer(
                member_id=each.event.member_id,
                transfer_id=each.event.transfer_id,
                to_member_id=each.event.to_member_id,
                seq=each.seq,
                begun_at=self._now,
            )
            for each in incoming
            if isinstance(each.event, TransferredOut)
        )

    def _close_transfers(self, events: Sequence[WalletEvent]) -> None:
        done = [(event.from_member_id, event.transfer_id) for event in events if isinstance(event, TransferredIn)]
        if done:
            self.session.execute(
                delete(OpenTransfer)
                .where(tuple_(OpenTransfer.member_id, OpenTransfer.transfer_id).in_(done))
                .execution_options(synchronize_session=False)
            )


def _held_head(session: WriteSession) -> OwnJournalHead:
    key = (OWN_STORE, OWN_TERMINAL)
    held = session.get(OwnJournalHead, key, with_for_update=True)
    if held is not None:
        return held
    session.execute(
        upsert(session, OwnJournalHead)
        .values(store_id=OWN_STORE, terminal_id=OWN_TERMINAL, incarnation=OWN_INCARNATION, seq=0, hash=GENESIS_HASH)
        .on_conflict_do_nothing()
    )
    return session.get_one(OwnJournalHead, key, with_for_update=True)
