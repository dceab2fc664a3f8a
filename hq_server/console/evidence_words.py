"""Owns what the console says where a till's word is not enough (H8, H4): what nothing covers, what is not the till's to write. `finding_words` takes them in."""

from collections.abc import Mapping
from typing import Final

from hq_server.console.catalogues import N_
from stored_value.findings import FindingCode

EVIDENCE: Final[Mapping[str, tuple[str, str]]] = {
    FindingCode.NO_EVIDENCE: (
        N_("Nothing shows that the member was there"),
        N_(
            "The amount stands in the store's suspense, the wallet was not touched. Ask the store for proof, then decide who bears it."
        ),
    ),
    FindingCode.RISK_EXCEEDED: (
        N_("More was taken than a lease, a hold or the risk allowance covers"),
        N_(
            "The part that nothing covers stands in the store's suspense, the wallet was not touched for it. Ask for proof, look who has the till, then decide who bears it."
        ),
    ),
    FindingCode.CARD_EXCEEDED: (
        N_("One till took more of a member in a day than the printed card may pay"),
        N_(
            "Without a payment PIN that is proven nothing shows that the member was there. This payment stands in the store's suspense, the wallet was not touched for it. "
            "No counter does that, unless it knew a PIN that head office does not: set or changed at two places at once, or a change it had not heard of; then it is told "
            "beside that the PIN was not proven. Ask the member. They were there: they bear it, and set a new PIN. They were not: look for who has the till's key."
        ),
    ),
    FindingCode.PIN_SET_AWAY: (
        N_("A first payment PIN was set by the card, away from the member's home store"),
        N_(
            "It stands, and pays without the card's limit of the day, out of a wallet that holds more. A manager of that store should have looked who brought the card: "
            "call the member, and take the PIN away when it was not them."
        ),
    ),
    FindingCode.NOT_A_TILLS_KIND: (
        N_("A till wrote an entry of a kind that only head office writes"),
        N_(
            "Nothing was booked. No till does that by itself: look for who has its key, stop the till, and go through what it sent lately."
        ),
    ),
    FindingCode.ANOTHER_TILLS_ENTRY: (
        N_("A till took back, paid out or gave back what another till recorded"),
        N_(
            "Nothing was booked. No till does that by itself: look for who has its key, stop the till, and go through what it sent lately."
        ),
    ),
    FindingCode.ORIGINAL_UNKNOWN: (
        N_("A till took back or gave back what it never recorded for this member"),
        N_(
            "Nothing was booked. When the till has lost entries, look among those for it and settle it with the member. "
            "Else look for who has the till's key, stop the till, and go through what it sent lately."
        ),
    ),
    FindingCode.NOT_REVERSIBLE: (
        N_("A till took an entry back as no counter does"),
        N_(
            "Of another shift, in another amount, a second time, or more than the entry gave: nothing was booked. "
            "Ask the member whether money was handed back, and look for who has the till's key."
        ),
    ),
    FindingCode.REVERSAL_LATE: (
        N_("Taking an entry back came more than a day after the entry"),
        N_("It was booked, since a till may be without a line for long. Ask the member whether it is right."),
    ),
    FindingCode.CASH_OUT_UNCOVERED: (
        N_("A cash-out was asked for that no lease or hold of the till covers"),
        N_(
            "Nothing left the wallet, and what is paid out on it is the store's. No till does that by itself: ask the member, and look for who has the till's key."
        ),
    ),
    FindingCode.PIN_NOT_PROVEN: (
        N_("The till said that the member's payment PIN was typed, and cannot prove it"),
        N_(
            "It counts as if the card alone had been shown. After a restore (forgotten) the till where the PIN was set may yet tell of it. A PIN that was set or changed at two "
            "places at once, or a change that the till had not heard of, is not proven either; else no till does that by itself. Ask the member: they were there, then they set a "
            "new PIN; else look for who has the till's key. Take the PIN away when somebody else may know it."
        ),
    ),
    FindingCode.PIN_ISSUE_OLD: (
        N_("A payment PIN was set after a newer one, or after head office took it away"),
        N_("Nothing was changed. Tell the member which PIN counts, or to set a new one at a till."),
    ),
    FindingCode.TAKEN_FROM_OTHERS: (
        N_("Taking an entry back took what other tills keep"),
        N_(
            "Those tills may spend it all the same, and the member owes it then. Ask the member whether the money was handed back."
        ),
    ),
    FindingCode.THING_UNCOVERED: (
        N_("A coupon, a use of a pass or points that nothing kept for the till"),
        N_(
            "The member keeps it, and a pass earned nothing; what it paid of an order stands in the store's suspense. No till does that by itself: ask the member, "
            "and look for who has the till's key."
        ),
    ),
}
