"""The settlement's tables as CSV: the same figures as on the pages, amounts in yuan, for a spreadsheet."""

from collections.abc import Iterable, Sequence

from hq_server.console.catalogues import N_
from hq_server.console.csv_files import text_cell, yuan_cell
from hq_server.console.stores import Stores
from hq_server.console.words import Words
from hq_server.database.models import ExceptionState
from hq_server.exceptions.about_receipts import About, AboutReceipt
from hq_server.settlement.explanation import ExplainedReceipt
from hq_server.settlement.service import Settlement, StoreSettlement


def settlement_rows(settlement: Settlement, words: Words, stores: Stores) -> Iterable[list[str]]:
    tenders = settlement.tenders
    head = [N_("Store"), N_("Store name")]
    tail = [N_("Collected"), N_("Bonus given"), N_("Redeemed"), N_("of which others' lots"), N_("Refunded")]
    last = [
        N_("Unexplained"),
        N_("In transit"),
        N_("Into suspense"),
        N_("In suspense at the end"),
        N_("Withheld"),
        N_("Net due"),
        N_("To be paid"),
    ]
    yield [*map(words.text, head), *map(words.tender, tenders), *map(words.text, [*tail, *last])]
    for row in settlement.stores:
        yield [text_cell(row.store_id), text_cell(store_name(row.store_id, stores, words)), *_amounts(row, tenders)]
    yield [words.text(N_("Total")), "", *_amounts(settlement.total, tenders)]


def netting_rows(settlement: Settlement, words: Words, stores: Stores) -> Iterable[list[str]]:
    ids = [row.store_id for row in settlement.stores]
    yield ["", *(text_cell(store_name(each, stores, words)) for each in ids), words.text(N_("Net due"))]
    for row in settlement.stores:
        due = [yuan_cell(row.due_minor.get(other, 0)) for other in ids]
        yield [text_cell(store_name(row.store_id, stores, words)), *due, yuan_cell(row.net_due_minor)]


def receipt_rows(receipts: Iterable[ExplainedReceipt], words: Words, about: About | None = None) -> Iterable[list[str]]:
    """With `about` also whether people have settled what stands behind each, and in which words."""
    head = [N_("Receipt"), N_("What"), N_("Store"), N_("Till"), N_("Business day"), N_("Time (UTC)"), N_("Amount")]
    if about is not None:
        head += [N_("To look at"), N_("How it was settled")]
    yield [words.text(text) for text in head]
    for each in receipts:
        at = each.occurred_at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        day = each.business_date.isoformat()
        names = [each.receipt_no, words.kind(each.kind), each.store_id, each.terminal_id]
        row = [*map(text_cell, names), day, at, yuan_cell(each.amount_minor)]
        yield row if about is None else [*row, *_settled(about.get(each.event_id, ()), words)]


def _settled(about: Sequence[AboutReceipt], words: Words) -> list[str]:
    """Settled when nothing of it is open."""
    if not about:
        return ["", ""]
    state = ExceptionState.OPEN if any(each.is_open for each in about) else ExceptionState.RESOLVED
    return [words.exception_state(state), text_cell(" / ".join(each.resolution for each in about if each.resolution))]


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
        row.in_transit_minor,
        row.suspense_minor,
        row.in_suspense_minor,
        row.withheld_minor,
        row.net_due_minor,
        row.payable_minor,
    )
    return [yuan_cell(figure) for figure in figures]
