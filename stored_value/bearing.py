"""Who bears the cost of a bonus, in percent, as a promotion says and a lot remembers. Values only; `bonus_cost` posts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """Percents that come to 100: of head office, of the store that took the money, of the store where the bonus is spent."""

    head_office: int = 0
    collecting_store: int = 0
    serving_store: int = 0

    @property
    def is_whole(self) -> bool:
        return min(self.head_office, self.collecting_store, self.serving_store) >= 0 and self.total == 100

    @property
    def total(self) -> int:
        return self.head_office + self.collecting_store + self.serving_store
