"""What head office keeps of a member's wallet for tills, as a cashier is told: leases and holds apart, how old the oldest is and where.

Decides nothing; called by the member's view and by refusals.
"""

from collections.abc import Sequence

from stored_value.identity import StoreId
from stored_value.reservation_records import Reservation, ReservationKind
from stored_value.wallet import Wallet
from terminal.counter.views import KeptApart
from terminal.counter.workplace import Workplace


def leased_elsewhere(place: Workplace, wallet: Wallet) -> KeptApart | None:
    here = place.journal.head_office.identity.terminal_id
    return _told(place, [kept for kept in wallet.reservations if _is_lease(kept) and kept.terminal_id != here])


def held_elsewhere(place: Workplace, wallet: Wallet) -> KeptApart | None:
    here = place.journal.head_office.identity.terminal_id
    return _told(place, [kept for kept in wallet.reservations if not _is_lease(kept) and kept.terminal_id != here])


def held_here(place: Workplace, wallet: Wallet) -> KeptApart | None:
    """For payments of this till that came to nothing, until its report has told so."""
    here = place.journal.head_office.identity.terminal_id
    return _told(place, [kept for kept in wallet.reservations if not _is_lease(kept) and kept.terminal_id == here])


def store_name(place: Workplace, store_id: StoreId) -> str:
    """The id when the store is not known here."""
    store = place.replica.store(store_id)
    return store.name if store else store_id


def _is_lease(kept: Reservation) -> bool:
    return kept.kind is ReservationKind.LEASE


def _told(place: Workplace, kept: Sequence[Reservation]) -> KeptApart | None:
    """None when no money is kept: things alone are told where they are used."""
    money = [each for each in kept if each.amount_minor]
    if not money:
        return None
    oldest = min(money, key=lambda each: (each.granted_at, each.reservation_id))
    return KeptApart(
        amount_minor=sum(each.amount_minor for each in money),
        tills=len({each.terminal_id for each in money}),
        terminal_id=oldest.terminal_id,
        store_name=store_name(place, oldest.store_id),
        oldest_at=oldest.granted_at,
        age_s=max(0, int((place.now() - oldest.granted_at).total_seconds())),
    )
