"""Exchanges of points 积分兑换 as purchases of one line: what an exchange took and gave, so that it goes back like an order's line (`order_refund`).

Goods have a worth, which the points paid, and go back in part or whole. Coupons and passes are worth nothing in the books: such an exchange goes back whole,
as one unit, while what it gave is there unused.
"""

from collections.abc import Sequence
from dataclasses import replace

from stored_value.events_loyalty import PointsRedeemed
from stored_value.findings import Finding, FindingCode
from stored_value.identity import StoreId
from stored_value.rulebook import HEAD_OFFICE_STORE
from stored_value.wallet import Holding, HoldingKind, LineShare, Purchase, PurchaseLine, ShareKind, Taken, Wallet

EXCHANGE_LINE = 1
"""The number of the one line that an exchange leaves."""


def exchanged(event: PointsRedeemed, taken: Sequence[Taken]) -> Purchase:
    """`taken` are the points that were there, lot by lot."""
    place = event.occasion
    paid = LineShare(
        kind=ShareKind.POINTS, source="", paid_minor=event.worth_minor, borne_by=StoreId(HEAD_OFFICE_STORE)
    )
    line = PurchaseLine(
        line_no=EXCHANGE_LINE,
        name=event.reward_id,
        total_minor=event.worth_minor,
        parts=(),
        shares=(paid,) if event.worth_minor else (),
    )
    return Purchase(
        purchase_id=place.event_id,
        store_id=place.store_id,
        business_date=place.business_date,
        lines=(line,),
        taken=tuple(taken),
        is_order=True,
    )


def is_exchange_of_gifts(purchase: Purchase) -> bool:
    """Points were taken and paid for nothing that has a worth: an order's points always pay a share."""
    points = any(taken.kind is HoldingKind.POINTS for taken in purchase.taken)
    return points and not any(share.kind is ShareKind.POINTS for line in purchase.lines for share in line.shares)


def units_to_return(wallet: Wallet, purchase: Purchase) -> int:
    """1 while the exchange can go back: it has not yet, and all that it gave is unused."""
    returned = any(taken.returned for taken in purchase.taken)
    return int(not returned and all(held.remaining == held.original for held in _gifts(wallet, purchase)))


def end_gifts(wallet: Wallet, purchase: Purchase) -> tuple[Wallet, list[Finding]]:
    """What the exchange gave is gone; what of it was used already is told."""
    gifts = _gifts(wallet, purchase)
    findings = [
        Finding(
            FindingCode.REWARD_ALREADY_USED,
            {"item": held.item_id, "used": held.original - held.remaining},
        )
        for held in gifts
        if held.remaining < held.original
    ]
    holdings = tuple(replace(held, remaining=0) if held in gifts else held for held in wallet.holdings)
    return replace(wallet, holdings=holdings), findings


def _gifts(wallet: Wallet, purchase: Purchase) -> list[Holding]:
    return [held for held in wallet.holdings if held.source_id == purchase.purchase_id]
