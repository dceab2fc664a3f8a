"""Cash-out 退卡: the reckoning shown line by line, the request that reserves at once, and its payment or rejection.

Online only (H4), and only on what head office has confirmed: what is shown is what it will reckon. Only the till that wrote a request pays or rejects it,
and not before head office has the request: the same value is never paid at two tills. Between the reckoning and the request a hold keeps the amount (L6).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from stored_value.cash_out import (
    cash_out,
    original_tenders,
    plan_cash_out,
    refuse_cash_out,
    refuse_cash_out_payment,
)
from stored_value.cash_out_records import CashOutLine, CashOutState
from stored_value.cash_out_rewards import rewards_leaving
from stored_value.draw import drawable_minor
from stored_value.events import Event, EvidenceClass, Tender
from stored_value.events_money_out import CashOutPaid, CashOutRejected, CashOutRequested
from stored_value.identity import EventId, MemberId, TerminalId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing
from stored_value.reservations import reserved_minor
from stored_value.standing import Deed
from terminal.clock import new_id
from terminal.counter.completion import done_before, finish
from terminal.counter.member_view import waiting
from terminal.counter.online_read import Patience, is_confirmed
from terminal.counter.reserving import Reserved, Wanted, cover, reserving, reserving_any
from terminal.counter.views import Completed, StaffRole
from terminal.counter.views_money_out import CashOutQuote, WaitingCashOut
from terminal.counter.workplace import AtWork, Standing, Workplace
from terminal.members import MemberOnFile

REASON_CHARS_MAX = 60


def quote_cash_out(
    place: Workplace, member_id: MemberId, *, top_up_ids: Sequence[EventId] = (), merchant_caused: bool = False
) -> CashOutQuote | Refusal:
    """`merchant_caused` takes the rulebook's other method and is a manager's to say; empty `top_up_ids` is every top-up."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing

    patience = Patience(place.clock)
    confirmed = is_confirmed(place, member_id, patience)

    def reckon() -> CashOutQuote | Refusal:
        member = _member(place, member_id, confirmed=confirmed)
        if isinstance(member, Refusal):
            return member
        here = place.journal.head_office.identity.terminal_id
        return _quote(standing, member, here, tuple(top_up_ids), merchant_caused=merchant_caused)

    with place.journal.deciding():
        quoted = reckon()
    if not isinstance(quoted, Refusal) or quoted.code is not RefusalCode.RESERVED_ELSEWHERE:
        return quoted
    with _asked_back(place, standing, member_id, patience) as reserved:
        if reserved.hold_id is not None:
            return reckon()
        keeper = reserved.refusal.data if reserved.refusal is not None else {}
        return Refusal(quoted.code, keeper | quoted.data)


@contextmanager
def _asked_back(place: Workplace, standing: Standing, member_id: MemberId, patience: Patience) -> Iterator[Reserved]:
    """Everything of the member is held for a moment: for that head office asks back what other tills lease (L5), and for a while leases nothing of it again. The request
    reserves anew."""
    member = place.members.find(member_id)
    held = drawable_minor(member.view.wallet, standing.on) if member is not None else 0
    wanted = Wanted(member_id=member_id, amount_minor=held, deed=Deed.CASH_OUT)
    with reserving(place, EventId(new_id(place.clock)), wanted, patience) as reserved:
        yield reserved


def request_cash_out(place: Workplace, action: EventId, quote: CashOutQuote, reason: str) -> Completed | Refusal:
    """`quote` is what the member saw; when the reckoning is another one by now, CASH_OUT_CHANGED."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    # Named one by one: what the member is paid in before this arrives is not asked for, and may be kept for other tills by then (H5).
    named = tuple(line.top_up_id for line in quote.lines)
    asked = (quote.member_id, quote.method, quote.refundable_minor, quote.reserved_minor, named)

    def is_same(event: Event) -> bool:
        return isinstance(event, CashOutRequested) and asked == (
            event.member_id, event.method, event.refundable_minor, event.reserved_minor, event.top_up_ids
        )  # fmt: skip

    patience = Patience(place.clock)
    confirmed = place.journal.find(action) is not None or is_confirmed(place, quote.member_id, patience)
    wanted = Wanted(member_id=quote.member_id, amount_minor=quote.reserved_minor, deed=Deed.CASH_OUT)
    with reserving(place, action, wanted, patience) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = _member(place, quote.member_id, confirmed=confirmed and not reserved.offline)
        if isinstance(member, Refusal):
            return member
        here = place.journal.head_office.identity.terminal_id
        now = _quote(at_work, member, here, quote.top_up_ids, merchant_caused=quote.merchant_caused)
        if isinstance(now, Refusal):
            return now
        if now != quote:
            return Refusal(RefusalCode.CASH_OUT_CHANGED, {"refundable_minor": now.refundable_minor})
        covered = cover(place, member, wanted, reserved, at_work.rulebook, at_work.on)
        if isinstance(covered, Refusal):
            return covered
        if covered.risk_minor:
            # A lease was given back meanwhile.
            return Refusal(RefusalCode.ONLINE_ONLY)
        event = CashOutRequested(
            occasion=place.occasion(
                action, at_work, EvidenceClass.STATIC_CARD, offline=False, reservations=covered.reservations
            ),
            member_id=quote.member_id,
            method=quote.method,
            refundable_minor=quote.refundable_minor,
            reserved_minor=quote.reserved_minor,
            top_up_ids=named,
            merchant_caused=quote.merchant_caused,
            reason=reason.strip()[:REASON_CHARS_MAX],
        )
        return finish(place, at_work, member, event)


def waiting_cash_out(place: Workplace, member_id: MemberId) -> WaitingCashOut | Refusal | None:
    """The member's request that waits, from what is known here; None when there is none."""
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    asked = next(iter(waiting(member.view.wallet)), None)
    if asked is None:
        return None
    entry = place.journal.find(asked.request_id)
    return WaitingCashOut(
        asked=asked,
        here=entry is not None,
        confirmed=not member.view.unconfirmed,
        receipt_no=place.receipt_no(entry.header.seq) if entry else "",
        local_time=place.local_time(entry.header.occurred_at) if entry else "",
        goes_back=original_tenders(member.view.wallet, asked.lines),
        original_only=standing.rulebook.cash_out.original_tender_only,
    )


