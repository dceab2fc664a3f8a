"""Owns what each figure of a settlement means in terms of postings. One table, used both to add figures up from rollups and to find the receipts behind them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from stored_value.events import OrderPaid, OrderRefunded, PassUsed, PointsRedeemed, PurchaseRefunded, Redeemed
from stored_value.events_money_out import RefundReversed
from stored_value.identity import StoreId
from stored_value.postings import Account


class FigureName(StrEnum):
    """`COLLECTED` has the tender kind as its detail, `BONUS` the promotion, `FROM_OTHERS` and `NET_DUE` the other store. `REDEEMED` is what was served, by whatever
    it was paid, tax included: redemptions, orders, uses of sold passes, goods for points. `REFUNDED` is what of it went back, less refunds taken back.
    `FROM_OTHERS` is what others owe for what was served: their lots, sold passes, coupons and points. `SUSPENSE` is what was taken without evidence that it was the member's doing,
    less what of it was given back or decided (H8): no store owes it. `IN_TRANSIT` is what left one wallet for another and has not arrived (H11): zero but between the two legs."""

    COLLECTED = "collected"
    BONUS = "bonus"
    REDEEMED = "redeemed"
    FROM_OTHERS = "from_others"
    REFUNDED = "refunded"
    NET_DUE = "net_due"
    UNEXPLAINED = "unexplained"
    SUSPENSE = "suspense"
    IN_TRANSIT = "in_transit"


@dataclass(frozen=True, slots=True)
class Measure:
    """`sign` × the sum of the accounts' postings, of some kinds of event or (none) of all; `debits_only` leaves credits out."""

    accounts: frozenset[Account]
    kinds: frozenset[str] = frozenset()
    sign: int = 1
    debits_only: bool = False

    def counts(self, account: str, kind: str) -> bool:
        return account in self.accounts and (not self.kinds or kind in self.kinds)


_SERVING: Final[frozenset[str]] = frozenset({Redeemed.kind, OrderPaid.kind, PassUsed.kind, PointsRedeemed.kind})
_GIVING_BACK: Final[frozenset[str]] = frozenset({PurchaseRefunded.kind, OrderRefunded.kind, RefundReversed.kind})
_PRICE: Final = frozenset({Account.REVENUE, Account.TAX_PENDING})

MEASURES: Final[dict[FigureName, Measure]] = {
    FigureName.COLLECTED: Measure(frozenset({Account.TENDER})),
    FigureName.BONUS: Measure(frozenset({Account.PROMOTION_COST})),
    FigureName.REDEEMED: Measure(_PRICE, _SERVING, sign=-1),
    FigureName.FROM_OTHERS: Measure(frozenset({Account.CLEARING}), _SERVING, debits_only=True),
    FigureName.REFUNDED: Measure(_PRICE, _GIVING_BACK),
    FigureName.NET_DUE: Measure(frozenset({Account.CLEARING})),
    FigureName.UNEXPLAINED: Measure(frozenset({Account.UNEXPLAINED})),
    FigureName.SUSPENSE: Measure(frozenset({Account.SUSPENSE})),
    FigureName.IN_TRANSIT: Measure(frozenset({Account.TRANSIT}), sign=-1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a settlement. `store_id` None: all stores; `detail` None: all details. Both dates are included."""

    name: FigureName
    from_date: date
    to_date: date
    store_id: StoreId | None = None
    detail: str | None = None
