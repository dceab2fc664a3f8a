"""What `apply` found wrong or worth telling in an event that it applied all the same (L2): stable codes with the data that explains them. Words for people live elsewhere."""

from dataclasses import dataclass, field
from enum import StrEnum


class FindingCode(StrEnum):
    OVERDRAFT = "overdraft"
    DRAW_DIFFERS = "draw_differs"
    PROMISE_DIFFERS = "promise_differs"
    TENDERS_DISAGREE = "tenders_disagree"
    FIRST_TOP_UP_REPEATED = "first_top_up_repeated"
    WALLET_NOT_ACTIVE = "wallet_not_active"
    MEMBER_UNKNOWN = "member_unknown"
    MEMBER_ALREADY_ENROLLED = "member_already_enrolled"
    PURCHASE_UNKNOWN = "purchase_unknown"
    REFUND_EXCEEDS_PURCHASE = "refund_exceeds_purchase"
    TOP_UP_UNKNOWN = "top_up_unknown"
    TOP_UP_ALREADY_SPENT = "top_up_already_spent"
    NO_EVIDENCE = "no_evidence"
    RISK_EXCEEDED = "risk_exceeded"
    STATIC_CARD_LIMIT = "static_card_limit"
    CARD_EXCEEDED = "card_exceeded"
    WALLET_LIMIT = "wallet_limit"
    LINES_DISAGREE = "lines_disagree"
    UNKNOWN_KIND = "unknown_kind"
    UNREADABLE_BODY = "unreadable_body"
    UNREADABLE_HEADER = "unreadable_header"
    NOT_A_TILLS_KIND = "not_a_tills_kind"
    ANOTHER_TILLS_ENTRY = "another_tills_entry"
    ORIGINAL_UNKNOWN = "original_unknown"
    NOT_REVERSIBLE = "not_reversible"
    REVERSAL_LATE = "reversal_late"
    CASH_OUT_UNCOVERED = "cash_out_uncovered"
    TAKEN_FROM_OTHERS = "taken_from_others"
    THING_UNCOVERED = "thing_uncovered"
    RULEBOOK_UNKNOWN = "rulebook_unknown"
    OUTSIDE_ANCHORS = "outside_anchors"
    SAME_PHONE = "same_phone"
    SAME_MEMBER_NO = "same_member_no"
    EVENT_REPEATED = "event_repeated"
    PROMISE_BEYOND_CAP = "promise_beyond_cap"
    PROMISE_HONOURED = "promise_honoured"
    PROMISE_ON_TRUST = "promise_on_trust"
    CAMPAIGN_BEYOND_CAP = "campaign_beyond_cap"
    POINTS_ALREADY_SPENT = "points_already_spent"
    POINTS_OVERDRAWN = "points_overdrawn"
    REWARD_DIFFERS = "reward_differs"
    REWARD_ALREADY_USED = "reward_already_used"
    INSTALMENT_UNKNOWN = "instalment_unknown"
    INSTALMENT_EARLY = "instalment_early"
    INSTALMENT_FORFEITED = "instalment_forfeited"
    TIER_REVIEW_NOT_DUE = "tier_review_not_due"
    CASH_OUT_UNKNOWN = "cash_out_unknown"
    CASH_OUT_NOT_WAITING = "cash_out_not_waiting"
    CASH_OUT_DIFFERS = "cash_out_differs"
    TENDER_NOT_ORIGINAL = "tender_not_original"
    CASH_OUT_RECKONED_AGAIN = "cash_out_reckoned_again"
    BONUS_FORFEITED = "bonus_forfeited"
    LOT_REVIVED = "lot_revived"
    LOT_NOT_EXPIRED = "lot_not_expired"
    LOT_UNKNOWN = "lot_unknown"
    DEPOSIT_UNKNOWN = "deposit_unknown"
    DEPOSIT_EXCEEDED = "deposit_exceeded"
    TRANSFER_REPEATED = "transfer_repeated"
    TRANSFER_SHORT = "transfer_short"
    UNCLAIMED = "unclaimed"
    SWEEP_DUE = "sweep_due"
    STATUS_DIFFERS = "status_differs"
    FREEZE_STANDS = "freeze_stands"
    BALANCE_LEFT = "balance_left"
    CARD_ISSUE_OLD = "card_issue_old"
    TAKEN_BACK_SHORT = "taken_back_short"
    COMPLIANCE_LIMIT = "compliance_limit"
    ORDER_AGAINST_POLICY = "order_against_policy"
    PRICE_DIFFERS = "price_differs"
    TIER_DIFFERS = "tier_differs"
    REFUND_DIFFERS = "refund_differs"
    HOLDING_UNKNOWN = "holding_unknown"
    PASS_TYPE_UNKNOWN = "pass_type_unknown"
    RESERVATION_UNKNOWN = "reservation_unknown"
    RESERVATION_FORGOTTEN = "reservation_forgotten"
    RESERVATION_FOREIGN = "reservation_foreign"
    LEASE_CLOSED = "lease_closed"
    LEASE_DIFFERS = "lease_differs"
    RECOVERED = "recovered"
    RECOVERED_SIGNED = "recovered_signed"
    HOLE_DECLARED = "hole_declared"
    FORK_ADOPTED = "fork_adopted"
    PRIOR_PERIOD = "prior_period"
    SHIFT_DIFFERS = "shift_differs"
    PIN_NOT_PROVEN = "pin_not_proven"
    PIN_ISSUE_OLD = "pin_issue_old"
    PIN_SET_AWAY = "pin_set_away"
    PAY_CODE_UNKNOWN = "pay_code_unknown"
    PAY_CODE_REPLAYED = "pay_code_replayed"


INFORMATIVE = frozenset(
    {
        FindingCode.DRAW_DIFFERS,
        FindingCode.LOT_REVIVED,
        FindingCode.SWEEP_DUE,
        FindingCode.PROMISE_ON_TRUST,
        FindingCode.TIER_REVIEW_NOT_DUE,
        FindingCode.TIER_DIFFERS,
        FindingCode.LEASE_CLOSED,
        FindingCode.RECOVERED_SIGNED,
    }
)
"""Findings that explain a difference nobody has to act on; every other one is an exception that a person looks at."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: FindingCode
    data: dict[str, int | str] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> bool:
        return self.code not in INFORMATIVE
