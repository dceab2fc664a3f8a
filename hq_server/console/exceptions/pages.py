"""Exceptions: what needs a person, each with its reason, its evidence and the next step; naming who looks at it, and saying how it was settled."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.console.catalogues import N_
from hq_server.console.chrome import Chrome, chrome_of
from hq_server.console.csv_files import csv_answer, text_cell
from hq_server.console.exceptions.reads import (
    Age,
    ShownException,
    Wanted,
    exception_shown,
    exceptions,
    exceptions_in_full,
    people_for,
)
from hq_server.console.receipts.reads import receipt_view
from hq_server.console.rendering import link, local, page, words_of
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.tills.reads import tills
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.console.words import Words
from hq_server.database.engine import ReadSession
from hq_server.database.models import ExceptionState, JournalEntry
from hq_server.exceptions.handling import Deed, ExceptionKey, Handled, assign, resolve
from hq_server.exceptions.kinds import ExceptionKind, Responsible
from hq_server.own_journal.suspense import waiting
from hq_server.rulebooks.published import promotion_names

router = APIRouter()


def wanted_of(
    visitor: VisitorOf,
    store: str = "",
    state: ExceptionState = ExceptionState.OPEN,
    kind: ExceptionKind | str = "",
    responsible: Responsible | str = "",
    older: Age | str = "",
) -> Wanted:
    """The filters of an address; what stands empty asks for all."""
    try:
        return Wanted(
            store_id=seen_store(visitor, store),
            state=state,
            kind=ExceptionKind(kind) if kind else None,
            responsible=Responsible(responsible) if responsible else None,
            older_than=Age(older) if older else None,
        )
    except ValueError as error:
        raise PageMissing from error


WantedOf = Annotated[Wanted, Depends(wanted_of)]


@router.get("/exceptions")
def get_exceptions(
    request: Request, office: OfficeOf, visitor: VisitorOf, wanted: WantedOf, after: str = "", csv: str = ""
) -> Response:
    now = office.clock()
    with office.database.read() as session:
        chrome = chrome_of(session, visitor, "exceptions", store_id=wanted.store_id, now=now)
        if csv:
            rows = exceptions_in_full(session, wanted, now=now)
            return csv_answer("exceptions.csv", _table(rows, chrome, words_of(request)))
        try:
            found = exceptions(session, wanted, now=now, after=after or None)
        except ValueError as error:
            raise PageMissing from error
        known = tills(session, wanted.store_id, now=now)
        stopped = tuple(till for till in known if till.status == "stopped")
        is_first = not after and wanted.state is ExceptionState.OPEN
        return page(
            request,
            "exceptions.html",
            chrome=chrome,
            found=found,
            wanted=wanted,
            asked=_asked(wanted),
            stopped=stopped if is_first else (),
            unspoken=known if is_first else (),
            after=after,
            kinds=tuple(ExceptionKind),
            responsibles=tuple(Responsible),
            ages=tuple(Age),
        )


@router.get("/exceptions/{store_id}/{subject}/{code}")
def get_exception(
    request: Request, office: OfficeOf, visitor: VisitorOf, store_id: str, subject: str, code: str, done: str = ""
) -> Response:
    key = ExceptionKey(store_id, subject, code)
    now = office.clock()
    with office.database.read() as session:
        shown = _seen(session, visitor, key, now)
        receipt = None
        if shown.entry_kind and shown.seq is not None:
            receipt = receipt_view(session, shown.terminal_id, shown.incarnation, shown.seq, seen_by=visitor.store_id)
        return page(
            request,
            "exception.html",
            chrome=chrome_of(session, visitor, "exceptions", store_id=None, now=now),
            shown=shown,
            receipt=receipt,
            promotions=promotion_names(session),
            people=people_for(session, store_id),
            may_settle=_may_settle(visitor, shown),
            done=done,
        )


@router.post("/exceptions/{store_id}/{subject}/{code}/person")
def post_person(
    office: OfficeOf,
    visitor: FormVisitor,
    key: Annotated[ExceptionKey, Depends(ExceptionKey)],
    login: Annotated[str, Form()] = "",
) -> Response:
    now = office.clock()
    with office.database.write() as session:
        _require_settling(session, visitor, key, now)
        handled = assign(session, key, login, Deed(visitor.login, now))
    return _handled(key, handled, "assigned")


@router.post("/exceptions/{store_id}/{subject}/{code}/resolution")
def post_resolution(
    office: OfficeOf,
    visitor: FormVisitor,
    key: Annotated[ExceptionKey, Depends(ExceptionKey)],
    resolution: Annotated[str, Form()] = "",
) -> Response:
    now = office.clock()
    with office.database.write() as session:
        shown = _require_settling(session, visitor, key, now)
        if _waits_in_suspense(session, shown):
            return _told(key, "decide_first")
        handled = resolve(session, key, resolution, Deed(visitor.login, now))
    office.sequencer.wake()
    return _handled(key, handled, "resolved")


def _handled(key: ExceptionKey, handled: Handled, done: str) -> Response:
    if handled is Handled.UNKNOWN:
        raise PageMissing
    return _told(key, done if handled is Handled.DONE else handled.value)


def _told(key: ExceptionKey, done: str) -> Response:
    return RedirectResponse(link(f"/exceptions/{key.store_id}/{key.subject}/{key.code}", done=done), 303)


def _waits_in_suspense(session: ReadSession, shown: ShownException) -> bool:
    """Then words alone settle nothing."""
    if not shown.is_about_suspense or shown.member_id is None or shown.seq is None:
        return False
    held = session.get(JournalEntry, (shown.store_id, shown.terminal_id, shown.incarnation, shown.seq))
    found = waiting(session, shown.member_id, held.event_id) if held is not None else None
    return found is not None and found.amount_minor > 0


def _seen(session: ReadSession, visitor: Visitor, key: ExceptionKey, now: datetime) -> ShownException:
    shown = exception_shown(session, key, now=now)
    if shown is None or visitor.store_id not in {None, shown.store_id}:
        raise PageMissing
    return shown


def _require_settling(session: ReadSession, visitor: Visitor, key: ExceptionKey, now: datetime) -> ShownException:
    shown = _seen(session, visitor, key, now)
    if not _may_settle(visitor, shown):
        raise NotPermitted
    return shown


def _may_settle(visitor: Visitor, shown: ShownException) -> bool:
    """Head office settles everything; a franchisee what its own store manager is responsible for, or was named for."""
    if visitor.store_id is None:
        return True
    return shown.responsible is Responsible.STORE_MANAGER or shown.assigned_to == visitor.login


def _asked(wanted: Wanted) -> dict[str, str]:
    """The filters as an address carries them."""
    return {
        "store": wanted.store_id or "",
        "state": "" if wanted.state is ExceptionState.OPEN else wanted.state.value,
        "kind": wanted.kind or "",
        "responsible": wanted.responsible or "",
        "older": wanted.older_than or "",
    }


def _table(rows: Iterator[ShownException], chrome: Chrome, words: Words) -> Iterator[Sequence[str]]:
    yield [
        words.text(head)
        for head in (
            N_("Found at"),
            N_("Store"),
            N_("Receipt"),
            N_("Kind"),
            N_("What happened"),
            N_("Member"),
            N_("Responsible"),
            N_("State"),
            N_("Settled at"),
            N_("Settled by"),
            N_("How it was settled"),
        )
    ]
    for each in rows:
        zone = chrome.stores.zone(each.store_id)
        yield (
            local(each.raised_at, zone),
            each.store_id,
            each.receipt_no or each.terminal_id,
            words.exception_kind(each.kind),
            words.finding(each.key.code).what,
            each.member_no,
            text_cell(each.assigned_name or words.responsible(each.responsible)),
            words.exception_state(each.state),
            local(each.resolved_at, zone) if each.resolved_at else "",
            text_cell(each.resolved_by),
            text_cell(each.resolution),
        )
