"""Reserving before value leaves (L5): the till's own leases first, a hold at head office for the rest; without an answer in time, leases and what the risk allowance leaves.

Owns the one way in which a use-case asks for money and things of a member: `reserving`, which asks outside the journal's lock and decides under it, and `cover`, before
the entry that names what it uses. The request is durable before it is sent, and dropped when no entry came of it: the till's next report releases it (H2).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from stored_value.identity import EventId, LotId, MemberId, StoreId
from stored_value.offline_spending import OfflineMeans, offline_means, refuse_offline, risk_left_minor
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import Reservation, ReservationId, ReservedThing
from stored_value.reservations import available_minor, leases_here, reserved_minor
from stored_value.rulebook import Rulebook
from stored_value.standing import Deed
from sync.messages import HoldReply, HoldRequest
from terminal import steps
from terminal.clock import new_id
from terminal.counter.kept_apart import store_name
from terminal.counter.online_read import Patience, all_sent, in_doubt, is_fresh, take_rows
from terminal.counter.workplace import Workplace
from terminal.journal import HoldAsked
from terminal.members import MemberOnFile

_TRIES = 2
"""A lease that was given back while head office was asked leaves the hold too small: asked once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is about to leave a member's wallet, and by which deed: the wallet's standing may forbid one and not another."""

    member_id: MemberId
    amount_minor: int
    things: tuple[ReservedThing, ...] = ()
    deed: Deed = Deed.REDEEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """`hold_id` is None when leases are enough or nobody answered; `offline`: nobody did. `refusal`: head office said no, and why. A hold counts in its `epoch` only (H1)."""

    hold_id: ReservationId | None = None
    epoch: str = ""
    held_minor: int = 0
    held_things: tuple[ReservedThing, ...] = ()
    offline: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the entry names, in the order in which it is used, and what nothing covers."""

    reservations: tuple[ReservationId, ...]
    risk_minor: int


@contextmanager
def reserving(
    place: Workplace, action: EventId, wanted: Wanted, patience: Patience | None = None
) -> Iterator[Reserved]:
    """Asks head office when that is needed, within its short deadline, and then is `journal.deciding`; not to be called under that. An action that is recorded reserves
    nothing more. `patience` is the action's, when it has asked before."""
    if place.journal.find(action) is not None:
        with place.journal.deciding():
            yield Reserved(offline=not place.link.state().online)
        return
    patience = patience or Patience(place.clock)
    with ExitStack() as asked_for:
        reserved = _reserve(place, action, wanted, asked_for, patience)
        for _ in range(1, _TRIES):
            if reserved.hold_id is not None and not _still_enough(reserved, _left(place, wanted)):
                place.journal.reservations.drop(reserved.hold_id)
                reserved = _reserve(place, action, wanted, asked_for, patience)
        with place.journal.deciding():
            yield _in_this_epoch(place, reserved)


@contextmanager
def reserving_any(
    place: Workplace, action: EventId, wanted: Wanted, patience: Patience | None = None
) -> Iterator[Reserved]:
    """The same for a use-case that has read head office already, and often takes nothing out."""
    if wanted.amount_minor or wanted.things:
        with reserving(place, action, wanted, patience) as reserved:
            yield reserved
        return
    with place.journal.deciding():
        yield Reserved()


def cover(
    place: Workplace, member: MemberOnFile, wanted: Wanted, reserved: Reserved, rulebook: Rulebook, on: date
) -> Cover | Refusal:
    """Under `journal.deciding`: whether what was reserved is enough for what is wanted, as things stand now."""
    if reserved.refusal is not None:
        return _with_ways_left(place, member, reserved.refusal, on)
    leases = own_leases(place, member)
    hold = () if reserved.hold_id is None else (reserved.hold_id,)
    named, left = _named(leases, wanted)
    uncovered = left - reserved.held_minor
    if not _still_enough(reserved, _Left(0, _things_left(leases, wanted.things))):
        return Refusal(RefusalCode.ONLINE_ONLY)
    if uncovered <= 0:
        return Cover(reservations=(*named, *(hold if left or wanted.things else ())), risk_minor=0)
    means = means_offline(place, member, rulebook, on)
    wallet, terminal_id = member.view.wallet, place.journal.head_office.identity.terminal_id
    refusal = refuse_offline(wallet, wanted.amount_minor - reserved.held_minor, means, on, terminal_id)
    return refusal or Cover(reservations=(*named, *hold), risk_minor=uncovered)


