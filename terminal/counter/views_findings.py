"""What the counter answers about head office's findings. Shapes only, as in `views`."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A person at head office settled it on this day of the store's, in these words."""

    on: date
    resolution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThing:
    """One thing that head office found in one of this till's entries; `code` is empty for an entry set aside without a word, `settled` None while it is open."""

    seq: int
    receipt_no: str
    kind: str
    code: str
    settled: Settled | None = None
