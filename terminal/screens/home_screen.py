"""The screen "home": properties for home.kv, no logic."""

from terminal.widgets.controls import TillScreen


class HomeScreen(TillScreen):
    pass
