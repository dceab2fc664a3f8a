"""What refusals say when money leaves a wallet, a card changes its state or an entry is taken back. Words only, a part of `refusal_words`."""

from collections.abc import Mapping
from typing import Final

from stored_value.refusals import RefusalCode
from terminal.language import later

Said = tuple[str, str, str]

MONEY_OUT: Final[Mapping[RefusalCode, Said]] = {
    RefusalCode.NOTHING_TO_CASH_OUT: (
        later("Nothing to pay out"),
        later("No principal is left; {bonus} of bonus is not paid out."),
        later("Tell the member; the bonus can still be spent."),
    ),
    RefusalCode.NOTHING_IN_SUSPENSE: (
        later("Nothing to decide"),
        later("Nothing of this payment is in suspense any more."),
        later("Look at its receipt at head office."),
    ),
    RefusalCode.COOLING_OFF_OVER: (
        later("The cooling-off days are over"),
        later("A top-up is paid back in full for {days} days; the last was {last_day}."),
        later("Pay out by the usual rules."),
    ),
    RefusalCode.CASH_OUT_WAITING: (
        later("A pay-out is waiting already"),
        later("{refundable} waits to be paid or rejected."),
        later("Pay or reject it first."),
    ),
    RefusalCode.CASH_OUT_UNKNOWN: (
        later("Request not found"),
        later("No pay-out was asked for under this number."),
        later("Check the number with head office."),
    ),
    RefusalCode.CASH_OUT_NOT_WAITING: (
        later("This request is settled"),
        later("It was paid, rejected or undone already."),
        later("Look at the member's last entries."),
    ),
    RefusalCode.MEMBER_OWES: (
        later("The member owes money"),
        later("{owed} is owed."),
        later("Settle the debt first."),
    ),
    RefusalCode.RESERVED_ELSEWHERE: (
        later("Part of the balance is in use"),
        later("{reserved} is set aside at another till."),
        later("Take a smaller amount or cash, or try again when that till is online."),
    ),
    RefusalCode.TENDER_NOT_ORIGINAL: (
        later("Not the way it was paid"),
        later("Money goes back the way it came."),
        later("Choose the means the top-up was paid by."),
    ),
    RefusalCode.CASH_LIMIT: (
        later("Over the cash limit"),
        later("At most {limit} may change hands in cash; this is {cash}."),
        later("Use a transfer or a card for the rest."),
    ),
    RefusalCode.IDENTITY_NEEDED: (
        later("Identification needed"),
        later("From {limit} in top-ups an identity document is required; {topped_up} was topped up so far."),
        later("Record the member's document, or take less."),
    ),
    RefusalCode.WALLET_EXPIRED: (
        later("The card has expired"),
        later("Its last day was {last_day}."),
        later("Ask head office to reactivate it."),
    ),
    RefusalCode.STATUS_UNREACHABLE: (
        later("The card cannot be changed like that"),
        later("Its present state does not allow it."),
        later("Enrol the member again, or ask head office."),
    ),
    RefusalCode.BALANCE_LEFT: (
        later("The card is not empty"),
        later("Left: principal {principal}, deposit {deposit}, waiting {reserved}, owed {owed}."),
        later("Pay out or settle what is left, then close the card."),
    ),
    RefusalCode.CARD_ISSUE_OLD: (
        later("A newer card exists"),
        later("Issue {issue} is not newer than issue {newest_issue}."),
        later("Use the newest card, or make a new one."),
    ),
    RefusalCode.SAME_MEMBER: (
        later("Twice the same member"),
        later("Money moves between two different members."),
        later("Choose the other member."),
    ),
    RefusalCode.TRANSFER_NOT_ALLOWED: (
        later("Transfers are not allowed"),
        later("The rules of the house do not let a balance be given away."),
        later("Offer a pay-out instead."),
    ),
    RefusalCode.DEPOSIT_UNKNOWN: (
        later("Deposit not found"),
        later("The member has left no deposit under this number."),
        later("Check the deposit's receipt."),
    ),
    RefusalCode.DEPOSIT_EXCEEDED: (
        later("More than the deposit"),
        later("{left} of the deposit is left."),
        later("Type a smaller amount."),
    ),
    RefusalCode.NOT_LAST_ENTRY: (
        later("Not the last entry"),
        later("Only a member's newest entry can be undone."),
        later("Refund the purchase or pay out instead."),
    ),
    RefusalCode.ENTRY_OF_ANOTHER_SHIFT: (
        later("From another shift"),
        later("An entry is undone only in the shift that made it."),
        later("Refund the purchase or pay out instead."),
    ),
    RefusalCode.ENTRY_NOT_REVERSIBLE: (
        later("This entry cannot be undone"),
        later("Entries of this kind are not taken back, or it was already."),
        later("Ask head office how to put it right."),
    ),
    RefusalCode.CASH_OUT_CHANGED: (
        later("The reckoning has changed"),
        later("Something was spent meanwhile; {refundable} would be paid out now."),
        later("Show the member the new reckoning and ask again."),
    ),
    RefusalCode.CASH_OUT_OF_ANOTHER_TILL: (
        later("Asked for at another till"),
        later("A pay-out is paid or rejected at the till where it was asked for."),
        later(
            "Send the member to that till; the request's receipt names it. If it is gone for good, head office rejects the request."
        ),
    ),
    RefusalCode.DEPOSIT_OF_ANOTHER_TILL: (
        later("Left at another till"),
        later("A deposit goes back at the till that took it."),
        later(
            "Send the member to that till; the deposit's receipt names it. If it is gone for good, head office returns it."
        ),
    ),
    RefusalCode.ENTRIES_UNCONFIRMED: (
        later("Head office does not know everything yet"),
        later("A pay-out is reckoned from what head office has confirmed."),
        later("Wait a few seconds, then try again."),
    ),
    RefusalCode.CARD_ISSUES_USED_UP: (
        later("No more cards for this member"),
        later("The member has had {issue} cards."),
        later("Ask head office."),
    ),
}
