"""What each refusal says: what happened, why, what to do. One row a code, so that none can be forgotten (a test walks `RefusalCode`).

`{balance}` stands for the refusal's `balance_minor` as money, `{days}` for its `days` as it is. Words only; used through `words.explain`.
"""

from collections.abc import Mapping
from typing import Final

from stored_value.money import format_yuan
from stored_value.refusals import Refusal, RefusalCode
from terminal.language import Texts, later
from terminal.screens.refusal_words_money_out import MONEY_OUT
from terminal.screens.refusal_words_order import ORDER
from terminal.screens.refusal_words_pin import PAYMENT_PIN

Said = tuple[str, str, str]

_MONEY: Final[Mapping[RefusalCode, Said]] = {
    RefusalCode.AMOUNT_NOT_POSITIVE: (
        later("No amount yet"),
        later("The amount must be more than ￥0.00."),
        later("Type the amount on the keypad."),
    ),
    RefusalCode.AMOUNT_NEGATIVE: (
        later("The amount is below zero"),
        later("Cash is counted from ￥0.00 up."),
        later("Type it again."),
    ),
    RefusalCode.LINES_DISAGREE: (
        later("The lines are not right"),
        later("A line is missing or below zero."),
        later("Enter the amounts again."),
    ),
    RefusalCode.WALLET_NOT_ACTIVE: (
        later("This card cannot be used"),
        later("It is frozen, reported lost, closed or merged."),
        later("Ask for identification and call head office."),
    ),
    RefusalCode.BALANCE_TOO_LOW: (
        later("Balance too low"),
        later("{balance} can be spent now."),
        later("Take a smaller amount, top up first, or take cash."),
    ),
    RefusalCode.OFFLINE_LIMIT: (
        later("Over the offline limit"),
        later("Offline, {left} can be paid from this balance here and now."),
        later("Take a smaller amount or cash, or try again when the till is online."),
    ),
    RefusalCode.STATIC_CARD_LIMIT: (
        later("Over the card's limit"),
        later("A printed card pays up to {limit} a day; {left} is left."),
        later("Take a smaller amount, or the rest in cash."),
    ),
    RefusalCode.WALLET_LIMIT: (
        later("The wallet would hold too much"),
        later("A wallet may hold at most {limit}."),
        later("Top up {left} at most."),
    ),
    RefusalCode.TENDERS_DISAGREE: (
        later("The payment does not match"),
        later("What was paid differs from the amount."),
        later("Check the amount and the means of payment."),
    ),
    RefusalCode.PLAN_UNKNOWN: (
        later("This plan is no longer valid"),
        later("Head office has changed the plans."),
        later("Choose another plan or type the amount."),
    ),
    RefusalCode.REFUND_EXCEEDS_LINE: (
        later("More than can be refunded"),
        later("At most {left} of this line is left to refund."),
        later("Type a smaller amount."),
    ),
    RefusalCode.REFUND_TOO_LATE: (
        later("Too late to refund"),
        later("A purchase can be refunded for {days} days."),
        later("Ask head office for an exception."),
    ),
    RefusalCode.TOP_UP_ALREADY_SPENT: (
        later("The top-up cannot be undone"),
        later("Part of it has been spent."),
        later("Refund the purchase first, or ask head office."),
    ),
}

_FINDING: Final[Mapping[RefusalCode, Said]] = {
    RefusalCode.MEMBER_UNKNOWN: (
        later("Member not found"),
        later("Nobody is known here by this number or code."),
        later("Check the number, or enrol a new member."),
    ),
    RefusalCode.CODE_UNKNOWN: (
        later("This code is not ours"),
        later("It is neither a member's card nor a receipt."),
        later("Scan the member's card, or search by phone."),
    ),
    RefusalCode.CARD_REPLACED: (
        later("This card was replaced"),
        later("The member has a newer card; this one no longer counts."),
        later("Ask for the new card."),
    ),
    RefusalCode.NUMBER_OF_TWO_MEMBERS: (
        later("Two members have this number"),
        later("A copied till gave the same number out twice; the card does not say which of them stands here."),
        later("Search by phone, and tell head office."),
    ),
    RefusalCode.CARD_NEEDED: (
        later("Scan the member's card"),
        later("Offline, a payment needs the card itself."),
        later("Scan the card, or take cash."),
    ),
    RefusalCode.PURCHASE_UNKNOWN: (
        later("Receipt not found"),
        later("This till has no purchase with that number."),
        later("Check the number, or scan the code on the receipt."),
    ),
    RefusalCode.PURCHASE_OF_ANOTHER_TILL: (
        later("Bought at another till"),
        later("A purchase is refunded at the till where it was made."),
        later("Send the member to that till; the receipt names it. If it is gone for good, head office refunds."),
    ),
    RefusalCode.RECEIPT_UNKNOWN: (
        later("Receipt not found"),
        later("This till has printed no such receipt."),
        later("Check the number."),
    ),
    RefusalCode.PHONE_INVALID: (
        later("Not a phone number"),
        later("A mobile number has 11 digits and starts with 1."),
        later("Type it again."),
    ),
    RefusalCode.NAME_INVALID: (later("Name missing"), later("A member needs a name."), later("Type the name.")),
    RefusalCode.MEMBER_NUMBERS_USED_UP: (
        later("No member numbers left"),
        later("This till has used all numbers that head office gave it."),
        later("Enrol at another till and call head office."),
    ),
}

