"""The screen "card care": properties for card_care.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class CardCareScreen(TillScreen):
    pass


class CareRow(Row):
    """`item` is a CareChoice."""
