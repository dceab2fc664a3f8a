"""What a bonus costs whom: given, taken back, and spent at another store (docs/ACCOUNTS.md). Called wherever bonus comes into a wallet or leaves it for good, and by
`apply` for every purchase that changed.

Head office's percent is posted with the bonus, the rest is the collecting store's. The serving store takes its percent over when bonus is spent there: of each
purchase and lot, that percent of what the purchase still draws of the lot, rounded down. So a refund gives back exactly what the draw had taken over, in any number
of pieces, and what is never spent, or spent where the money was taken, stays with the collecting store.
"""

from dataclasses import dataclass

from stored_value.bearing import Bearing
from stored_value.identity import LotId, PromotionId, StoreId
from stored_value.money import floor_share, split
from stored_value.postings import Account, Posting, clearing
from stored_value.promotions import BonusBearer, Promotion
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from stored_value.wallet import Lot, Purchase, ValueKind, Wallet

BY_HEAD_OFFICE = Bearing(head_office=100)
BY_COLLECTING_STORE = Bearing(collecting_store=100)


@dataclass(frozen=True, slots=True)
class BonusSource:
    """The store that took the money, the promotion, and who bears it."""

    store_id: StoreId
    promotion_id: PromotionId | None
    bearing: Bearing


def bearing_of(promotion: Promotion) -> Bearing:
    if promotion.borne_by is not None:
        return promotion.borne_by
    return BY_HEAD_OFFICE if promotion.bearer is BonusBearer.HEAD_OFFICE else BY_COLLECTING_STORE


def bonus_source(
    store_id: StoreId, promotion_id: PromotionId | None, bearing: Bearing | None, rulebook: Rulebook
) -> BonusSource:
    """A lot of before bearings were kept (None) is borne as the rulebook says now."""
    if bearing is None:
        promotion = rulebook.promotion(promotion_id) if promotion_id is not None else None
        bearing = BY_COLLECTING_STORE if promotion is None else bearing_of(promotion)
    return BonusSource(store_id, promotion_id, bearing)


def source_of(lot: Lot, rulebook: Rulebook) -> BonusSource:
    return bonus_source(lot.store_id, lot.promotion_id, lot.bearing, rulebook)


def cost_given(source: BonusSource, bonus_minor: int) -> list[Posting]:
    """The debit of a bonus given; its liability is the caller's. Each amount is `split` on its own."""
    head_office = StoreId(HEAD_OFFICE_STORE)
    percent = source.bearing.head_office
    by_head_office, own = split(bonus_minor, (percent, 100 - percent))
    detail = source.promotion_id or ""
    return [
        Posting(head_office, Account.PROMOTION_COST, by_head_office, detail),
        *clearing(head_office, source.store_id, by_head_office),
        Posting(source.store_id, Account.PROMOTION_COST, own, detail),
    ]


def cost_taken_back(source: BonusSource, bonus_minor: int) -> list[Posting]:
    """The credit of a bonus that is gone: its cost goes back to who bore it."""
    given = cost_given(source, bonus_minor)
    return [Posting(row.store_id, row.account, -row.amount_minor, row.detail) for row in given]


def serving_share_postings(before: Purchase | None, after: Purchase, wallet: Wallet) -> list[Posting]:
    """What the store that served takes over (negative: gives back) because the purchase changed. `before` None: it is new."""
    was = _drawn_elsewhere(before) if before is not None else {}
    now = _drawn_elsewhere(after)
    postings: list[Posting] = []
    for lot_id in dict.fromkeys((*was, *now)):
        lot = wallet.lot(lot_id)
        if lot is None or lot.bearing is None or not lot.bearing.serving_store:
            continue
        percent = lot.bearing.serving_store
        over = floor_share(now.get(lot_id, 0), percent, 100) - floor_share(was.get(lot_id, 0), percent, 100)
        detail = lot.promotion_id or ""
        postings += [
            Posting(after.store_id, Account.PROMOTION_COST, over, detail),
            *clearing(after.store_id, lot.store_id, over),
            Posting(lot.store_id, Account.PROMOTION_COST, -over, detail),
        ]
    return postings


def _drawn_elsewhere(bought: Purchase) -> dict[LotId, int]:
    """By lot, what the purchase still draws of bonus that another store took the money for."""
    drawn: dict[LotId, int] = {}
    for line in bought.lines:
        for part in line.parts:
            if part.kind is ValueKind.BONUS and part.store_id != bought.store_id and part.lot_id is not None:
                drawn[part.lot_id] = drawn.get(part.lot_id, 0) + part.drawn_minor - part.returned_minor
    return drawn
