"""The screen "new member": properties for enrol_member.kv, no logic."""

from terminal.widgets.controls import Row, TillScreen


class EnrolMemberScreen(TillScreen):
    pass


class MonthButton(Row):
    """`item` is a QuickKey of the months."""
