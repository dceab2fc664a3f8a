"""Tills: the list, a code for a new one, and stopping one or letting it go on. Only administrators change anything; each change is in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.chrome import chrome_of
from hq_server.console.rendering import link, page
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.tills.reads import open_codes, till, tills
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.database.engine import WriteSession
from hq_server.enrolment.codes import StoreUnknown, create_code
from hq_server.exceptions.handling import Deed as SettlingDeed
from hq_server.exceptions.handling import settle_about
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.office import Office
from hq_server.recovery.branches import adopt, take_back
from hq_server.reservations.by_till import kept_sum
from hq_server.reservations.silence import Till
from hq_server.terminals.standing import Standing, allow_again, confirm_machine, give_up, revoke, stop
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
        if line is None or change not in {"stop", "allow", "revoke", "adopt", "take-back", "machine", "give-up"}:
            raise PageMissing
        return page(
            request,
            "till_change.html",
            chrome=chrome_of(session, visitor, "tills", store_id=None, now=office.clock()),
            till=line,
            kept=kept_sum(session, Till(line.store_id, line.terminal_id)),
            change=change,
        )


@router.post("/tills/{terminal_id}/stop")
def post_stop(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    said = reason.strip()
    return _change(office, visitor, terminal_id, Deed("terminal_stopped", "stopped", partial(stop, reason=said), said))


@router.post("/tills/{terminal_id}/allow")
def post_allow(office: OfficeOf, visitor: FormVisitor, terminal_id: str) -> Response:
    return _change(office, visitor, terminal_id, Deed("terminal_allowed", "allowed", allow_again))


@router.post("/tills/{terminal_id}/adopt")
def post_adopt(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    settles = ExceptionCode.JOURNAL_FORKED
    return _change(
        office, visitor, terminal_id, Deed("branch_adopted", "adopted", adopt, reason.strip(), settles=settles)
    )


@router.post("/tills/{terminal_id}/take-back")
def post_take_back(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    said, settles = reason.strip(), ExceptionCode.STOPPED_HERE
    taken_back = partial(take_back, reason=said)
    deed = Deed("branch_adoption_taken_back", "taken_back", taken_back, said, settles=settles)
    return _change(office, visitor, terminal_id, deed)


@router.post("/tills/{terminal_id}/machine")
def post_machine(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    settles = ExceptionCode.MACHINE_CHANGED
    return _change(
        office,
        visitor,
        terminal_id,
        Deed("machine_confirmed", "confirmed", confirm_machine, reason.strip(), settles=settles),
    )


@router.post("/tills/{terminal_id}/revoke")
def post_revoke(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    said = reason.strip()
    return _change(
        office, visitor, terminal_id, Deed("terminal_revoked", "revoked", partial(revoke, reason=said), said)
    )


@router.post("/tills/{terminal_id}/give-up")
def post_give_up(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    said = reason.strip()
    given_up = partial(give_up, reason=said, now=office.clock())
    return _change(office, visitor, terminal_id, Deed("terminal_given_up", "given_up", given_up, said))


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person does to a till: its name in the audit log, the note on the page afterwards, and how it is done. `reason` None: none is asked for. `settles`: what waited for
    this decision is settled by it, in the words of the reason."""

    action: str
    done: str
    change: Callable[[WriteSession, TerminalId], Standing]
    reason: str | None = None
    settles: ExceptionCode | None = None


def _change(office: Office, visitor: Visitor, terminal_id: str, deed: Deed) -> Response:
    """Done and audited in one unit of work."""
    _require_change(visitor)
    if deed.reason == "":
        return RedirectResponse(link("/tills", done="reason_missing"), 303)
    with office.database.write() as session:
        standing = deed.change(session, TerminalId(terminal_id))
        if standing is Standing.CHANGED:
            data = None if deed.reason is None else {"reason": deed.reason}
            now = office.clock()
            record(session, actor=visitor.login, action=deed.action, subject=terminal_id, data=data, now=now)
            if deed.settles is not None and deed.reason is not None:
                settle_about(session, deed.settles, terminal_id, deed.reason, SettlingDeed(visitor.login, now))
    if standing is Standing.UNKNOWN:
        raise PageMissing
    if standing is Standing.REASON_MISSING:
        return RedirectResponse(link("/tills", done="reason_missing"), 303)
    return RedirectResponse(link("/tills", done=deed.done if standing is Standing.CHANGED else "unchanged"), 303)


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
