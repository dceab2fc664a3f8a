"""On which days head office has to look at a wallet by itself: an expiry, an instalment, a tier review, a sweep. Pure; what is due then is for the planners of each.

A day named here may turn out to bring nothing; none is missing.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from stored_value.draw import LIABILITY
from stored_value.instalments import is_cashed_out
from stored_value.merging import sweep_is_due
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet

AT_ONCE = date.min
"""A merged wallet with a rest waits for no day."""
_NEXT = timedelta(days=1)


def next_due_day(wallet: Wallet, rulebook: Rulebook, after: date | None = None) -> date | None:
    """The first of `due_days`, or the first past the day `after`, when that day has been looked at."""
    return min((day for day in due_days(wallet, rulebook) if after is None or day > after), default=None)


def due_days(wallet: Wallet, rulebook: Rulebook) -> Iterator[date]:
    """`rulebook` tells only how the tier follows the figures; the other days stand in the wallet."""
    if sweep_is_due(wallet):
        yield AT_ONCE
    for lot in wallet.lots:
        if lot.expires_on is not None and lot.remaining_minor and lot.kind in LIABILITY:
            yield lot.expires_on + _NEXT
    for held in wallet.holdings:
        if held.expires_on is not None and held.remaining:
            yield held.expires_on + _NEXT
    for part in wallet.loyalty.pending:
        if not is_cashed_out(wallet, part.top_up_id):
            yield part.due_on
    yield from _tier_days(wallet, rulebook)


def _tier_days(wallet: Wallet, rulebook: Rulebook) -> Iterator[date]:
    """With kept tiers the review day; else the days after which a gift or a day of the window no longer counts."""
    policy, loyalty = rulebook.tier_policy, wallet.loyalty
    if policy.keep_days is not None:
        if loyalty.tier_review_on is not None:
            yield loyalty.tier_review_on
        return
    for grant in loyalty.tier_grants:
        if grant.until is not None:
            yield grant.until + _NEXT
    if policy.window_days is not None:
        for day in loyalty.active_days:
            yield day.on + timedelta(days=policy.window_days)
