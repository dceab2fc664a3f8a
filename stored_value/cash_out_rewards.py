"""What a cash-out does to the points, coupons, passes and tier that its top-ups gave, where policy says that they go with the money. Called by `cash_out_settlement`.

A tier that goes falls at the member's next review, or with the next event where tiers follow the figures.
"""

from dataclasses import replace

from stored_value.cash_out_records import CashOut, TakenReward
from stored_value.findings import Finding, FindingCode
from stored_value.holdings import change_holdings
from stored_value.identity import EventId
from stored_value.policies import RewardsAtCashOut
from stored_value.reservation_records import ReservedThing
from stored_value.rulebook import Rulebook
from stored_value.wallet import Holding, HoldingKind, Wallet


def rewards_leaving(wallet: Wallet, asked: CashOut, rulebook: Rulebook) -> tuple[ReservedThing, ...]:
    """The points, coupons and passes that a payment takes out of the wallet. Other tills may keep some of it (H4, H5): they are reserved first."""
    if rulebook.cash_out.rewards is RewardsAtCashOut.KEEP:
        return ()
    given = (held for held in _given(wallet, asked) if held.remaining > 0)
    return tuple(ReservedThing(thing_id=held.holding_id, quantity=held.remaining) for held in given)


def take_rewards(wallet: Wallet, paid: CashOut, rulebook: Rulebook) -> tuple[Wallet, CashOut, list[Finding]]:
    """As far as they are still there; what was used is told. The cash-out remembers what it took."""
    if rulebook.cash_out.rewards is RewardsAtCashOut.KEEP:
        return wallet, paid, []
    sources, given = _sources(paid), _given(wallet, paid)
    findings: list[Finding] = []
    for held in given:
        used = held.original - held.remaining
        if used and held.kind is HoldingKind.POINTS:
            findings.append(Finding(FindingCode.POINTS_ALREADY_SPENT, {"source": held.source_id, "points": used}))
        elif used:
            findings.append(Finding(FindingCode.REWARD_ALREADY_USED, {"item": held.item_id, "used": used}))
    rewards = tuple(
        TakenReward(holding_id=held.holding_id, quantity=held.remaining) for held in given if held.remaining
    )
    grants = wallet.loyalty.tier_grants
    gone = tuple(grant for grant in grants if grant.source_id in sources)
    wallet = change_holdings(wallet, {taken.holding_id: -taken.quantity for taken in rewards})
    if gone:
        left = tuple(grant for grant in grants if grant not in gone)
        wallet = replace(wallet, loyalty=replace(wallet.loyalty, tier_grants=left))
    return wallet, replace(paid, rewards=rewards, tier_grants=gone), findings


def return_rewards(wallet: Wallet, asked: CashOut) -> Wallet:
    """The payment was taken back."""
    wallet = change_holdings(wallet, {taken.holding_id: taken.quantity for taken in asked.rewards})
    if not asked.tier_grants:
        return wallet
    grants = (*wallet.loyalty.tier_grants, *asked.tier_grants)
    return replace(wallet, loyalty=replace(wallet.loyalty, tier_grants=grants))


def _sources(asked: CashOut) -> set[EventId]:
    return {line.top_up_id for line in asked.lines}


def _given(wallet: Wallet, asked: CashOut) -> list[Holding]:
    sources = _sources(asked)
    return [held for held in wallet.holdings if held.source_id in sources]
