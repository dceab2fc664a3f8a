"""The screen "receipts": properties for receipts.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class ReceiptsScreen(TillScreen):
    pass


class ReceiptEntry(Row):
    """`item` is a ReceiptRowView."""


class FactLine(Row):
    """`item` is a pair of label and value."""
