"""What head office does with a member at a wish: transfer, merge, standing, the payment PIN taken away, a cash-out rejected, a payment in suspense decided, name and phone erased.
Each is shown in words and amounts before it is confirmed, and audited.

A wish is named when its form is made; sent twice it is done once. Only administrators.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.console.chrome import chrome_of
from hq_server.console.members.reads import member_view, receipts_of
from hq_server.console.members.wishes import amount_of, free_minor, movable_minor, preview, reachable, the_other
from hq_server.console.members.wishing import answered, audited, moment_of, new_id, require_change
from hq_server.console.rendering import link, page
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.visiting import FormVisitor, OfficeOf, PageMissing, Reason, VisitorOf
from hq_server.database.engine import WriteSession
from hq_server.exceptions.handling import Deed, settle_suspense
from hq_server.exceptions.raising import subject_of_entry
from hq_server.members.erasure import erase_member
from hq_server.office import Office
from hq_server.own_journal.cash_outs import RejectionWish, reject_cash_out
from hq_server.own_journal.payment_pins import PinResetWish, reset_pin
from hq_server.own_journal.place import business_day
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.suspense import DecisionWish, decide_suspense, waiting
from hq_server.own_journal.transfers import TwoMembers, move
from hq_server.wallets.guarded import Stamp
from stored_value.events_money_out import SuspenseVerdict
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal
from stored_value.suspense import refuse_decision
from stored_value.wallet import WalletStatus

router = APIRouter()
ACTIONS = {True: "members_merged", False: "value_transferred"}


@router.get("/members/{member_id}/transfer")
def get_transfer(
    request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, to: str = "", amount: str = ""
) -> Response:
    return _ask_to_move(request, office, visitor, member_id, to=to, amount=amount, merge=False)


@router.get("/members/{member_id}/merge")
def get_merge(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, to: str = "") -> Response:
    return _ask_to_move(request, office, visitor, member_id, to=to, amount="", merge=True)


def _ask_to_move(
    request: Request, office: Office, visitor: Visitor, member_id: str, *, to: str, amount: str, merge: bool
) -> Response:
    """The form; with both of its fields filled in, what would happen."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=business_day(office.clock()))
        if view is None or view.wallet is None:
            raise PageMissing
        rulebooks = office.rulebooks.all(session)
        shown, refusal, wish = None, None, None
        if to.strip() and (merge or amount.strip()):
            other = the_other(session, office.keys, to)
            if isinstance(other, Refusal):
                refusal = other
            else:
                wish = TwoMembers(
                    transfer_id=new_id(moment),
                    giver=MemberId(member_id),
                    taker=MemberId(other.member_id),
                    amount_minor=None if merge else amount_of(amount),
                )
                answer = preview(session, rulebooks, wish, moment)
                shown, refusal = (None, answer) if isinstance(answer, Refusal) else (answer, None)
        return page(
            request,
            "member_move.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            merge=merge,
            movable_minor=movable_minor(view.wallet, rulebooks, moment),
            to=to.strip(),
            amount=amount.strip(),
            wish=wish,
            preview=shown,
            refusal=refusal,
        )


@router.post("/members/{member_id}/transfer")
def post_transfer(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    transfer_id: Annotated[str, Form()],
    taker: Annotated[str, Form()],
    amount_minor: Annotated[int, Form()],
) -> Response:
    wish = TwoMembers(
        transfer_id=EventId(transfer_id), giver=MemberId(member_id), taker=MemberId(taker), amount_minor=amount_minor
    )
    return _move(request, office, visitor, wish)


@router.post("/members/{member_id}/merge")
def post_merge(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    transfer_id: Annotated[str, Form()],
    taker: Annotated[str, Form()],
) -> Response:
    wish = TwoMembers(transfer_id=EventId(transfer_id), giver=MemberId(member_id), taker=MemberId(taker))
    return _move(request, office, visitor, wish)


def _move(request: Request, office: Office, visitor: Visitor, wish: TwoMembers) -> Response:
    require_change(visitor)
    moment = moment_of(office, visitor)
    merge = wish.amount_minor is None
    data: dict[str, int | str] = {"to": wish.taker, "transfer": wish.transfer_id}
    if wish.amount_minor is not None:
        data["amount_minor"] = wish.amount_minor
    note = audited(visitor, moment, ACTIONS[merge], wish.giver, data)
    refusal = move(office.desk, moment, wish, note)
    to = link(f"/members/{wish.giver}", done="merged" if merge else "transferred")
    return answered(request, office, visitor, wish.giver, refusal, to=to)


@router.get("/members/{member_id}/standing")
def get_standing(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, status: str = "") -> Response:
    """Asks before it is done, naming the member and what follows."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=business_day(office.clock()))
        if view is None or status not in reachable(view.wallet):
            raise PageMissing
        return page(
            request,
            "member_standing.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            wanted=status,
            request_id=new_id(moment),
        )


@router.post("/members/{member_id}/standing")
def post_standing(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    request_id: Annotated[str, Form()],
    status: Annotated[WalletStatus, Form()],
    reason: Reason,
) -> Response:
    require_change(visitor)
    moment = moment_of(office, visitor)
    wish = StandingWish(request_id=EventId(request_id), member_id=MemberId(member_id), status=status, reason=reason)
    note = audited(visitor, moment, "member_standing_changed", member_id, {"status": status.value, "reason": reason})
    refusal = change_status(office.desk, moment, wish, note)
    return answered(request, office, visitor, member_id, refusal, to=link(f"/members/{member_id}", done="standing"))


@router.get("/members/{member_id}/payment-pin")
def get_pin_reset(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str) -> Response:
    """Asks before it is done, naming what follows."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=business_day(office.clock()))
        if view is None or view.wallet is None or not view.wallet.pin_is_set:
            raise PageMissing
        return page(
            request,
            "member_pin.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            request_id=new_id(moment),
        )


