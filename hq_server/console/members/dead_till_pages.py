"""What head office gives back in place of a revoked till: a purchase's refund and a deposit's return, shown in amounts before they are confirmed, and audited.

A wish is named when its form is made; sent twice it is done once. Only administrators.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from hq_server.console.chrome import chrome_of
from hq_server.console.members.reads import MemberPurchase, MemberView, member_purchase, member_view
from hq_server.console.members.wishes import amount_of
from hq_server.console.members.wishing import answered, audited, moment_of, new_id, require_change
from hq_server.console.rendering import link, page
from hq_server.console.visiting import FormVisitor, OfficeOf, PageMissing, Reason, VisitorOf
from hq_server.database.engine import ReadSession
from hq_server.own_journal.dead_tills import (
    DepositWish,
    GivingBack,
    Lines,
    RefundWish,
    is_revoked,
    plan_giving_back,
    refund_for_dead_till,
    return_deposit_for_dead_till,
    returned_here,
)
from hq_server.own_journal.place import Moment
from stored_value.deposits import deposit
from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId, MemberId
from stored_value.money import format_yuan
from stored_value.occasion import Tender, TenderKind
from stored_value.order_refund import everything_back
from stored_value.refusals import Refusal
from stored_value.wallet import Purchase, PurchaseLine, Wallet

router = APIRouter()
WHOLE = "whole"
"""What a line's field says where it goes back whole or not at all: units of a pass, a sold pass."""
_LINES_CHARS_MAX = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Returnable:
    """A line of the form. `most` is what still can go back; `said` what the field holds."""

    line: PurchaseLine
    most: OrderRefundLine
    only_whole: bool
    said: str


