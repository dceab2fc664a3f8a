"""What happened in a run: counted for people, and hashed line by line so that two runs of one seed can be compared. Decides nothing."""

import hashlib
from collections import Counter
from datetime import datetime
from pathlib import Path

from tongchu.simulation.in_process import Answer, Call


class Record:
    """`note` takes everything that the outside could see; `lines` are kept only when wanted, they are many. `folder`: where the run's files lie, which a till names when its
    disk fails, and which is another one each time."""

    def __init__(self, folder: Path, *, keep_lines: bool = False) -> None:
        self._folder = str(folder).encode()
        self.counts: Counter[str] = Counter()
        self.lines: list[str] | None = [] if keep_lines else None
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def note(self, at: datetime, line: str) -> None:
        text = f"{at.day:02} {at.hour:02}:{at.minute:02}:{at.second:02}.{at.microsecond:06} {line}"
        self._hash.update(text.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(text)

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] += number

    def seen(self, at: datetime, label: str, call: Call, answer: Answer) -> None:
        """A request that arrived and what was answered, by their bytes. A refusal's body holds a support id of its own making, so only its status counts."""
        said = hashlib.sha256(answer.body).hexdigest()[:12] if answer.status < 400 else ""
        asked = hashlib.sha256(self._wherever(call)).hexdigest()[:12] if call.body else ""
        self.note(at, f"{label} {call.method} {call.path} {asked} -> {answer.status} {said}")

    def _wherever(self, call: Call) -> bytes:
        """The call's bytes, or what they would be if the run's files lay nowhere."""
        plain = call.content
        return plain.replace(self._folder, b"") if self._folder in plain else call.body
