"""The screen "holdings": properties for holdings.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class HoldingsScreen(TillScreen):
    pass


class HoldingLine(Row):
    """`item` is a HoldingRow."""


class UseChip(Row):
    """`item` is a QuickKey of the uses."""
