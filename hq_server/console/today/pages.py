"""The first page: what each store did so far today, renewed by itself while it is open."""

import hashlib
from typing import Any

from fastapi import APIRouter, Request, Response

from hq_server.console.chrome import chrome_of
from hq_server.console.rendering import page
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.tills.reads import tills
from hq_server.console.today.reads import latest_receipts, store_days
from hq_server.console.visiting import OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.database.engine import ReadSession
from hq_server.database.models import ExceptionRecord
from hq_server.exceptions.restored import open_restores
from hq_server.office import Office
from hq_server.reservations.exposure import Exposure, exposure

router = APIRouter()


@router.get("/")
def get_today(request: Request, office: OfficeOf, visitor: VisitorOf, store: str = "") -> Response:
    values = _values(office, visitor, store)
    fragment = _fragment(request, values)
    return page(request, "today.html", **values, live=bytes(fragment.body).decode())


@router.get("/live")
def get_live(request: Request, office: OfficeOf, visitor: VisitorOf, store: str = "", seen: str = "") -> Response:
    """The moving part. 204 when the page that asks shows just this: nothing is swapped, no place on the page is lost."""
    fragment = _fragment(request, _values(office, visitor, store))
    if fragment.headers["x-seen"] == seen:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    return fragment


def _fragment(request: Request, values: dict[str, Any]) -> Response:
    """Rendered twice, the second time naming the first one's digest: that is what the next question says it has seen."""
    digest = hashlib.sha256(page(request, "today_live.html", **values, seen="").body).hexdigest()[:16]
    fragment = page(request, "today_live.html", **values, seen=digest)
    fragment.headers["x-seen"] = digest
    return fragment


def _watched_exposure(office: Office, session: ReadSession, visitor: Visitor) -> Exposure | None:
    """Of the whole franchise, for head office; None when nobody wants to be told."""
    rulebooks, now = office.rulebooks.all(session), office.clock()
    if visitor.store_id is not None or not rulebooks.in_force(now).offline.exposure_alert_minor:
        return None
    return exposure(session, rulebooks, now)


def _restores(session: ReadSession, visitor: Visitor) -> tuple[ExceptionRecord, ...]:
    """For head office."""
    return open_restores(session) if visitor.store_id is None else ()


def _values(office: Office, visitor: Visitor, store: str) -> dict[str, Any]:
    store_id = seen_store(visitor, store)
    now = office.clock()
    with office.database.read() as session:
        chrome = chrome_of(session, visitor, "today", store_id=store_id, now=now)
        seen = chrome.stores.seen(store_id)
        if store_id is not None and not seen:
            raise PageMissing
        days = store_days(session, seen, now=now)
        return {
            "chrome": chrome,
            "days": days,
            "receipts": latest_receipts(session, days),
            "tills": tills(session, store_id, now=now),
            "exposure": _watched_exposure(office, session, visitor),
            "restores": _restores(session, visitor),
        }
