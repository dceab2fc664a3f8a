"""Owns the console's words for codes: kinds of events, accounts, tenders, findings with their next step. A code that is not known here is shown as it is.

`N_` only marks a text for the catalogue; `Words` looks it up in the visitor's language.
"""

from dataclasses import dataclass
from typing import Final

from babel.support import NullTranslations

from stored_value.findings import FindingCode
from stored_value.postings import Account
from stored_value.wallet import ValueKind, WalletStatus


def N_(text: str) -> str:  # noqa: N802  gettext's own name for it
    return text


KINDS: Final = {
    "member_enrolled": N_("New member"),
    "topped_up": N_("Top-up"),
    "redeemed": N_("Redemption"),
    "purchase_refunded": N_("Refund"),
    "top_up_reversed": N_("Reversal"),
    "shift_opened": N_("Shift opened"),
    "shift_closed": N_("Shift closed"),
    "unreadable": N_("Unreadable"),
}
TENDERS: Final = {
    "cash": N_("Cash"),
    "wechat": N_("WeChat"),
    "alipay": N_("Alipay"),
    "card": N_("Bank card"),
    "transfer": N_("Transfer"),
}
ACCOUNTS: Final[dict[str, str]] = {
    Account.TENDER: N_("Money taken"),
    Account.PRINCIPAL_LIABILITY: N_("Principal owed to members"),
    Account.BONUS_LIABILITY: N_("Bonus owed to members"),
    Account.PROMOTION_COST: N_("Cost of promotions"),
    Account.REVENUE: N_("Sales paid from balances"),
    Account.CLEARING: N_("Between stores"),
    Account.OVERDRAFT_RECEIVABLE: N_("Owed by members"),
    Account.SUSPENSE: N_("In suspense"),
    Account.UNEXPLAINED: N_("Unexplained"),
}
VALUE_KINDS: Final[dict[str, str]] = {
    ValueKind.PRINCIPAL: N_("Principal"),
    ValueKind.BONUS: N_("Bonus"),
    ValueKind.RECEIVABLE: N_("Overdrawn"),
    ValueKind.SUSPENSE: N_("In suspense"),
}
WALLET_STATUSES: Final[dict[str, str]] = {
    WalletStatus.ACTIVE: N_("Active"),
    WalletStatus.FROZEN: N_("Frozen"),
    WalletStatus.LOST: N_("Card lost"),
    WalletStatus.CLOSED: N_("Closed"),
}
TERMINAL_STATUSES: Final = {"active": N_("Active"), "stopped": N_("Stopped"), "revoked": N_("Revoked")}
ROLES: Final = {"admin": N_("Administrator"), "finance": N_("Finance"), "franchisee": N_("Franchisee")}
OWNERS: Final = {"company": N_("Company-owned"), "franchisee": N_("Franchised")}
EVIDENCE: Final = {
    "hold": N_("Online hold"),
    "lease": N_("Lease"),
    "approval": N_("Approval"),
    "pay_code": N_("Pay code"),
    "pin": N_("PIN"),
    "static_card": N_("Printed card"),
    "risk_allowance": N_("Risk allowance"),
    "not_needed": N_("Not needed"),
    "none": N_("None"),
}
DRAW_ORDERS: Final = {
    "proportional": N_("Principal and bonus in proportion"),
    "principal_first": N_("Principal first"),
    "bonus_first": N_("Bonus first"),
}
BEARERS: Final = {"collecting_store": N_("The store that takes the money"), "head_office": N_("Head office")}


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
        N_("The missing part stands as owed by the member. Call the member or write it off."),
    ),
    FindingCode.NO_EVIDENCE: FindingWords(
        N_("Nothing shows that the member was there"),
        N_("The amount stands in the store's suspense, the wallet was not touched. Ask the store for proof."),
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
        N_("Update head office. The amount was settled by the entry's header meanwhile."),
    ),
    FindingCode.UNREADABLE_BODY: FindingWords(
        N_("The entry cannot be read in full"),
        N_("The bytes are kept and the amount settled by the header. Send the receipt number to support."),
    ),
    FindingCode.RULEBOOK_UNKNOWN: FindingWords(
        N_("The entry names a rulebook that head office does not have"),
        N_("The newest earlier version was used. Check whether head office was restored from a backup."),
    ),
    FindingCode.OUTSIDE_ANCHORS: FindingWords(
        N_("The till's time or rulebook does not fit what head office signed"),
        N_("Check the clock of the till. No bonus was given under a rulebook that was over."),
    ),
    FindingCode.SAME_PHONE: FindingWords(
        N_("Two members have the same phone number"), N_("Ask the member which card to keep; both work until then.")
    ),
    "event_repeated": FindingWords(
        N_("The same event came twice under different entries"),
        N_("It was counted once. Tell support: a till should never do this."),
    ),
}
UNKNOWN_FINDING: Final = FindingWords(
    N_("A finding that this page has no words for"), N_("Tell support the code and the receipt number.")
)
DATA_KEYS: Final = {
    "amount_minor": N_("amount"),
    "balance_minor": N_("balance"),
    "bonus_minor": N_("bonus"),
    "given_minor": N_("given"),
    "limit_minor": N_("limit"),
    "owed_minor": N_("owed"),
    "promised_minor": N_("promised"),
    "returned_minor": N_("returned"),
    "tenders_minor": N_("tenders"),
    "lines_minor": N_("lines"),
    "event": N_("event"),
    "field": N_("field"),
    "kind": N_("kind"),
    "member_id": N_("member"),
    "promotion": N_("promotion"),
    "purchase": N_("purchase"),
    "status": N_("status"),
    "top_up": N_("top-up"),
    "used": N_("used"),
    "version": N_("version"),
    "why": N_("why"),
}


class Words:
    """Look-ups in one language; used by templates as `words` and by exports."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self._catalogue = catalogue

    def text(self, message: str) -> str:
        return self._catalogue.ugettext(message) if message else ""

    def kind(self, code: str) -> str:
        return self._of(KINDS, code)

    def tender(self, code: str) -> str:
        return self._of(TENDERS, code)

    def account(self, code: str) -> str:
        return self._of(ACCOUNTS, code)

    def value_kind(self, code: str) -> str:
        return self._of(VALUE_KINDS, code)

    def wallet_status(self, code: str) -> str:
        return self._of(WALLET_STATUSES, code)

    def terminal_status(self, code: str) -> str:
        return self._of(TERMINAL_STATUSES, code)

    def role(self, code: str) -> str:
        return self._of(ROLES, code)

    def owner(self, code: str) -> str:
        return self._of(OWNERS, code)

    def evidence(self, code: str) -> str:
        return self._of(EVIDENCE, code)

    def draw_order(self, code: str) -> str:
        return self._of(DRAW_ORDERS, code)

    def bearer(self, code: str) -> str:
        return self._of(BEARERS, code)

    def data_key(self, key: str) -> str:
        return self._of(DATA_KEYS, key)

    def finding(self, code: str) -> FindingWords:
        words = FINDINGS.get(code, UNKNOWN_FINDING)
        return FindingWords(self.text(words.what), self.text(words.next_step))

    def _of(self, known: dict[str, str], code: str) -> str:
        return self.text(known[code]) if code in known else code