def pay_cash_out(
    place: Workplace, action: EventId, member_id: MemberId, request_id: EventId, tenders: tuple[Tender, ...]
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, CashOutPaid) and (event.request_id, event.tenders) == (request_id, tenders)

    patience = Patience(place.clock)
    confirmed = place.journal.find(action) is not None or is_confirmed(place, member_id, patience)
    wanted = Wanted(
        member_id=member_id,
        amount_minor=0,
        things=_rewards(place, at_work, member_id, request_id) if confirmed else (),
        deed=Deed.CASH_OUT,
    )
    with reserving_any(place, action, wanted, patience) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = _member_of_request(place, member_id, request_id, confirmed=confirmed and not reserved.offline)
        if isinstance(member, Refusal):
            return member
        refusal = refuse_cash_out_payment(member.view.wallet, request_id, tenders, at_work.rulebook)
        covered = refusal or cover(place, member, wanted, reserved, at_work.rulebook, at_work.on)
        if isinstance(covered, Refusal):
            return covered
        event = CashOutPaid(
            occasion=place.occasion(
                action, at_work, EvidenceClass.STATIC_CARD, offline=False, reservations=covered.reservations
            ),
            member_id=member_id,
            request_id=request_id,
            amount_minor=sum(tender.amount_minor for tender in tenders),
            tenders=tenders,
        )
        return finish(place, at_work, member, event)


def _rewards(place: Workplace, at_work: AtWork, member_id: MemberId, request_id: EventId) -> tuple[ReservedThing, ...]:
    """What goes with the money, where policy takes it back."""
    member = place.members.find(member_id)
    asked = cash_out(member.view.wallet, request_id) if member is not None else None
    if member is None or asked is None or asked.state is not CashOutState.WAITING:
        return ()
    return rewards_leaving(member.view.wallet, asked, at_work.rulebook)


def reject_cash_out(
    place: Workplace, action: EventId, member_id: MemberId, request_id: EventId, reason: str
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, CashOutRejected) and event.request_id == request_id

    confirmed = place.journal.find(action) is not None or is_confirmed(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = _member_of_request(place, member_id, request_id, confirmed=confirmed)
        if isinstance(member, Refusal):
            return member
        asked = cash_out(member.view.wallet, request_id)
        if asked is None:
            return Refusal(RefusalCode.CASH_OUT_UNKNOWN, {"request": request_id})
        if asked.state is not CashOutState.WAITING:
            data: dict[str, int | str] = {"request": request_id, "state": asked.state.value}
            return Refusal(RefusalCode.CASH_OUT_NOT_WAITING, data)
        event = CashOutRejected(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=False),
            member_id=member_id,
            request_id=request_id,
            restored_minor=asked.reserved_minor,
            reason=reason.strip()[:REASON_CHARS_MAX],
        )
        return finish(place, at_work, member, event)


def _member(place: Workplace, member_id: MemberId, *, confirmed: bool) -> MemberOnFile | Refusal:
    """Under the journal's lock: the member as head office has confirmed him."""
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    if not place.link.state().online:
        return Refusal(RefusalCode.ONLINE_ONLY)
    if not confirmed or member.view.unconfirmed:
        return Refusal(RefusalCode.ENTRIES_UNCONFIRMED, {"entries": len(member.view.unconfirmed)})
    return member


def _member_of_request(
    place: Workplace, member_id: MemberId, request_id: EventId, *, confirmed: bool
) -> MemberOnFile | Refusal:
    member = place.members.find(member_id)
    known = member is not None and cash_out(member.view.wallet, request_id) is not None
    if known and place.journal.find(request_id) is None:
        return Refusal(RefusalCode.CASH_OUT_OF_ANOTHER_TILL)
    return _member(place, member_id, confirmed=confirmed)


def _quote(
    standing: Standing | AtWork,
    member: MemberOnFile,
    here: TerminalId,
    top_up_ids: tuple[EventId, ...],
    *,
    merchant_caused: bool,
) -> CashOutQuote | Refusal:
    if merchant_caused and standing.staff.role is not StaffRole.MANAGER:
        return Refusal(RefusalCode.NOT_PERMITTED)
    wallet, rulebook, on = member.view.wallet, standing.rulebook, standing.on
    plan = plan_cash_out(wallet, rulebook, on, top_up_ids=top_up_ids, merchant_caused=merchant_caused)
    # This till's own leases are no hindrance: what is cashed out is gone from the view that bounds them.
    committed = reserved_minor(wallet, besides=here)
    refusal = refuse_cash_out(wallet, plan, rulebook, on, committed_minor=committed)
    if refusal is not None:
        return refusal
    return CashOutQuote(
        member_id=member.member_id,
        method=plan.method,
        merchant_caused=merchant_caused,
        top_up_ids=top_up_ids,
        lines=plan.lines,
        nothing=tuple(line for line in plan.nothing if _holds_something(line)),
        refundable_minor=plan.refundable_minor,
        principal_minor=sum(line.principal_minor for line in plan.lines),
        forfeited_minor=plan.forfeited_minor,
        goes_back=original_tenders(wallet, plan.lines),
    )


def _holds_something(line: CashOutLine) -> bool:
    return bool(line.parts)
