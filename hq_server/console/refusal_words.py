"""Owns what the console says when head office's own rules refuse what a person asked for: what stands in the way and what to do instead. `words` looks them up."""

from typing import Final

from hq_server.console.catalogues import N_
from hq_server.console.finding_words import FindingWords
from stored_value.refusals import RefusalCode

REFUSALS: Final[dict[str, FindingWords]] = {
    RefusalCode.MEMBER_UNKNOWN: FindingWords(
        N_("Nobody was found, or more than one member"),
        N_("Use the ten-digit member number, as it stands on the card."),
    ),
    RefusalCode.SAME_MEMBER: FindingWords(N_("That is the same member"), N_("Name the other one.")),
    RefusalCode.AMOUNT_NOT_POSITIVE: FindingWords(
        N_("That is not an amount that can move"), N_("Type yuan with at most two decimals, more than zero.")
    ),
    RefusalCode.TRANSFER_NOT_ALLOWED: FindingWords(
        N_("The rulebook allows no transfers"), N_("A cash-out and a new top-up do the same, or change the rulebook.")
    ),
    RefusalCode.WALLET_NOT_ACTIVE: FindingWords(
        N_("The standing of one of the two wallets forbids it"),
        N_("Look at both members: what is frozen or lost can be made active again; what is closed or merged cannot."),
    ),
    RefusalCode.WALLET_EXPIRED: FindingWords(
        N_("The wallet is past its last day"), N_("Make the member active again first.")
    ),
    RefusalCode.BALANCE_TOO_LOW: FindingWords(
        N_("That much cannot be moved"),
        N_("Move at most what is shown; what tills keep in holds and leases comes back with their next reports."),
    ),
    RefusalCode.WALLET_LIMIT: FindingWords(
        N_("The other wallet would hold more than is allowed"), N_("Move less, or record the member's identity.")
    ),
    RefusalCode.IDENTITY_NEEDED: FindingWords(
        N_("The other member's identity must be recorded first"), N_("Have a till record it, then come back.")
    ),
    RefusalCode.CASH_OUT_WAITING: FindingWords(
        N_("A cash-out of this member waits"), N_("Have it paid or rejected first, then merge.")
    ),
    RefusalCode.CASH_OUT_UNKNOWN: FindingWords(
        N_("There is no such cash-out"), N_("Go back to the member's page and begin there.")
    ),
    RefusalCode.CASH_OUT_NOT_WAITING: FindingWords(
        N_("The cash-out was paid or rejected meanwhile"), N_("Look at the member's latest entries.")
    ),
    RefusalCode.STATUS_UNREACHABLE: FindingWords(
        N_("From its present standing the wallet cannot get there"),
        N_("A closed wallet stays closed: enrol the member again."),
    ),
    RefusalCode.BALANCE_LEFT: FindingWords(
        N_("There is still something in the wallet"), N_("Cash it out or move it first; a deposit is returned.")
    ),
    RefusalCode.RESERVED_ELSEWHERE: FindingWords(
        N_("Tills keep a part of the wallet in holds or leases"),
        N_("Ask the leases back on the member's page and try again, or wait for their next reports."),
    ),
    RefusalCode.NOTHING_IN_SUSPENSE: FindingWords(
        N_("Nothing of this payment is in suspense any more"),
        N_("It was decided or given back meanwhile. Look at its receipt."),
    ),
    RefusalCode.PURCHASE_UNKNOWN: FindingWords(
        N_("Head office does not hold this purchase"), N_("Begin again from its receipt.")
    ),
    RefusalCode.PURCHASE_OF_ANOTHER_TILL: FindingWords(
        N_("The till that sold it is not revoked"),
        N_("It refunds its own purchases. Revoke it first, when it will not come back."),
    ),
    RefusalCode.REFUND_TOO_LATE: FindingWords(
        N_("The days in which a purchase can be refunded are over"),
        N_("The rulebook says how many they are (limits.refund_days)."),
    ),
    RefusalCode.REFUND_EXCEEDS_LINE: FindingWords(
        N_("More than the line still allows"), N_("Give back at most what is shown as able to go back.")
    ),
    RefusalCode.REFUND_EXCEEDS_UNITS: FindingWords(
        N_("More units than the line still allows"), N_("Somebody refunded it meanwhile. Look at the purchase again.")
    ),
    RefusalCode.PASS_RETURNED_WHOLE: FindingWords(
        N_("A sold pass goes back whole or not at all"), N_("Something of it was used meanwhile. Begin again.")
    ),
    RefusalCode.DEPOSIT_UNKNOWN: FindingWords(
        N_("Head office does not hold this deposit"), N_("Go back to the member's page and begin there.")
    ),
    RefusalCode.DEPOSIT_EXCEEDED: FindingWords(
        N_("More than is left of the deposit"), N_("Return at most what is left, as the member's page shows it.")
    ),
    RefusalCode.DEPOSIT_OF_ANOTHER_TILL: FindingWords(
        N_("The till that took the deposit is not revoked"),
        N_("It returns its own deposits. Revoke it first, when it will not come back."),
    ),
    RefusalCode.PAYMENT_PIN_NOT_SET: FindingWords(
        N_("The member has no payment PIN"), N_("Nothing is to be taken away: a till sets a new one.")
    ),
    RefusalCode.ACTION_REUSED: FindingWords(
        N_("This form was used for something else already"), N_("Begin again from the member's page.")
    ),
}
UNKNOWN_REFUSAL: Final = FindingWords(N_("The rules refuse it"), N_("Ask the technician, with the code below."))
