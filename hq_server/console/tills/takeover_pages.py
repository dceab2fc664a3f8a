"""Taking over a dead till: what head office knows of it, leave given with a reason as a code for the technician, refused, or withdrawn. By administrators, in the audit log."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.chrome import chrome_of
from hq_server.console.rendering import link, page
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.tills.takeover_reads import takeover
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf
from hq_server.exceptions.handling import Deed, settle_about
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.office import Office
from hq_server.recovery.approvals import NewApproval, TerminalUnknown, approve, withdraw
from hq_server.terminals.standing import REASON_CHARS_MAX
from stored_value.identity import TerminalId

router = APIRouter()
Reason = Annotated[str, Form()]


@router.get("/tills/{terminal_id}/takeover")
def get_takeover(request: Request, office: OfficeOf, visitor: VisitorOf, terminal_id: str, done: str = "") -> Response:
    _require_change(visitor)
    return _shown(request, office, visitor, terminal_id, done=done)


@router.post("/tills/{terminal_id}/takeover/leave")
def post_leave(
    request: Request, office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Reason = ""
) -> Response:
    """The code stands on this answer only; it is kept nowhere."""
    _require_change(visitor)
    said, now = _said(reason), office.clock()
    if not said:
        return _back(terminal_id, "reason_missing")
    try:
        with office.database.write() as session:
            made = approve(session, TerminalId(terminal_id), by=visitor.login, now=now, reason=said)
            settle_about(session, ExceptionCode.RECOVERY_ASKED, terminal_id, said, Deed(visitor.login, now))
    except TerminalUnknown as error:
        raise PageMissing from error
    return _shown(request, office, visitor, terminal_id, made=made)


@router.post("/tills/{terminal_id}/takeover/refusal")
def post_refusal(office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Reason = "") -> Response:
    _require_change(visitor)
    said, now = _said(reason), office.clock()
    if not said:
        return _back(terminal_id, "reason_missing")
    with office.database.write() as session:
        refused = settle_about(session, ExceptionCode.RECOVERY_ASKED, terminal_id, said, Deed(visitor.login, now))
        if refused:
            data = {"reason": said}
            record(session, actor=visitor.login, action="recovery_refused", subject=terminal_id, data=data, now=now)
    return _back(terminal_id, "refused" if refused else "unchanged")


@router.post("/tills/{terminal_id}/takeover/withdrawal")
def post_withdrawal(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, leave: Annotated[str, Form()], reason: Reason = ""
) -> Response:
    _require_change(visitor)
    said, now = _said(reason), office.clock()
    if not said:
        return _back(terminal_id, "reason_missing")
    with office.database.write() as session:
        ended = withdraw(session, leave, terminal_id, said, by=visitor.login, now=now)
    return _back(terminal_id, "withdrawn" if ended else "unchanged")


def _shown(
    request: Request,
    office: Office,
    visitor: Visitor,
    terminal_id: str,
    *,
    done: str = "",
    made: NewApproval | None = None,
) -> Response:
    now = office.clock()
    with office.database.read() as session:
        found = takeover(session, terminal_id, now=now)
        if found is None:
            raise PageMissing
        chrome = chrome_of(session, visitor, "tills", store_id=None, now=now)
        return page(request, "till_takeover.html", chrome=chrome, found=found, made=made, done=done)


def _back(terminal_id: str, done: str) -> Response:
    return RedirectResponse(link(f"/tills/{terminal_id}/takeover", done=done), 303)


def _said(reason: str) -> str:
    return reason.strip()[:REASON_CHARS_MAX]


def _require_change(visitor: Visitor) -> None:
    if not visitor.may_change:
        raise NotPermitted
