"""Reservations: how much of a wallet is kept for tills, what an entry that names one does to it, and what must wait for them (L5, L6, H2-H5).

Amounts are kept of the balance as a whole, never of certain lots; things are kept one by one. Called by `apply`, by head office before it grants, and by the till's view.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import assert_never

from stored_value.draw import LIABILITY, drawable_minor
from stored_value.events_loyalty import PointsRedeemed
from stored_value.events_order import OrderPaid, PassUsed
from stored_value.events_reservation import LeaseAccepted, LeaseReturned, ReservationEvent, ReservationWrittenOff
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from stored_value.identity import LotId, TerminalId
from stored_value.occasion import Occasion
from stored_value.points import ANY_POINTS, alike, points_drawn
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind, ReservedThing, things_kept
from stored_value.rulebook import HEAD_OFFICE_STORE
from stored_value.wallet import Lot, Wallet


def reserved_minor(wallet: Wallet, *, besides: TerminalId | None = None) -> int:
    """What leases and holds keep, leaving out those of the till `besides`."""
    return sum(kept.amount_minor for kept in wallet.reservations if kept.terminal_id != besides)


def available_minor(wallet: Wallet, on: date, *, besides: TerminalId | None = None) -> int:
    """What a new reservation may take, or a payment at `besides` in all. Below zero only when an entry from the past took what was reserved (H5)."""
    return drawable_minor(wallet, on) - reserved_minor(wallet, besides=besides)


def gone_minor(wallet: Wallet) -> int:
    """What reservations keep beyond every lot there is: a till that could not know of them took it, and theirs may overdraw the wallet (L5). A lot that is over and kept for a
    lease is there."""
    lots = sum(wallet.balance_minor(kind) for kind in LIABILITY)
    return max(0, reserved_minor(wallet) - lots)


def leased_here_minor(wallet: Wallet, terminal_id: TerminalId, now: datetime) -> int:
    """What the till may spend while nobody can be asked: its accepted leases that still run."""
    return sum(kept.amount_minor for kept in leases_here(wallet, terminal_id, now))


def leases_here(wallet: Wallet, terminal_id: TerminalId, now: datetime) -> tuple[Reservation, ...]:
    """The till's spendable leases, in the order in which they are spent: those that run out first."""
    own = [
        kept
        for kept in wallet.reservations
        if kept.kind is ReservationKind.LEASE
        and kept.terminal_id == terminal_id
        and kept.accepted
        and (kept.expires_at is None or now < kept.expires_at)
    ]
    return tuple(sorted(own, key=lambda kept: (kept.expires_at is None, kept.expires_at or now, kept.reservation_id)))


def refuse_reservation(
    wallet: Wallet, amount_minor: int, things: Iterable[ReservedThing], on: date, *, besides: TerminalId | None = None
) -> Refusal | None:
    """`RESERVED_ELSEWHERE` tells what other tills keep: a recall may bring it back, a smaller amount goes at once."""
    held, elsewhere = drawable_minor(wallet, on), reserved_minor(wallet, besides=besides)
    if amount_minor > held:
        return Refusal(RefusalCode.BALANCE_TOO_LOW, {"balance_minor": held, "short_minor": amount_minor - held})
    if amount_minor and amount_minor > held - elsewhere:
        return Refusal(
            RefusalCode.RESERVED_ELSEWHERE,
            {
                "reserved_minor": elsewhere,
                "available_minor": max(0, held - elsewhere),
                "balance_minor": held,
                "remedy": "recall",
            },
        )
    for wanted in things:
        free = thing_quantity(wallet, wanted.thing_id) - kept_of_thing(wallet, wanted.thing_id, besides=besides)
        if wanted.quantity > free:
            data: dict[str, int | str] = {"thing": wanted.thing_id, "free": max(0, free), "remedy": "recall"}
            return Refusal(RefusalCode.RESERVED_ELSEWHERE, data)
    return None


def thing_quantity(wallet: Wallet, thing_id: LotId) -> int:
    """What is there of a holding or of a lot."""
    holding = wallet.holding(thing_id)
    if holding is not None:
        return holding.remaining
    lot = wallet.lot(thing_id)
    return lot.remaining_minor if lot is not None else 0


