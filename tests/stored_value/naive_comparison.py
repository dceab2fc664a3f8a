"""What the product and the coin-by-coin model are compared on: one rulebook for both, lots without their names, the accounts that are added up."""

from dataclasses import replace

from stored_value.bearing import Bearing
from stored_value.identity import PromotionId
from stored_value.policies import CashOutPolicy
from stored_value.postings import Account
from stored_value.rulebook import DrawOrder, FixedPlan, Rulebook
from stored_value.wallet import ValueKind, Wallet
from tests.stored_value.miniature import BOOK, DAY, words

PLANS: dict[str, tuple[int, int, int | None]] = {"big": (300, 100, None), "brief": (100, 20, 5), "odd": (37, 11, 3)}
LEDGER = (
    Account.PRINCIPAL_LIABILITY,
    Account.BONUS_LIABILITY,
    Account.DEPOSIT_LIABILITY,
    Account.CASH_OUT_PENDING,
    Account.OVERDRAFT_RECEIVABLE,
    Account.REVENUE,
    Account.PROMOTION_COST,
)
BEARERS: dict[str, tuple[int, int]] = {"big": (50, 20), "brief": (0, 33), "odd": (33, 0)}
"""By plan: head office's and the serving store's percent."""


def rulebook(order: DrawOrder) -> Rulebook:
    plans = tuple(
        FixedPlan(
            promotion_id=PromotionId(name),
            name=words(name),
            pay_minor=pay,
            bonus_minor=gift,
            bonus_valid_days=days,
            borne_by=Bearing(
                head_office=BEARERS[name][0],
                collecting_store=100 - sum(BEARERS[name]),
                serving_store=BEARERS[name][1],
            ),
        )
        for name, (pay, gift, days) in PLANS.items()
    )
    return replace(BOOK, promotions=plans, draw_order=order, cash_out=CashOutPolicy(cooling_off_days=0))


def lots_of(held: Wallet) -> list[tuple[str, str, str, int, str, int, int]]:
    return sorted(
        (
            lot.top_up_id,
            lot.kind.value,
            lot.store_id,
            (lot.acquired_on - DAY).days,
            str(None if lot.expires_on is None else (lot.expires_on - DAY).days),
            lot.original_minor,
            lot.remaining_minor,
        )
        for lot in held.lots
        if lot.kind is not ValueKind.DEPOSIT
    )