@router.post("/members/{member_id}/payment-pin")
def post_pin_reset(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    request_id: Annotated[str, Form()],
    reason: Reason,
) -> Response:
    require_change(visitor)
    moment = moment_of(office, visitor)
    wish = PinResetWish(request_id=EventId(request_id), member_id=MemberId(member_id), reason=reason)
    note = audited(visitor, moment, "payment_pin_taken_away", member_id, {"reason": reason})
    refusal = reset_pin(office.desk, moment, wish, note)
    to = link(f"/members/{member_id}", done="pin_taken_away")
    return answered(request, office, visitor, member_id, refusal, to=to)


@router.get("/members/{member_id}/cash-outs/{request_id}/reject")
def get_rejection(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, request_id: str) -> Response:
    """Asks before it is done, naming the amounts."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=moment.on)
        asked = next((each for each in view.cash_outs_waiting if each.request_id == request_id), None) if view else None
        if asked is None:
            raise PageMissing
        return page(
            request,
            "member_cash_out.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            asked=asked,
            wish_id=new_id(moment),
        )


@router.post("/members/{member_id}/cash-outs/{request_id}/reject")
def post_rejection(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    request_id: str,
    wish_id: Annotated[str, Form()],
    reason: Reason,
) -> Response:
    require_change(visitor)
    moment = moment_of(office, visitor)
    wish = RejectionWish(
        wish_id=EventId(wish_id), member_id=MemberId(member_id), request_id=EventId(request_id), reason=reason
    )
    note = audited(visitor, moment, "cash_out_rejected", member_id, {"request": request_id, "reason": reason})
    refusal = reject_cash_out(office.desk, moment, wish, note)
    return answered(
        request, office, visitor, member_id, refusal, to=link(f"/members/{member_id}", done="cash_out_rejected")
    )


@router.get("/members/{member_id}/suspense/{payment_id}")
def get_decision(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, payment_id: str) -> Response:
    """Both verdicts with what each would do."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=moment.on)
        asked = waiting(session, member_id, payment_id)
        receipt = receipts_of(session, MemberId(member_id), [EventId(payment_id)]).get(EventId(payment_id))
        if view is None or view.wallet is None or receipt is None or asked is None or not asked.amount_minor:
            raise PageMissing
        free = free_minor(view.wallet, moment.on)
        return page(
            request,
            "member_suspense.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            asked=asked,
            receipt=receipt,
            payment_id=payment_id,
            owed_minor=max(0, asked.amount_minor - free),
            refusal=refuse_decision(view.wallet, asked.amount_minor, SuspenseVerdict.MEMBER, moment.on),
            wish_id=new_id(moment),
        )


@router.post("/members/{member_id}/suspense/{payment_id}")
def post_decision(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    payment_id: str,
    wish_id: Annotated[str, Form()],
    verdict: Annotated[SuspenseVerdict, Form()],
    reason: Reason,
) -> Response:
    """Settles the exceptions that the payment raised for it, with the same words."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        receipt = receipts_of(session, MemberId(member_id), [EventId(payment_id)]).get(EventId(payment_id))
    if receipt is None:
        raise PageMissing
    wish = DecisionWish(
        wish_id=EventId(wish_id),
        member_id=MemberId(member_id),
        payment_id=EventId(payment_id),
        verdict=verdict,
        reason=reason,
    )
    audit = audited(visitor, moment, "suspense_decided", member_id, {"payment": payment_id, "verdict": verdict.value})
    store_id = receipt.terminal_id.partition("-")[0]
    subject = subject_of_entry(receipt.terminal_id, receipt.incarnation, receipt.seq)

    def note(session: WriteSession) -> None:
        audit(session)
        settle_suspense(session, store_id, subject, reason, Deed(visitor.login, moment.now))

    refusal = decide_suspense(office.desk, moment, wish, note)
    place = f"/receipts/{receipt.terminal_id}/{receipt.incarnation}/{receipt.seq}"
    return answered(request, office, visitor, member_id, refusal, to=link(place, done="suspense_decided"))


@router.get("/members/{member_id}/erasure")
def get_erasure(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str) -> Response:
    """Asks before it is done, naming what goes and what stays."""
    require_change(visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=business_day(office.clock()))
        if view is None or view.is_erased:
            raise PageMissing
        return page(
            request,
            "member_erasure.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=office.clock()),
            view=view,
        )


@router.post("/members/{member_id}/erasure")
def post_erasure(office: OfficeOf, visitor: FormVisitor, member_id: str, reason: Reason) -> Response:
    """Sent twice it is done, and audited, once."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    note = audited(visitor, moment, "personal_data_erased", member_id, {"reason": reason})
    erase_member(office.desk, MemberId(member_id), Stamp(moment.now, office.keys.random), note)
    return RedirectResponse(link(f"/members/{member_id}", done="erased"), 303)
