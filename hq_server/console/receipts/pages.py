"""The page of one receipt, at the end of every drill-down."""

from fastapi import APIRouter, Request, Response

from hq_server.console.chrome import chrome_of
from hq_server.console.receipts.reads import receipt_view
from hq_server.console.rendering import page
from hq_server.console.visiting import OfficeOf, PageMissing, VisitorOf
from hq_server.rulebooks.published import promotion_names

router = APIRouter()


@router.get("/receipts/{terminal_id}/{incarnation}/{seq}")
def get_receipt(
    request: Request, office: OfficeOf, visitor: VisitorOf, terminal_id: str, incarnation: int, seq: int, done: str = ""
) -> Response:
    with office.database.read() as session:
        view = receipt_view(session, terminal_id, incarnation, seq, seen_by=visitor.store_id)
        if view is None:
            raise PageMissing
        return page(
            request,
            "receipt.html",
            chrome=chrome_of(session, visitor, "", store_id=visitor.store_id, now=office.clock()),
            view=view,
            done=done,
            promotions=promotion_names(session),
            steps_to_all=visitor.store_id in {None, view.store_id},
        )
