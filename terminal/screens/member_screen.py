"""The screen "member": properties for member.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class MemberScreen(TillScreen):
    pass


class EntryLine(Row):
    """`item` is a EntryRow."""


class MemberAction(Row):
    """`item` is an ActionView."""
