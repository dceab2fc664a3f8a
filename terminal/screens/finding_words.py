"""Owns what the till says of head office's findings, for the people at the counter: what it is, why it came about, what to do. Like codes share words."""

from typing import Final, NamedTuple

from stored_value.findings import FindingCode as Code
from terminal.language import Texts, later


class FindingSaid(NamedTuple):
    what: str
    why: str
    to_do: str


_OVERDRAWN: Final = FindingSaid(
    later("More was taken than the member had"),
    later("Another till took from it as well, and this one could not know yet."),
    later("Nothing now: the next top-up pays what is owed. Tell the member at the next visit."),
)
_LIMIT: Final = FindingSaid(
    later("A limit was passed"),
    later("Other tills had counted towards it, or the limit was lowered since."),
    later("Take no more above it today. Head office decides about this one."),
)
_ABSENT: Final = FindingSaid(
    later("Nothing shows that the member was there"),
    later("Neither card nor PIN was seen with this entry."),
    later("Look for the signed slip and give it to the store manager."),
)
_UNCOVERED: Final = FindingSaid(
    later("More was taken than this till may take"),
    later("Neither a lease nor a hold covered it, and the risk allowance was used up or had run out."),
    later(
        "Look for the signed slip and give it to the store manager. The store stands for it until head office decides."
    ),
)
_CARD_EXCEEDED: Final = FindingSaid(
    later("More was taken by the card than it may pay in a day"),
    later(
        "This till alone took more than the limit, and head office knows no payment PIN that shows the member was there."
    ),
    later(
        "Give the signed slip to the store manager: the store stands for it until head office decides. If the member typed a PIN, ask them to set a new one."
    ),
)
_SET_AWAY: Final = FindingSaid(
    later("A first payment PIN was set away from the member's home store"),
    later("The wallet holds more than the card pays in a day, so head office looks who set it."),
    later("Nothing now. The manager who looked at the card may be asked by head office."),
)
_FORGOTTEN: Final = FindingSaid(
    later("Head office does not know what was kept for this entry"),
    later(
        "It came back from a backup, and this till could not show what it had been granted: its program was older then."
    ),
    later("Keep the signed slip and give it to the store manager: head office decides with it."),
)
_BLOCKED: Final = FindingSaid(
    later("The card was blocked, lost or replaced"),
    later("This till had not heard of it yet."),
    later("Take nothing more from this card. Tell the store manager who showed it."),
)
_PAY_CODE: Final = FindingSaid(
    later("The pay code was not good"),
    later("Head office does not know it, or it had been used at another till."),
    later("Ask for a fresh code next time. Tell the store manager who showed this one."),
)
_PROMISE: Final = FindingSaid(
    later("The bonus is not what the rulebook gives"),
    later("The promotion had changed, or was used up at another till."),
    later("Look at the member's balance before promising more. Head office settles the rest."),
)
_TIME: Final = FindingSaid(
    later("The time, the business day or the rulebook of this entry does not fit"),
    later("This till's clock was wrong, a shift was not closed, or it had been offline for long."),
    later("Close each shift on its day and have the clock looked at. The entry stands."),
)
_AMOUNTS: Final = FindingSaid(
    later("The amounts do not fit each other"),
    later("Lines, discounts and payments were recorded otherwise than the rules reckon."),
    later("Compare with the printed receipt and count the drawer again."),
)
_SHIFT: Final = FindingSaid(
    later("The shift report does not fit the shift's entries"),
    later("Head office added the entries up and came to other sums."),
    later("Keep the printed report and show it to the store manager."),
)
_PARTNER: Final = FindingSaid(
    later("It names something that head office does not have"),
    later("That may still wait at a till that is offline, or was used up elsewhere."),
    later("Find the other receipt and show both to the store manager."),
)
_MEMBER: Final = FindingSaid(
    later("The member is there twice, or not yet"),
    later("Two tills enrolled without knowing of each other."),
    later("Ask the member which card to keep; both work until then."),
)
_PAID_OUT: Final = FindingSaid(
    later("More or less was paid out than head office reckons"),
    later("Something happened to the wallet that this till could not know."),
    later("Keep the signed slip. Head office calls about the difference."),
)
_RESERVED: Final = FindingSaid(
    later("The amount kept for this till was closed before"),
    later("Somebody at head office stopped waiting for this till's report."),
    later("Nothing at the counter. Tell the technician when it happens again."),
)
_LATE: Final = FindingSaid(
    later("It came when the books of its month were closed"),
    later("This till was without head office for long. Nothing is lost."),
    later("Nothing at the counter. Head office settles it with the month that is open."),
)
_UNREADABLE: Final = FindingSaid(
    later("Head office cannot read this entry in full"),
    later("It is of another program version, or its bytes were damaged."),
    later("Keep the printed receipt. The amount was counted; a technician looks into the rest."),
)
_NOT_BOOKED: Final = FindingSaid(
    later("Head office could not book this entry"),
    later("This till's program wrote something that cannot be read."),
    later("Keep the printed receipt and tell the technician. Make it once more only when head office asks for it."),
)
_STRANGE: Final = FindingSaid(
    later("This till sent what it may not write"),
    later("Its program was changed, or somebody else signs with its key. Nothing was booked."),
    later("Take no more payments at this till. Call head office now."),
)
_UNFOUNDED: Final = FindingSaid(
    later("Head office did not book what was taken or given back"),
    later(
        "It does not have the entry that this names, or not like that. That entry was lost, or somebody else signs with this till's key."
    ),
    later("Keep both receipts. Call head office now."),
)
_TAKEN_BACK_LATE: Final = FindingSaid(
    later("It was taken back long before head office heard of it"),
    later("This till was without head office for more than a day. It was booked."),
    later("Keep the signed slip: head office may ask the member."),
)
_PIN: Final = FindingSaid(
    later("The payment PIN was not proven"),
    later("It had been set, changed or taken away elsewhere, or this till's program was changed."),
    later("Ask the member to set a new PIN. Call head office when it happens again."),
)
_NOT_KEPT: Final = FindingSaid(
    later("Head office did not take this cash-out request"),
    later("Neither a lease nor a hold of this till covered it."),
    later("Pay nothing out on it. Call head office."),
)
_KEPT_ELSEWHERE: Final = FindingSaid(
    later("Taking it back took what other tills keep"),
    later("They got a lease or a hold of it before head office heard of this."),
    later("Keep the signed slip. What is missing is owed by the member."),
)
_THING_UNCOVERED: Final = FindingSaid(
    later("Head office did not take a coupon, a pass or points"),
    later("Neither a lease nor a hold covered it, so the member keeps it."),
    later("Look for the signed slip and give it to the store manager."),
)
_OTHER: Final = FindingSaid(
    later("Head office has a question about this entry"),
    later("Head office is newer than this till, which has no words for it."),
    later("Ask head office and tell the receipt number."),
)
_CODES: Final = {
    _OVERDRAWN: (
        Code.OVERDRAFT,
        Code.TOP_UP_ALREADY_SPENT,
        Code.POINTS_ALREADY_SPENT,
        Code.POINTS_OVERDRAWN,
        Code.REWARD_ALREADY_USED,
        Code.TAKEN_BACK_SHORT,
    ),
    _LIMIT: (Code.STATIC_CARD_LIMIT, Code.WALLET_LIMIT, Code.COMPLIANCE_LIMIT),
    _ABSENT: (Code.NO_EVIDENCE,),
    _UNCOVERED: (Code.RISK_EXCEEDED,),
    _CARD_EXCEEDED: (Code.CARD_EXCEEDED,),
    _SET_AWAY: (Code.PIN_SET_AWAY,),
    _BLOCKED: (Code.WALLET_NOT_ACTIVE, Code.CARD_ISSUE_OLD, Code.STATUS_DIFFERS, Code.FREEZE_STANDS),
    _PAY_CODE: (Code.PAY_CODE_UNKNOWN, Code.PAY_CODE_REPLAYED),
    _PROMISE: (
        Code.PROMISE_DIFFERS,
        Code.FIRST_TOP_UP_REPEATED,
        Code.PROMISE_BEYOND_CAP,
        Code.PROMISE_HONOURED,
        Code.CAMPAIGN_BEYOND_CAP,
        Code.REWARD_DIFFERS,
        Code.INSTALMENT_UNKNOWN,
        Code.INSTALMENT_EARLY,
        Code.INSTALMENT_FORFEITED,
        Code.BONUS_FORFEITED,
    ),
    _TIME: (Code.RULEBOOK_UNKNOWN, Code.OUTSIDE_ANCHORS),
    _AMOUNTS: (
        Code.TENDERS_DISAGREE,
        Code.LINES_DISAGREE,
        Code.ORDER_AGAINST_POLICY,
        Code.PRICE_DIFFERS,
        Code.REFUND_DIFFERS,
    ),
    _PARTNER: (
        Code.PURCHASE_UNKNOWN,
        Code.REFUND_EXCEEDS_PURCHASE,
        Code.TOP_UP_UNKNOWN,
        Code.HOLDING_UNKNOWN,
        Code.PASS_TYPE_UNKNOWN,
        Code.CASH_OUT_UNKNOWN,
        Code.DEPOSIT_UNKNOWN,
        Code.LOT_UNKNOWN,
        Code.LOT_NOT_EXPIRED,
    ),
    _MEMBER: (Code.MEMBER_UNKNOWN, Code.MEMBER_ALREADY_ENROLLED, Code.SAME_PHONE, Code.SAME_MEMBER_NO),
    _PAID_OUT: (
        Code.CASH_OUT_NOT_WAITING,
        Code.CASH_OUT_DIFFERS,
        Code.CASH_OUT_RECKONED_AGAIN,
        Code.TENDER_NOT_ORIGINAL,
        Code.DEPOSIT_EXCEEDED,
        Code.TRANSFER_REPEATED,
        Code.TRANSFER_SHORT,
        Code.UNCLAIMED,
        Code.BALANCE_LEFT,
    ),
    _RESERVED: (Code.RESERVATION_UNKNOWN, Code.RESERVATION_FOREIGN, Code.LEASE_DIFFERS),
    _FORGOTTEN: (Code.RESERVATION_FORGOTTEN,),
    _LATE: (Code.PRIOR_PERIOD,),
    _SHIFT: (Code.SHIFT_DIFFERS,),
    _NOT_BOOKED: (Code.UNREADABLE_HEADER,),
    _UNFOUNDED: (Code.ORIGINAL_UNKNOWN, Code.NOT_REVERSIBLE),
    _TAKEN_BACK_LATE: (Code.REVERSAL_LATE,),
    _STRANGE: (Code.NOT_A_TILLS_KIND, Code.ANOTHER_TILLS_ENTRY),
    _PIN: (Code.PIN_NOT_PROVEN, Code.PIN_ISSUE_OLD),
    _NOT_KEPT: (Code.CASH_OUT_UNCOVERED,),
    _KEPT_ELSEWHERE: (Code.TAKEN_FROM_OTHERS,),
    _THING_UNCOVERED: (Code.THING_UNCOVERED,),
    _UNREADABLE: (
        Code.UNKNOWN_KIND,
        Code.UNREADABLE_BODY,
        Code.EVENT_REPEATED,
        Code.RECOVERED,
        Code.HOLE_DECLARED,
        Code.FORK_ADOPTED,
    ),
}
UNBOOKED: Final = frozenset(
    {
        Code.UNREADABLE_HEADER,
        Code.NOT_A_TILLS_KIND,
        Code.ANOTHER_TILLS_ENTRY,
        Code.ORIGINAL_UNKNOWN,
        Code.NOT_REVERSIBLE,
        Code.CASH_OUT_UNCOVERED,
    }
)
"""Of an entry with one of these head office booked nothing."""
SAID: Final[dict[str, FindingSaid]] = {code: said for said, codes in _CODES.items() for code in codes}


def finding_said(code: str, texts: Texts) -> FindingSaid:
    """Empty: set aside without a word."""
    said = SAID.get(code, _OTHER) if code else _UNREADABLE
    return FindingSaid(*map(texts.t, said))
