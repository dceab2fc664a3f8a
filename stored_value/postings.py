"""Double-entry postings and the chart of accounts. Every event's postings sum to zero in total and in each store's books; accounts are explained in docs/ACCOUNTS.md."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from stored_value.identity import StoreId


class Account(StrEnum):
    """`detail` of a posting, by account: tender kind for `TENDER`, the other store for `CLEARING`, the promotion for `PROMOTION_COST`, the tax category for `TAX_PENDING`,
    the pass type for `PASS_LIABILITY`, the purpose for `TRANSIT`, else empty."""

    TENDER = "tender"
    PRINCIPAL_LIABILITY = "principal_liability"
    BONUS_LIABILITY = "bonus_liability"
    PROMOTION_COST = "promotion_cost"
    REVENUE = "revenue"
    CLEARING = "clearing"
    OVERDRAFT_RECEIVABLE = "overdraft_receivable"
    SUSPENSE = "suspense"
    SUSPENSE_BORNE = "suspense_borne"
    UNEXPLAINED = "unexplained"
    DEPOSIT_LIABILITY = "deposit_liability"
    PASS_LIABILITY = "pass_liability"
    TRANSIT = "transit"
    CASH_OUT_PENDING = "cash_out_pending"
    BONUS_CLAWBACK = "bonus_clawback"
    BREAKAGE = "breakage"
    TAX_PENDING = "tax_pending"


class Posting(NamedTuple):
    """One side of an event in the books of one store: debit positive, credit negative, minor units. A tuple, because every payment makes a dozen."""

    store_id: StoreId
    account: Account
    amount_minor: int
    detail: str = ""


def clearing(owed_by: StoreId, owed_to: StoreId, amount_minor: int) -> tuple[Posting, ...]:
    """`owed_by` owes `owed_to` the amount; nothing when both are the same store."""
    if owed_by == owed_to or not amount_minor:
        return ()
    return (
        Posting(owed_by, Account.CLEARING, -amount_minor, owed_to),
        Posting(owed_to, Account.CLEARING, amount_minor, owed_by),
    )


def netted(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """One posting an account, detail and store, zeros left out, in first-seen order."""
    sums: dict[tuple[StoreId, Account, str], Posting] = {}
    for posting in postings:
        key = posting.store_id, posting.account, posting.detail
        known = sums.get(key)
        sums[key] = posting if known is None else Posting(*key[:2], known.amount_minor + posting.amount_minor, key[2])
    return tuple([posting for posting in sums.values() if posting.amount_minor])


def imbalance(postings: Iterable[Posting]) -> dict[StoreId, int]:
    """The stores whose postings do not sum to zero, with the difference; empty when balanced."""
    sums: dict[StoreId, int] = {}
    for posting in postings:
        sums[posting.store_id] = sums.get(posting.store_id, 0) + posting.amount_minor
    return {store_id: amount for store_id, amount in sums.items() if amount}
