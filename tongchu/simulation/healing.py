"""After the last day everything is put right: disks, clocks, links, head office, forked tills by a person's decision; then everybody syncs until nothing moves."""

from datetime import timedelta
from typing import Final

from stored_value.identity import TerminalId
from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World
from tongchu.witness.books import HqBooks

ROUNDS_MAX: Final = 20
_BETWEEN: Final = timedelta(minutes=7)


def heal(world: World) -> list[str]:
    """What would not heal, in words; empty when all is quiet."""
    office = world.head_office
    office.doom = None
    if not office.up:
        office.start()
    world.network.mend_all()
    for till in world.in_service:
        till.doom = None
        till.disk.full = False
        till.clock.set_wall(world.time())
    for terminal_id in sorted({till.terminal_id for till in world.in_service}):
        settle_fork(world, terminal_id)
    for till in world.in_service:
        till.sync()
        till.at_work()
        till.print_out()
    return _sync_until_quiet(world)


def settle_fork(world: World, terminal_id: str) -> None:
    """A person looks at all machines that claim to be one till: the one whose journal head office has goes on, the others are taken out of service. Where head office, restored
    from a backup, holds what none of them has, the longest journal is taken over as the till's next incarnation (H6)."""
    machines = [till for till in world.in_service if till.terminal_id == terminal_id]
    if not world.head_office.up or (len(machines) == 1 and not _is_stopped(machines[0])):
        return
    for machine in machines:
        machine.sync()
    if world.head_office.died_meanwhile():
        return
    known = next((machine for machine in machines if _is_at_head_office(world, machine)), None)
    keeps = known or max(machines, key=lambda machine: machine.station.journal.head().seq)
    for goes in machines:
        if goes is not keeps:
            _take_out(world, goes, keeps)
    if known is None:
        world.head_office.take_branch_over(keeps.station.journal.head_office.identity.terminal_id)
    elif world.head_office.let_go_on(keeps.station.journal.head_office.identity.terminal_id):
        world.record.count("forks stopped by head office")
    elif len(machines) > 1:
        world.head_office.told_of_copies(keeps.station.journal.head_office.identity.terminal_id)
    world.sync_soon(keeps)


def _is_stopped(till: TillMachine) -> bool:
    return till.station.sync_status().code == "stopped"


def _take_out(world: World, goes: TillMachine, keeps: TillMachine) -> None:
    if _differ(goes, keeps):
        world.record.count("forks")
    goes.note("is taken out of service")
    world.scrap(goes)


def _is_at_head_office(world: World, machine: TillMachine) -> bool:
    seq, head_hash = HqBooks(world.head_office.config.database).head(machine.terminal_id)
    return machine.station.journal.hash_at(seq) == head_hash


def _differ(one: TillMachine, other: TillMachine) -> bool:
    last = min(one.station.journal.head().seq, other.station.journal.head().seq)
    return one.station.journal.hash_at(last) != other.station.journal.hash_at(last)


def _sync_until_quiet(world: World) -> list[str]:
    quiet = 0
    for _ in range(ROUNDS_MAX):
        world.time.pass_by(_BETWEEN)
        world.head_office.office.sequencer.drain()
        for till in world.in_service:
            till.sync()
            if _is_stopped(till):
                settle_fork(world, till.terminal_id)
            if till.station.journal.head_office.lease_doubt is not None:
                world.head_office.confirm_machine(TerminalId(till.terminal_id))
        granted = HqBooks(world.head_office.config.database).grants_made()
        settled = not world.head_office.do_what_is_due() and all(
            _rests(till, granted.get(till.terminal_id, 0)) for till in world.in_service
        )
        quiet = quiet + 1 if settled else 0
        if quiet == 2:
            return []
    granted = HqBooks(world.head_office.config.database).grants_made()
    return [
        f"{till.label} does not come to rest: {till.station.sync_status().last_error or 'entries or grants are pending'}"
        for till in world.in_service
        if not _rests(till, granted.get(till.terminal_id, 0))
    ] or ["the franchise does not come to rest"]


def _rests(till: TillMachine, granted: int) -> bool:
    """Nothing of the till's is under way, and it has heard of every lease that was granted to it."""
    journal = till.station.journal
    return till.online and not journal.pending_count() and journal.reservations.grant_watermark() >= granted
