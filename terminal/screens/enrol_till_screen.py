"""The screen "connect this till": properties for enrol_till.kv, no logic."""

from terminal.widgets.controls import TillScreen


class EnrolTillScreen(TillScreen):
    pass
