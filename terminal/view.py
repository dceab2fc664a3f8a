"""What the till shows of a wallet (L3): head office's confirmed state plus the till's own events that it does not yet contain. Pure; `terminal.members` brings the parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stored_value.apply import apply
from stored_value.events_reservation import LeaseAccepted
from stored_value.rulebook import Rulebook
from stored_value.wallet import ValueKind, Wallet
from terminal.journal.records import OwnEvent

RulebookOf = Callable[[int], Rulebook]
"""The rulebook that an event pins, or the nearest one at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletView:
    """`wallet.version` is that of the confirmed part; `pending` are the events added to it."""

    wallet: Wallet
    pending: tuple[OwnEvent, ...]

    @property
    def unconfirmed(self) -> tuple[OwnEvent, ...]:
        """Of `pending`, what head office must hear before it can agree. That a lease was taken changes nothing for it, and is told with the next push."""
        return tuple(own for own in self.pending if not isinstance(own.event, LeaseAccepted))

    @property
    def principal_minor(self) -> int:
        return self.wallet.balance_minor(ValueKind.PRINCIPAL)

    @property
    def bonus_minor(self) -> int:
        """Without what HQ has not confirmed."""
        return self.wallet.balance_minor(ValueKind.BONUS) - self.provisional_bonus_minor

    @property
    def provisional_bonus_minor(self) -> int:
        """Promised here, not yet confirmed: neither drawn nor counted in a split (H3)."""
        return sum(lot.remaining_minor for lot in self.wallet.lots if lot.provisional)

    @property
    def owed_minor(self) -> int:
        return self.wallet.owed_minor


def is_pending(own: OwnEvent, contained_version: int) -> bool:
    """No outcome yet, or it landed in a later version of the wallet than the one at hand."""
    return own.landed_at is None or own.landed_at > contained_version


def wallet_view(confirmed: Wallet, own: Iterable[OwnEvent], rulebook_of: RulebookOf) -> WalletView:
    """`confirmed` is the replica's wallet, or `new_wallet` (version 0) for a member enrolled here whose row has not come; its `purchases` must hold
    those that pending refunds name and those with open receivables. `own` may hold events that are not pending, in any order."""
    pending = tuple(sorted((each for each in own if is_pending(each, confirmed.version)), key=lambda each: each.seq))
    wallet = confirmed
    for each in pending:
        event = each.event
        wallet = apply(wallet, event, rulebook_of(event.occasion.rulebook), provisional_bonus=True).wallet
    return WalletView(wallet=wallet, pending=pending)