@router.get("/members/{member_id}/purchases/{purchase_id}/refund")
def get_refund(
    request: Request,
    office: OfficeOf,
    visitor: VisitorOf,
    member_id: str,
    purchase_id: str,
    back: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """The form; with what should go back filled in, what would happen."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view, found, wallet = _bought(session, member_id, purchase_id, moment)
        lines = _asked(wallet, found.purchase, back)
        answer: GivingBack | Refusal | None = None
        if back is not None:
            book = office.rulebooks.all(session).in_force(moment.now)
            answer = plan_giving_back(wallet, found.purchase, lines, book, moment)
        return page(
            request,
            "member_refund.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            found=found,
            returnable=_form(wallet, found.purchase, back),
            giving=None if isinstance(answer, Refusal) else answer,
            refusal=answer if isinstance(answer, Refusal) else None,
            lines=_written(lines),
            amount_minor=sum(line.amount_minor for line in lines),
            wish_id=new_id(moment),
        )


@router.post("/members/{member_id}/purchases/{purchase_id}/refund")
def post_refund(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    purchase_id: str,
    wish_id: Annotated[str, Form()],
    lines: Annotated[str, Form(max_length=_LINES_CHARS_MAX)],
    reason: Reason,
) -> Response:
    require_change(visitor)
    moment = moment_of(office, visitor)
    wish = RefundWish(
        wish_id=EventId(wish_id),
        member_id=MemberId(member_id),
        purchase_id=EventId(purchase_id),
        lines=_read(lines),
        reason=reason,
    )
    note = audited(visitor, moment, "purchase_refunded", member_id, {"purchase": purchase_id, "reason": reason})
    refusal = refund_for_dead_till(office.desk, moment, wish, note)
    return answered(request, office, visitor, member_id, refusal, to=link(f"/members/{member_id}", done="refunded"))


@router.get("/members/{member_id}/deposits/{deposit_id}/return")
def get_return(request: Request, office: OfficeOf, visitor: VisitorOf, member_id: str, deposit_id: str) -> Response:
    """Asks before it is done, naming the till and what is left."""
    require_change(visitor)
    moment = moment_of(office, visitor)
    with office.database.read() as session:
        view = member_view(session, member_id, store_id=None, today=moment.on)
        lot = deposit(view.wallet, EventId(deposit_id)) if view is not None and view.wallet is not None else None
        if lot is None or not lot.remaining_minor or not _returned_here(session, view, EventId(deposit_id)):
            raise PageMissing
        return page(
            request,
            "member_deposit.html",
            chrome=chrome_of(session, visitor, "members", store_id=None, now=moment.now),
            view=view,
            lot=lot,
            tenders=tuple(TenderKind),
            usual=TenderKind.TRANSFER,
            wish_id=new_id(moment),
        )


@router.post("/members/{member_id}/deposits/{deposit_id}/return")
def post_return(
    request: Request,
    office: OfficeOf,
    visitor: FormVisitor,
    member_id: str,
    deposit_id: str,
    wish_id: Annotated[str, Form()],
    tender: Annotated[TenderKind, Form()],
    reason: Reason,
    amount: Annotated[str, Form()] = "",
) -> Response:
    require_change(visitor)
    moment = moment_of(office, visitor)
    paid = Tender(kind=tender, amount_minor=amount_of(amount))
    wish = DepositWish(
        wish_id=EventId(wish_id), member_id=MemberId(member_id), deposit_id=EventId(deposit_id), tenders=(paid,)
    )
    data: dict[str, int | str] = {"deposit": deposit_id, "amount_minor": paid.amount_minor, "reason": reason}
    note = audited(visitor, moment, "deposit_returned", member_id, data)
    refusal = return_deposit_for_dead_till(office.desk, moment, wish, note)
    return answered(
        request, office, visitor, member_id, refusal, to=link(f"/members/{member_id}", done="deposit_returned")
    )


def _returned_here(session: ReadSession, view: MemberView | None, deposit_id: EventId) -> bool:
    return view is not None and view.wallet is not None and returned_here(session, view.wallet, deposit_id)


def _bought(
    session: ReadSession, member_id: str, purchase_id: str, moment: Moment
) -> tuple[MemberView, MemberPurchase, Wallet]:
    """A purchase of a revoked till; for any other there is no such page."""
    view = member_view(session, member_id, store_id=None, today=moment.on)
    found = member_purchase(session, member_id, EventId(purchase_id))
    if view is None or view.wallet is None or found is None or not is_revoked(session, found.terminal_id):
        raise PageMissing
    return view, found, view.wallet


def _form(wallet: Wallet, purchase: Purchase, back: list[str] | None) -> tuple[Returnable, ...]:
    """Everything that can go back, filled in whole until somebody says otherwise."""
    most = {line.line_no: line for line in everything_back(wallet, purchase)}
    rows: list[Returnable] = []
    for place, line in enumerate(line for line in purchase.lines if line.line_no in most):
        whole = bool(most[line.line_no].units) or line.sells_pass is not None
        full = WHOLE if whole else format_yuan(most[line.line_no].amount_minor, sign=False).replace(",", "")
        said = full if back is None else back[place] if place < len(back) else ""
        rows.append(Returnable(line=line, most=most[line.line_no], only_whole=whole, said=said))
    return tuple(rows)


def _asked(wallet: Wallet, purchase: Purchase, back: list[str] | None) -> Lines:
    """An amount that is none becomes one that the rules refuse."""
    lines: list[OrderRefundLine] = []
    for row in _form(wallet, purchase, back):
        said = row.said.strip()
        if row.only_whole and said == WHOLE:
            lines.append(row.most)
        elif not row.only_whole and said not in ("", "0"):
            lines.append(OrderRefundLine(line_no=row.line.line_no, amount_minor=amount_of(said)))
    return tuple(lines)


def _written(lines: Lines) -> str:
    return " ".join(f"{line.line_no}:{line.amount_minor}:{line.units}" for line in lines)


def _read(text: str) -> Lines:
    """Of what `_written` wrote into the form."""
    lines: list[OrderRefundLine] = []
    for part in text.split():
        numbers = part.split(":")
        if len(numbers) != 3 or not all(each.isascii() and each.isdigit() for each in numbers):
            raise PageMissing
        line_no, amount_minor, units = map(int, numbers)
        lines.append(OrderRefundLine(line_no=line_no, amount_minor=amount_minor, units=units))
    return tuple(lines)
