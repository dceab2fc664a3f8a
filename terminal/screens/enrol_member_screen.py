"""The screen "new member": properties for enrol_member.kv, no logic."""

from terminal.widgets.controls import TillScreen


class EnrolMemberScreen(TillScreen):
    pass
