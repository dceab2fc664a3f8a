"""What the counter answers about head office's findings. Shapes only, as in `views`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """One of this till's entries that head office has something to say about; `codes` are those that somebody should know."""

    seq: int
    receipt_no: str
    kind: str
    set_aside: bool
    codes: tuple[str, ...]
