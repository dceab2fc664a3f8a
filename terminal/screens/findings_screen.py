"""The screen "findings": properties for findings.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class FindingsScreen(TillScreen):
    pass


class FindingEntry(Row):
    """`item` is a FindingRowView."""
