"""What head office found in this till's entries, in plain words: what it is, why, what to do, with the receipt it is about;
of what head office has settled, how. Changes nothing."""

from dataclasses import dataclass
from typing import Final

from terminal.counter.views_findings import FoundThing
from terminal.screens.finding_words import UNBOOKED, finding_said
from terminal.screens.presenter import CounterPresenter, Desk
from terminal.screens.words import Notice, kind_name

_LISTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRowView:
    """`place` is what `choose` gets."""

    place: int
    title: str
    detail: str
    settled: bool
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
        self._found: tuple[FoundThing, ...] = ()
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
        chosen = self._found[self._chosen]
        said = finding_said(chosen.code, self.desk.texts)
        settled = chosen.settled
        return FindingsView(
            title=t("Found by head office"),
            back=t("Back"),
            rows=tuple(self._row(place) for place in range(len(self._found))),
            empty="",
            heading=said.what,
            receipt=self._receipt(chosen),
            why_label=t("Why"),
            why=said.why,
            to_do_label=t("How head office settled it") if settled else t("What to do"),
            to_do=settled.resolution if settled else said.to_do,
            footnote=self._footnote(chosen),
            notice=self.notice,
        )

    def _row(self, place: int) -> FindingRowView:
        found = self._found[place]
        receipt = self._receipt(found)
        return FindingRowView(
            place=place,
            title=finding_said(found.code, self.desk.texts).what,
            detail=self.t("Settled · {receipt}", receipt=receipt) if found.settled else receipt,
            settled=found.settled is not None,
            chosen=place == self._chosen,
        )

    def _footnote(self, found: FoundThing) -> str:
        if found.settled:
            return self.t("Settled on {date}. Nothing is left to do here.", date=f"{found.settled.on:%Y-%m-%d}")
        if found.code in UNBOOKED:
            return self.t("Nothing of it was booked. Head office settles it.")
        return self.t("Everything stands as recorded. Head office settles it.")

    def _receipt(self, found: FoundThing) -> str:
        return f"{kind_name(found.kind, self.desk.texts)} · {found.receipt_no}"

    def _show(self, found: tuple[FoundThing, ...]) -> None:
        self._found = found
        self.publish()
