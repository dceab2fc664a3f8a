"""Owns the franchise that scenarios are played in: the sample head office served over real HTTP, and its tills, all of one day by clocks that stand until told."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from hq_server import franchise_data
from hq_server.config import HqConfig
from hq_server.initialise import initialise
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.identity import MemberId
from stored_value.rulebook_document import write_rulebook
from terminal.clock import SimulatedClock
from terminal.enrol import enrol
from tests.hq_server.quick_secrets import quick_secrets
from tests.hq_server.served import NOON, ServedHq, StandingClock
from tests.hq_server.serving import serving
from tests.scenarios.till import Till
from tongchu.witness.books import HqBooks

TILLS = ("S01-T1", "S01-T2", "S02-T1", "S03-T1")
PEOPLE = tuple(franchise_data.members(until=NOON))


def make_franchise(folder: Path, database_url: str | None = None) -> HqConfig:
    """Head office with its sample data, and every till enrolled; all at rest on disk. Takes seconds: copy it."""
    config = HqConfig(data_dir=folder / "hq", database_url=database_url, sequencer_interval_s=0.05)
    with quick_secrets():
        sample = initialise(config, sample=True, now=NOON).sample
    assert sample is not None
    with serving(config, StandingClock(NOON)) as hq:
        for code in sample.codes:
            enrol(hq.url, code.code, folder / code.terminal_id)
    return config


def cashier_of(store_id: str) -> tuple[str, str]:
    """Name and PIN."""
    person = next(each for each in franchise_data.STAFF if each.store_id == store_id and not each.manager)
    return person.name, person.pin


def member_of(store_id: str, place: int = 0) -> MemberId:
    """One of the members whose home is the store; their wallets are empty."""
    return [person.member_id for person in PEOPLE if person.home_store_id == store_id][place]


@dataclass
class Franchise:
    """`hq` is being served; `till` opens one with a cashier at work, at head office's own address or through `url`."""

    folder: Path
    config: HqConfig
    hq: ServedHq
    stack: contextlib.ExitStack
    clocks: dict[str, SimulatedClock] = field(default_factory=dict)

    @property
    def books(self) -> HqBooks:
        """Once what was committed stands in the feeds: an answered push may still be on its way there."""
        self.hq.sequenced()
        return HqBooks(self.config.database)

    def till(self, name: str, url: str = "", transport: httpx.BaseTransport | None = None) -> Till:
        clock = self.clocks.setdefault(name, SimulatedClock(self.hq.clock.at, seed=TILLS.index(name) + 1))
        till = Till(self.folder / name, clock, url or self.hq.url, cashier_of(name[:3]), transport=transport)
        self.stack.callback(till.close)
        till.sync()
        till.begin_shift()
        return till

    def rule(self, **changes: Any) -> None:
        """A next rulebook, the sample's but for the changes, in force at once and known to head office's feeds."""
        at = self.hq.clock.at
        book = replace(franchise_data.rulebook(at), **changes)
        with self.hq.database.write() as session:
            publish_rulebook(session, self.hq.office.keys, write_rulebook(book), by="test", now=at)
        self.hq.sequenced()

    def lease_nothing(self) -> None:
        """For a test of something else: what it did not do does not happen."""
        offline = franchise_data.rulebook(self.hq.clock.at).offline
        leases = replace(offline.leases, tills_max=0)
        self.rule(offline=replace(offline, leases=leases, top_up_spendable=False))

    def grant_leases(self) -> int:
        """To whom the rulebook's policy gives some, of the members who moved since the last time."""
        self.hq.sequenced()
        return self.hq.office.leases.drain()

    def pass_time(self, **by: float) -> None:
        """At head office and at every till, whatever their clocks say."""
        self.hq.clock.pass_(**by)
        for clock in self.clocks.values():
            clock.advance(timedelta(**by))


@contextlib.contextmanager
def playing(at_rest: Path, folder: Path) -> Iterator[Franchise]:
    """A copy of a franchise at rest, alive. Its lease desk works when a test says so: `grant_leases`."""
    shutil.copytree(at_rest, folder)
    config = HqConfig(data_dir=folder / "hq", sequencer_interval_s=0.05)
    with serving(config, StandingClock(NOON)) as hq, contextlib.ExitStack() as stack:
        hq.office.leases.stop()
        yield Franchise(folder, config, hq, stack)
