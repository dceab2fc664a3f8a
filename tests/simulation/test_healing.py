"""What the simulated people decide when machines claim to be one till: the one whose journal head office has goes on, and no other."""

from stored_value.events import Tender, TenderKind
from sync.cards import FIRST_CARD_ISSUE, card_text
from terminal.counter.views import Completed
from tongchu.simulation import at_rest
from tongchu.simulation.head_office import BACKUPS_KEPT
from tongchu.simulation.healing import settle_fork
from tongchu.simulation.till import TillMachine
from tongchu.simulation.world import World
from tongchu.witness.books import HqBooks


def sells(till: TillMachine, amount_minor: int) -> None:
    assert till.at_work()
    (member,) = at_rest.people(1)
    till.counter.identify(card_text(member.member_no, FIRST_CARD_ISSUE))
    tenders = (Tender(kind=TenderKind.CASH, amount_minor=amount_minor),)
    done = till.do(
        lambda: till.counter.top_up(till.counter.new_action(), member.member_id, amount_minor, tenders, None)
    )
    assert isinstance(done, Completed)


def enrols(till: TillMachine, phone: str) -> None:
    done = till.do(lambda: till.counter.enrol_member(till.counter.new_action(), "韩梅梅", phone))
    assert isinstance(done, Completed)


def test_of_three_copies_of_a_journal_the_one_that_head_office_has_goes_on(world: World) -> None:
    """The second copy is made of a till that lost already: neither of these two is what head office has."""
    original = world.tills[0]
    original.sync()
    sells(original, 1_000)
    winner = world.clone(original)
    sells(winner, 2_000)
    winner.sync()
    sells(original, 3_000)
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


def test_a_journal_that_head_office_has_otherwise_is_taken_over_and_both_branches_count(world: World) -> None:
    copy = _a_copy_that_head_office_does_not_follow(world)

    settle_fork(world, copy.terminal_id)
    copy.sync()

    assert copy.online
    assert copy.station.journal.head_office.identity.incarnation == 2
    assert _taken_in(world) == [500, 1_000, 2_000]


def test_a_head_office_that_forgot_the_taking_over_takes_the_branch_over_again(world: World) -> None:
    """H1 and H6: it comes back from a backup in which the till is still in its first life, and holds the other branch."""
    copy = _a_copy_that_head_office_does_not_follow(world)
    for _ in range(BACKUPS_KEPT):
        world.head_office.back_up()
    settle_fork(world, copy.terminal_id)
    copy.sync()
    assert world.head_office.restore(as_documented=True)
    copy.sync()

    settle_fork(world, copy.terminal_id)
    copy.sync()

    assert copy.online
    assert _taken_in(world) == [500, 1_000, 2_000]


def test_a_head_office_that_forgot_both_branches_goes_on_with_the_one_that_was_taken_over(world: World) -> None:
    """H1 and H6: its backup has only what the branches have in common; nobody need decide again."""
    copy = _a_copy_that_head_office_does_not_follow(world)
    settle_fork(world, copy.terminal_id)
    copy.sync()
    sells(copy, 3_000)
    copy.sync()
    assert world.head_office.restore(as_documented=True)

    copy.sync()
    sells(copy, 4_000)
    copy.sync()
    copy.sync()  # what the first of these took is told by the second

    assert copy.online
    assert _taken_in(world) == [500, 2_000, 3_000, 4_000]
    copy.sync()  # of a lease that it has just taken, a till tells with its next push
    seqs = [entry.seq for entry in HqBooks(world.head_office.config.database).entries(copy.terminal_id)]
    assert seqs == list(range(1, copy.station.journal.head().seq + 1))


def _a_copy_that_head_office_does_not_follow(world: World) -> TillMachine:
    """The oldest backup has only what both have in common. Each of them enrols somebody, under the same number."""
    original = world.tills[0]
    original.sync()
    sells(original, 500)
    original.sync()
    world.head_office.back_up()
    copy = world.clone(original)
    sells(original, 1_000)
    enrols(original, "13700000001")
    original.sync()
    world.scrap(original)
    sells(copy, 2_000)
    enrols(copy, "13700000002")
    copy.sync()
    assert copy.station.sync_status().code == "stopped"
    return copy


def _taken_in(world: World) -> list[int]:
    """What head office has of money that was paid in, by entry."""
    books = HqBooks(world.head_office.config.database)
    rows = books.rows("SELECT sum(amount_minor) FROM postings WHERE account = 'tender' GROUP BY event_id ORDER BY 1")
    return [int(minor) for (minor,) in rows]
