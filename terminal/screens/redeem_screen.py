"""The screen "redeem": properties for redeem.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class RedeemScreen(TillScreen):
    pass


class ItemLine(Row):
    """`item` is a ItemRow."""
