"""Owns what head office is still to be told of this till's troubles: each once, and what lasts in every session while it does. Used by the cycle."""

from collections.abc import Sequence
from typing import Final

from sync.till_trouble import STOPPED_HERE, TillTrouble
from terminal.stops import Stop

_WORDS_CHARS: Final = 200


class Telling:
    """Use from one thread. A session tells one trouble: the first that was not told yet, else what lasts and was told longest ago."""

    def __init__(self) -> None:
        self._waiting: dict[str, TillTrouble] = {}
        self._told: dict[str, str] = {}

    def add(self, code: str, words: str) -> None:
        """The newest words for a code."""
        self._waiting[code] = TillTrouble(code=code, words=words[:_WORDS_CHARS])

    def next(self, lasting: Sequence[TillTrouble]) -> TillTrouble | None:
        news = (*self._untold(lasting), *self._waiting.values())
        told_first = sorted(
            lasting, key=lambda each: list(self._told).index(each.code) if each.code in self._told else 0
        )
        return next(iter((*news, *told_first)), None)

    def was_told(self, trouble: TillTrouble | None) -> None:
        if trouble is None:
            return
        self._told.pop(trouble.code, None)
        self._told[trouble.code] = trouble.reason
        if self._waiting.get(trouble.code) == trouble:
            del self._waiting[trouble.code]

    def is_done(self, lasting: Sequence[TillTrouble]) -> bool:
        """Whether no session is wanted only to tell."""
        return not self._waiting and not self._untold(lasting)

    def _untold(self, lasting: Sequence[TillTrouble]) -> list[TillTrouble]:
        """What is over can come back, and is told again then."""
        codes = {each.code for each in lasting}
        self._told = {code: reason for code, reason in self._told.items() if code in codes}
        return [each for each in lasting if self._told.get(each.code) != each.reason]


def stop_told(stop: Stop) -> TillTrouble:
    return TillTrouble(code=STOPPED_HERE, words=stop.reason[:_WORDS_CHARS], reason=stop.code)
