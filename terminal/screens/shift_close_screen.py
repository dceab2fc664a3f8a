"""The screen "close the shift": properties for shift_close.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class ShiftCloseScreen(TillScreen):
    pass


class ReportLine(Row):
    """`item` is a ReportRow."""
