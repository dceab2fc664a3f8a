"""Double entries of orders: what shares pay, tax inside prices, sold passes and their use, each in both directions. The balance's part is posted as a redemption's."""

from collections.abc import Sequence
from typing import assert_never

from stored_value.identity import StoreId
from stored_value.passes import release_postings
from stored_value.points import points_cost_postings
from stored_value.postings import Account, Posting, clearing
from stored_value.promotions import BonusBearer
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from stored_value.wallet import Holding, LineShare, Purchase, PurchaseLine, ShareKind


def coupon_bearer(held: Holding, rulebook: Rulebook) -> StoreId:
    """The store that gave the coupon, or head office; a type that the rulebook no longer knows is borne where it was given."""
    known = rulebook.coupon_type(held.item_id)
    by_head_office = known is not None and known.bearer is BonusBearer.HEAD_OFFICE
    return StoreId(HEAD_OFFICE_STORE) if by_head_office else held.store_id


def order_postings(bought: Purchase) -> list[Posting]:
    """All but the draws: shares, tax, passes used and sold."""
    serving = bought.store_id
    postings: list[Posting] = []
    for line in bought.lines:
        for share in line.shares:
            postings += share_postings(bought, share, share.paid_minor)
        postings += tax_postings(line, serving, line.tax_minor)
        postings += pass_sale_postings(bought, line, line.total_minor)
    for taken in bought.taken:
        postings += release_postings(taken, serving, taken.released_minor)
    return postings


def share_postings(bought: Purchase, share: LineShare, amount_minor: int) -> list[Posting]:
    """What a share paid (negative: gave back) at the serving store, as revenue; a coupon and points are a cost of who bears them."""
    serving = bought.store_id
    match share.kind:
        case ShareKind.TENDER:
            return [
                Posting(serving, Account.TENDER, amount_minor, share.source),
                Posting(serving, Account.REVENUE, -amount_minor),
            ]
        case ShareKind.POINTS:
            return points_cost_postings(serving, amount_minor)
        case ShareKind.COUPON:
            bearer = share.borne_by or serving
            coupon = next((taken.item_id for taken in bought.taken if taken.holding_id == share.source), "")
            return [
                Posting(bearer, Account.PROMOTION_COST, amount_minor, coupon),
                *clearing(bearer, serving, amount_minor),
                Posting(serving, Account.REVENUE, -amount_minor),
            ]
        case _:
            assert_never(share.kind)


def tax_postings(line: PurchaseLine, serving: StoreId, tax_minor: int) -> list[Posting]:
    """Moves the tax inside a price out of revenue (negative: back into it)."""
    if not tax_minor:
        return []
    return [
        Posting(serving, Account.REVENUE, tax_minor),
        Posting(serving, Account.TAX_PENDING, -tax_minor, line.tax_category),
    ]


def pass_sale_postings(bought: Purchase, line: PurchaseLine, amount_minor: int) -> list[Posting]:
    """The price of a sold pass is no revenue before it is used (negative: given back)."""
    if line.sells_pass is None or not amount_minor:
        return []
    return [
        Posting(bought.store_id, Account.REVENUE, amount_minor),
        Posting(bought.store_id, Account.PASS_LIABILITY, -amount_minor, line.sells_type),
    ]


def reversed_postings(postings: Sequence[Posting]) -> list[Posting]:
    return [Posting(row.store_id, row.account, -row.amount_minor, row.detail) for row in postings]
