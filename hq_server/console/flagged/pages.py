"""What needs a person, plainly listed with the reason and the next step."""

from fastapi import APIRouter, Request, Response

from hq_server.console.chrome import chrome_of
from hq_server.console.flagged.reads import flagged
from hq_server.console.rendering import page
from hq_server.console.tills.reads import tills
from hq_server.console.visiting import OfficeOf, PageMissing, VisitorOf, seen_store

router = APIRouter()


@router.get("/flagged")
def get_flagged(request: Request, office: OfficeOf, visitor: VisitorOf, store: str = "", after: str = "") -> Response:
    store_id = seen_store(visitor, store)
    now = office.clock()
    with office.database.read() as session:
        try:
            found = flagged(session, store_id, after=after or None)
        except ValueError as error:
            raise PageMissing from error
        stopped = tuple(till for till in tills(session, store_id, now=now) if till.status == "stopped")
        return page(
            request,
            "flagged.html",
            chrome=chrome_of(session, visitor, "flagged", store_id=store_id, now=now),
            found=found,
            stopped=stopped if not after else (),
            after=after,
        )
