"""The rulebook's page; publishing comes with its own."""

from fastapi import APIRouter, Request, Response

from hq_server.console.chrome import chrome_of
from hq_server.console.promotions.reads import rulebook_view
from hq_server.console.rendering import page
from hq_server.console.visiting import OfficeOf, PageMissing, VisitorOf

router = APIRouter()


@router.get("/promotions")
def get_promotions(request: Request, office: OfficeOf, visitor: VisitorOf, version: int | None = None) -> Response:
    with office.database.read() as session:
        view = rulebook_view(session, version, now=office.clock())
        if view is None:
            raise PageMissing
        return page(
            request,
            "promotions.html",
            chrome=chrome_of(session, visitor, "promotions", store_id=visitor.store_id, now=office.clock()),
            view=view,
        )
