"""The first start: where head office is and the one-time code it gave. After it this machine has keys, rules and staff, and is a till."""

from collections.abc import Callable
from dataclasses import dataclass

from terminal.screens.appearance import Appearance
from terminal.screens.enrolment_words import EnrolmentFailure, enrolment_notice
from terminal.screens.presenter import Presenter, Room
from terminal.screens.words import NO_NOTICE, Notice

Enrol = Callable[[str, str], EnrolmentFailure | None]
"""Enrols this machine with an address and a code, off the UI thread: None when done, else why not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolTillView:
    title: str
    intro: str
    steps: tuple[str, ...]
    url_caption: str
    url_hint: str
    url: str
    code_caption: str
    code_hint: str
    code: str
    confirm: str
    confirm_enabled: bool
    language: str
    notice: Notice


class EnrolTillPresenter(Presenter[EnrolTillView]):
    def __init__(
        self, room: Room, appearance: Appearance, enrol: Enrol, enrolled: Callable[[], None], url: str
    ) -> None:
        super().__init__(room)
        self._appearance = appearance
        self._enrol = enrol
        self._enrolled = enrolled
        self._url = url
        self._code = ""
        self._failure: EnrolmentFailure | None = None

    def begin(self) -> None:
        self._code = ""
        self._failure = None

    def type_url(self, url: str) -> None:
        if url != self._url:
            self._url, self._failure = url, None
            self.publish()

    def type_code(self, code: str) -> None:
        if code != self._code:
            self._code, self._failure = code, None
            self.publish()

    def next_language(self) -> None:
        self._appearance.next_language()

    def confirm(self) -> None:
        if self.busy or not self._is_complete:
            return
        url, code = self._url.strip(), self._code.strip()
        self._failure = None
        self.act(lambda: self._enrol(url, code), self._answered)

    def build(self) -> EnrolTillView:
        t = self.t
        failed = self._failure is not None
        return EnrolTillView(
            title=t("Connect this till"),
            intro=t("Head office gives each till a code that works once."),
            steps=(
                t("Ask head office for a code for this store."),
                t("Type the address and the code."),
                t("The till fetches its members, rules and staff."),
            ),
            url_caption=t("Address of head office"),
            url_hint="https://",
            url=self._url,
            code_caption=t("One-time code"),
            code_hint="XXXX-XXXX",
            code=self._code,
            confirm=t("Connecting…") if self.busy else t("Try again") if failed else t("Connect"),
            confirm_enabled=self._is_complete and not self.busy,
            language=self._appearance.other_language,
            notice=NO_NOTICE if self._failure is None else enrolment_notice(self._failure, self.desk.texts),
        )

    @property
    def _is_complete(self) -> bool:
        return bool(self._url.strip()) and bool(self._code.strip())

    def _answered(self, failure: EnrolmentFailure | None) -> None:
        self._failure = failure
        if failure is None:
            self._enrolled()
        else:
            self.publish()
