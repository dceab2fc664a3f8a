"""Tills: the list, a code for a new one, and stopping one or letting it go on. Only administrators change anything; each change is in the audit log."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.chrome import chrome_of
from hq_server.console.rendering import link, page
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.tills.reads import open_codes, till, tills
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.enrolment.codes import StoreUnknown, create_code
from hq_server.office import Office
from hq_server.recovery.branches import adopt
from hq_server.terminals.standing import Standing, allow_again, confirm_machine, revoke, stop
from stored_value.identity import StoreId, TerminalId

router = APIRouter()


@router.get("/tills")
def get_tills(request: Request, office: OfficeOf, visitor: VisitorOf, store: str = "", done: str = "") -> Response:
    values = _values(office, visitor, seen_store(visitor, store))
    return page(request, "tills.html", **values, new_code=None, done=done, here_url="")


@router.post("/tills/codes")
def post_code(request: Request, office: OfficeOf, visitor: FormVisitor, store: Annotated[str, Form()]) -> Response:
    """The code stands on this answer only; it is kept nowhere."""
    _require_change(visitor)
    try:
        with office.database.write() as session:
            new_code = create_code(session, StoreId(store), now=office.clock())
            record(
                session,
                actor=visitor.login,
                action="enrolment_code_made",
                subject=new_code.terminal_id,
                data={"store": store},
                now=office.clock(),
            )
    except StoreUnknown as error:
        raise PageMissing from error
    return page(
        request,
        "tills.html",
        **_values(office, visitor, None),
        new_code=new_code,
        done="",
        here_url=str(request.base_url.replace(path="")),
    )


@router.get("/tills/{terminal_id}/{change}")
def get_change(request: Request, office: OfficeOf, visitor: VisitorOf, terminal_id: str, change: str) -> Response:
    """Asks before it is done, naming the till and what follows."""
    _require_change(visitor)
    with office.database.read() as session:
        line = till(session, terminal_id, now=office.clock())
        if line is None or change not in {"stop", "allow", "revoke", "adopt", "machine"}:
            raise PageMissing
        return page(
            request,
            "till_change.html",
            chrome=chrome_of(session, visitor, "tills", store_id=None, now=office.clock()),
            till=line,
            change=change,
        )


@router.post("/tills/{terminal_id}/stop")
def post_stop(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    _require_change(visitor)
    reason = reason.strip()
    with office.database.write() as session:
        standing = stop(session, TerminalId(terminal_id), reason)
        if standing is Standing.CHANGED:
            record(
                session,
                actor=visitor.login,
                action="terminal_stopped",
                subject=terminal_id,
                data={"reason": reason},
                now=office.clock(),
            )
    return _changed(standing, "stopped")


@router.post("/tills/{terminal_id}/allow")
def post_allow(office: OfficeOf, visitor: FormVisitor, terminal_id: str) -> Response:
    _require_change(visitor)
    with office.database.write() as session:
        standing = allow_again(session, TerminalId(terminal_id))
        if standing is Standing.CHANGED:
            record(session, actor=visitor.login, action="terminal_allowed", subject=terminal_id, now=office.clock())
    return _changed(standing, "allowed")


@router.post("/tills/{terminal_id}/adopt")
def post_adopt(office: OfficeOf, visitor: FormVisitor, terminal_id: str) -> Response:
    _require_change(visitor)
    with office.database.write() as session:
        standing = adopt(session, TerminalId(terminal_id))
        if standing is Standing.CHANGED:
            record(session, actor=visitor.login, action="branch_adopted", subject=terminal_id, now=office.clock())
    return _changed(standing, "adopted")


@router.post("/tills/{terminal_id}/machine")
def post_machine(office: OfficeOf, visitor: FormVisitor, terminal_id: str) -> Response:
    _require_change(visitor)
    with office.database.write() as session:
        standing = confirm_machine(session, TerminalId(terminal_id))
        if standing is Standing.CHANGED:
            record(session, actor=visitor.login, action="machine_confirmed", subject=terminal_id, now=office.clock())
    return _changed(standing, "confirmed")


@router.post("/tills/{terminal_id}/revoke")
def post_revoke(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    _require_change(visitor)
    reason = reason.strip()
    with office.database.write() as session:
        standing = revoke(session, TerminalId(terminal_id), reason)
        if standing is Standing.CHANGED:
            record(
                session,
                actor=visitor.login,
                action="terminal_revoked",
                subject=terminal_id,
                data={"reason": reason},
                now=office.clock(),
            )
    return _changed(standing, "revoked")


def _changed(standing: Standing, done: str) -> Response:
    if standing is Standing.UNKNOWN:
        raise PageMissing
    return RedirectResponse(link("/tills", done=done if standing is Standing.CHANGED else "unchanged"), 303)


def _require_change(visitor: Visitor) -> None:
    if not visitor.may_change:
        raise NotPermitted


def _values(office: Office, visitor: Visitor, store_id: StoreId | None) -> dict[str, Any]:
    now = office.clock()
    with office.database.read() as session:
        return {
            "chrome": chrome_of(session, visitor, "tills", store_id=store_id, now=now),
            "tills": tills(session, store_id, now=now),
            "codes": open_codes(session, store_id, now=now),
        }
