"""A member on file as screens and receipts show him: amounts by kind, what can be spent now, the next tier, the last entries.

Owns that mapping only; reading and deciding are the use-cases'.
"""

from dataclasses import replace

from stored_value.cash_out_records import CashOut, CashOutState
from stored_value.events import ShiftClosed, ShiftOpened, WalletEvent
from stored_value.events_money_out import CashOutPaid, CashOutReversed
from stored_value.events_reservation import ReservationEvent
from stored_value.points import usable_points_total
from stored_value.redemption import spendable_minor
from stored_value.tiers import next_tier, tier_of
from stored_value.wallet import ValueKind, Wallet
from sync.event_codec import event_of, stored_value_moved
from terminal.counter.kept_apart import held_elsewhere, held_here, leased_elsewhere
from terminal.counter.reserving import means_offline
from terminal.counter.views import MemberView, RecentEntry
from terminal.counter.workplace import Standing, Workplace
from terminal.journal import OwnEvent
from terminal.members import MemberOnFile
from terminal.view import WalletView

RECENT_MAX = 8


def member_view(place: Workplace, member: MemberOnFile, standing: Standing) -> MemberView:
    """With the member's last entries at this till."""
    return replace(bare_view(place, member, standing), recent=_recent(place, member))


def bare_view(place: Workplace, member: MemberOnFile, standing: Standing) -> MemberView:
    view, wallet, rulebook = member.view, member.view.wallet, standing.rulebook
    offline = not place.link.state().online
    tier = tier_of(wallet, rulebook, standing.on)
    above = next_tier(wallet, rulebook, standing.on)
    means = means_offline(place, member, rulebook, standing.on)
    spendable = spendable_minor(wallet, rulebook, standing.on, static_card=True)
    offline_now = min(spendable, means.total_minor)
    return MemberView(
        member_id=member.member_id,
        member_no=member.member_no,
        name_masked=member.name_masked,
        phone_last4=member.phone_last4,
        tier_name=tier.name,
        status=wallet.status,
        principal_minor=view.principal_minor,
        bonus_minor=view.bonus_minor,
        provisional_bonus_minor=view.provisional_bonus_minor,
        owed_minor=view.owed_minor,
        spendable_now_minor=offline_now if offline else spendable,
        offline=offline,
        as_of=member.as_of,
        pending=any(not isinstance(own.event, ReservationEvent) for own in view.pending),
        next_tier_name=above[0].name if above else None,
        next_tier_missing_minor=above[1] if above else 0,
        points=usable_points_total(wallet, standing.on),
        waiting_minor=sum(asked.refundable_minor for asked in waiting(wallet)),
        deposits_minor=wallet.balance_minor(ValueKind.DEPOSIT),
        card_issue=member.card_issue,
        identity=wallet.identity,
        pin_is_set=wallet.pin_is_set,
        offline_now_minor=offline_now,
        leased_here_minor=means.leased_minor,
        leased_elsewhere=leased_elsewhere(place, wallet),
        held_elsewhere=held_elsewhere(place, wallet),
        held_here=held_here(place, wallet),
    )


def with_event(member: MemberOnFile, wallet: Wallet, event: WalletEvent, seq: int) -> MemberOnFile:
    """The member as he stands once `event` is in the journal."""
    own = OwnEvent(seq=seq, event=event, landed_at=None)
    return replace(member, view=WalletView(wallet=wallet, pending=(*member.view.pending, own)))


def waiting(wallet: Wallet) -> tuple[CashOut, ...]:
    """The cash-outs that were asked for and neither paid nor rejected."""
    return tuple(asked for asked in wallet.cash_outs if asked.state is CashOutState.WAITING)


def moved_minor(event: WalletEvent) -> int:
    """What the wallet gained (+) or lost (-); of a cash-out's payment what went over the counter, though it left the wallet before."""
    if isinstance(event, CashOutPaid | CashOutReversed):
        return -event.amount_minor if isinstance(event, CashOutPaid) else event.amount_minor
    gained, lost = stored_value_moved(event)
    return gained - lost


def _recent(place: Workplace, member: MemberOnFile) -> tuple[RecentEntry, ...]:
    pending = {own.event.occasion.event_id for own in member.view.pending}
    entries: list[RecentEntry] = []
    for entry in place.journal.recent_of(member.member_id, RECENT_MAX):
        event = event_of(entry)
        assert not isinstance(event, ShiftOpened | ShiftClosed), "shift events name no member"
        entries.append(
            RecentEntry(
                event_id=event.occasion.event_id,
                kind=event.kind,
                receipt_no=place.receipt_no(entry.header.seq),
                local_time=event.occasion.local_time,
                amount_minor=moved_minor(event),
                pending=event.occasion.event_id in pending,
            )
        )
    return tuple(entries)
