"""The screen "cash out": properties for cash_out.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class CashOutScreen(TillScreen):
    pass


class ReckonedRow(Row):
    """`item` is a ReckonedLine."""


class WayButton(Row):
    """`item` is a WayView."""


class WideFact(Row):
    """`item` is a pair of label and value; the value may be long."""
