"""A row is a tuple in its table's order: a column that moved would carry another's values."""

from typing import Any

import pytest

from hq_server.database import models
from hq_server.database.schema import Table
from hq_server.feed.publishing import NumberedRow
from hq_server.ingest import rows

PAIRS: list[tuple[Any, type[Table]]] = [
    (rows.JournalRow, models.JournalEntry),
    (rows.WalletRow, models.WalletRecord),
    (rows.PurchaseRow, models.PurchaseRecord),
    (rows.WalletEventRow, models.WalletEventRecord),
    (rows.PostingRow, models.PostingRecord),
    (rows.OutboxRow, models.Outbox),
    (rows.ScopeRow, models.ScopeMember),
    (rows.ShiftRow, models.ShiftEventRecord),
    (rows.ReservationRow, models.ReservationRecord),
    (rows.ExceptionRow, models.ExceptionRecord),
    (NumberedRow, models.Feed),
]


@pytest.mark.parametrize(("row", "table"), PAIRS)
def test_a_row_has_its_tables_columns_in_their_order(row: Any, table: type[Table]) -> None:
    assert list(row._fields) == [column.name for column in table.__table__.columns]
