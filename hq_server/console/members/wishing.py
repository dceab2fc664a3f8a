"""What every page of a wish about a member does: ask who may, name the wish, write it into the audit log, and say what the rules refused."""

from secrets import token_bytes

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.chrome import chrome_of
from hq_server.console.members.reads import member_view
from hq_server.console.rendering import page
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.visiting import NotPermitted, PageMissing
from hq_server.database.engine import WriteSession
from hq_server.office import Office
from hq_server.own_journal.desk import Note
from hq_server.own_journal.place import Moment, business_day
from stored_value.identity import EventId, StaffId, uuid7
from stored_value.refusals import Refusal


def answered(
    request: Request, office: Office, visitor: Visitor, member_id: str, refusal: Refusal | None, *, to: str
) -> Response:
    """To the page `to` when it is done. Refused, something changed since the question was asked: nothing was done, and why."""
    if refusal is None:
        return RedirectResponse(to, 303)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=business_day(office.clock()))
        if view is None:
            raise PageMissing
        return page(
            request,
            "member_refused.html",
            status=409,
            chrome=chrome_of(session, visitor, "members", store_id=None, now=office.clock()),
            view=view,
            refusal=refusal,
        )


def audited(visitor: Visitor, moment: Moment, action: str, subject: str, data: dict[str, int | str]) -> Note:
    def note(session: WriteSession) -> None:
        record(session, actor=visitor.login, action=action, subject=subject, data=data, now=moment.now)

    return note


def moment_of(office: Office, visitor: Visitor) -> Moment:
    return Moment.at(office.clock(), by=StaffId(visitor.user_id))


def new_id(moment: Moment) -> EventId:
    return EventId(uuid7(moment.now, token_bytes(10)))


def require_change(visitor: Visitor) -> None:
    if not visitor.may_change:
        raise NotPermitted
