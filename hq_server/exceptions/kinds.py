"""Owns which kind of exception each finding is, and who looks at a kind when nobody is named. Pure; docs/EXCEPTIONS.md tells the same to people."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from stored_value.findings import FindingCode
from stored_value.uncovered import WITHOUT_EVIDENCE


class ExceptionCode(StrEnum):
    """What head office finds outside of entries; findings of entries keep their own codes."""

    JOURNAL_FORKED = "journal_forked"
    JOURNAL_BROKEN = "journal_broken"
    CLOCK_OFF = "clock_off"
    EXPOSURE_ABOVE_LIMIT = "exposure_above_limit"
    TRANSIT_STRANDED = "transit_stranded"
    RECOVERY_ASKED = "recovery_asked"
    MACHINE_CHANGED = "machine_changed"
    JOURNAL_DIFFERS = "journal_differs"
    ENTRY_TOO_LARGE = "entry_too_large"
    ROWS_NOT_TRUSTED = "rows_not_trusted"
    SYNC_FAILED = "sync_failed"
    STOPPED_HERE = "stopped_here"
    EPOCH_BEHIND = "epoch_behind"
    MIRROR_FAULT = "mirror_fault"
    HEAD_OFFICE_RESTORED = "head_office_restored"
    STANDING_FORGOTTEN = "standing_forgotten"
    RULEBOOK_NUMBER_TWICE = "rulebook_number_twice"


class ExceptionKind(StrEnum):
    """What a list of exceptions is filtered by."""

    OVERDRAFT = "overdraft"
    LIMIT = "limit"
    EVIDENCE = "evidence"
    PROMOTION = "promotion"
    RULEBOOK = "rulebook"
    RECEIPT = "receipt"
    MONEY_OUT = "money_out"
    MEMBER = "member"
    RESERVATION = "reservation"
    UNREADABLE = "unreadable"
    CLOCK = "clock"
    FORK = "fork"
    TILL = "till"
    PERIOD = "period"
    SHIFT = "shift"
    RESTORE = "restore"


class Responsible(StrEnum):
    """Who looks at an exception until a person is named."""

    STORE_MANAGER = "store_manager"
    FINANCE = "finance"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"


RESPONSIBLE: Final[dict[ExceptionKind, Responsible]] = {
    ExceptionKind.OVERDRAFT: Responsible.STORE_MANAGER,
    ExceptionKind.LIMIT: Responsible.FINANCE,
    ExceptionKind.EVIDENCE: Responsible.STORE_MANAGER,
    ExceptionKind.PROMOTION: Responsible.FINANCE,
    ExceptionKind.RULEBOOK: Responsible.FINANCE,
    ExceptionKind.RECEIPT: Responsible.STORE_MANAGER,
    ExceptionKind.MONEY_OUT: Responsible.FINANCE,
    ExceptionKind.MEMBER: Responsible.STORE_MANAGER,
    ExceptionKind.RESERVATION: Responsible.FINANCE,
    ExceptionKind.UNREADABLE: Responsible.TECHNICIAN,
    ExceptionKind.CLOCK: Responsible.TECHNICIAN,
    ExceptionKind.FORK: Responsible.TECHNICIAN,
    ExceptionKind.TILL: Responsible.TECHNICIAN,
    ExceptionKind.PERIOD: Responsible.FINANCE,
    ExceptionKind.SHIFT: Responsible.FINANCE,
    ExceptionKind.RESTORE: Responsible.ADMINISTRATOR,
}

_CODES: Final[dict[ExceptionKind, tuple[str, ...]]] = {
    ExceptionKind.OVERDRAFT: (
        FindingCode.OVERDRAFT,
        FindingCode.TOP_UP_ALREADY_SPENT,
        FindingCode.POINTS_ALREADY_SPENT,
        FindingCode.POINTS_OVERDRAWN,
        FindingCode.REWARD_ALREADY_USED,
        FindingCode.TAKEN_BACK_SHORT,
    ),
    ExceptionKind.LIMIT: (
        FindingCode.RISK_EXCEEDED,
        FindingCode.CASH_OUT_UNCOVERED,
        FindingCode.STATIC_CARD_LIMIT,
        FindingCode.CARD_EXCEEDED,
        FindingCode.PIN_SET_AWAY,
        FindingCode.WALLET_LIMIT,
        FindingCode.COMPLIANCE_LIMIT,
        ExceptionCode.EXPOSURE_ABOVE_LIMIT,
    ),
    ExceptionKind.EVIDENCE: (
        FindingCode.NO_EVIDENCE,
        FindingCode.WALLET_NOT_ACTIVE,
        FindingCode.CARD_ISSUE_OLD,
        FindingCode.PIN_NOT_PROVEN,
        FindingCode.PIN_ISSUE_OLD,
        FindingCode.PAY_CODE_UNKNOWN,
        FindingCode.PAY_CODE_REPLAYED,
    ),
    ExceptionKind.PROMOTION: (
        FindingCode.PROMISE_DIFFERS,
        FindingCode.FIRST_TOP_UP_REPEATED,
        FindingCode.PROMISE_BEYOND_CAP,
        FindingCode.PROMISE_HONOURED,
        FindingCode.CAMPAIGN_BEYOND_CAP,
        FindingCode.REWARD_DIFFERS,
        FindingCode.INSTALMENT_UNKNOWN,
        FindingCode.INSTALMENT_EARLY,
        FindingCode.INSTALMENT_FORFEITED,
        FindingCode.BONUS_FORFEITED,
    ),
    ExceptionKind.RULEBOOK: (FindingCode.RULEBOOK_UNKNOWN,),
    ExceptionKind.RECEIPT: (
        FindingCode.TENDERS_DISAGREE,
        FindingCode.LINES_DISAGREE,
        FindingCode.PURCHASE_UNKNOWN,
        FindingCode.REFUND_EXCEEDS_PURCHASE,
        FindingCode.TOP_UP_UNKNOWN,
        FindingCode.ORDER_AGAINST_POLICY,
        FindingCode.PRICE_DIFFERS,
        FindingCode.REFUND_DIFFERS,
        FindingCode.HOLDING_UNKNOWN,
        FindingCode.PASS_TYPE_UNKNOWN,
    ),
    ExceptionKind.MONEY_OUT: (
        FindingCode.CASH_OUT_UNKNOWN,
        FindingCode.CASH_OUT_NOT_WAITING,
        FindingCode.CASH_OUT_DIFFERS,
        FindingCode.CASH_OUT_RECKONED_AGAIN,
        FindingCode.TENDER_NOT_ORIGINAL,
        FindingCode.DEPOSIT_UNKNOWN,
        FindingCode.DEPOSIT_EXCEEDED,
        FindingCode.LOT_NOT_EXPIRED,
        FindingCode.LOT_UNKNOWN,
        FindingCode.TRANSFER_REPEATED,
        FindingCode.TRANSFER_SHORT,
        FindingCode.UNCLAIMED,
        ExceptionCode.TRANSIT_STRANDED,
        FindingCode.BALANCE_LEFT,
    ),
    ExceptionKind.MEMBER: (
        FindingCode.MEMBER_UNKNOWN,
        FindingCode.MEMBER_ALREADY_ENROLLED,
        FindingCode.SAME_PHONE,
        FindingCode.SAME_MEMBER_NO,
        FindingCode.STATUS_DIFFERS,
        FindingCode.FREEZE_STANDS,
    ),
    ExceptionKind.RESERVATION: (
        FindingCode.RESERVATION_UNKNOWN,
        FindingCode.RESERVATION_FORGOTTEN,
        FindingCode.RESERVATION_FOREIGN,
        FindingCode.LEASE_DIFFERS,
        FindingCode.TAKEN_FROM_OTHERS,
        FindingCode.THING_UNCOVERED,
        FindingCode.REVERSAL_LATE,
    ),
    ExceptionKind.UNREADABLE: (
        FindingCode.UNKNOWN_KIND,
        FindingCode.UNREADABLE_BODY,
        FindingCode.UNREADABLE_HEADER,
        FindingCode.EVENT_REPEATED,
        FindingCode.HOLE_DECLARED,
        FindingCode.RECOVERED,
    ),
    ExceptionKind.CLOCK: (FindingCode.OUTSIDE_ANCHORS, ExceptionCode.CLOCK_OFF),
    ExceptionKind.FORK: (FindingCode.FORK_ADOPTED, ExceptionCode.JOURNAL_FORKED, ExceptionCode.JOURNAL_BROKEN),
    ExceptionKind.TILL: (
        FindingCode.NOT_A_TILLS_KIND,
        FindingCode.ANOTHER_TILLS_ENTRY,
        FindingCode.ORIGINAL_UNKNOWN,
        FindingCode.NOT_REVERSIBLE,
        ExceptionCode.RECOVERY_ASKED,
        ExceptionCode.MACHINE_CHANGED,
        ExceptionCode.JOURNAL_DIFFERS,
        ExceptionCode.ENTRY_TOO_LARGE,
        ExceptionCode.ROWS_NOT_TRUSTED,
        ExceptionCode.SYNC_FAILED,
        ExceptionCode.STOPPED_HERE,
        ExceptionCode.EPOCH_BEHIND,
        ExceptionCode.MIRROR_FAULT,
    ),
    ExceptionKind.PERIOD: (FindingCode.PRIOR_PERIOD,),
    ExceptionKind.SHIFT: (FindingCode.SHIFT_DIFFERS,),
    ExceptionKind.RESTORE: (
        ExceptionCode.HEAD_OFFICE_RESTORED,
        ExceptionCode.STANDING_FORGOTTEN,
        ExceptionCode.RULEBOOK_NUMBER_TWICE,
    ),
}
ABOUT_SUSPENSE: Final = frozenset({FindingCode.NO_EVIDENCE, *WITHOUT_EVIDENCE, FindingCode.THING_UNCOVERED})
"""What may have put money into suspense: then it is settled by the decision who bears it (H8)."""
KIND_OF: Final = {code: kind for kind, codes in _CODES.items() for code in codes}


def kind_of(code: str, data: Mapping[str, int | str]) -> ExceptionKind:
    """A code that is not listed is about a receipt: a finding must never be lost for want of a kind (a test lists them all)."""
    if code == FindingCode.OUTSIDE_ANCHORS and data.get("why") == "rulebook":
        return ExceptionKind.RULEBOOK
    return KIND_OF.get(code, ExceptionKind.RECEIPT)


def kinds_of(responsible: Responsible) -> tuple[ExceptionKind, ...]:
    return tuple(kind for kind, who in RESPONSIBLE.items() if who is responsible)
