"""The window before this machine is a till: one screen that enrols it. Never imports Kivy; used by the composition root."""

from collections.abc import Callable

from terminal.screens.appearance import Appearance
from terminal.screens.enrol_till_presenter import Enrol, EnrolTillPresenter
from terminal.screens.front import Front
from terminal.screens.navigation import EnrolTill
from terminal.screens.presenter import Room


class FirstStart(Front):
    def __init__(
        self, room: Room, appearance: Appearance, enrol: Enrol, enrolled: Callable[[], None], url: str
    ) -> None:
        super().__init__(
            room, appearance, {EnrolTill.screen: EnrolTillPresenter(room, appearance, enrol, enrolled, url)}
        )
