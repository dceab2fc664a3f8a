"""A member as the counter sees him: replica, own events and outcomes put together by `terminal.view`. Owns the order of reading that keeps the parts consistent.

The journal's lock comes first, then one state of the replica: an outcome is always in the journal before its row may show in the replica.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stored_value.apply import apply, new_wallet
from stored_value.events import OrderRefunded, PurchaseRefunded, WalletEvent
from stored_value.events_money_out import RefundReversed
from stored_value.frozen import changed
from stored_value.identity import EventId, MemberId, StoreId
from stored_value.rulebook import Rulebook
from stored_value.wallet import Purchase, Wallet
from sync.payment_pins import PinVerifier
from terminal.clock import Clock
from terminal.journal import Journal, LocalMember, OwnEvent
from terminal.replica import ConfirmedMember, ConfirmedPurchase, Replica
from terminal.view import RulebookOf, WalletView, is_pending, wallet_view


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOnFile:
    """`card_issue` is the newest known. `confirmed`: HQ has told of this member. `as_of` is HQ's time of the confirmed part, None for a member known only here.
    `pin` is what head office told of the payment PIN; the wallet's `pin_issue` says whether that is the newest.
    Of whom nobody knows name and phone any more (H14), `name_masked` is the member number and `phone_last4` empty."""

    member_id: MemberId
    member_no: str
    card_issue: int
    name_masked: str
    phone_last4: str
    home_store_id: StoreId
    view: WalletView
    confirmed: bool
    as_of: datetime | None
    pin: PinVerifier | None = None


class Members:
    """Thread-safe."""

    def __init__(self, journal: Journal, replica: Replica, clock: Clock) -> None:
        self._journal = journal
        self._replica = replica
        self._clock = clock

    def find(self, member_id: MemberId, *, with_purchases: Iterable[EventId] = ()) -> MemberOnFile | None:
        """None when neither HQ nor this till knows the member, or when no rulebook is at hand. `with_purchases` are loaded into the wallet as well."""
        with self._journal.deciding(), self._replica.one_state():
            row = self._of_this_epoch(self._replica.member(member_id))
            local = None if row else self._journal.local_members.find(member_id)
            return self._on_file(row, local, with_purchases)

    def find_by_no(self, member_no: str) -> tuple[MemberOnFile, ...]:
        """One, but for what copies of a till's disk gave out twice (H6)."""
        with self._journal.deciding(), self._replica.one_state():
            rows = self._replica.members_by_no(member_no)
            return self._all_on_file(rows, self._journal.local_members.find_by_no(member_no))

    def find_by_phone(self, phone_tag: int, phone_last4: str) -> tuple[MemberOnFile, ...]:
        """Candidates: the tag is short on purpose (H14)."""
        with self._journal.deciding(), self._replica.one_state():
            rows = self._replica.members_by_phone(phone_tag, phone_last4)
            return self._all_on_file(rows, self._journal.local_members.find_by_phone(phone_tag, phone_last4))

    def _all_on_file(
        self, rows: Iterable[ConfirmedMember], enrolled_here: Iterable[LocalMember]
    ) -> tuple[MemberOnFile, ...]:
        known = [row for each in rows if (row := self._of_this_epoch(each)) is not None]
        ids = {row.member_id for row in known}
        found = [self._on_file(row, None, ()) for row in known]
        found += [self._on_file(None, each, ()) for each in enrolled_here if each.member_id not in ids]
        return tuple(each for each in found if each is not None)

    def _on_file(
        self, row: ConfirmedMember | None, local: LocalMember | None, with_purchases: Iterable[EventId]
    ) -> MemberOnFile | None:
        known = row or local
        newest = self._replica.rulebook_in_force(self._journal.head_office.not_below_anchor(self._clock.now()))
        if known is None or newest is None:
            return None
        base = row.wallet if row else new_wallet(known.member_id, newest)
        own = self._journal.outcomes.own_events(known.member_id, self._journal.head_office.epoch, base.version)

        def rulebook_of(version: int) -> Rulebook:
            return self._replica.rulebook(version) or newest

        base = self._with_purchases(base, own, with_purchases, rulebook_of)
        view = wallet_view(base, own, rulebook_of)
        return MemberOnFile(
            member_id=known.member_id,
            member_no=known.member_no,
            card_issue=max(known.card_issue, view.wallet.card_issue),
            name_masked=known.name_masked if known.phone_last4 else known.member_no,
            phone_last4=known.phone_last4,
            home_store_id=known.home_store_id,
            view=view,
            confirmed=row is not None,
            as_of=self._replica.as_of() if row else None,
            pin=row.pin if row else None,
        )

    def _with_purchases(
        self, wallet: Wallet, own: Iterable[OwnEvent], wanted: Iterable[EventId], rulebook_of: RulebookOf
    ) -> Wallet:
        """But for those whose own event is not in the wallet yet: it makes them anew, however far their rows have come."""
        ids = set(wanted) | {owed.source_id for owed in wallet.receivables}
        ids |= {purchase_id for each in own if (purchase_id := _refunded_purchase(each.event)) is not None}
        ids -= {each.event.occasion.event_id for each in own if is_pending(each, wallet.version)}
        found = [self._replica.purchase(purchase_id) for purchase_id in sorted(ids)]
        mine = [each for each in found if each is not None and each.member_id == wallet.member_id]
        return changed(wallet, purchases=tuple(self._brought_up(each, wallet, rulebook_of) for each in mine))

    def _brought_up(self, known: ConfirmedPurchase, wallet: Wallet, rulebook_of: RulebookOf) -> Purchase:
        """To where the wallet stands: a page may end between the two rows, and what the wallet contains already is not laid on it again."""
        purchase = known.purchase
        since = self._journal.outcomes.own_events(
            wallet.member_id, self._journal.head_office.epoch, min(known.version, wallet.version)
        )
        for each in since:
            if _refunded_purchase(each.event) == known.purchase_id and not is_pending(each, wallet.version):
                rulebook = rulebook_of(each.event.occasion.rulebook)
                after = apply(changed(wallet, purchases=(purchase,)), each.event, rulebook).wallet
                purchase = after.purchase(known.purchase_id) or purchase
        return purchase

    def _of_this_epoch(self, row: ConfirmedMember | None) -> ConfirmedMember | None:
        return row if row is not None and row.epoch == self._journal.head_office.epoch else None


def _refunded_purchase(event: WalletEvent) -> EventId | None:
    return event.purchase_id if isinstance(event, PurchaseRefunded | OrderRefunded | RefundReversed) else None
