"""Reading the cash-out and life-cycle policies out of a rulebook document. Called by `rulebook_document`."""

from typing import Any

from stored_value.document_reader import Reader
from stored_value.policies import (
    CashOutMethod,
    CashOutPolicy,
    LifeCyclePolicy,
    RefundIntoExpired,
    RewardsAtCashOut,
    TransferKinds,
)


def read_cash_out_policy(reader: Reader, value: dict[str, Any], path: str) -> CashOutPolicy:
    usual = CashOutPolicy()
    return CashOutPolicy(
        method=reader.choice(value, "method", path, CashOutMethod, usual.method),
        merchant_method=reader.choice(value, "merchant_method", path, CashOutMethod, usual.merchant_method),
        cooling_off_days=reader.integer(value, "cooling_off_days", path, 0, usual.cooling_off_days),
        cooling_off_new_only=reader.flag(value, "cooling_off_new_only", path, usual.cooling_off_new_only),
        original_tender_only=reader.flag(value, "original_tender_only", path, usual.original_tender_only),
        rewards=reader.choice(value, "rewards", path, RewardsAtCashOut, usual.rewards),
    )


def read_life_cycle_policy(reader: Reader, value: dict[str, Any], path: str) -> LifeCyclePolicy:
    usual = LifeCyclePolicy()
    return LifeCyclePolicy(
        transfer=reader.choice(value, "transfer", path, TransferKinds, usual.transfer),
        principal_valid_days=reader.maybe_integer(value, "principal_valid_days", path, 1),
        card_valid_days=reader.maybe_integer(value, "card_valid_days", path, 1),
        refund_into_expired=reader.choice(
            value, "refund_into_expired", path, RefundIntoExpired, usual.refund_into_expired
        ),
        expired_refund_days=reader.integer(value, "expired_refund_days", path, 0, usual.expired_refund_days),
    )
