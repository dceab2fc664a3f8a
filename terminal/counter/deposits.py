"""Deposits 押金: taking one, giving it back and keeping a part. A deposit goes back at the till that took it, offline too, for nobody else gives it back (H4)."""

from stored_value.deposits import refuse_deposit, refuse_deposit_release
from stored_value.events import Event, EvidenceClass, Tender
from stored_value.events_money_out import DepositKept, DepositReturned, DepositTaken
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Lot, ValueKind
from sync.event_codec import event_of
from terminal.counter.completion import done_before, finish
from terminal.counter.online_read import is_fresh
from terminal.counter.views import Completed
from terminal.counter.views_money_out import DepositView
from terminal.counter.workplace import AtWork, Workplace
from terminal.members import MemberOnFile

TEXT_CHARS_MAX = 60


def deposits(place: Workplace, member_id: MemberId) -> tuple[DepositView, ...] | Refusal:
    """Those with something left, the oldest first."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    lots = [lot for lot in member.view.wallet.lots if lot.kind is ValueKind.DEPOSIT and lot.remaining_minor]
    return tuple(_view(place, lot) for lot in sorted(lots, key=lambda lot: (lot.acquired_on, lot.lot_id)))


def _view(place: Workplace, lot: Lot) -> DepositView:
    entry = place.journal.find(lot.top_up_id)
    taken = event_of(entry) if entry else None
    return DepositView(
        deposit_id=lot.top_up_id,
        receipt_no=place.receipt_no(entry.header.seq) if entry else "",
        item=taken.item if isinstance(taken, DepositTaken) else "",
        taken_on=lot.acquired_on,
        store_id=lot.store_id,
        original_minor=lot.original_minor,
        left_minor=lot.remaining_minor,
        tenders=lot.tenders,
        here=isinstance(taken, DepositTaken),
    )


def take_deposit(
    place: Workplace, action: EventId, member_id: MemberId, tenders: tuple[Tender, ...], item: str
) -> Completed | Refusal:
    """Of what the tenders come to; offline too, since nothing leaves."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    plain_item = " ".join(item.split())[:TEXT_CHARS_MAX]

    def is_same(event: Event) -> bool:
        return isinstance(event, DepositTaken) and (
            (event.member_id, event.tenders, event.item) == (member_id, tenders, plain_item)
        )

    offline = place.journal.find(action) is None and not is_fresh(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        occasion = place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=offline)
        amount_minor = sum(tender.amount_minor for tender in tenders)
        refusal = refuse_deposit(member.view.wallet, amount_minor, tenders, occasion)
        if refusal is not None:
            return refusal
        event = DepositTaken(
            occasion=occasion, member_id=member_id, amount_minor=amount_minor, tenders=tenders, item=plain_item
        )
        return finish(place, at_work, member, event)


def return_deposit(
    place: Workplace, action: EventId, deposit_id: EventId, tenders: tuple[Tender, ...]
) -> Completed | Refusal:
    """What the tenders come to, all of the deposit or a part."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    if any(tender.amount_minor <= 0 for tender in tenders):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    amount_minor = sum(tender.amount_minor for tender in tenders)

    def is_same(event: Event) -> bool:
        return isinstance(event, DepositReturned) and (event.deposit_id, event.tenders) == (deposit_id, tenders)

    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = _depositor(place, at_work, deposit_id, amount_minor)
        if isinstance(member, Refusal):
            return member
        event = DepositReturned(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=not place.link.state().online),
            member_id=member.member_id,
            deposit_id=deposit_id,
            amount_minor=amount_minor,
            tenders=tenders,
        )
        return finish(place, at_work, member, event)


def keep_deposit(
    place: Workplace, action: EventId, deposit_id: EventId, amount_minor: int, reason: str
) -> Completed | Refusal:
    """For what was lost or broken; it is this store's from now on."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, DepositKept) and (event.deposit_id, event.amount_minor) == (deposit_id, amount_minor)

    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = _depositor(place, at_work, deposit_id, amount_minor)
        if isinstance(member, Refusal):
            return member
        event = DepositKept(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=not place.link.state().online),
            member_id=member.member_id,
            deposit_id=deposit_id,
            amount_minor=amount_minor,
            reason=reason.strip()[:TEXT_CHARS_MAX],
        )
        return finish(place, at_work, member, event)


def _depositor(place: Workplace, at_work: AtWork, deposit_id: EventId, amount_minor: int) -> MemberOnFile | Refusal:
    """Whose deposit it is, when `amount_minor` of it may go."""
    entry = place.journal.find(deposit_id)
    taken = event_of(entry) if entry else None
    if not isinstance(taken, DepositTaken):
        return Refusal(RefusalCode.DEPOSIT_OF_ANOTHER_TILL)
    member = place.members.find(taken.member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    offline = not place.link.state().online
    occasion = place.occasion(deposit_id, at_work, EvidenceClass.NOT_NEEDED, offline=offline)
    refusal = refuse_deposit_release(member.view.wallet, deposit_id, amount_minor, occasion)
    return member if refusal is None else refusal
