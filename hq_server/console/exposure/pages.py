"""The exposure by till and in all, as a page and as JSON; the write-off of one reservation and the recall of a member's leases, by administrators, in the audit log."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.chrome import chrome_of
from hq_server.console.members.reads import member_view
from hq_server.console.rendering import link, page
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.database.engine import WriteSession
from hq_server.exceptions.exposed import open_exposure
from hq_server.own_journal.place import Moment, business_day
from hq_server.reservations.exposure import exposure
from hq_server.reservations.write_off import WriteOff, WriteOffWish, write_off
from stored_value.identity import MemberId, StaffId
from stored_value.reservation_records import ReservationId
from stored_value.reservations import find

router = APIRouter()
_REASON_CHARS_MAX = 200
_TOLD: Final = {
    WriteOff.DONE: "written_off",
    WriteOff.NOTHING_KEPT: "nothing_kept",
    WriteOff.REASON_MISSING: "reason_missing",
}
FORMULA: Final = {
    "worst_minor": "sum of tills[].worst_minor + forgotten_minor + gone_minor",
    "tills[].worst_minor": "risk_minor * machines + copied_minor + written_off.amount_minor",
    "tills[].risk_minor": "the highest risk.till_minor of any rulebook that the till may still decide by",
    "tills[].machines": "2 while there may be a copy of the till and nobody has decided, else 1",
    "tills[].unjudged": "true: an old program that knows no holds; no figure bounds what it takes until it is updated",
    "tills[].copied_minor": "with 2 machines: the leases that the other one may spend once more; of a copy that was taken over, until its first report: what both could use",
    "tills[].written_off": "written off, and the till has not reported since that it uses it no more",
    "forgotten_minor": "after a restore, until every till has reported: what the members hold",
    "gone_minor": "what tills keep of members who do not have it any more, because another till took it at its own risk",
}
"""In words for people who write programs; `reservations.exposure` is where it is worked out."""


@router.get("/exposure")
def get_exposure(request: Request, office: OfficeOf, visitor: VisitorOf, store: str = "") -> Response:
    store_id, now = seen_store(visitor, store), office.clock()
    with office.database.read() as session:
        return page(
            request,
            "exposure.html",
            chrome=chrome_of(session, visitor, "exposure", store_id=store_id, now=now),
            exposure=exposure(session, office.rulebooks.all(session), now, store_id=store_id),
            raised=open_exposure(session) if visitor.store_id is None else None,
        )


@router.get("/exposure.json")
def get_exposure_figures(office: OfficeOf, visitor: VisitorOf, store: str = "") -> Response:
    """For other programs: the same figures in minor units, the policy in force and how the figures come about. Described in docs/OPERATIONS.md."""
    store_id, now = seen_store(visitor, store), office.clock()
    with office.database.read() as session:
        found = exposure(session, office.rulebooks.all(session), now, store_id=store_id)
    figures = {
        "as_of": now,
        "worst_minor": found.worst_minor,
        "forgotten_minor": found.forgotten_minor,
        "gone_minor": found.gone_minor,
        "leased_minor": found.leased_minor,
        "held_minor": found.held_minor,
        "alert_minor": found.policy.exposure_alert_minor,
        "alert": found.alert,
        "policy": msgspec.to_builtins(found.policy),
        "formula": FORMULA,
        "tills": [msgspec.to_builtins(till) | {"worst_minor": till.worst_minor} for till in found.tills],
    }
    return Response(msgspec.json.encode(figures), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post("/members/{member_id}/recalls")
def post_recall(office: OfficeOf, visitor: FormVisitor, member_id: str) -> Response:
    """So that a transfer, a closing or a cash-out need not wait until a lease runs out. Changes no money, so it asks for no reason."""
    if not visitor.may_change:
        raise NotPermitted

    def note(session: WriteSession) -> None:
        record(session, actor=visitor.login, action="leases_recalled", subject=member_id, data={}, now=office.clock())

    asked = office.leases.ask_back(member_id, note)
    return RedirectResponse(link(f"/members/{member_id}", done="asked_back" if asked else "nothing_kept"), 303)


@router.get("/members/{member_id}/reservations/{reservation_id}")
def get_write_off(
    request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, reservation_id: str, done: str = ""
) -> Response:
    """Asks before it is done, naming the till and what follows."""
    if not visitor.may_change:
        raise NotPermitted
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=business_day(office.clock()))
        kept = (
            find(view.wallet, ReservationId(reservation_id)) if view is not None and view.wallet is not None else None
        )
        if view is None or kept is None:
            raise PageMissing
        return page(
            request,
            "reservation_write_off.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=office.clock()),
            view=view,
            kept=kept,
            done=done,
        )


@router.post("/members/{member_id}/reservations/{reservation_id}")
def post_write_off(
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    reservation_id: str,
    reason: Annotated[str, Form()] = "",
) -> Response:
    if not visitor.may_change:
        raise NotPermitted
    moment = Moment.at(office.clock(), by=StaffId(visitor.user_id))
    wish = WriteOffWish(
        member_id=MemberId(member_id),
        reservation_id=ReservationId(reservation_id),
        reason=reason.strip()[:_REASON_CHARS_MAX],
    )

    def note(session: WriteSession) -> None:
        record(
            session,
            actor=visitor.login,
            action="reservation_written_off",
            subject=member_id,
            data={"reservation": reservation_id, "reason": wish.reason},
            now=moment.now,
        )

    done = write_off(office.desk, moment, wish, note)
    back = f"/members/{member_id}"
    if done is WriteOff.REASON_MISSING:
        back += f"/reservations/{reservation_id}"
    return RedirectResponse(link(back, done=_TOLD[done]), 303)
