"""`apply`: one event on one wallet, the same at the till and at head office (L3). Head office never refuses the past: what is wrong becomes a finding (L2).

Read it first, then `topup`, `redemption`, `refund` and `draw`, which it calls.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from stored_value.activity import after_refund, after_spending, bonus_minor, spent_minor
from stored_value.bonus_cost import serving_share_postings
from stored_value.draw import Draw, change_lots, draw_postings, plan_draw
from stored_value.enrolment import apply_enrolment
from stored_value.events import (
    InstalmentReleased,
    MemberEnrolled,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    PointsRedeemed,
    PurchaseRefunded,
    Redeemed,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
    WalletEvent,
)
from stored_value.events_money_out import MoneyOutEvent, RefundReversed
from stored_value.events_reservation import ReservationEvent
from stored_value.expiry import has_expired, lapse_again, revive, revived_findings
from stored_value.findings import Finding
from stored_value.identity import EventId, LotId, MemberId, StoreId, TerminalId
from stored_value.instalment_release import apply_instalment
from stored_value.money_out import Outcome, apply_money_out
from stored_value.order import apply_order
from stored_value.order_refund import apply_order_refund, as_order_refund
from stored_value.pass_use import apply_pass_use
from stored_value.points import apply_points_redemption
from stored_value.postings import Account, Posting, imbalance, netted
from stored_value.presence import count_static_card
from stored_value.receivables import pay_receivables, with_receivable
from stored_value.redemption import apply_redemption
from stored_value.refund import apply_refund
from stored_value.reservation_records import ReservationId
from stored_value.reservations import apply_reservation, settle, things_used, without_reservations
from stored_value.reversal import apply_reversal
from stored_value.rulebook import Rulebook
from stored_value.tiers import apply_tier_review
from stored_value.topup import apply_top_up
from stored_value.undiscounted import note_discounts
from stored_value.wallet import Lot, Purchase, Receivable, ValueKind, Wallet


@dataclass(frozen=True, slots=True)
class Applied:
    """`draws` is what was taken (a redemption) or put back (a refund); `purchases` those that are new or changed."""

    wallet: Wallet
    postings: tuple[Posting, ...]
    draws: tuple[Draw, ...]
    findings: tuple[Finding, ...]
    purchases: tuple[Purchase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What is known of an entry whose body is not understood (H7). `by_card`: it may be a payment, and nothing but the printed card shows that the member was there."""

    event_id: EventId
    store_id: StoreId
    terminal_id: TerminalId
    on: date
    rulebook: int
    in_minor: int
    out_minor: int
    reservations: tuple[ReservationId, ...] = ()
    unproved_minor: int = 0
    by_card: bool = False


@dataclass(frozen=True, slots=True)
class _Unproved:
    """Head office's judgement (H8): so much of the payment, and whether the coupons, uses of passes and points as well."""

    minor: int
    things: bool


def new_wallet(member_id: MemberId, rulebook: Rulebook) -> Wallet:
    """The wallet of a member of whom nothing is known yet."""
    return Wallet(member_id=member_id, tier_id=rulebook.tier_for(0).tier_id)


def apply(
    wallet: Wallet,
    event: WalletEvent,
    rulebook: Rulebook,
    *,
    provisional_bonus: bool = False,
    unproved_minor: int = 0,
    things_unproved: bool = False,
) -> Applied:
    """`rulebook` is the version that the event pins. `provisional_bonus`: the till's view of an event that head office has not confirmed (H3). `unproved_minor`: what of a
    payment has no evidence in head office's judgement (H8), which goes to the serving store's suspense. `things_unproved`: nor have the coupons, uses of passes and points that
    the event takes: they stay with the member, and what they paid of an order is in suspense.
    `Wallet.version` is left alone: counting belongs to whoever orders events."""
    if event.member_id != wallet.member_id:
        raise ValueError("the event is another member's")
    unproved = _Unproved(unproved_minor, things_unproved)
    if has_expired(wallet) and isinstance(event, DRAWING):
        return _with_revived_lots(wallet, event, rulebook, unproved)
    outcome = _outcome(wallet, event, rulebook, unproved, provisional_bonus=provisional_bonus)
    return _applied(wallet, *_with_reservations(wallet, event, outcome))


DRAWING = Redeemed | OrderPaid | RefundReversed
"""The kinds that draw lots: one from before an expiry finds the lot alive (H5)."""


def _with_revived_lots(wallet: Wallet, event: WalletEvent, rulebook: Rulebook, unproved: _Unproved) -> Applied:
    """A late entry sees the lots that were good on its day; what it leaves of them expires again at once."""
    alive, postings, revived = revive(wallet, event.occasion.business_date)
    after, own, draws, findings = _outcome(alive, event, rulebook, unproved, provisional_bonus=False)
    after, lapsing = lapse_again(after, revived)
    findings = findings + revived_findings(wallet, after, revived)
    outcome = after, postings + own + lapsing, draws, findings
    return _applied(wallet, *_with_reservations(wallet, event, outcome))


def _with_reservations(before: Wallet, event: WalletEvent, outcome: Outcome) -> Outcome:
    """What the event names is settled."""
    place = event.occasion
    if place.reservations:
        after, postings, draws, findings = outcome
        out_minor = event.amount_minor if isinstance(event, Redeemed | TopUpReversed | RefundReversed) else 0
        if isinstance(event, OrderPaid):
            out_minor = event.balance_minor
        after, told = settle(after, place.reservations, out_minor, things_used(event, before), place.terminal_id)
        outcome = after, postings, draws, findings + told
    if isinstance(event, TopUpReversed) and before.reservations:
        after, postings, draws, findings = outcome
        after = without_reservations(after, (ReservationId(event.top_up_id),))
        after, paying = pay_receivables(after, place.business_date)
        return after, postings + paying, draws, findings
    return outcome


