"""Texts of the codes that are printed today: the member's identity card and the receipt number. Identity only; a code that pays comes with the member's phone."""

from dataclasses import dataclass

from stored_value.identity import is_member_no

_CARD = "TCM1"
_RECEIPT = "TCR1"
_ISSUE_DIGITS = 2
FIRST_CARD_ISSUE = 1
"""The card that enrolment prints; a replacement has the next number."""
CARD_ISSUE_MAX = 10**_ISSUE_DIGITS - 1


@dataclass(frozen=True, slots=True)
class Card:
    """`issue` counts replacement cards: an older one is refused."""

    member_no: str
    issue: int


def card_text(member_no: str, issue: int) -> str:
    if not 0 <= issue <= CARD_ISSUE_MAX:
        raise ValueError(f"card issue {issue} does not fit {_ISSUE_DIGITS} digits")
    return f"{_CARD}{member_no}{issue:0{_ISSUE_DIGITS}d}"


def read_card(scanned: str) -> Card | None:
    """None when the text is not an identity card."""
    text = scanned.strip()
    number, issue = text[len(_CARD) : -_ISSUE_DIGITS], text[-_ISSUE_DIGITS:]
    if not text.startswith(_CARD) or not is_member_no(number) or not (issue.isascii() and issue.isdigit()):
        return None
    return Card(number, int(issue))


def receipt_text(receipt_no: str) -> str:
    return _RECEIPT + receipt_no


def read_receipt(scanned: str) -> str | None:
    """The receipt number, or None when the text is not a receipt's code."""
    text = scanned.strip()
    return text[len(_RECEIPT) :] or None if text.startswith(_RECEIPT) else None
