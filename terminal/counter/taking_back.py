"""Taking back the last entry 冲正: only the newest entry of a member, in the shift and at the till that wrote it. Which event does it is the rules' to say.

Once head office may know an entry, others may have acted on it, so head office is read first and what would leave is reserved (H5); offline only what never left this till
goes back (H3).
"""

from dataclasses import replace

from stored_value.events import (
    Event,
    EvidenceClass,
    OrderRefunded,
    PurchaseRefunded,
    ShiftClosed,
    ShiftOpened,
    WalletEvent,
)
from stored_value.events_money_out import CashOutReversed, DepositRestored, RefundReversed
from stored_value.identity import EventId, MemberId
from stored_value.order_refund import plan_order_refund
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservationId
from stored_value.standing import Deed
from stored_value.taking_back import TAKEN_BACK_BY, leaving_minor, leaving_things, refuse_taking_back, undone_by
from stored_value.wallet import Wallet
from sync.entry import Entry
from sync.event_codec import event_of
from terminal.counter.completion import TENDERED, done_before, finish
from terminal.counter.member_view import moved_minor
from terminal.counter.online_read import Patience, is_fresh
from terminal.counter.order_refund import as_planned
from terminal.counter.own_entries import entry_before, newest_entry
from terminal.counter.refund import with_plan
from terminal.counter.reserving import Wanted, cover, reserving_any
from terminal.counter.views import Completed
from terminal.counter.views_money_out import TakingBack
from terminal.counter.workplace import AtWork, Workplace
from terminal.members import MemberOnFile


def last_entry(place: Workplace) -> TakingBack | Refusal | None:
    """What taking back this till's last entry would do; None when the shift has no entry of a member yet."""
    newest = next(iter(place.journal.recent(1)), None)
    event = event_of(newest) if newest else None
    if event is None or isinstance(event, ShiftOpened | ShiftClosed):
        return None
    return look_back(place, event.occasion.event_id)


