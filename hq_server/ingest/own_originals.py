"""Owns the check that what takes an entry back, pays it or gives it back comes from the till that wrote that entry (H4): whoever else sends it has the till's key, and nothing
moves.

Called by `keeping` before anything is applied; asks only for the few kinds that name such an entry. One that nobody here knows is left to the rules, which tell it.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from hq_server.database.among import pair_among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import TerminalStatus, WalletEventRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import ID_SHAPE, Incoming
from hq_server.terminals.rows import TerminalRow, read_terminal
from stored_value.events import Event, OrderRefunded, PurchaseRefunded, TopUpReversed
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    RefundReversed,
)
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId

_WRITERS: Final = Prepared(
    select(
        WalletEventRecord.member_id,
        WalletEventRecord.event_id,
        WalletEventRecord.store_id,
        WalletEventRecord.terminal_id,
    ).where(pair_among_given(WalletEventRecord.member_id, WalletEventRecord.event_id, "keys"))
)


def refuse_foreign(session: ReadSession, terminal: TerminalRow, incoming: Sequence[Incoming]) -> None:
    """Sets aside, with a finding and nothing settled, what names an entry of another till. A revoked till of the same store finishes nothing any more: others may."""
    named = {
        (each.member_id, original): each
        for each in incoming
        if each.member_id is not None
        and (original := original_of(each.event)) is not None
        and ID_SHAPE.fullmatch(original)
    }
    if not named:
        return
    for member_id, event_id, store_id, terminal_id in _WRITERS.rows(session, keys=sorted(named)):
        if (store_id, terminal_id) == (terminal.store_id, terminal.terminal_id):
            continue
        if store_id == terminal.store_id and _is_revoked(session, store_id, terminal_id):
            continue
        for each in incoming:
            if (each.member_id, original_of(each.event)) == (member_id, event_id):
                each.event = each.member_id = None
                each.findings.append(Finding(FindingCode.ANOTHER_TILLS_ENTRY, {"till": terminal_id}))


def original_of(event: Event | None) -> EventId | None:
    """The entry that only its own till may take back, pay out or give back."""
    match event:
        case PurchaseRefunded() | OrderRefunded():
            return event.purchase_id
        case TopUpReversed():
            return event.top_up_id
        case RefundReversed():
            return event.refund_id
        case CashOutPaid() | CashOutRejected() | CashOutReversed():
            return event.request_id
        case DepositReturned() | DepositKept() | DepositRestored():
            return event.deposit_id
        case _:
            return None


def _is_revoked(session: ReadSession, store_id: str, terminal_id: str) -> bool:
    row = read_terminal(session, store_id, terminal_id)
    return row is not None and row.status == TerminalStatus.REVOKED