def means_offline(place: Workplace, member: MemberOnFile, rulebook: Rulebook, on: date) -> OfflineMeans:
    """What could be paid for the member now if nobody could be asked."""
    taken = place.journal.reservations.risk_taken(member.member_id)
    left = risk_left_minor(
        rulebook.offline.risk,
        member_taken_minor=taken.member_minor,
        till_taken_minor=taken.till_minor,
        unheard=_unheard(place),
    )
    leased = sum(lease.amount_minor for lease in own_leases(place, member))
    return offline_means(member.view.wallet, on, leased_minor=leased, risk_left=left)


def own_leases(place: Workplace, member: MemberOnFile) -> tuple[Reservation, ...]:
    """The leases that this journal took and has not given back, in the order in which they are spent: those of an earlier life of this till are not its own, and none
    is while the disk may be a copy (H6)."""
    journal = place.journal
    if journal.head_office.lease_doubt is not None:
        return ()
    taken = journal.reservations.open_leases_of(member.member_id)
    leases = leases_here(member.view.wallet, journal.head_office.identity.terminal_id, place.time_gone())
    return tuple(lease for lease in leases if lease.reservation_id in taken)


def _in_this_epoch(place: Workplace, reserved: Reserved) -> Reserved:
    """A head office that came back from a backup meanwhile may have forgotten the hold, and give the money to another till: as if nobody had answered."""
    if reserved.hold_id is None or reserved.epoch == place.journal.head_office.epoch:
        return reserved
    return Reserved(offline=True)


def _reserve(place: Workplace, action: EventId, wanted: Wanted, asked_for: ExitStack, patience: Patience) -> Reserved:
    if not place.link.state().online:
        return Reserved(offline=True)
    if not wanted.amount_minor and not wanted.things:
        return Reserved(offline=not is_fresh(place, wanted.member_id, patience))
    if _left(place, wanted) == _NOTHING:
        return Reserved()
    sent = all_sent(place, wanted.member_id, patience)
    if patience.is_over() or in_doubt(place, wanted.member_id):
        return Reserved(offline=True)
    reserved = _ask(place, action, wanted, asked_for)
    # What came in here a moment ago may be what head office misses.
    return reserved if sent or reserved.refusal is None else Reserved(offline=True)


def _ask(place: Workplace, action: EventId, wanted: Wanted, asked_for: ExitStack) -> Reserved:
    """What was risked here and head office does not know of yet is held as well, lest it be given twice. `asked_for` lets go, whatever happens, of what no entry used."""
    journal = place.journal
    unsettled = journal.reservations.risk_taken(wanted.member_id).unsettled_minor
    left = _left(place, wanted)
    asked = HoldAsked(
        hold_id=ReservationId(new_id(place.clock)),
        event_id=action,
        member_id=wanted.member_id,
        amount_minor=left.amount_minor + unsettled,
        things=left.things,
    )
    number = journal.reservations.ask(asked, place.now())
    asked_for.callback(journal.reservations.drop, asked.hold_id)
    reply = place.link.hold(
        HoldRequest(
            hold_id=asked.hold_id,
            number=number,
            member_id=asked.member_id,
            amount_minor=asked.amount_minor,
            things=asked.things,
            deed=wanted.deed.value,
        )
    )
    if reply is None or reply.epoch != journal.head_office.epoch:
        journal.reservations.drop(asked.hold_id)
        return Reserved(offline=True)
    take_rows(place, () if reply.member is None else (reply.member,), reply.epoch)
    journal.reservations.answered(asked.hold_id, held=not reply.refusal, signed=reply.signed)
    steps.reached(steps.HOLD_ANSWERED)
    if reply.refusal:
        return Reserved(refusal=_refusal(reply))
    return Reserved(
        hold_id=asked.hold_id,
        epoch=reply.epoch,
        held_minor=asked.amount_minor - unsettled,
        held_things=asked.things,
    )


def _refusal(reply: HoldReply) -> Refusal:
    """A newer head office may know reasons that this till does not."""
    try:
        code = RefusalCode(reply.refusal)
    except ValueError:
        code = RefusalCode.NOT_PERMITTED
    return Refusal(code, dict(reply.data))


