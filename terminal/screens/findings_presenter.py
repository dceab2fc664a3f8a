"""What head office found in this till's entries, in plain words: what it is, why, what to do, with the receipt it is about. Changes nothing; head office settles it."""

from dataclasses import dataclass
from typing import Final

from terminal.counter.views_findings import FoundEntry
from terminal.screens.finding_words import finding_said
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice, kind_name

_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRowView:
    """`place` is what `choose` gets."""

    place: int
    title: str
    detail: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsView:
    title: str
    back: str
    rows: tuple[FindingRowView, ...]
    empty: str
    heading: str
    receipt: str
    why_label: str
    why: str
    to_do_label: str
    to_do: str
    footnote: str
    notice: Notice


class FindingsPresenter(CounterPresenter[FindingsView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._found: tuple[tuple[FoundEntry, str], ...] = ()
        self._chosen = 0

    def begin(self) -> None:
        self._found, self._chosen = (), 0
        self.ask("findings", lambda: self.desk.counter.findings(_LISTED), self._show)

    def choose(self, place: int) -> None:
        self._chosen = place
        self.publish()

    def back(self) -> None:
        self.desk.navigator.back()

    def build(self) -> FindingsView:
        t = self.t
        if not self._found:
            return FindingsView(
                title=t("Found by head office"),
                back=t("Back"),
                rows=(),
                empty=t("Nothing to look at"),
                heading="",
                receipt="",
                why_label="",
                why="",
                to_do_label="",
                to_do="",
                footnote="",
                notice=self.notice,
            )
        entry, code = self._found[self._chosen]
        said = finding_said(code, self.desk.texts)
        return FindingsView(
            title=t("Found by head office"),
            back=t("Back"),
            rows=tuple(self._row(place) for place in range(len(self._found))),
            empty="",
            heading=said.what,
            receipt=self._receipt(entry),
            why_label=t("Why"),
            why=said.why,
            to_do_label=t("What to do"),
            to_do=said.to_do,
            footnote=t("Everything stands as recorded. Head office settles it."),
            notice=self.notice,
        )

    def _row(self, place: int) -> FindingRowView:
        entry, code = self._found[place]
        return FindingRowView(
            place=place,
            title=finding_said(code, self.desk.texts).what,
            detail=self._receipt(entry),
            chosen=place == self._chosen,
        )

    def _receipt(self, entry: FoundEntry) -> str:
        return f"{kind_name(entry.kind, self.desk.texts)} · {entry.receipt_no}"

    def _show(self, found: tuple[FoundEntry, ...]) -> None:
        self._found = tuple((each, code) for each in found for code in each.codes or ("",))
        self.publish()
