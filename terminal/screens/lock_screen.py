"""The screen "sign in": properties for lock.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class LockScreen(TillScreen):
    pass


class StaffButton(Row):
    """`item` is a StaffTileView."""
