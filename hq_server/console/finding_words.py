"""Owns what the console says of each finding, in plain words: what happened and what a person does next. `words` looks them up in the visitor's language."""

from dataclasses import dataclass
from typing import Final

from hq_server.console.catalogues import N_
from hq_server.console.evidence_words import EVIDENCE
from hq_server.console.restore_words import RESTORES
from hq_server.console.till_words import TROUBLES
from hq_server.exceptions.kinds import ExceptionCode
from stored_value.findings import FindingCode


@dataclass(frozen=True, slots=True)
class FindingWords:
    """What happened, and what a person does next."""

    what: str
    next_step: str


FINDINGS: Final[dict[str, FindingWords]] = {
    FindingCode.OVERDRAFT: FindingWords(
        N_("The payment took more than the wallet held"),
        N_("Nothing to do at once: the next top-up pays it first. Call the member when the amount is large."),
    ),
    FindingCode.DRAW_DIFFERS: FindingWords(
        N_("Head office drew other lots than the till expected"),
        N_("Nothing to do: both draws come to the same amount."),
    ),
    FindingCode.PROMISE_DIFFERS: FindingWords(
        N_("The till promised another bonus than the rulebook gives"),
        N_("Compare the receipt with the promotion; tell the member when less was given than promised."),
    ),
    FindingCode.TENDERS_DISAGREE: FindingWords(
        N_("The tenders do not add up to the amount"),
        N_("Ask the cashier and count that shift's drawer again."),
    ),
    FindingCode.FIRST_TOP_UP_REPEATED: FindingWords(
        N_("The first top-up bonus was given more than once"),
        N_("It was honoured and counts as a cost of the campaign. Look whether one member does this often."),
    ),
    FindingCode.WALLET_NOT_ACTIVE: FindingWords(
        N_("The wallet was frozen, lost or closed"),
        N_("The till had not heard of it yet. Ask the store who showed the card."),
    ),
    FindingCode.MEMBER_UNKNOWN: FindingWords(
        N_("No member with this number has been enrolled yet"),
        N_("Usually the enrolment arrives with the next upload of another till. If not, ask the store."),
    ),
    FindingCode.MEMBER_ALREADY_ENROLLED: FindingWords(
        N_("The member was enrolled already"), N_("Nothing was changed. Check whether two cards were handed out.")
    ),
    FindingCode.PURCHASE_UNKNOWN: FindingWords(
        N_("The refund names a purchase that head office does not hold"),
        N_("Find the purchase by its receipt; it may still wait at a till that is offline."),
    ),
    FindingCode.REFUND_EXCEEDS_PURCHASE: FindingWords(
        N_("More was refunded than the purchase still allowed"),
        N_("Only what was left went back. Settle the difference with the store."),
    ),
    FindingCode.TOP_UP_UNKNOWN: FindingWords(
        N_("The reversal names a top-up that head office does not hold"),
        N_("Find the top-up by its receipt; it may still wait at a till that is offline."),
    ),
    FindingCode.TOP_UP_ALREADY_SPENT: FindingWords(
        N_("The top-up that was reversed had been spent in part"),
        N_(
            "The missing part stands as owed by the member, and the next top-up pays it first. Call the member when the amount is large."
        ),
    ),
    FindingCode.STATIC_CARD_LIMIT: FindingWords(
        N_("More than the day's limit was paid with the printed card"),
        N_("Ask the member whether all of it was theirs; replace the card when it was not."),
    ),
    FindingCode.WALLET_LIMIT: FindingWords(
        N_("The wallet holds more than the law allows on one card"),
        N_("Take no further top-up until the member has spent below the limit."),
    ),
    FindingCode.LINES_DISAGREE: FindingWords(
        N_("The lines do not add up to the amount"), N_("Compare with the printed receipt and ask the cashier.")
    ),
    FindingCode.UNKNOWN_KIND: FindingWords(
        N_("A kind of entry that this version does not know"),
        N_(
            "The entry's header has settled the amount, and that stays: an update does not read the entry again. Compare the printed receipt with the member's "
            "page, settle what is missing there with store and member, and update head office before more such entries come."
        ),
    ),
    FindingCode.UNREADABLE_BODY: FindingWords(
        N_("The entry cannot be read in full"),
        N_("The bytes are kept and the amount settled by the header. Send the receipt number to support."),
    ),
    FindingCode.UNREADABLE_HEADER: FindingWords(
        N_("The entry's header cannot be read, so nobody knows what it moved"),
        N_(
            "The bytes are kept, nothing was booked. Have the store make once more at a till what the printed receipt says; cash of it then misses in that shift's "
            "count. Leases and holds that it may have used stay open until somebody writes them off."
        ),
    ),
    FindingCode.RULEBOOK_UNKNOWN: FindingWords(
        N_("The entry names a rulebook that head office does not have"),
        N_("The newest earlier version was used. Check whether head office was restored from a backup."),
    ),
    FindingCode.OUTSIDE_ANCHORS: FindingWords(
        N_("The till's time, business day or rulebook does not fit what head office signed"),
        N_(
            "It counts on the day and hour that fit; nothing is given by a day or a rulebook that was over. Check the till's clock, and that its shifts are closed each day. "
            "Where both are right, look for who has the till's key."
        ),
    ),
    FindingCode.PRIOR_PERIOD: FindingWords(
        N_("The entry came when the books of its month were closed"),
        N_(
            "It keeps the day that it counts on. Count it as a prior-period item of the open month, and tell the stores concerned."
        ),
    ),
    FindingCode.SHIFT_DIFFERS: FindingWords(
        N_("The shift report tells other sums than the shift's own entries"),
        N_("Compare the printed Z report with the receipts of the shift, and have the till's disk looked at."),
    ),
    FindingCode.SAME_PHONE: FindingWords(
        N_("Two members have the same phone number"), N_("Ask the member which card to keep; both work until then.")
    ),
    FindingCode.SAME_MEMBER_NO: FindingWords(
        N_("Two members have the same member number"),
        N_(
            "Two copies of a till gave it out. Enrol the later one anew with a new card, and merge the old one into it."
        ),
    ),
    FindingCode.EVENT_REPEATED: FindingWords(
        N_("The same event came twice under different entries"),
        N_("It was counted once. Tell support: a till should never do this."),
    ),
    FindingCode.PROMISE_BEYOND_CAP: FindingWords(
        N_("The till promised more than the promotion's cap allows"),
        N_("It was honoured and counts as a cost of the campaign. Look whether this till was offline for long."),
    ),
    FindingCode.PROMISE_HONOURED: FindingWords(
        N_("The member got a bonus that their standing would not have given"),
        N_("It was honoured, because the till could not know. Look whether one member does this often."),
    ),
    FindingCode.PROMISE_ON_TRUST: FindingWords(
        N_("A bonus was given on a condition that the cashier checked"),
        N_("Nothing to do. Ask the store for proof only when one cashier does this often."),
    ),
    FindingCode.CAMPAIGN_BEYOND_CAP: FindingWords(
        N_("The campaign gave more than its cap in all"),
        N_("What was promised stays given. End the campaign or raise the cap in the next rulebook."),
    ),
    FindingCode.POINTS_ALREADY_SPENT: FindingWords(
        N_("Points that had to be taken back were spent already"),
        N_("What was left is gone. Decide whether the member makes up for the rest."),
    ),
    FindingCode.POINTS_OVERDRAWN: FindingWords(
        N_("More points were used than the member had"),
        N_("The goods are gone and the points stand at nothing. Ask the store why the till saw more."),
    ),
    FindingCode.REWARD_DIFFERS: FindingWords(
        N_("The points or worth of a reward differ from the rulebook"),
        N_("Compare with the rulebook of that day and ask the cashier."),
    ),
    FindingCode.REWARD_ALREADY_USED: FindingWords(
        N_("A coupon or pass of a reversed top-up was used already"),
        N_("What was left is gone. Settle what was used with the member."),
    ),
    FindingCode.INSTALMENT_UNKNOWN: FindingWords(
        N_("A bonus instalment was released that is not to come"),
        N_("Nothing was credited: it was released before or its top-up reversed. Tell support when it repeats."),
    ),
    FindingCode.INSTALMENT_EARLY: FindingWords(
        N_("A bonus instalment was released before its day"),
        N_("It was credited. Check the clock of head office."),
    ),
    FindingCode.INSTALMENT_FORFEITED: FindingWords(
        N_("A bonus instalment fell due after the top-up was cashed out"),
        N_("Nothing was credited. Nothing to do, unless the member asks."),
    ),
    FindingCode.TIER_REVIEW_NOT_DUE: FindingWords(
        N_("The tier was reviewed before it was due"),
        N_("Nothing to do: the tier stays as it was."),
    ),
    FindingCode.CASH_OUT_UNKNOWN: FindingWords(
        N_("The entry names a cash-out request that head office does not hold"),
        N_("Find the request by its receipt; it may still wait at a till that is offline."),
    ),
    FindingCode.CASH_OUT_NOT_WAITING: FindingWords(
        N_("The cash-out request was settled before"),
        N_("Check whether the member was paid twice, and ask the store for the money back."),
    ),
    FindingCode.CASH_OUT_DIFFERS: FindingWords(
        N_("The cash-out comes to another amount than the till showed"),
        N_("Open the request and compare line by line; settle the difference with the member."),
    ),
    FindingCode.TENDER_NOT_ORIGINAL: FindingWords(
        N_("The money did not go back the way it came"),
        N_("Ask the store why, and keep the member's signature."),
    ),
    FindingCode.CASH_OUT_RECKONED_AGAIN: FindingWords(
        N_("A refund came after the cash-out and changed what was due"),
        N_("The difference is in the wallet. Tell the member that it can be paid out."),
    ),
    FindingCode.BONUS_FORFEITED: FindingWords(
        N_("Bonus of a reversed or cashed-out top-up came back and was not given again"),
        N_("Nothing to do, unless the member asks: the bonus was taken back with its top-up."),
    ),
    FindingCode.LOT_REVIVED: FindingWords(
        N_("Value that had expired is good again"),
        N_("Nothing to do: a refund or a late entry came after the expiry."),
    ),
    FindingCode.LOT_NOT_EXPIRED: FindingWords(
        N_("An expiry was booked for something that is not over"),
        N_("Nothing was taken. Check the clock of head office."),
    ),
    FindingCode.LOT_UNKNOWN: FindingWords(
        N_("An expiry names a lot that the wallet does not hold"),
        N_("Nothing was taken. Tell support when it repeats."),
    ),
    FindingCode.DEPOSIT_UNKNOWN: FindingWords(
        N_("The entry names a deposit that head office does not hold"),
        N_("Find the deposit by its receipt; it may still wait at a till that is offline."),
    ),
    FindingCode.DEPOSIT_EXCEEDED: FindingWords(
        N_("More of a deposit was returned or kept than was left"),
        N_("Only what was left was taken. Ask the store where the difference went."),
    ),
    FindingCode.TRANSFER_REPEATED: FindingWords(
        N_("The same transfer came twice"),
        N_("It was counted once. Tell support when it repeats."),
    ),
    FindingCode.TRANSFER_SHORT: FindingWords(
        N_("Less could be moved than the transfer says"),
        N_("Only what was there went. Tell both members, and ask the store why the till saw more."),
    ),
    FindingCode.UNCLAIMED: FindingWords(
        N_("Value arrived in a wallet that is closed"),
        N_("It is kept there. Call the member and pay it out."),
    ),
    FindingCode.SWEEP_DUE: FindingWords(
        N_("Value arrived in a wallet that was merged"),
        N_("Nothing to do: head office moves it on to the surviving member."),
    ),
    FindingCode.STATUS_DIFFERS: FindingWords(
        N_("The wallet's status was changed from another one than the till saw"),
        N_("The newest word stands. Ask the store whether it is what the member wants."),
    ),
    FindingCode.FREEZE_STANDS: FindingWords(
        N_("A till changed the status of a wallet that head office froze"),
        N_(
            "The freeze ends here alone. If it was a loss report, it is kept: the card stays lost when you lift the freeze. If it was lifted, ask the store who did it."
        ),
    ),
    FindingCode.BALANCE_LEFT: FindingWords(
        N_("The wallet was closed with something left in it"),
        N_("Call the member: pay out or hand over what is left."),
    ),
    FindingCode.CARD_ISSUE_OLD: FindingWords(
        N_("A card was replaced by one that is not newer"),
        N_("Nothing was changed: the newest card stays good. Check which cards the member holds."),
    ),
    FindingCode.TAKEN_BACK_SHORT: FindingWords(
        N_("A refund that was taken back could not be taken back whole"),
        N_("Compare with the refund's receipt and settle the rest with the member."),
    ),
    FindingCode.COMPLIANCE_LIMIT: FindingWords(
        N_("A limit of the law on names or cash was passed"),
        N_("Follow the remedy that is named, and keep the papers with the receipt."),
    ),
    FindingCode.ORDER_AGAINST_POLICY: FindingWords(
        N_("The order or the use of a pass was not allowed by the rulebook"),
        N_("It stands, as the goods are gone. Ask the cashier, and compare with the rule that is named."),
    ),
    FindingCode.PRICE_DIFFERS: FindingWords(
        N_("The till priced the order otherwise than the rulebook does"),
        N_("Compare the discounts on the receipt; settle the difference when the member paid too much."),
    ),
    FindingCode.TIER_DIFFERS: FindingWords(
        N_("The discounts were those of another tier"),
        N_("Nothing to do: the till had not heard of the new tier yet."),
    ),
    FindingCode.REFUND_DIFFERS: FindingWords(
        N_("The refund was split otherwise than the order was paid"),
        N_("Compare with the order's receipt and count that shift's drawer again."),
    ),
    FindingCode.HOLDING_UNKNOWN: FindingWords(
        N_("The entry names a pass, coupon or points that the member does not hold"),
        N_("What it came from may still wait at a till that is offline. If not, ask the store."),
    ),
    FindingCode.PASS_TYPE_UNKNOWN: FindingWords(
        N_("The order sold a pass that the rulebook does not have"),
        N_(
            "The price was taken and no pass was made. Publish the pass type before more are sold, and settle the price with store and member: nothing makes the pass afterwards."
        ),
    ),
    FindingCode.RESERVATION_UNKNOWN: FindingWords(
        N_("The payment used a hold or a lease that head office had closed"),
        N_("It stands. If it overdrew the member, ask who closed the reservation before the till had reported."),
    ),
    FindingCode.RESERVATION_FORGOTTEN: FindingWords(
        N_(
            "The entry names a hold or a lease from before the restore that head office does not know and nobody signed"
        ),
        N_(
            "An older till cannot show what it was granted; one in strange hands invents it. Compare with the store's signed slip before you decide about what the entry took."
        ),
    ),
    FindingCode.RESERVATION_FOREIGN: FindingWords(
        N_("The entry names a hold or a lease of another till"),
        N_("It ended nothing. No till does that by itself: look for who has its key, and stop the till."),
    ),
    FindingCode.LEASE_CLOSED: FindingWords(
        N_("A lease was told of that head office had closed"),
        N_("Nothing to do: what the till spends of it is told with the payment."),
    ),
    FindingCode.LEASE_DIFFERS: FindingWords(
        N_("The till gave back another amount of a lease than head office reckons"),
        N_("Compare the payments made from this lease with the till's receipts."),
    ),
    FindingCode.RECOVERED: FindingWords(
        N_("The entry was recovered from a copy of a dead till's journal, and that till's key did not sign it"),
        N_("It stands. Compare it with the printed receipt, and ask the person who approved the recovery."),
    ),
    FindingCode.RECOVERED_SIGNED: FindingWords(
        N_("The entry was recovered from a dead till's own journal, and signed with its key"),
        N_("Nothing to do: it is what the till wrote."),
    ),
    FindingCode.HOLE_DECLARED: FindingWords(
        N_("The bytes of this entry are lost: a technician declared it, and the till went on"),
        N_(
            "Find the printed receipt with this number and have the store make once more at a till what it says; cash of it then misses in that shift's count. "
            "Leases and holds that it may have used stay open until somebody writes them off."
        ),
    ),
    FindingCode.FORK_ADOPTED: FindingWords(
        N_("The entry is of a second copy of this till's journal, which head office took over"),
        N_("It stands beside the other copy's entry of the same number. Look whether both receipts were handed out."),
    ),
    FindingCode.PAY_CODE_UNKNOWN: FindingWords(
        N_("The payment names a pay code that head office did not give out"),
        N_("Ask the store whose phone showed it, and take nothing more from that phone until it is clear."),
    ),
    FindingCode.PAY_CODE_REPLAYED: FindingWords(
        N_("The same pay code was used twice"),
        N_("Ask the member which of the payments was theirs; the other till took a copy of the code."),
    ),
    ExceptionCode.JOURNAL_FORKED: FindingWords(
        N_("There are two copies of this till's journal"),
        N_("The till was stopped. Find out whether its disk was put back or copied, before anybody lets it go on."),
    ),
    ExceptionCode.JOURNAL_BROKEN: FindingWords(
        N_("This till's journal does not hold together"),
        N_("The till was stopped. Leave it switched on: a technician saves its disk and compares it with the mirror."),
    ),
    ExceptionCode.RECOVERY_ASKED: FindingWords(
        N_("Another till asks to take over this one, which is said to be dead"),
        N_("Call the store. Approve or refuse on the till's page Take over; nothing happens before."),
    ),
    ExceptionCode.MACHINE_CHANGED: FindingWords(
        N_("The till speaks from another machine than before"),
        N_(
            "Call the store: was the disk moved, or copied? Confirm the new machine on the page of tills, or stop the till. It spends no lease until then."
        ),
    ),
    ExceptionCode.EXPOSURE_ABOVE_LIMIT: FindingWords(
        N_("Offline spending could cost more than the limit"),
        N_(
            "See on the page Exposure what weighs most: get tills online, decide about copies, give up revoked tills, or lower the risk allowance in the rulebook."
        ),
    ),
    ExceptionCode.TRANSIT_STRANDED: FindingWords(
        N_("Value left one member for another and does not arrive"),
        N_(
            "Open the transfers below: one stands there with its first half alone. Tell support its receipt number; "
            "the value stays in the books until the second half is written."
        ),
    ),
    ExceptionCode.CLOCK_OFF: FindingWords(
        N_("The till's clock is minutes off"),
        N_("Set the till's clock and see that it asks a time server. The order of entries does not depend on it."),
    ),
    **{code: FindingWords(*said) for code, said in (*EVIDENCE.items(), *TROUBLES.items(), *RESTORES.items())},
}
UNKNOWN_FINDING: Final = FindingWords(
    N_("A finding that this page has no words for"), N_("Tell support the code and the receipt number.")
)