def kept_of_thing(wallet: Wallet, thing_id: LotId, *, besides: TerminalId | None = None) -> int:
    return sum(
        thing.quantity
        for kept in wallet.reservations
        if kept.terminal_id != besides
        for thing in kept.things
        if thing.thing_id == thing_id
    )


def committed(wallet: Wallet, on: date) -> dict[LotId, int]:
    """What reservations keep of each lot and holding that is over: the share that an expiry on `on` must leave until they are given back (H5).
    Money that has not expired covers reservations first."""
    uncovered = max(0, reserved_minor(wallet) - drawable_minor(wallet, on))
    kept: dict[LotId, int] = {}
    for lot in wallet.lots:
        share = min(uncovered, lot.remaining_minor) if _is_over(lot, on) else 0
        if share:
            kept[lot.lot_id] = share
            uncovered -= share
    for reservation in wallet.reservations:
        for thing in reservation.things:
            kept[thing.thing_id] = kept.get(thing.thing_id, 0) + thing.quantity
    return kept


def _is_over(lot: Lot, on: date) -> bool:
    return lot.kind in LIABILITY and lot.expires_on is not None and lot.expires_on < on


def with_reservation(wallet: Wallet, granted: Reservation) -> Wallet:
    """The same id again changes nothing."""
    if find(wallet, granted.reservation_id) is not None:
        return wallet
    return changed(wallet, reservations=(*wallet.reservations, granted))


def without_reservations(wallet: Wallet, ids: Iterable[ReservationId]) -> Wallet:
    gone = frozenset(ids)
    return replace(wallet, reservations=tuple(kept for kept in wallet.reservations if kept.reservation_id not in gone))


def recalled(wallet: Wallet, ids: Iterable[ReservationId]) -> Wallet:
    """Marked as asked back; they stay outstanding until their till has journalled the return."""
    asked = frozenset(ids)
    return replace(
        wallet,
        reservations=tuple(
            replace(kept, recalled=True) if kept.reservation_id in asked else kept for kept in wallet.reservations
        ),
    )


def find(wallet: Wallet, reservation_id: ReservationId) -> Reservation | None:
    return next((kept for kept in wallet.reservations if kept.reservation_id == reservation_id), None)


def settle(
    wallet: Wallet,
    ids: Iterable[ReservationId],
    out_minor: int,
    things: Mapping[LotId, int],
    terminal_id: TerminalId,
) -> tuple[Wallet, list[Finding]]:
    """What an entry of `terminal_id` that names reservations does to them: a hold ends with its entry, whatever of it was taken; leases give `out_minor` in the order
    named. One that is not there had been closed, one of another till stays as it is: told, never refused (L2)."""
    left, findings = out_minor, []
    used, ended, leases = dict(things), list[ReservedThing](), list[ReservationId]()
    after = {kept.reservation_id: kept for kept in wallet.reservations}
    for reservation_id in ids:
        kept = after.get(reservation_id)
        if kept is None:
            findings.append(Finding(FindingCode.RESERVATION_UNKNOWN, {"reservation": reservation_id}))
            continue
        if kept.terminal_id != terminal_id:
            findings.append(_foreign(kept))
            continue
        taken = min(left, kept.amount_minor)
        left -= taken
        rest = _less(kept, taken, used)
        if rest is None or kept.kind is ReservationKind.HOLD:
            del after[reservation_id]
            ended += () if rest is None else rest.things
        else:
            after[reservation_id] = rest
            leases.append(reservation_id)
    points = _points_among(wallet, used) - _points_among(wallet, {each.thing_id: each.quantity for each in ended})
    if points > 0:
        _end_alike(wallet, after, leases, points)
    return replace(wallet, reservations=tuple(after.values())), findings


def _points_among(wallet: Wallet, things: Mapping[LotId, int]) -> int:
    return sum(quantity for thing_id, quantity in things.items() if quantity and alike(wallet, thing_id) == ANY_POINTS)


