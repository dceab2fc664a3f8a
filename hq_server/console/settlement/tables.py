"""The settlement's tables as CSV: the same figures as on the pages, amounts in yuan, for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Response

from hq_server.console.stores import Stores
from hq_server.console.words import N_, Words
from hq_server.settlement.explanation import ExplainedReceipt
from hq_server.settlement.service import Settlement, StoreSettlement
from stored_value.money import format_yuan

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets take UTF-8 for the system's own encoding and Chinese is lost."""
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, rows: Iterable[Sequence[str]]) -> Response:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response((_BYTE_ORDER_MARK + text.getvalue()).encode(), headers=headers, media_type="text/csv")


def settlement_rows(settlement: Settlement, words: Words, stores: Stores) -> Iterable[list[str]]:
    tenders = settlement.tenders
    head = [N_("Store"), N_("Name")]
    tail = [N_("Collected"), N_("Bonus given"), N_("Redeemed"), N_("of which other stores' lots"), N_("Refunded")]
    last = [N_("Unexplained"), N_("Net due")]
    yield [*map(words.text, head), *map(words.tender, tenders), *map(words.text, [*tail, *last])]
    for row in settlement.stores:
        yield [_text(row.store_id), _text(store_name(row.store_id, stores, words)), *_amounts(row, tenders)]
    yield [words.text(N_("Total")), "", *_amounts(settlement.total, tenders)]


def netting_rows(settlement: Settlement, words: Words, stores: Stores) -> Iterable[list[str]]:
    ids = [row.store_id for row in settlement.stores]
    yield ["", *(_text(store_name(each, stores, words)) for each in ids), words.text(N_("Net due"))]
    for row in settlement.stores:
        due = [_yuan(row.due_minor.get(other, 0)) for other in ids]
        yield [_text(store_name(row.store_id, stores, words)), *due, _yuan(row.net_due_minor)]


def receipt_rows(receipts: Iterable[ExplainedReceipt], words: Words) -> Iterable[list[str]]:
    head = (N_("Receipt"), N_("What"), N_("Store"), N_("Till"), N_("Business day"), N_("Time (UTC)"), N_("Amount"))
    yield [words.text(text) for text in head]
    for each in receipts:
        at = each.occurred_at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        day = each.business_date.isoformat()
        names = [each.receipt_no, words.kind(each.kind), each.store_id, each.terminal_id]
        yield [*map(_text, names), day, at, _yuan(each.amount_minor)]


def store_name(store_id: str, stores: Stores, words: Words) -> str:
    return words.text(N_("Head office")) if stores.is_head_office(store_id) else stores.name(store_id)


def _amounts(row: StoreSettlement, tenders: Sequence[str]) -> list[str]:
    figures = (
        *(row.collected_minor.get(tender, 0) for tender in tenders),
        row.collected_total_minor,
        row.bonus_minor,
        row.redeemed_minor,
        row.from_others_minor,
        row.refunded_minor,
        row.unexplained_minor,
        row.net_due_minor,
    )
    return [_yuan(figure) for figure in figures]


def _yuan(minor: int) -> str:
    return format_yuan(minor, sign=False).replace(",", "")


def _text(value: str) -> str:
    """A text never becomes a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
