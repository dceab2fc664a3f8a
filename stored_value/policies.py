"""Policy data on how value leaves a wallet and ends: cash-out, transfer, expiry and refunds into what has ended. Types and defaults; `Rulebook` holds them."""

from dataclasses import dataclass
from enum import StrEnum


class CashOutMethod(StrEnum):
    """What of one top-up may be paid out, with `used` = draws from its lots less refunds:
    the principal that is left; paid − used × paid/(paid + gift), rounded in the member's favour; paid − used at the undiscounted price;
    or nothing but in the cooling-off days."""

    PRINCIPAL_ONLY = "principal_only"
    PROPORTIONAL = "proportional"
    UNDISCOUNTED = "undiscounted"
    COOLING_OFF = "cooling_off"


class RewardsAtCashOut(StrEnum):
    """What becomes of the points, coupons, passes and tier that a top-up gave when it is cashed out."""

    KEEP = "keep"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutPolicy:
    """`method` answers a member's wish, `merchant_method` a cash-out that the merchant caused. Within `cooling_off_days` of the payment (the day itself is day 0;
    0 days switches it off) use counts in proportion whatever the method; `cooling_off_new_only` leaves out who had used an earlier top-up.
    `original_tender_only` refuses what else would only be told."""

    method: CashOutMethod = CashOutMethod.PROPORTIONAL
    merchant_method: CashOutMethod = CashOutMethod.PROPORTIONAL
    cooling_off_days: int = 7
    cooling_off_new_only: bool = False
    original_tender_only: bool = False
    rewards: RewardsAtCashOut = RewardsAtCashOut.KEEP


class TransferKinds(StrEnum):
    """What a member may hand to another: nothing, principal only, or principal and bonus in proportion."""

    NOTHING = "nothing"
    PRINCIPAL_ONLY = "principal_only"
    PROPORTIONAL = "proportional"


class RefundIntoExpired(StrEnum):
    """A refund into a lot that has expired meanwhile: `revive` gives it the days again that were left when it was spent, `extend` a fixed number of days."""

    REVIVE = "revive"
    EXTEND = "extend"


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeCyclePolicy:
    """`principal_valid_days` None: principal never expires (anything else is unlawful for named cards in the PRC). `expired_refund_days` belongs to `extend`.
    `card_valid_days`: how long a wallet is good after its enrolment and after each top-up; then it must be reactivated. None: for ever."""

    transfer: TransferKinds = TransferKinds.PRINCIPAL_ONLY
    principal_valid_days: int | None = None
    card_valid_days: int | None = None
    refund_into_expired: RefundIntoExpired = RefundIntoExpired.REVIVE
    expired_refund_days: int = 30
