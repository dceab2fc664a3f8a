"""What is kept for one till: the list as a page, as CSV and as JSON; for a revoked till the write-off of all of it, by administrators, in the audit log."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from hq_server.audit.log import record
from hq_server.console.catalogues import N_
from hq_server.console.chrome import chrome_of
from hq_server.console.csv_files import csv_answer, text_cell, yuan_cell
from hq_server.console.rendering import link, page, words_of
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.tills.reads import TillLine, till
from hq_server.console.visiting import FormVisitor, NotPermitted, OfficeOf, PageMissing, VisitorOf
from hq_server.console.words import Words
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.office import Office
from hq_server.own_journal.place import Moment
from hq_server.reservations.by_till import KeptLine, KeptState, kept_page, kept_sum
from hq_server.reservations.silence import Till
from hq_server.reservations.write_off import WriteOff, write_off_till
from hq_server.terminals.standing import REASON_CHARS_MAX
from stored_value.events_reservation import ReservationWrittenOff
from stored_value.identity import StaffId
from stored_value.reservation_records import ReservationKind

router = APIRouter()
AFTER_CHARS_MAX: Final = 64
EXPORT_ROWS_MAX: Final = 20_000
KINDS: Final = {ReservationKind.LEASE: N_("Lease"), ReservationKind.HOLD: N_("Hold")}
STATES: Final = {
    KeptState.OFFERED: N_("Offered"),
    KeptState.TAKEN: N_("Taken by the till"),
    KeptState.ASKED_BACK: N_("Asked back"),
    KeptState.PAYING: N_("Payment under way"),
    KeptState.AT_LARGE: N_("Written off, not reported"),
    KeptState.MISSING: N_("Missing in the wallet"),
}
_TOLD: Final = {
    WriteOff.DONE: "written_off",
    WriteOff.NOTHING_KEPT: "nothing_kept",
    WriteOff.REASON_MISSING: "reason_missing",
    WriteOff.TILL_NOT_REVOKED: "not_revoked",
}


@router.get("/tills/{terminal_id}/kept")
def get_kept(
    request: Request,
    office: OfficeOf,
    visitor: VisitorOf,
    terminal_id: str,
    after: str = "",
    csv: str = "",
    done: str = "",
    count: int = 0,
) -> Response:
    now = office.clock()
    with office.database.read() as session:
        line = _seen(session, office, visitor, terminal_id)
        of = Till(line.store_id, line.terminal_id)
        if csv:
            return csv_answer(f"kept-{line.terminal_id}.csv", _rows(_all(session, of), words_of(request)))
        return page(
            request,
            "till_kept.html",
            chrome=chrome_of(session, visitor, "tills", store_id=visitor.store_id, now=now),
            till=line,
            kept=kept_sum(session, of),
            found=kept_page(session, of, after=after[:AFTER_CHARS_MAX]),
            after=after,
            done=done,
            count=count,
            kinds=KINDS,
            states=STATES,
        )


@router.get("/tills/{terminal_id}/kept.json")
def get_kept_figures(office: OfficeOf, visitor: VisitorOf, terminal_id: str, after: str = "") -> Response:
    """For other programs: a page of the list, `after` the key of the next one. Described in docs/OPERATIONS.md."""
    with office.database.read() as session:
        line = _seen(session, office, visitor, terminal_id)
        of = Till(line.store_id, line.terminal_id)
        whole, found = kept_sum(session, of), kept_page(session, of, after=after[:AFTER_CHARS_MAX])
    figures = {
        "as_of": office.clock(),
        "terminal_id": line.terminal_id,
        "store_id": line.store_id,
        "status": line.status,
        "count": whole.count,
        "granted_minor": whole.amount_minor,
        "kept": msgspec.to_builtins(found.lines),
        "after": found.after,
    }
    return Response(msgspec.json.encode(figures), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post("/tills/{terminal_id}/kept/write-off")
def post_write_off(
    office: OfficeOf, visitor: FormVisitor, terminal_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Sent twice, or again after a crash, it does what is left."""
    if not visitor.may_change:
        raise NotPermitted
    moment = Moment.at(office.clock(), by=StaffId(visitor.user_id))
    said = reason.strip()[:REASON_CHARS_MAX]
    with office.database.read() as session:
        line = _seen(session, office, visitor, terminal_id)

    def note(session: WriteSession, events: Sequence[ReservationWrittenOff]) -> None:
        for event in events:
            record(
                session,
                actor=visitor.login,
                action="reservation_written_off",
                subject=event.member_id,
                data={"reservation": event.reservation_id, "reason": said, "till": line.terminal_id},
                now=moment.now,
            )

    done = write_off_till(office.desk, moment, Till(line.store_id, line.terminal_id), said, note)
    return RedirectResponse(
        link(f"/tills/{line.terminal_id}/kept", done=_TOLD[done.answer], count=done.count or None), 303
    )


def _seen(session: ReadSession, office: Office, visitor: Visitor, terminal_id: str) -> TillLine:
    line = till(session, terminal_id, now=office.clock())
    if line is None or visitor.store_id not in (None, line.store_id):
        raise PageMissing
    return line


def _all(session: ReadSession, of: Till) -> Iterator[KeptLine]:
    after, rows = "", 0
    while rows < EXPORT_ROWS_MAX:
        found = kept_page(session, of, after=after)
        rows += len(found.lines)
        yield from found.lines
        if found.after is None:
            return
        after = found.after


def _rows(lines: Iterable[KeptLine], words: Words) -> Iterator[list[str]]:
    head = (
        N_("What"),
        N_("Member number"),
        N_("Name"),
        N_("Since (UTC)"),
        N_("Valid until (UTC)"),
        N_("Status"),
        N_("Granted"),
        N_("Left"),
        N_("Coupons, uses, points"),
        N_("Member id"),
        N_("Reservation"),
    )
    yield [words.text(text) for text in head]
    for each in lines:
        yield [
            words.text(KINDS[each.kind]),
            text_cell(each.member_no),
            text_cell(each.name_masked),
            f"{each.granted_at:%Y-%m-%d %H:%M:%S}",
            f"{each.expires_at:%Y-%m-%d %H:%M:%S}" if each.expires_at else "",
            words.text(STATES[each.state]),
            yuan_cell(each.granted_minor),
            yuan_cell(each.left_minor),
            str(each.things),
            each.member_id,
            each.reservation_id,
        ]
