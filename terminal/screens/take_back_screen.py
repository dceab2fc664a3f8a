"""The screen "take back": properties for take_back.kv, no logic."""

from terminal.widgets.controls import TillScreen


class TakeBackScreen(TillScreen):
    pass
