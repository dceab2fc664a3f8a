"""The screen "refund": properties for refund.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class RefundScreen(TillScreen):
    pass


class ReceiptChoiceRow(Row):
    """`item` is a ReceiptChoice."""


class RefundLineRow(Row):
    """`item` is a LineRow."""


class ReasonButton(Row):
    """`item` is a QuickKey of the reasons."""
