"""The screen "result": properties for result.kv, no logic."""

from terminal.widgets.controls import Pressable, TillScreen


class ResultTouch(Pressable):
    """The whole ground answers a touch."""


class ResultScreen(TillScreen):
    pass