def _outcome(
    wallet: Wallet, event: WalletEvent, rulebook: Rulebook, unproved: _Unproved, *, provisional_bonus: bool
) -> Outcome:
    draws: tuple[Draw, ...] = ()
    postings: list[Posting] = []
    findings: list[Finding]
    if isinstance(event, ReservationEvent):
        after, findings = apply_reservation(wallet, event)
        after, postings = pay_receivables(after, event.occasion.business_date)
        return after, postings, draws, findings
    if isinstance(event, MoneyOutEvent):
        after, postings, draws, findings = apply_money_out(wallet, event, rulebook)
        if isinstance(event, RefundReversed):
            after = after_spending(after, event.occasion, spent_minor(draws), bonus_minor(draws), rulebook)
        return after, postings, draws, findings
    match event:
        case MemberEnrolled():
            after, findings = apply_enrolment(wallet, event, rulebook)
        case ToppedUp():
            after, postings, findings = apply_top_up(wallet, event, rulebook, provisional_bonus=provisional_bonus)
        case Redeemed():
            after, postings, draws, findings = apply_redemption(wallet, event, rulebook, unproved.minor)
        case OrderPaid():
            after, postings, draws, findings = apply_order(
                wallet, event, rulebook, unproved.minor, things_unproved=unproved.things
            )
        case OrderRefunded():
            after, postings, draws, findings = apply_order_refund(wallet, event, rulebook)
        case PassUsed():
            after, postings, findings = apply_pass_use(wallet, event, rulebook, unproved=unproved.things)
        case PurchaseRefunded() if _is_order(wallet, event.purchase_id):
            after, postings, draws, findings = apply_order_refund(wallet, as_order_refund(event), rulebook)
        case PurchaseRefunded():
            refunded, postings, draws, findings = apply_refund(wallet, event, rulebook)
            after, told = after_refund(
                wallet, refunded, event.purchase_id, event.occasion, spent_minor(draws), rulebook
            )
            findings += told
        case TopUpReversed():
            after, postings, findings = apply_reversal(wallet, event, rulebook)
        case InstalmentReleased():
            after, postings, findings = apply_instalment(wallet, event, rulebook)
        case PointsRedeemed():
            after, postings, findings = apply_points_redemption(wallet, event, rulebook, unproved=unproved.things)
        case TierReviewed():
            after, findings = apply_tier_review(wallet, event, rulebook)
        case _:
            assert_never(event)
    return after, postings, draws, findings


def _is_order(wallet: Wallet, purchase_id: EventId) -> bool:
    bought = wallet.purchase(purchase_id)
    return bought is not None and bought.is_order


def settle_header(wallet: Wallet, facts: HeaderFacts, rulebook: Rulebook) -> Applied:
    """An entry that is not understood still moved value: what came in becomes principal, what went out is drawn, both against `UNEXPLAINED`
    until a person explains it (H7); what has no evidence in head office's judgement leaves the lots alone (H8)."""
    draws: tuple[Draw, ...] = ()
    postings: list[Posting] = []
    findings: list[Finding] = []
    after = wallet
    if facts.in_minor:
        lot = Lot(
            lot_id=LotId(f"{facts.event_id}/u"),
            kind=ValueKind.PRINCIPAL,
            store_id=facts.store_id,
            top_up_id=facts.event_id,
            acquired_on=facts.on,
            rulebook=facts.rulebook,
            original_minor=facts.in_minor,
            remaining_minor=facts.in_minor,
        )
        after = replace(after, lots=(*after.lots, lot))
        postings.append(Posting(facts.store_id, Account.UNEXPLAINED, facts.in_minor))
        postings.append(Posting(facts.store_id, Account.PRINCIPAL_LIABILITY, -facts.in_minor))
        after, paying = pay_receivables(after, facts.on)
        postings.extend(paying)
    if facts.out_minor:
        unproved = min(facts.unproved_minor, facts.out_minor)
        if facts.by_card and unproved < facts.out_minor:
            after = count_static_card(after, facts.on, facts.out_minor - unproved, rulebook, findings)
        draws = plan_draw(after, facts.out_minor - unproved, rulebook.draw_order, facts.on, facts.store_id)
        owed = sum(draw.amount_minor for draw in draws if draw.lot_id is None)
        if unproved:
            draws = (*draws, Draw(ValueKind.SUSPENSE, None, facts.store_id, unproved))
        after = change_lots(after, {draw.lot_id: -draw.amount_minor for draw in draws if draw.lot_id is not None})
        if owed:
            receivable = Receivable(source_id=facts.event_id, store_id=facts.store_id, remaining_minor=owed)
            after = replace(after, receivables=with_receivable(after.receivables, receivable))
        postings.extend(draw_postings(draws, facts.store_id, Account.UNEXPLAINED))
    after, told = settle(after, facts.reservations, facts.out_minor, {}, facts.terminal_id)
    return _applied(wallet, after, postings, draws, findings + told)


def _applied(
    before: Wallet, after: Wallet, postings: list[Posting], draws: tuple[Draw, ...], findings: list[Finding]
) -> Applied:
    known = {bought.purchase_id: bought for bought in before.purchases}
    changed = tuple(bought for bought in after.purchases if known.get(bought.purchase_id) is not bought)
    if changed:
        after = note_discounts(before, after, changed)
    for bought in changed:
        postings = postings + serving_share_postings(known.get(bought.purchase_id), bought, after)
    assert not imbalance(postings), f"postings do not balance: {imbalance(postings)}"
    return Applied(after, netted(postings), draws, tuple(findings), changed)
