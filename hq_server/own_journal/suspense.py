"""Owns head office's decision about what lies in suspense (H8): once for each payment, on the wallet as it stands under its lock.

Called by the console, which audits it and settles the exceptions; `waiting_minor` is also what its pages show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import JournalEntry, PostingRecord, PurchaseRecord, WalletEventRecord
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.one_member import Wished, write_once
from hq_server.own_journal.place import OWN_INCARNATION, OWN_STORE, OWN_TERMINAL, Moment
from stored_value.events import Event
from stored_value.events_money_out import SuspenseDecided, SuspenseVerdict
from stored_value.identity import EventId, MemberId, StoreId
from stored_value.occasion import Occasion
from stored_value.postings import Account
from stored_value.refusals import Refusal, RefusalCode
from stored_value.suspense import refuse_decision, suspended_minor
from stored_value.wallet import Wallet
from sync.entry import read_entry
from sync.event_codec import event_of
from sync.wallet_codec import read_purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWish:
    """`wish_id` is made before anybody is asked; it names the event."""

    wish_id: EventId
    member_id: MemberId
    payment_id: EventId
    verdict: SuspenseVerdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What of a payment waits in the books of the store that served it."""

    serving_store: StoreId
    amount_minor: int


def waiting(session: ReadSession, member_id: str, payment_id: str) -> Waiting | None:
    """None when the payment never touched suspense. `amount_minor` is 0 once it is decided or given back."""
    booked = session.execute(
        select(PostingRecord.store_id, func.sum(PostingRecord.amount_minor))
        .where(
            PostingRecord.member_id == member_id,
            PostingRecord.event_id == payment_id,
            PostingRecord.account == Account.SUSPENSE,
            PostingRecord.amount_minor > 0,
        )
        .group_by(PostingRecord.store_id)
    ).one_or_none()
    if booked is None:
        return None
    store_id, into_minor = StoreId(booked[0]), int(booked[1])
    state = session.scalar(
        select(PurchaseRecord.state).where(
            PurchaseRecord.member_id == member_id, PurchaseRecord.purchase_id == payment_id
        )
    )
    if state is not None:
        return Waiting(serving_store=store_id, amount_minor=suspended_minor(read_purchase(state)))
    decided_minor = sum(event.amount_minor for event in decisions_about(session, member_id, payment_id))
    return Waiting(serving_store=store_id, amount_minor=into_minor - decided_minor)


def decisions_about(session: ReadSession, member_id: str, payment_id: str) -> tuple[SuspenseDecided, ...]:
    """Oldest first; more than one when a refund was taken back after the first."""
    return tuple(event for event in _decisions(session, member_id) if event.payment_id == payment_id)


def decide_suspense(desk: Desk, moment: Moment, wish: DecisionWish, note: Note) -> Refusal | None:
    """As `write_once`."""

    def is_same(event: Event) -> bool:
        return isinstance(event, SuspenseDecided) and (event.payment_id, event.verdict) == (
            wish.payment_id,
            wish.verdict,
        )

    def decide(session: ReadSession, wallet: Wallet, occasion: Occasion) -> SuspenseDecided | Refusal:
        found = waiting(session, wish.member_id, wish.payment_id)
        if found is None:
            return Refusal(RefusalCode.NOTHING_IN_SUSPENSE)
        refusal = refuse_decision(wallet, found.amount_minor, wish.verdict, moment.on)
        return refusal or SuspenseDecided(
            occasion=occasion,
            member_id=wish.member_id,
            payment_id=wish.payment_id,
            serving_store=found.serving_store,
            verdict=wish.verdict,
            amount_minor=found.amount_minor,
            reason=wish.reason,
        )

    wished = Wished(member_id=wish.member_id, event_id=wish.wish_id, purchase_id=wish.payment_id)
    return write_once(desk, moment, wished, note, is_same, decide)


def _decisions(session: ReadSession, member_id: str) -> Iterator[SuspenseDecided]:
    """A handful at most: they are made by people."""
    rows = session.scalars(
        select(JournalEntry.raw)
        .where(
            JournalEntry.store_id == OWN_STORE,
            JournalEntry.terminal_id == OWN_TERMINAL,
            JournalEntry.incarnation == OWN_INCARNATION,
            JournalEntry.seq.in_(_seqs(session, member_id)),
        )
        .order_by(JournalEntry.seq)
    )
    for raw in rows:
        event = event_of(read_entry(raw))
        assert isinstance(event, SuspenseDecided)
        yield event


def _seqs(session: ReadSession, member_id: str) -> Sequence[int]:
    return session.scalars(
        select(WalletEventRecord.seq).where(
            WalletEventRecord.member_id == member_id, WalletEventRecord.kind == SuspenseDecided.kind
        )
    ).all()
