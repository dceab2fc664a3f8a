"""Owns what each figure of a settlement means in terms of postings. One table, used both to add figures up from rollups and to find the receipts behind them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from stored_value.events import PurchaseRefunded, Redeemed
from stored_value.identity import StoreId
from stored_value.postings import Account


class FigureName(StrEnum):
    """`COLLECTED` has the tender kind as its detail, `BONUS` the promotion, `FROM_OTHERS` and `NET_DUE` the other store."""

    COLLECTED = "collected"
    BONUS = "bonus"
    REDEEMED = "redeemed"
    FROM_OTHERS = "from_others"
    REFUNDED = "refunded"
    NET_DUE = "net_due"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Measure:
    """`sign` × the sum of an account's postings, of one kind of event or of all; `debits_only` leaves credits out."""

    account: Account
    kind: str | None = None
    sign: int = 1
    debits_only: bool = False


MEASURES: Final[dict[FigureName, Measure]] = {
    FigureName.COLLECTED: Measure(Account.TENDER),
    FigureName.BONUS: Measure(Account.PROMOTION_COST),
    FigureName.REDEEMED: Measure(Account.REVENUE, Redeemed.kind, sign=-1),
    FigureName.FROM_OTHERS: Measure(Account.CLEARING, Redeemed.kind, debits_only=True),
    FigureName.REFUNDED: Measure(Account.REVENUE, PurchaseRefunded.kind),
    FigureName.NET_DUE: Measure(Account.CLEARING),
    FigureName.UNEXPLAINED: Measure(Account.UNEXPLAINED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a settlement. `store_id` None: all stores; `detail` None: all details. Both dates are included."""

    name: FigureName
    from_date: date
    to_date: date
    store_id: StoreId | None = None
    detail: str | None = None
