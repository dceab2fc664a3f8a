"""The settlement for a range of business days, and the receipts behind each of its numbers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from hq_server.console.chrome import Chrome, chrome_of
from hq_server.console.csv_files import csv_answer
from hq_server.console.rendering import page, words_of
from hq_server.console.settlement.tables import netting_rows, receipt_rows, settlement_rows
from hq_server.console.sign_in.sessions import Visitor
from hq_server.console.visiting import OfficeOf, PageMissing, VisitorOf, seen_store
from hq_server.database.engine import ReadSession
from hq_server.exceptions.about_receipts import About, about_receipts
from hq_server.rulebooks.published import promotion_names
from hq_server.settlement.explanation import explain, explained_total
from hq_server.settlement.figures import Figure, FigureName
from hq_server.settlement.service import Settlement, day_settlement, only_store
from stored_value.identity import StoreId

router = APIRouter()
EXPORT_ROWS_MAX = 50_000
DAYS_MAX = 366
FIRST_DAY = date(2000, 1, 1)
"""No franchise has books from before: where the drill-down of a balance begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A range of days with a name, to be chosen by one click."""

    name: str
    from_date: date
    to_date: date


def _periods(today: date) -> tuple[Period, ...]:
    first = today.replace(day=1)
    last_month_end = first - timedelta(days=1)
    yesterday = today - timedelta(days=1)
    return (
        Period(name="today", from_date=today, to_date=today),
        Period(name="yesterday", from_date=yesterday, to_date=yesterday),
        Period(name="this_month", from_date=first, to_date=today),
        Period(name="last_month", from_date=last_month_end.replace(day=1), to_date=last_month_end),
    )


FromDate = Annotated[date | None, Query(alias="from")]
ToDate = Annotated[date | None, Query(alias="to")]


def _range(chrome: Chrome, from_date: date | None, to_date: date | None) -> tuple[date, date]:
    """Today when nothing is asked, one day when one is; never the wrong way round, never more than `DAYS_MAX`."""
    today = chrome.stores.today(chrome.store_id, chrome.now)
    first = from_date or to_date or today
    last = to_date or first
    first, last = min(first, last), max(first, last)
    return max(first, last - timedelta(days=DAYS_MAX - 1)), last


@router.get("/settlement")
def get_settlement(
    request: Request,
    office: OfficeOf,
    visitor: VisitorOf,
    store: str = "",
    from_date: FromDate = None,
    to_date: ToDate = None,
    csv: str = "",
) -> Response:
    store_id = seen_store(visitor, store)
    with office.database.read() as session:
        chrome = chrome_of(session, visitor, "settlement", store_id=store_id, now=office.clock())
        if store_id is not None and chrome.stores.get(store_id) is None:
            raise PageMissing
        first, last = _range(chrome, from_date, to_date)
        policy = office.rulebooks.all(session).in_force(office.clock()).settlement
        settlement = day_settlement(session, first, last, policy)
    shown = settlement if store_id is None else only_store(settlement, store_id)
    if csv:
        return _csv(request, chrome, shown, csv)
    return page(
        request,
        "settlement.html",
        chrome=chrome,
        settlement=shown,
        is_whole=store_id is None,
        periods=_periods(chrome.stores.today(store_id, chrome.now)),
        figures=FigureName,
        suspense_paid_minor=policy.suspense_paid_minor,
        first_day=FIRST_DAY,
    )


def _csv(request: Request, chrome: Chrome, settlement: Settlement, table: str) -> Response:
    days = f"{settlement.from_date:%Y%m%d}-{settlement.to_date:%Y%m%d}"
    words = words_of(request)
    match table:
        case "stores":
            return csv_answer(f"settlement-{days}.csv", settlement_rows(settlement, words, chrome.stores))
        case "netting":
            return csv_answer(f"netting-{days}.csv", netting_rows(settlement, words, chrome.stores))
        case _:
            raise PageMissing


def asked_figure(
    visitor: VisitorOf,
    figure: FigureName,
    from_date: Annotated[date, Query(alias="from")],
    to_date: Annotated[date, Query(alias="to")],
    store: str = "",
    detail: str = "",
) -> Figure:
    store_id = seen_store(visitor, store)
    return Figure(name=figure, from_date=from_date, to_date=to_date, store_id=store_id, detail=detail or None)


@router.get("/settlement/receipts")
def get_receipts(
    request: Request,
    office: OfficeOf,
    visitor: VisitorOf,
    wanted: Annotated[Figure, Depends(asked_figure)],
    after: str = "",
    csv: str = "",
) -> Response:
    """What stands behind one number; the sum of all its pages is that number."""
    with office.database.read() as session:
        about = _about(session, visitor, wanted)
        if csv:
            whole = explain(session, wanted, rows_max=EXPORT_ROWS_MAX)
            return csv_answer(
                f"{wanted.name}-{wanted.from_date}-{wanted.to_date}.csv",
                receipt_rows(whole.receipts, words_of(request), about),
            )
        return page(
            request,
            "figure.html",
            chrome=chrome_of(session, visitor, "settlement", store_id=wanted.store_id, now=office.clock()),
            figure=wanted,
            total=explained_total(session, wanted),
            settled_minor=_settled_minor(day_settlement(session, wanted.from_date, wanted.to_date), wanted),
            promotions=promotion_names(session),
            explanation=explain(session, wanted, after=_after(after)),
            after=after,
            about=about,
        )


def _about(session: ReadSession, visitor: Visitor, wanted: Figure) -> About | None:
    """The exceptions behind what is unexplained, as far as the visitor may open them; None for every other figure."""
    if wanted.name is not FigureName.UNEXPLAINED:
        return None
    receipts = explain(session, wanted, rows_max=EXPORT_ROWS_MAX).receipts
    return about_receipts(session, [each for each in receipts if visitor.store_id in (None, each.store_id)])


def _after(text: str) -> tuple[str, str] | None:
    event_id, _, member_id = text.partition("~")
    return (event_id, member_id) if event_id and member_id else None


def _settled_minor(settlement: Settlement, figure: Figure) -> int | None:
    """What the settlement says; None for a detail that it does not show."""
    row = settlement.total if figure.store_id is None else settlement.store(figure.store_id)
    if row is None:
        return None
    match figure.name:
        case FigureName.COLLECTED if figure.detail:
            return row.collected_minor.get(figure.detail, 0)
        case FigureName.NET_DUE if figure.detail:
            return row.due_minor.get(StoreId(figure.detail), 0) if figure.store_id else None
        case _ if figure.detail:
            return None
        case FigureName.COLLECTED:
            return row.collected_total_minor
        case FigureName.BONUS:
            return row.bonus_minor
        case FigureName.REDEEMED:
            return row.redeemed_minor
        case FigureName.FROM_OTHERS:
            return row.from_others_minor
        case FigureName.REFUNDED:
            return row.refunded_minor
        case FigureName.NET_DUE:
            return row.net_due_minor
        case FigureName.UNEXPLAINED:
            return row.unexplained_minor
        case FigureName.SUSPENSE:
            return row.suspense_minor
        case FigureName.IN_TRANSIT:
            return row.in_transit_minor
