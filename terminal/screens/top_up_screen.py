"""The screen "top up": properties for top_up.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class TopUpScreen(TillScreen):
    pass


class PlanCard(Row):
    """`item` is a PlanView."""


class ReasonLine(Row):
    """`item` is a ReasonRow."""


class TenderButton(Row):
    """`item` is a TenderView."""
