"""What head office's people do during a day: a rulebook published ahead, value moved between members, two members merged into one, an account frozen and released, a payment PIN
taken away.

Drawn from the seed, done by the product's own services.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from hq_server.database.engine import WriteSession
from hq_server.own_journal.payment_pins import PinResetWish, reset_pin
from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.transfers import TwoMembers, move
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.identity import EventId, MemberId, uuid7
from stored_value.refusals import Refusal
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import WalletStatus
from tongchu.simulation.dealing import Pack
from tongchu.simulation.rules import next_rulebook
from tongchu.simulation.scenario import OPEN_FOR
from tongchu.simulation.world import World
from tongchu.witness.books import HqBooks

A_DAY: Final = 3
_ASKS_FOR_ALL_BELOW: Final = 1_600
_AHEAD_S: Final = (600.0, 3_600.0)
_FROZEN_FOR: Final = timedelta(minutes=15)
Act = Callable[[World], None]


def transfer(world: World) -> None:
    """Some of what the giver has; asked for all of it, head office keeps what tills may spend (H5)."""
    giver, taker = _two(world)
    amount = world.fate.randint(100, 5_000)
    if amount < _ASKS_FOR_ALL_BELOW:
        amount = max(amount, HqBooks(world.head_office.config.database).principal(giver))
    _move(world, TwoMembers(transfer_id=_new_id(world), giver=giver, taker=taker, amount_minor=amount), "transfer")


def merge(world: World) -> None:
    """Everything the giver has goes to the taker; what comes for the giver later is swept after it (H11)."""
    giver, taker = _two(world)
    _move(world, TwoMembers(transfer_id=_new_id(world), giver=giver, taker=taker), "merge")


def freeze(world: World) -> None:
    member_id = _two(world)[0]
    if _stand(world, member_id, WalletStatus.FROZEN, "freeze"):
        world.after(_FROZEN_FOR, lambda: _release(world, member_id))


def publish(world: World) -> None:
    """The next rulebook, to take effect in a while: tills hold it before it counts (L8). Not after a restore, when its number would be given twice."""
    if not world.head_office.up or world.record.counts["hq restore"]:
        return
    office, now = world.head_office.office, world.time()
    effective_at = now + timedelta(seconds=world.publishing.uniform(*_AHEAD_S))
    with office.database.write() as session:
        book = next_rulebook(office.rulebooks.all(session).newest_book, effective_at)
        published = publish_rulebook(session, office.keys, write_rulebook(book), by="simulation", now=now)
    world.watch.published(published.version)
    office.sequencer.drain()
    world.record.count("head office publishes")
    world.record.note(now, "head office publishes a rulebook")


def reset_a_pin(world: World) -> None:
    """Forgotten by the member, or known to somebody else. Who has none yet keeps none."""
    books = HqBooks(world.head_office.config.database)
    set_now = books.rows("SELECT member_id FROM payment_pins WHERE ended_at IS NULL ORDER BY 1")
    if not set_now:
        return
    (member_id,) = world.fate.choice(set_now)
    wish = PinResetWish(request_id=_new_id(world), member_id=MemberId(member_id), reason="忘记密码")
    _told(world, "PIN reset", reset_pin(world.head_office.office.desk, Moment.at(world.time()), wish, _unnoted))


ACTS: Final[tuple[tuple[Act, int], ...]] = ((transfer, 5), (freeze, 3), (merge, 1))
ABOUT_PINS: Final[tuple[tuple[Act, int], ...]] = ((reset_a_pin, 3),)


class Deeds:
    """What head office's people do in one run, dealt from a pack."""

    def __init__(self, world: World) -> None:
        self._world = world
        wanted = (*ACTS, *ABOUT_PINS) if world.scenario.pins else ACTS
        self._pack = Pack([act for act, times in wanted for _ in range(times)], world.fate)

    def of_the_day(self) -> None:
        """Enters a day's acts into the agenda."""
        world = self._world
        for _ in range(A_DAY):
            act = self._pack.deal()
            at = timedelta(seconds=world.fate.uniform(0, OPEN_FOR.total_seconds()))
            world.after(at, lambda act=act: act(world) if world.head_office.up else None)  # type: ignore[misc]  # a lambda that binds now
        soon = timedelta(seconds=world.publishing.uniform(0, OPEN_FOR.total_seconds() / 2))
        world.after(soon, lambda: publish(world))


def _release(world: World, member_id: MemberId) -> None:
    if world.head_office.up:
        _stand(world, member_id, WalletStatus.ACTIVE, "release")


def _move(world: World, wish: TwoMembers, name: str) -> None:
    office, books = world.head_office.office, HqBooks(world.head_office.config.database)
    before_minor = books.balances()[wish.giver]
    moved = _told(world, name, move(office.desk, Moment.at(world.time()), wish, _unnoted))
    if moved:
        world.watch.left_by_head_office(wish.giver, before_minor)


def _stand(world: World, member_id: MemberId, status: WalletStatus, name: str) -> bool:
    office = world.head_office.office
    wish = StandingWish(request_id=_new_id(world), member_id=member_id, status=status, reason="核实")
    return _told(world, name, change_status(office.desk, Moment.at(world.time()), wish, _unnoted))


def _told(world: World, name: str, refusal: Refusal | None) -> bool:
    world.head_office.office.sequencer.drain()
    what = f"head office {name}" if refusal is None else f"head office {name} refused {refusal.code.value}"
    world.record.count(what)
    world.record.note(world.time(), what)
    return refusal is None


def _two(world: World) -> tuple[MemberId, MemberId]:
    """Mostly of those who have something."""
    balances = HqBooks(world.head_office.config.database).balances()
    rich = sorted(balances, key=lambda member_id: (-balances[member_id], member_id))[:8]
    giver, taker = world.fate.sample(rich, 2)
    return MemberId(giver), MemberId(taker)


def _new_id(world: World) -> EventId:
    return EventId(uuid7(world.time(), world.fate.randbytes(10)))


def _unnoted(_session: WriteSession) -> None:
    """The audit log is not what is looked at here."""
