"""What is to be simulated, and the fixed points of every run. Values only."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hq_server import franchise_data
from stored_value.identity import TerminalId

FOUNDED: Final = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
"""Head office and its tills were set up then: the first day of business is the last of a month, whose books are closed when it is over (L9)."""
FIRST_MORNING: Final = FOUNDED + timedelta(days=1)
OPEN_FOR: Final = timedelta(hours=2)
"""A day's business, close together: what lies between customers would only cost time."""
CLOSING: Final = timedelta(minutes=15)
RUSHES: Final = (2, 1)
"""Of a day, by their customers at each till."""
EVENTS_A_TILL: Final = 7
"""A day, at least: where fewer happened, more customers come on the last evening."""
RUSH_LASTS: Final = timedelta(seconds=90)
"""Customers come to all tills at the same hours, one close behind the other: they meet, and one cycle carries what several of them did."""
IDLE_S: Final = 3600.0
"""A till to which nothing happens asks for news this often, instead of every few seconds."""
RETRY_TIMES: Final = 8
"""So many times as long as it wishes a till waits after a cycle that failed."""
HQ_URL: Final = "http://hq.simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`faults` empty: a day on which everything works. Names are those of `faults.ALL`. `risk`: whether tills may go beyond their leases offline; None: those of odd seeds. `pins`:
    whether somebody pays by a payment PIN as well."""

    seed: int
    tills: int = 7
    members: int = 20
    days: int = 3
    faults: frozenset[str] = frozenset()
    risk: bool | None = None
    pins: bool = False

    @property
    def takes_risk(self) -> bool:
        return self.seed % 2 == 1 if self.risk is None else self.risk

    @property
    def command(self) -> str:
        """What repeats this run exactly."""
        faults = ",".join(sorted(self.faults)) or "none"
        return (
            f"tongchu simulate --seed {self.seed} --tills {self.tills} --members {self.members} --days {self.days}"
            f" --faults {faults} --risk {'on' if self.takes_risk else 'off'}"
            f"{' --pins' if self.pins else ''}"
        )

    def of_seed(self, seed: int) -> "Scenario":
        return replace(self, seed=seed)


def terminal_ids(tills: int) -> tuple[TerminalId, ...]:
    """One till after the other, over the sample's three stores in turn."""
    stores = [store.store_id for store in franchise_data.STORES]
    return tuple(TerminalId(f"{stores[place % len(stores)]}-T{place // len(stores) + 1}") for place in range(tills))
