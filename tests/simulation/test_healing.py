"""What the simulated people decide when machines claim to be one till: the one whose journal head office has goes on, and no other."""

from tongchu.simulation.healing import settle_fork
from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World


def sells(till: TillMachine, phone: str) -> None:
    assert till.at_work()
    done = till.do(lambda: till.counter.enrol_member(till.counter.new_action(), "韩梅梅", phone))
    assert done is not None


def test_of_three_copies_of_a_journal_the_one_that_head_office_has_goes_on(world: World) -> None:
    """The second copy is made of a till that lost already: neither of these two is what head office has."""
    original = world.tills[0]
    original.sync()
    sells(original, "13700000001")
    winner = world.clone(original)
    sells(winner, "13700000002")
    winner.sync()
    sells(original, "13700000003")
    original.sync()
    assert original.station.sync_status().code == "stopped"
    world.clone(original)

    settle_fork(world, original.terminal_id)

    assert world.in_service == [winner]
    winner.sync()
    assert winner.online


def test_nobody_is_taken_out_while_head_office_cannot_be_asked(world: World) -> None:
    original = world.tills[0]
    copy = world.clone(original)
    world.head_office.stop()

    settle_fork(world, original.terminal_id)

    assert world.in_service == [original, copy]
