"""The screen "order": properties for order.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class OrderScreen(TillScreen):
    pass


class BasketLineRow(Row):
    """`item` is a BasketRow."""


class ShelfChip(Row):
    """`item` is a QuickKey of the shelf."""


class VoucherChip(Row):
    """`item` is a QuickKey of the vouchers."""


class SumLine(Row):
    """`item` is a SumRow."""


class PayButton(Row):
    """`item` is a PayRow."""
