"""Owns what is due on a wallet on a business day, as events named after their causes. Pure; the planners themselves are stored_value's. Called by the runs."""

from collections.abc import Iterator, Mapping

from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.own_journal.place import Moment
from stored_value.events import WalletEvent
from stored_value.events_loyalty import InstalmentReleased, TierReviewed
from stored_value.events_money_out import LotExpired, TransferPurpose, TransferredIn, TransferredOut
from stored_value.expiry import plan_expiry
from stored_value.identity import EventId, LotId, named_id
from stored_value.instalments import due_instalments
from stored_value.merging import everything, kept_back, sweep_id
from stored_value.tiers import review_due
from stored_value.transfer import moved_minor
from stored_value.wallet import Wallet


def due_events(
    wallet: Wallet, moment: Moment, rulebooks: Rulebooks, committed: Mapping[LotId, int]
) -> Iterator[WalletEvent]:
    """Instalments, expiries and the tier review. Of a merged wallet only the instalments: the rest of it is swept."""
    yield from _instalments(wallet, moment)
    if wallet.merged_into is not None:
        return
    book = rulebooks.in_force(moment.now)
    yield from _expiries(wallet, moment, book.version, committed)
    if review_due(wallet, book, moment.on):
        kept = book.tier_policy.keep_days is not None
        day = (wallet.loyalty.tier_review_on if kept else None) or moment.on
        event_id = named_id("tier_review", wallet.member_id, day.isoformat())
        yield TierReviewed(occasion=moment.occasion(event_id, book.version), member_id=wallet.member_id)


def _instalments(wallet: Wallet, moment: Moment) -> Iterator[WalletEvent]:
    """Each under the rulebook of the top-up that gave it, and once for ever."""
    for part in due_instalments(wallet, moment.on):
        event_id = named_id("instalment", part.top_up_id, part.promotion_id, str(part.number))
        yield InstalmentReleased(
            occasion=moment.occasion(event_id, part.rulebook),
            member_id=wallet.member_id,
            top_up_id=part.top_up_id,
            promotion_id=part.promotion_id,
            number=part.number,
            amount_minor=part.amount_minor,
        )


def _expiries(wallet: Wallet, moment: Moment, rulebook: int, committed: Mapping[LotId, int]) -> Iterator[WalletEvent]:
    """The wallet's version is part of the name: a lot expires again by what a lease, or a late entry, gives back to it."""
    for lapse in plan_expiry(wallet, moment.on, committed):
        event_id = named_id("expiry", wallet.member_id, lapse.lot_id, str(wallet.version))
        yield LotExpired(
            occasion=moment.occasion(event_id, rulebook),
            member_id=wallet.member_id,
            lot_id=lapse.lot_id,
            amount_minor=lapse.amount_minor,
            quantity=lapse.quantity,
        )


def sweep(wallet: Wallet, cause: EventId, moment: Moment, rulebook: int) -> TransferredOut | None:
    """The first leg that takes after the survivor what `cause` left in a merged wallet; None when nothing is free to go."""
    assert wallet.merged_into is not None, "only a merged wallet is swept"
    moved, holdings = everything(wallet, moment.on, kept_back(wallet))
    if not moved and not holdings:
        return None
    transfer_id = sweep_id(cause)
    return TransferredOut(
        occasion=moment.occasion(first_leg_id(transfer_id), rulebook),
        member_id=wallet.member_id,
        transfer_id=transfer_id,
        to_member_id=wallet.merged_into,
        purpose=TransferPurpose.SWEEP,
        amount_minor=moved_minor(moved),
        moved=moved,
        holdings=holdings,
    )


def first_leg_id(transfer_id: EventId) -> str:
    return named_id("transfer", transfer_id, "out")


def second_leg(first: TransferredOut, moment: Moment) -> TransferredIn:
    """What left arrives, under the rulebook of the first leg."""
    return TransferredIn(
        occasion=moment.occasion(named_id("transfer", first.transfer_id, "in"), first.occasion.rulebook),
        member_id=first.to_member_id,
        transfer_id=first.transfer_id,
        from_member_id=first.member_id,
        purpose=first.purpose,
        amount_minor=first.amount_minor,
        moved=first.moved,
        holdings=first.holdings,
        topped_up_minor=first.topped_up_minor,
        top_up_count=first.top_up_count,
    )
