"""The screen "find the member": properties for identify.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class IdentifyScreen(TillScreen):
    pass


class CandidateRow(Row):
    """`item` is a CandidateView."""