_TILL: Final[Mapping[RefusalCode, Said]] = {
    RefusalCode.SHIFT_NOT_OPEN: (
        later("No shift is open"),
        later("Money is only taken inside a shift."),
        later("Open a shift first."),
    ),
    RefusalCode.SHIFT_ALREADY_OPEN: (
        later("A shift is already open"),
        later("A till has one shift at a time."),
        later("Close it before opening another."),
    ),
    RefusalCode.SHIFT_TOO_OLD: (
        later("The shift is too old"),
        later("It was opened over 36 hours ago, or its day is still to come."),
        later("Close the shift first, then open a new one."),
    ),
    RefusalCode.NOT_SIGNED_IN: (
        later("Nobody is signed in"),
        later("The till was locked."),
        later("Sign in with your PIN."),
    ),
    RefusalCode.PIN_WRONG: (
        later("Wrong PIN"),
        later("The PIN does not belong to this name."),
        later("Check your name and type the PIN again."),
    ),
    RefusalCode.PIN_DELAYED: (
        later("Please wait"),
        later("Too many wrong PINs. Next try in {delay_s} s."),
        later("Ask the manager if you forgot your PIN."),
    ),
    RefusalCode.STAFF_UNKNOWN: (
        later("Unknown name"),
        later("This person no longer works at this till."),
        later("Choose another name."),
    ),
    RefusalCode.STAFF_LIST_TOO_OLD: (
        later("Too long without head office"),
        later("The list of staff is older than {days} days."),
        later("Connect the network and wait for the first sync."),
    ),
    RefusalCode.NOT_PERMITTED: (
        later("Not permitted"),
        later("Your role does not allow this."),
        later("Ask the manager."),
    ),
    RefusalCode.TILL_STOPPED: (
        later("This till has been stopped"),
        later("Head office has to look at it first."),
        later("Use another till and call head office."),
    ),
    RefusalCode.NO_RULEBOOK: (
        later("The till is not ready yet"),
        later("It has not received its rules from head office."),
        later("Connect the network and wait for the first sync."),
    ),
    RefusalCode.ONLINE_ONLY: (
        later("Only possible online"),
        later("Head office must first say that nothing was spent elsewhere."),
        later("Try again when the till is online."),
    ),
    RefusalCode.ACTION_REUSED: (
        later("Already recorded otherwise"),
        later("This action was recorded before, with other content."),
        later("Look at the last receipts, then start again."),
    ),
    RefusalCode.CLOCK_OFF: (
        later("The till's clock is wrong"),
        later("Pay codes live for seconds only, and this clock is minutes off."),
        later("Take the printed card or cash, and have the clock set."),
    ),
    RefusalCode.DISK_FULL: (
        later("The till's disk is full"),
        later("Nothing can be recorded, so nothing was taken."),
        later("Free some space, then try again."),
    ),
    RefusalCode.DISK_FAULT: (
        later("The till's disk has a fault"),
        later("It could not be read or written, so this was not finished and nothing was printed."),
        later("Try again. If that fails, restart, look for it among the receipts, and call a technician."),
    ),
}

SAID: Final[Mapping[RefusalCode, Said]] = {**_MONEY, **_FINDING, **_TILL, **MONEY_OUT, **ORDER, **PAYMENT_PIN}
REMEDIES: Final[Mapping[str, str]] = {
    "replace_card": later("Replace the card, or ask head office to reactivate it."),
    "ask_head_office": later("Ask head office."),
    "reactivate": later("Ask head office to reactivate it."),
    "enrol_again": later("Enrol the member again."),
    "use_survivor": later("It was merged: use the member's other wallet."),
    "pay_without_holdings": later("Leave out coupons, points and passes, or try again when the till is online."),
    "give_name": later("Record the member's name, or top up {left} at most."),
    "reject_and_settle": later("Reject the pay-out and settle the debt first."),
    "top_up_again": later("Top up again."),
    "refund_again": later("Refund again."),
    "pay_again": later("Ask for the pay-out again."),
    "return_again": later("Return the deposit again."),
    "transfer_back": later("Transfer it back."),
    "replace_again": later("Replace the card again."),
    "set_pin_again": later("Set a new payment PIN."),
    "record_again": later("Record the identity again."),
}
"""What to do, where one code has several ways out: by the refusal's `remedy`. Others keep the remedy of their code."""
_UNKNOWN_FIGURE: Final = "—"


class _Figures(dict[str, str]):
    """A figure that the refusal does not carry reads as a dash, never as a failure in front of the cashier."""

    def __missing__(self, key: str) -> str:
        return _UNKNOWN_FIGURE


def said(refusal: Refusal, texts: Texts) -> Said:
    figures = _Figures()
    for key, value in refusal.data.items():
        is_money = key.endswith("_minor") and isinstance(value, int)
        figures[key.removesuffix("_minor")] = format_yuan(int(value)) if is_money else str(value)
    what, why, usual = SAID[refusal.code]
    remedy = REMEDIES.get(str(refusal.data.get("remedy")), usual)
    what, why, remedy = (texts.t(message).format_map(figures) for message in (what, why, remedy))
    return what, why, remedy
