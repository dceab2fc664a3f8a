"""What an offline top-up keeps for its till, to be spent there before head office has heard of it (H3): how much the till may keep, and the lease that keeps it.

The till states the amount in its entry (ADR 0012), so that both sides lease the same whatever either knew of the member's debts. Called by `topup` and by the till's counter.
"""

from stored_value.events import ToppedUp
from stored_value.identity import LotId
from stored_value.reservation_records import Reservation, ReservationId, ReservationKind
from stored_value.reservations import with_reservation
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet


def own_share_minor(wallet: Wallet, amount_minor: int, rulebook: Rulebook) -> int:
    """What the till states: the principal, less what the member owes as far as the till knows."""
    if not rulebook.offline.top_up_spendable:
        return 0
    return max(0, amount_minor - wallet.owed_minor)


def leased_as_stated(wallet: Wallet, event: ToppedUp) -> Wallet:
    """Before debts are paid: what the till believed its own is its own."""
    if event.reserved_minor is None:
        return wallet
    return _leased(wallet, event, min(event.reserved_minor, event.amount_minor))


def leased_unstated(wallet: Wallet, event: ToppedUp, rulebook: Rulebook) -> Wallet:
    """After debts are paid: an offline till that does not say keeps what is left of the principal."""
    if event.reserved_minor is not None or not event.occasion.offline or not rulebook.offline.top_up_spendable:
        return wallet
    principal = wallet.lot(LotId(f"{event.occasion.event_id}/p"))
    return _leased(wallet, event, principal.remaining_minor if principal is not None else 0)


def _leased(wallet: Wallet, event: ToppedUp, amount_minor: int) -> Wallet:
    if amount_minor <= 0:
        return wallet
    place = event.occasion
    lease = Reservation(
        reservation_id=ReservationId(place.event_id),
        kind=ReservationKind.LEASE,
        store_id=place.store_id,
        terminal_id=place.terminal_id,
        incarnation=0,
        number=0,
        granted_minor=amount_minor,
        amount_minor=amount_minor,
        granted_at=place.occurred_at,
        accepted=True,
    )
    return with_reservation(wallet, lease)
