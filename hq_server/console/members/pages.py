"""Members: the search, and one member in full. Names and phones in clear are shown on request only, to head office, and the request is kept in the audit log."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.chrome import chrome_of
from hq_server.console.csv_files import csv_answer
from hq_server.console.members.reads import member_events, member_purchases, member_view
from hq_server.console.members.search import all_members, find_members
from hq_server.console.members.tables import member_rows
from hq_server.console.members.wishes import reachable
from hq_server.console.receipts.reads import receipt_place
from hq_server.console.rendering import link, page, words_of
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.members.field_cipher import FieldUnreadable
from hq_server.members.payment_pins import pin_set_at
from hq_server.members.personal import reveal
from hq_server.office import Office
from hq_server.own_journal.dead_tills import returned_here
from hq_server.own_journal.place import business_day
from hq_server.rulebooks.published import item_names, tier_names
from sync.cards import read_receipt
from sync.personal import Personal

router = APIRouter()
AFTER_CHARS_MAX = 200
EXPORT_ROWS_MAX = 100_000


@router.get("/find")
def get_find(office: OfficeOf, _visitor: VisitorOf, q: str = "") -> Response:
    """One field for everything: a receipt's number or code leads to the receipt, anything else searches members."""
    with office.database.read() as session:
        place = receipt_place(session, read_receipt(q) or q)
    if place is not None:
        return RedirectResponse(link(f"/receipts/{place.terminal_id}/{place.incarnation}/{place.seq}"), 303)
    return RedirectResponse(link("/members", q=q.strip()), 303)


@router.get("/members")
def get_members(
    request: Request,
    office: OfficeOf,
    visitor: VisitorOf,
    q: str = "",
    store: str = "",
    after: str = "",
    csv: str = "",
) -> Response:
    store_id = seen_store(visitor, store)
    with office.database.read() as session:
        if csv:
            everybody = all_members(session, store_id=store_id, rows_max=EXPORT_ROWS_MAX)
            return csv_answer("members.csv", member_rows(everybody, words_of(request)))
        found = find_members(session, office.keys, q, store_id=store_id, after=after[:AFTER_CHARS_MAX] or None)
        return page(
            request,
            "members.html",
            chrome=chrome_of(session, visitor, "members", store_id=store_id, now=office.clock()),
            found=found,
            tiers=tier_names(session, now=office.clock()),
            q=q.strip(),
            after=after,
        )


@router.get("/members/{member_id}")
def get_member(
    request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, after: int | None = None, done: str = ""
) -> Response:
    return page(request, "member.html", **_values(office, visitor, member_id, after) | {"done": done}, personal=None)


@router.post("/members/{member_id}/personal")
def post_personal(request: Request, office: OfficeOf, visitor: FormVisitor, member_id: str) -> Response:
    """Shows the name and phone in clear, once, on this very answer."""
    if visitor.store_id is not None:
        raise NotPermitted
    values = _values(office, visitor, member_id, None)
    personal: Personal | None = None
    unreadable = False
    try:
        personal = reveal(office.keys, values["view"].member)
    except FieldUnreadable:
        unreadable = True
    with office.database.write() as session:
        record(session, actor=visitor.login, action="personal_data_seen", subject=member_id, now=office.clock())
    return page(request, "member.html", **values | {"unreadable": unreadable or personal is None}, personal=personal)


def _values(office: Office, visitor: Visitor, member_id: str, after: int | None) -> dict[str, Any]:
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=visitor.store_id, today=business_day(office.clock()))
        if view is None:
            raise PageMissing
        return {
            "chrome": chrome_of(session, visitor, "members", store_id=visitor.store_id, now=office.clock()),
            "view": view,
            "tiers": tier_names(session, now=office.clock()),
            "items": item_names(session),
            "events": member_events(session, member_id, after=after),
            "purchases": member_purchases(session, member_id),
            "after": after,
            "unreadable": False,
            "reachable": reachable(view.wallet),
            "pin_since": pin_set_at(session, member_id),
            "returned_here": frozenset(
                lot.top_up_id
                for lot in view.deposits
                if view.wallet is not None and returned_here(session, view.wallet, lot.top_up_id)
            ),
            "done": "",
        }
