"""The screen "deposits": properties for deposits.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class DepositsScreen(TillScreen):
    pass


class DepositLine(Row):
    """`item` is a DepositRow."""
