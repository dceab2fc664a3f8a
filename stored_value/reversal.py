"""Reversal of a top-up: what stops it, and what it takes back when it happened."""

from dataclasses import replace

from stored_value.activity import after_top_up_reversal
from stored_value.bonus_cost import cost_taken_back, source_of
from stored_value.events import ToppedUp, TopUpReversed
from stored_value.findings import Finding, FindingCode
from stored_value.postings import Account, Posting, clearing
from stored_value.receivables import pay_receivables, with_receivable
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rewards import rewards_used
from stored_value.rulebook import Rulebook
from stored_value.tendered import tendered
from stored_value.wallet import LotEnd, Receivable, ValueKind, Wallet


def refuse_reversal(wallet: Wallet, event: ToppedUp) -> Refusal | None:
    """A top-up goes back only while nothing was drawn from it or given to another member, and none of its points, coupons and passes was used."""
    lots = [lot for lot in wallet.lots if lot.top_up_id == event.occasion.event_id]
    given_away = event.amount_minor - sum(lot.original_minor for lot in lots if lot.kind is ValueKind.PRINCIPAL)
    drawn = sum(lot.original_minor - lot.remaining_minor for lot in lots) + given_away
    if not lots or drawn or rewards_used(wallet, event.occasion.event_id):
        return Refusal(RefusalCode.TOP_UP_ALREADY_SPENT, {"drawn_minor": drawn})
    return None


def apply_reversal(
    wallet: Wallet, event: TopUpReversed, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """Takes back what is left of the top-up's lots; principal that was drawn meanwhile is owed to the store that paid out, bonus that was drawn
    is not: the finding says how much."""
    place = event.occasion
    kinds = (ValueKind.PRINCIPAL, ValueKind.BONUS)
    lots = [lot for lot in wallet.lots if lot.top_up_id == event.top_up_id and lot.kind in kinds]
    postings, findings = tendered(place, event.amount_minor, event.tenders, -1)
    taken_back = 0
    for lot in lots:
        if lot.kind is ValueKind.PRINCIPAL:
            taken_back += lot.remaining_minor
            postings.append(Posting(lot.store_id, Account.PRINCIPAL_LIABILITY, lot.remaining_minor))
            postings.extend(clearing(lot.store_id, place.store_id, lot.remaining_minor))
        elif lot.remaining_minor:
            postings.append(Posting(lot.store_id, Account.BONUS_LIABILITY, lot.remaining_minor))
            postings.extend(cost_taken_back(source_of(lot, rulebook), lot.remaining_minor))
    missing = event.amount_minor - taken_back
    if not lots:
        findings.append(Finding(FindingCode.TOP_UP_UNKNOWN, {"top_up": event.top_up_id}))
    elif missing or any(lot.remaining_minor < lot.original_minor for lot in lots):
        bonus = sum(lot.original_minor - lot.remaining_minor for lot in lots if lot.kind is ValueKind.BONUS)
        findings.append(Finding(FindingCode.TOP_UP_ALREADY_SPENT, {"drawn_minor": missing, "bonus_minor": bonus}))
    receivables = wallet.receivables
    if missing > 0:
        postings.append(Posting(place.store_id, Account.OVERDRAFT_RECEIVABLE, missing))
        owed = Receivable(source_id=event.top_up_id, store_id=place.store_id, remaining_minor=missing)
        receivables = with_receivable(receivables, owed)
    elif missing < 0:
        postings.append(Posting(place.store_id, Account.UNEXPLAINED, missing))
    wallet = replace(
        wallet,
        lots=tuple(replace(lot, remaining_minor=0, end=LotEnd.REVERSED) if lot in lots else lot for lot in wallet.lots),
        receivables=receivables,
        top_up_count=max(0, wallet.top_up_count - (1 if lots else 0)),
    )
    if lots:
        wallet, taken = after_top_up_reversal(wallet, event.top_up_id, event.amount_minor, place, rulebook)
        findings += taken
    wallet, paying = pay_receivables(wallet, place.business_date)
    return wallet, postings + paying, findings