def _with_ways_left(place: Workplace, member: MemberOnFile, refusal: Refusal, on: date) -> Refusal:
    """Head office speaks of all that is kept, this till's own leases included, and of what silent tills may have (H1); the cashier is told what others keep, who keeps the
    most and since when it has not been heard of, and what goes at once."""
    if refusal.code is not RefusalCode.RESERVED_ELSEWHERE:
        return refusal
    data = refusal.data | _keeper(place, refusal)
    if "thing" in data:
        return replace(refusal, data=data)
    wallet, here = member.view.wallet, place.journal.head_office.identity.terminal_id
    ours = sum(lease.amount_minor for lease in own_leases(place, member))
    kept = max(reserved_minor(wallet, besides=here), int(data.get("reserved_minor", 0)) - ours)
    free = max(0, available_minor(wallet, on))
    free = min(free, int(data.get("available_minor", free)))
    return Refusal(refusal.code, data | {"reserved_minor": kept, "left_minor": free + ours})


def _keeper(place: Workplace, refusal: Refusal) -> dict[str, int | str]:
    """Of the till that head office named: its store by name, and how long it has not been heard of when it ever was."""
    data = refusal.data
    if "terminal" not in data or "store" not in data:
        return {}
    named: dict[str, int | str] = {"store_name": store_name(place, StoreId(str(data["store"])))}
    try:
        last_seen = datetime.fromisoformat(str(data.get("last_seen", "")))
    except ValueError:
        return named
    return named | {"unheard_s": max(0, int((place.now() - last_seen).total_seconds()))}


def leased_things(place: Workplace, member: MemberOnFile) -> Counter[LotId]:
    """How much of each coupon, pass and lot of points this till may take without asking."""
    return _kept_things(own_leases(place, member))


def things_leased(place: Workplace, member: MemberOnFile, wanted: Wanted) -> bool:
    """This till may take the things without asking."""
    return not _things_left(own_leases(place, member), wanted.things)


@dataclass(frozen=True, slots=True)
class _Left:
    """What the till's leases leave to be held."""

    amount_minor: int
    things: tuple[ReservedThing, ...]


_NOTHING = _Left(0, ())


def _left(place: Workplace, wanted: Wanted) -> _Left:
    with place.journal.deciding():
        member = place.members.find(wanted.member_id)
        leases = () if member is None else own_leases(place, member)
    return _Left(_named(leases, wanted)[1], _things_left(leases, wanted.things))


def _still_enough(reserved: Reserved, left: _Left) -> bool:
    held = {thing.thing_id: thing.quantity for thing in reserved.held_things}
    return left.amount_minor <= reserved.held_minor and all(
        thing.quantity <= held.get(thing.thing_id, 0) for thing in left.things
    )


def _named(leases: tuple[Reservation, ...], wanted: Wanted) -> tuple[tuple[ReservationId, ...], int]:
    """The leases that the payment uses, and what they leave of its amount."""
    named: list[ReservationId] = []
    left = wanted.amount_minor
    things = {thing.thing_id for thing in wanted.things}
    for lease in leases:
        if (left and lease.amount_minor) or any(kept.thing_id in things for kept in lease.things):
            named.append(lease.reservation_id)
            left -= min(left, lease.amount_minor)
    return tuple(named), left


def _things_left(leases: tuple[Reservation, ...], wanted: tuple[ReservedThing, ...]) -> tuple[ReservedThing, ...]:
    """Coupons, passes and points never go at risk (H4): what of them no lease keeps for this till."""
    kept = _kept_things(leases)
    short = ((thing, thing.quantity - kept[thing.thing_id]) for thing in wanted)
    return tuple(replace(thing, quantity=missing) for thing, missing in short if missing > 0)


def _kept_things(leases: tuple[Reservation, ...]) -> Counter[LotId]:
    kept: Counter[LotId] = Counter()
    for lease in leases:
        for thing in lease.things:
            kept[thing.thing_id] += thing.quantity
    return kept


def _unheard(place: Workplace) -> timedelta | None:
    """By what the replica knows and by what head office signed: the entry carries that, and head office judges by it."""
    heard, signed = place.replica.as_of(), place.journal.head_office.anchor
    return None if heard is None or signed is None else place.time_gone() - min(heard, signed.hq_time)
