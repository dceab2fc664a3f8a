"""The screen "open a shift": properties for shift_open.kv, no logic."""

from terminal.widgets.controls import TillScreen


class ShiftOpenScreen(TillScreen):
    pass