def _end_alike(
    wallet: Wallet, after: dict[ReservationId, Reservation], leases: Iterable[ReservationId], points: int
) -> None:
    """Points that came of other lots than were kept: as many are kept no longer, so that a lease covers its points once. Those of holds have ended with their entry."""
    for lease_id in leases:
        kept = after.get(lease_id)
        if kept is None:
            continue
        given: dict[LotId, int] = {}
        for thing in kept.things:
            if alike(wallet, thing.thing_id) == ANY_POINTS:
                given[thing.thing_id] = min(points, thing.quantity)
                points -= given[thing.thing_id]
        rest = _less(kept, 0, given)
        if rest is None:
            del after[lease_id]
        else:
            after[lease_id] = rest


def _less(kept: Reservation, taken_minor: int, used: dict[LotId, int]) -> Reservation | None:
    """What stays of a reservation; None when nothing. Counts down `used` by what its things gave."""
    things: list[ReservedThing] = []
    for thing in kept.things:
        given = min(thing.quantity, used.get(thing.thing_id, 0))
        if given:
            used[thing.thing_id] -= given
        if thing.quantity > given:
            things.append(replace(thing, quantity=thing.quantity - given))
    amount = kept.amount_minor - taken_minor
    return replace(kept, amount_minor=amount, things=tuple(things)) if amount or things else None


def things_used(event: object, wallet: Wallet) -> dict[LotId, int]:
    """The holdings that an event takes, by quantity; points by lot, as `wallet` had them before."""
    used: dict[LotId, int] = {}
    match event:
        case PassUsed():
            used[event.holding_id] = max(0, event.units)
        case OrderPaid():
            for coupon in event.coupons:
                used[coupon.holding_id] = 1
            for line in event.lines:
                cover = line.item.covered_by
                if cover is not None:
                    used[cover.holding_id] = used.get(cover.holding_id, 0) + max(0, cover.units)
            if event.points is not None:
                used |= _points(wallet, event.points.points, event.occasion)
        case PointsRedeemed():
            used |= _points(wallet, event.points, event.occasion)
        case _:
            pass
    return used


def _points(wallet: Wallet, points: int, place: Occasion) -> dict[LotId, int]:
    return points_drawn(wallet, points, place.business_date, things_kept(wallet.reservations, place.reservations))


def apply_reservation(wallet: Wallet, event: ReservationEvent) -> tuple[Wallet, list[Finding]]:
    """Moves no money; `apply` then pays debts with what came back. A lease that head office had closed is told and stays closed: what is spent of it is found then."""
    match event:
        case LeaseAccepted():
            kept = find(wallet, event.lease_id)
            if kept is None or kept.terminal_id != event.occasion.terminal_id:
                return wallet, [Finding(FindingCode.LEASE_CLOSED, {"reservation": event.lease_id})]
            accepted = replace(kept, accepted=True)
            rest = tuple(accepted if each is kept else each for each in wallet.reservations)
            return replace(wallet, reservations=rest), []
        case LeaseReturned():
            kept = find(wallet, event.lease_id)
            if kept is None:
                return wallet, [Finding(FindingCode.LEASE_CLOSED, {"reservation": event.lease_id})]
            if kept.terminal_id != event.occasion.terminal_id and not _is_head_office(event):
                return wallet, [_foreign(kept)]
            return without_reservations(wallet, (event.lease_id,)), _difference(kept, event)
        case ReservationWrittenOff():
            kept = find(wallet, event.reservation_id)
            if kept is None:
                return wallet, [Finding(FindingCode.LEASE_CLOSED, {"reservation": event.reservation_id})]
            if not _is_head_office(event):
                return wallet, [_foreign(kept)]
            return without_reservations(wallet, (event.reservation_id,)), []
        case _:
            assert_never(event)


def _is_head_office(event: ReservationEvent) -> bool:
    return event.occasion.store_id == HEAD_OFFICE_STORE


def _foreign(kept: Reservation) -> Finding:
    return Finding(FindingCode.RESERVATION_FOREIGN, {"reservation": kept.reservation_id, "terminal": kept.terminal_id})


def _difference(kept: Reservation, event: LeaseReturned) -> list[Finding]:
    if kept.amount_minor == event.amount_minor:
        return []
    data: dict[str, int | str] = {
        "reservation": event.lease_id,
        "returned_minor": event.amount_minor,
        "kept_minor": kept.amount_minor,
    }
    return [Finding(FindingCode.LEASE_DIFFERS, data)]
