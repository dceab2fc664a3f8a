"""What a till must not do, decided before anything happened. A refusal is data: a stable code and the figures that explain it and name the next best way.

`RefusalCode` lists all of them; presenters hold the words in each language.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class RefusalCode(StrEnum):
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    WALLET_NOT_ACTIVE = "wallet_not_active"
    BALANCE_TOO_LOW = "balance_too_low"
    OFFLINE_LIMIT = "offline_limit"
    STATIC_CARD_LIMIT = "static_card_limit"
    WALLET_LIMIT = "wallet_limit"
    TENDERS_DISAGREE = "tenders_disagree"
    PLAN_UNKNOWN = "plan_unknown"
    PURCHASE_UNKNOWN = "purchase_unknown"
    PURCHASE_OF_ANOTHER_TILL = "purchase_of_another_till"
    REFUND_EXCEEDS_LINE = "refund_exceeds_line"
    REFUND_TOO_LATE = "refund_too_late"
    TOP_UP_ALREADY_SPENT = "top_up_already_spent"
    MEMBER_UNKNOWN = "member_unknown"
    PHONE_INVALID = "phone_invalid"
    NAME_INVALID = "name_invalid"
    SHIFT_NOT_OPEN = "shift_not_open"
    SHIFT_ALREADY_OPEN = "shift_already_open"
    NOT_SIGNED_IN = "not_signed_in"
    PIN_WRONG = "pin_wrong"
    PIN_DELAYED = "pin_delayed"
    TILL_STOPPED = "till_stopped"
    NO_RULEBOOK = "no_rulebook"
    NOT_PERMITTED = "not_permitted"
    DISK_FULL = "disk_full"
    AMOUNT_NEGATIVE = "amount_negative"
    LINES_DISAGREE = "lines_disagree"
    CODE_UNKNOWN = "code_unknown"
    CARD_REPLACED = "card_replaced"
    ACTION_REUSED = "action_reused"
    RECEIPT_UNKNOWN = "receipt_unknown"
    TOP_UP_UNKNOWN = "top_up_unknown"
    STAFF_UNKNOWN = "staff_unknown"
    MEMBER_NUMBERS_USED_UP = "member_numbers_used_up"
    CARD_NEEDED = "card_needed"
    ONLINE_ONLY = "online_only"
    STAFF_LIST_TOO_OLD = "staff_list_too_old"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`data` carries amounts as minor units under keys ending in `_minor`."""

    code: RefusalCode
    data: dict[str, int | str] = field(default_factory=dict)
