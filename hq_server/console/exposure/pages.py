"""The exposure by till and in all, as a page and as JSON; and the write-off of one reservation, by administrators, in the audit log."""

from typing import Annotated

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
from hq_server.reservations.write_off import WriteOffWish, write_off
from stored_value.identity import MemberId, StaffId
from stored_value.reservation_records import ReservationId
from stored_value.reservations import find

router = APIRouter()
_REASON_CHARS_MAX = 200


@router.get("/exposure")
def get_exposure(request: Request, office: OfficeOf, visitor: VisitorOf, store: str = "") -> Response:
    store_id, now = seen_store(visitor, store), office.clock()
    with office.database.read() as session:
        policy = office.rulebooks.all(session).in_force(now).offline
        return page(
            request,
            "exposure.html",
            chrome=chrome_of(session, visitor, "exposure", store_id=store_id, now=now),
            exposure=exposure(session, policy, store_id=store_id),
            raised=open_exposure(session) if visitor.store_id is None else None,
        )


@router.get("/exposure.json")
def get_exposure_figures(office: OfficeOf, visitor: VisitorOf, store: str = "") -> Response:
    """For other programs: the same figures in minor units."""
    store_id, now = seen_store(visitor, store), office.clock()
    with office.database.read() as session:
        found = exposure(session, office.rulebooks.all(session).in_force(now).offline, store_id=store_id)
    figures = {
        "as_of": now,
        "worst_minor": found.worst_minor,
        "leased_minor": found.leased_minor,
        "held_minor": found.held_minor,
        "alert_minor": found.policy.exposure_alert_minor,
        "alert": found.alert,
        "tills": [msgspec.to_builtins(till) | {"worst_minor": till.worst_minor} for till in found.tills],
    }
    return Response(msgspec.json.encode(figures), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/members/{member_id}/reservations/{reservation_id}")
def get_write_off(
    request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, reservation_id: str
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
        )


@router.post("/members/{member_id}/reservations/{reservation_id}")
def post_write_off(
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    reservation_id: str,
    reason: Annotated[str, Form()],
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
    return RedirectResponse(link(f"/members/{member_id}", done="written_off" if done else "nothing_kept"), 303)