def look_back(place: Workplace, event_id: EventId) -> TakingBack | Refusal:
    """What taking that entry back would do, or why it is not possible; decides nothing."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    found = _own(place, event_id)
    if isinstance(found, Refusal):
        return found
    entry, event = found
    with place.journal.deciding():
        member = _member(place, event)
        if isinstance(member, Refusal):
            return member
        offline = not place.link.state().online
        undoing = _decide(place, at_work, entry, event, member.view.wallet, EventId(entry.header.id), offline=offline)
    refusal = undoing if isinstance(undoing, Refusal) else None
    return TakingBack(
        event_id=event_id,
        kind=event.kind,
        receipt_no=place.receipt_no(entry.header.seq),
        local_time=event.occasion.local_time,
        member_id=event.member_id,
        name_masked=member.name_masked,
        phone_last4=member.phone_last4,
        amount_minor=moved_minor(event),
        by_kind="" if isinstance(undoing, Refusal) else undoing.kind,
        tenders=undoing.tenders if isinstance(undoing, TENDERED) else (),
        to_member=not isinstance(undoing, CashOutReversed | DepositRestored),
        refusal=refusal,
    )


def take_back(place: Workplace, action: EventId, event_id: EventId) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    found = _own(place, event_id)
    if isinstance(found, Refusal):
        return found
    entry, event = found

    def is_same(recorded: Event) -> bool:
        if isinstance(recorded, ShiftOpened | ShiftClosed):
            return False
        own = place.journal.find(recorded.occasion.event_id)
        before = entry_before(place, recorded.member_id, own.header.seq) if own else None
        return before is not None and before.header.id == event_id and recorded.kind == _undoing_kind(event)

    patience = Patience(place.clock)
    fresh = place.journal.find(action) is not None or is_fresh(place, event.member_id, patience)
    wanted = _leaving(place, at_work, entry, event) if fresh else Wanted(member_id=event.member_id, amount_minor=0)
    with reserving_any(place, action, wanted, patience) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = _member(place, event)
        if isinstance(member, Refusal):
            return member
        offline = not fresh or reserved.offline
        undoing = _decide(place, at_work, entry, event, member.view.wallet, action, offline=offline)
        if isinstance(undoing, Refusal):
            return undoing
        if offline or _only_here(place, entry.header.seq):
            return finish(place, at_work, member, undoing)
        covered = cover(place, member, wanted, reserved, at_work.rulebook, at_work.on)
        if isinstance(covered, Refusal):
            return covered
        if covered.risk_minor or _leaving(place, at_work, entry, event) != wanted:
            # Head office has heard of the entry, or a lease was given back, meanwhile.
            return Refusal(RefusalCode.ONLINE_ONLY)
        return finish(place, at_work, member, _naming(undoing, covered.reservations))


def _leaving(place: Workplace, at_work: AtWork, entry: Entry, event: WalletEvent) -> Wanted:
    """What would leave the wallet is reserved first, unless head office has not heard of the entry: then nobody else can have it."""
    member = _member(place, event)
    if isinstance(member, Refusal) or _only_here(place, entry.header.seq):
        return Wanted(member_id=event.member_id, amount_minor=0)
    wallet = member.view.wallet
    return Wanted(
        member_id=event.member_id,
        amount_minor=leaving_minor(event, wallet, at_work.on),
        things=leaving_things(event, wallet),
        deed=Deed.REFUND,
    )


def _naming(undoing: WalletEvent, reservations: tuple[ReservationId, ...]) -> WalletEvent:
    if not reservations:
        return undoing
    return replace(undoing, occasion=replace(undoing.occasion, reservations=reservations))


def _decide(
    place: Workplace,
    at_work: AtWork,
    entry: Entry,
    event: WalletEvent,
    wallet: Wallet,
    action: EventId,
    *,
    offline: bool,
) -> WalletEvent | Refusal:
    occasion = place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=offline)
    refusal = refuse_taking_back(event, _newest_of(place, event.member_id), occasion)
    if refusal is not None:
        return refusal
    undoing = undone_by(event, wallet, occasion)
    if isinstance(undoing, Refusal):
        return undoing
    if offline and not _only_here(place, entry.header.seq):
        return Refusal(RefusalCode.ONLINE_ONLY)
    return _with_draw(undoing, wallet)


def _with_draw(undoing: WalletEvent, wallet: Wallet) -> WalletEvent:
    """A refund says what it expects to put back, as any refund does."""
    if not isinstance(undoing, PurchaseRefunded | OrderRefunded):
        return undoing
    purchase = wallet.purchase(undoing.purchase_id)
    assert purchase is not None, "the rules refund only a purchase that they found"
    if isinstance(undoing, OrderRefunded):
        return as_planned(undoing, plan_order_refund(wallet, purchase, undoing.lines))
    return with_plan(undoing, purchase)


def _own(place: Workplace, event_id: EventId) -> tuple[Entry, WalletEvent] | Refusal:
    entry = place.journal.find(event_id)
    event = event_of(entry) if entry else None
    if entry is None or event is None or isinstance(event, ShiftOpened | ShiftClosed):
        return Refusal(RefusalCode.RECEIPT_UNKNOWN)
    return entry, event


def _member(place: Workplace, event: WalletEvent) -> MemberOnFile | Refusal:
    named = (event.purchase_id,) if isinstance(event, PurchaseRefunded | RefundReversed) else ()
    member = place.members.find(event.member_id, with_purchases=(event.occasion.event_id, *named))
    return Refusal(RefusalCode.MEMBER_UNKNOWN) if member is None else member


def _newest_of(place: Workplace, member_id: MemberId) -> WalletEvent | None:
    newest = newest_entry(place, member_id)
    event = event_of(newest) if newest else None
    return None if isinstance(event, ShiftOpened | ShiftClosed) else event


def _undoing_kind(event: WalletEvent) -> str:
    undoing = TAKEN_BACK_BY.get(type(event))
    return undoing.kind if undoing is not None else ""


def _only_here(place: Workplace, seq: int) -> bool:
    outcomes = place.journal.outcomes
    push = outcomes.open_push()
    return seq > outcomes.settled_through() and (push is None or seq > push.to_seq)
