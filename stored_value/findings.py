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
    STATIC_CARD_LIMIT = "static_card_limit"
    WALLET_LIMIT = "wallet_limit"
    LINES_DISAGREE = "lines_disagree"
    UNKNOWN_KIND = "unknown_kind"
    UNREADABLE_BODY = "unreadable_body"
    RULEBOOK_UNKNOWN = "rulebook_unknown"
    OUTSIDE_ANCHORS = "outside_anchors"
    SAME_PHONE = "same_phone"
    EVENT_REPEATED = "event_repeated"


INFORMATIVE = frozenset({FindingCode.DRAW_DIFFERS})
"""Findings that explain a difference nobody has to act on; every other one is an exception that a person looks at."""


@dataclass(frozen=True, slots=True)
class Finding:
    code: FindingCode
    data: dict[str, int | str] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> bool:
        return self.code not in INFORMATIVE
