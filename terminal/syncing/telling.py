"""Owns what head office is still to be told of this till's troubles: each once, and a stop that the till found itself in every session while it lasts. Used by the cycle."""

from typing import Final

from sync.till_trouble import STOPPED_HERE, TillTrouble
from terminal.stops import Stop

_WORDS_CHARS: Final = 200


class Telling:
    """Use from one thread. A session tells one trouble; of several the one that came first."""

    def __init__(self) -> None:
        self._waiting: dict[str, TillTrouble] = {}
        self._stop_told: Stop | None = None

    def add(self, code: str, words: str) -> None:
        """The newest words for a code."""
        self._waiting[code] = TillTrouble(code=code, words=words[:_WORDS_CHARS])

    def next(self, found: Stop | None) -> TillTrouble | None:
        if found is not None:
            return TillTrouble(code=STOPPED_HERE, words=found.reason[:_WORDS_CHARS], reason=found.code)
        return next(iter(self._waiting.values()), None)

    def was_told(self, trouble: TillTrouble | None, found: Stop | None) -> None:
        self._stop_told = found
        if trouble is not None and self._waiting.get(trouble.code) == trouble:
            del self._waiting[trouble.code]

    def is_done(self, found: Stop | None) -> bool:
        """Whether no session is wanted only to tell."""
        return not self._waiting and (found is None or found == self._stop_told)
