"""What goes wrong with machines and links over a day: each its own small class, drawn from the seed. To add one: write the class, name it in `MACHINE_FAULTS`.

What goes wrong with single requests is in `mishaps`. `ALL` names both kinds, as the command line takes them.
"""

from datetime import timedelta
from random import Random
from typing import Final, Protocol

from tongchu.simulation.dealing import Pack
from tongchu.simulation.healing import settle_fork
from tongchu.simulation.mishaps import MISHAPS
from tongchu.simulation.scenario import OPEN_FOR
from tongchu.simulation.sudden_death import HQ_STEPS, TILL_STEPS
from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World

A_DAY: Final = 4
"""Over three days whatever can go wrong with machines and links does, once at least: see `Strikes`."""


class Fault(Protocol):
    name: str

    def strike(self, world: World) -> None:
        """Now; what has to end again is entered into the agenda."""


class LinkCut:
    """One till is cut off for a while."""

    name = "link cut"

    def strike(self, world: World) -> None:
        _cut(world, [_some_till(world)], _minutes(world.fate, 15, 80))


class Partition:
    """A group of tills is cut off together."""

    name = "partition"

    def strike(self, world: World) -> None:
        group = world.fate.sample(world.in_service, max(1, len(world.in_service) // 2))
        _cut(world, group, _minutes(world.fate, 10, 60))


class HeadOfficeCrash:
    """Head office dies at a step of its next push, between commit and answer for instance, and is started again."""

    name = "hq crash"

    def strike(self, world: World) -> None:
        office = world.head_office
        office.doom = world.turns.next_of(self.name, HQ_STEPS)
        pause = _minutes(world.fate, 0, 10)
        office.on_death = lambda: world.after(pause, lambda: None if office.up else office.start())


class HeadOfficeRestored:
    """Head office comes back from an older backup; its operator sometimes forgets what the handbook says."""

    name = "hq restore"

    def strike(self, world: World) -> None:
        if not world.head_office.up:
            return
        as_documented = world.turns.next_of(self.name, (True, False))
        world.stated.look(world.in_service)
        if world.head_office.restore(as_documented=as_documented):
            world.record.count(self.name)
            world.record.count("hq restore as documented" if as_documented else "hq restore, epoch forgotten")
            world.stated.look(world.in_service)


class TillCrash:
    """A till dies at a named step of what it does next."""

    name = "till crash"

    def strike(self, world: World) -> None:
        _some_till(world).doom = world.turns.next_of(self.name, TILL_STEPS)


class DiskFull:
    """A till's disk has no room for a while."""

    name = "disk full"

    def strike(self, world: World) -> None:
        till = _some_till(world)
        till.disk.full = True
        till.note(self.name)
        world.record.count(self.name)

        def has_room() -> None:
            till.disk.full = False

        world.after(_minutes(world.fate, 15, 60), has_room)


class ReplicaLost:
    """A till's replica is gone."""

    name = "replica lost"

    def strike(self, world: World) -> None:
        till = _some_till(world)
        world.watch.loses_replica(till)
        till.lose_replica()
        till.note(self.name)
        world.record.count(self.name)
        world.sync_soon(till)


class ClockJump:
    """Somebody sets a till's clock, minutes or days off, and later right again."""

    name = "clock jump"

    def strike(self, world: World) -> None:
        till = _some_till(world)
        size = world.fate.choice((timedelta(minutes=3), timedelta(minutes=20), timedelta(hours=5), timedelta(days=2)))
        by = size if world.fate.random() < 0.5 else -size
        till.set_clock(by)
        till.note(f"{self.name} {by}")
        world.record.count(self.name)
        world.after(_minutes(world.fate, 5, 60), lambda: till.clock.set_wall(world.time()))


class ClonedDisk:
    """Two machines go on from one disk, at first without a network; in the end people decide which of them goes on."""

    name = "cloned disk"

    def strike(self, world: World) -> None:
        till = _some_till(world)
        if "'" in till.label:
            return
        clone = world.clone(till)
        clone.note(self.name)
        world.record.count(self.name)
        _cut(world, [till, clone], _minutes(world.fate, 0, 40))
        world.after(_minutes(world.fate, 45, 80), lambda: settle_fork(world, till.terminal_id))


MACHINE_FAULTS: Final[tuple[Fault, ...]] = (
    LinkCut(),
    LinkCut(),
    Partition(),
    HeadOfficeCrash(),
    HeadOfficeRestored(),
    TillCrash(),
    TillCrash(),
    DiskFull(),
    ReplicaLost(),
    ClockJump(),
    ClonedDisk(),
)
"""Named twice: twice as often."""
ALL: Final = frozenset(each.name for each in MACHINE_FAULTS) | frozenset(each.name for each in MISHAPS)


class Strikes:
    """What goes wrong in one run, of what its scenario wants: dealt from a pack, so that each kind comes before any comes again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wanted = [fault for fault in MACHINE_FAULTS if fault.name in world.scenario.faults]
        self._pack = Pack(self._wanted, world.fate)

    def of_the_day(self) -> None:
        """Enters a day's faults into the agenda, and lets the network have its mishaps."""
        world = self._world
        world.network.mishaps = tuple(mishap for mishap in MISHAPS if mishap.name in world.scenario.faults)
        for _ in range(A_DAY if self._wanted else 0):
            fault = self._pack.deal()
            at = timedelta(seconds=world.fate.uniform(0, OPEN_FOR.total_seconds()))
            world.after(at, lambda fault=fault: fault.strike(world))  # type: ignore[misc]  # a lambda that binds now


def _some_till(world: World) -> TillMachine:
    return world.fate.choice(world.in_service)


def _minutes(chance: Random, least: int, most: int) -> timedelta:
    return timedelta(seconds=chance.uniform(least * 60, most * 60))


def _cut(world: World, tills: list[TillMachine], span: timedelta) -> None:
    world.stated.look(world.in_service)
    for till in tills:
        world.network.cut(till.label)
        till.note("link cut")
        world.record.count("link cut")
    if len(tills) > 1:
        world.record.count("partition")

    def mend() -> None:
        for till in tills:
            world.network.mend(till.label)

    world.after(span, mend)
