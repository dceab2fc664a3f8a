"""Owns the console's words for codes: kinds of events, accounts, tenders, holdings. Findings have `finding_words`. A code that is not known here is shown as it is.

`Words` looks the texts up in the visitor's language.
"""

from typing import Final

from babel.support import NullTranslations

from hq_server.console.catalogues import N_
from hq_server.console.data_words import DATA_KEYS
from hq_server.console.finding_words import FINDINGS, UNKNOWN_FINDING, FindingWords
from hq_server.console.refusal_words import REFUSALS, UNKNOWN_REFUSAL
from hq_server.console.shift_words import MEASURES
from hq_server.console.till_words import FOUND_HERE, PRINTERS
from hq_server.database.models import ExceptionState
from hq_server.exceptions.kinds import ExceptionKind, Responsible
from stored_value.bearing import Bearing
from stored_value.events_money_out import SuspenseVerdict
from stored_value.policies import CashOutMethod
from stored_value.postings import Account
from stored_value.wallet import HoldingKind, ValueKind, WalletStatus

KINDS: Final = {
    "member_enrolled": N_("New member"),
    "topped_up": N_("Top-up"),
    "redeemed": N_("Redemption"),
    "purchase_refunded": N_("Refund"),
    "top_up_reversed": N_("Reversal"),
    "shift_opened": N_("Shift opened"),
    "shift_closed": N_("Shift closed"),
    "order_paid": N_("Order"),
    "order_refunded": N_("Order refund"),
    "pass_used": N_("Pass used"),
    "points_redeemed": N_("Points redeemed"),
    "instalment_released": N_("Bonus instalment"),
    "tier_reviewed": N_("Tier review"),
    "cash_out_requested": N_("Cash-out asked for"),
    "cash_out_paid": N_("Cash-out paid"),
    "cash_out_rejected": N_("Cash-out rejected"),
    "cash_out_reversed": N_("Cash-out taken back"),
    "deposit_taken": N_("Deposit taken"),
    "deposit_returned": N_("Deposit returned"),
    "deposit_kept": N_("Deposit kept"),
    "deposit_restored": N_("Deposit restored"),
    "refund_reversed": N_("Refund taken back"),
    "transferred_out": N_("Transfer out"),
    "transferred_in": N_("Transfer in"),
    "lot_expired": N_("Expiry"),
    "status_changed": N_("Status changed"),
    "card_replaced": N_("Card replaced"),
    "identity_recorded": N_("Identity recorded"),
    "pin_set": N_("Payment PIN set"),
    "pin_cleared": N_("Payment PIN taken away"),
    "lease_accepted": N_("Lease accepted"),
    "lease_returned": N_("Lease returned"),
    "reservation_written_off": N_("Reservation written off"),
    "leases_recalled": N_("Leases asked back"),
    "suspense_decided": N_("Suspense decided"),
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
    Account.SUSPENSE_BORNE: N_("Borne out of suspense"),
    Account.UNEXPLAINED: N_("Unexplained"),
    Account.DEPOSIT_LIABILITY: N_("Deposits owed to members"),
    Account.PASS_LIABILITY: N_("Passes owed to members"),
    Account.TRANSIT: N_("Transfers on their way"),
    Account.CASH_OUT_PENDING: N_("Cash-outs waiting"),
    Account.BONUS_CLAWBACK: N_("Bonus taken back"),
    Account.BREAKAGE: N_("Expired value"),
    Account.TAX_PENDING: N_("Tax inside prices"),
}
VERDICTS: Final[dict[str, str]] = {
    SuspenseVerdict.MEMBER: N_("Paid by the member"),
    SuspenseVerdict.STORE: N_("Borne by the store"),
}
VALUE_KINDS: Final[dict[str, str]] = {
    ValueKind.PRINCIPAL: N_("Principal"),
    ValueKind.BONUS: N_("Bonus"),
    ValueKind.RECEIVABLE: N_("Overdrawn"),
    ValueKind.SUSPENSE: N_("In suspense"),
    ValueKind.DEPOSIT: N_("Deposit"),
}
HOLDING_KINDS: Final[dict[str, str]] = {
    HoldingKind.POINTS: N_("Points"),
    HoldingKind.PASS_USES: N_("Pass by uses"),
    HoldingKind.PASS_MINUTES: N_("Pass by minutes"),
    HoldingKind.PASS_UNTIL: N_("Pass until a day"),
    HoldingKind.COUPON: N_("Coupon"),
}
CASH_OUT_METHODS: Final[dict[str, str]] = {
    CashOutMethod.PRINCIPAL_ONLY: N_("Principal only"),
    CashOutMethod.PROPORTIONAL: N_("In proportion to what was used"),
    CashOutMethod.UNDISCOUNTED: N_("At the undiscounted price"),
    CashOutMethod.COOLING_OFF: N_("Within the cooling-off days"),
}
WALLET_STATUSES: Final[dict[str, str]] = {
    WalletStatus.ACTIVE: N_("Active"),
    WalletStatus.FROZEN: N_("Frozen"),
    WalletStatus.LOST: N_("Card lost"),
    WalletStatus.CLOSED: N_("Closed"),
}
STANDING_DEEDS: Final[dict[str, str]] = {
    WalletStatus.ACTIVE: N_("Make active again"),
    WalletStatus.FROZEN: N_("Freeze"),
    WalletStatus.LOST: N_("Report the card lost"),
    WalletStatus.CLOSED: N_("Close"),
}
STANDING_QUESTIONS: Final[dict[str, str]] = {
    WalletStatus.ACTIVE: N_("Make member %(member)s active again?"),
    WalletStatus.FROZEN: N_("Freeze member %(member)s?"),
    WalletStatus.LOST: N_("Report the card of member %(member)s lost?"),
    WalletStatus.CLOSED: N_("Close member %(member)s?"),
}
STANDING_CONSEQUENCES: Final[dict[str, str]] = {
    WalletStatus.ACTIVE: N_(
        "The member may top up and pay again. Every connected till hears of it at once, the others at their next contact."
    ),
    WalletStatus.FROZEN: N_(
        "Nothing can be topped up, paid, moved or cashed out until head office makes the member active again. Every connected till hears of it at once, "
        "a till without a network at its next contact."
    ),
    WalletStatus.LOST: N_(
        "The card is refused until a new one is printed, which ends the loss. Every connected till hears of it at once, a till without a network at its next contact."
    ),
    WalletStatus.CLOSED: N_(
        "For ever: the member number is not used again. Only an empty wallet can be closed; a bonus that is left can no longer be spent."
    ),
}
TERMINAL_STATUSES: Final = {"active": N_("Active"), "stopped": N_("Stopped"), "revoked": N_("Revoked")}
EXCEPTION_KINDS: Final[dict[str, str]] = {
    ExceptionKind.OVERDRAFT: N_("Overdraft"),
    ExceptionKind.LIMIT: N_("Limit passed"),
    ExceptionKind.EVIDENCE: N_("Evidence"),
    ExceptionKind.PROMOTION: N_("Promotion"),
    ExceptionKind.RULEBOOK: N_("Old rulebook"),
    ExceptionKind.RECEIPT: N_("Receipt"),
    ExceptionKind.MONEY_OUT: N_("Money paid out"),
    ExceptionKind.MEMBER: N_("Member"),
    ExceptionKind.RESERVATION: N_("Reservation"),
    ExceptionKind.UNREADABLE: N_("Not understood"),
    ExceptionKind.CLOCK: N_("Clock"),
    ExceptionKind.FORK: N_("Forked journal"),
    ExceptionKind.TILL: N_("Till"),
    ExceptionKind.PERIOD: N_("Prior period"),
    ExceptionKind.SHIFT: N_("Shift report"),
    ExceptionKind.RESTORE: N_("Restored backup"),
}
RESPONSIBLES: Final[dict[str, str]] = {
    Responsible.STORE_MANAGER: N_("Store manager"),
    Responsible.FINANCE: N_("Finance"),
    Responsible.TECHNICIAN: N_("Technician"),
    Responsible.ADMINISTRATOR: N_("Administrator"),
}
EXCEPTION_STATES: Final[dict[str, str]] = {
    ExceptionState.OPEN: N_("Open"),
    ExceptionState.RESOLVED: N_("Settled"),
}
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
BEARERS: Final = {
    "collecting_store": N_("The store that takes the money"),
    "head_office": N_("Head office"),
    "serving_store": N_("The store where it is spent"),
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

    def holding_kind(self, code: str) -> str:
        return self._of(HOLDING_KINDS, code)

    def cash_out_method(self, code: str) -> str:
        return self._of(CASH_OUT_METHODS, code)

    def wallet_status(self, code: str) -> str:
        return self._of(WALLET_STATUSES, code)

    def standing_deed(self, code: str) -> str:
        return self._of(STANDING_DEEDS, code)

    def standing_question(self, code: str, member_no: str) -> str:
        return self._of(STANDING_QUESTIONS, code) % {"member": member_no}

    def standing_consequence(self, code: str) -> str:
        return self._of(STANDING_CONSEQUENCES, code)

    def refusal(self, code: str) -> FindingWords:
        words = REFUSALS.get(code, UNKNOWN_REFUSAL)
        return FindingWords(self.text(words.what), self.text(words.next_step))

    def terminal_status(self, code: str) -> str:
        return self._of(TERMINAL_STATUSES, code)

    def exception_kind(self, code: str) -> str:
        return self._of(EXCEPTION_KINDS, code)

    def exception_state(self, code: str) -> str:
        return self._of(EXCEPTION_STATES, code)

    def responsible(self, code: str) -> str:
        return self._of(RESPONSIBLES, code)

    def role(self, code: str) -> str:
        return self._of(ROLES, code)

    def owner(self, code: str) -> str:
        return self._of(OWNERS, code)

    def verdict(self, code: str) -> str:
        return self._of(VERDICTS, code)

    def evidence(self, code: str) -> str:
        return self._of(EVIDENCE, code)

    def draw_order(self, code: str) -> str:
        return self._of(DRAW_ORDERS, code)

    def bearer(self, code: str) -> str:
        return self._of(BEARERS, code)

    def shares(self, bearing: Bearing) -> str:
        """Who bears how much of a bonus, those who bear nothing left out."""
        percents = {
            "head_office": bearing.head_office,
            "collecting_store": bearing.collecting_store,
            "serving_store": bearing.serving_store,
        }
        return " · ".join(f"{self.bearer(code)} {percent}%" for code, percent in percents.items() if percent)

    def measure(self, code: str) -> str:
        """A figure of a shift: of a tender or a kind of event its own word."""
        field, _, detail = code.partition(".")
        match field:
            case "tenders_minor":
                return self.tender(detail)
            case "counts":
                return self.kind(detail)
            case _:
                return self._of(MEASURES, code)

    def data_key(self, key: str) -> str:
        return self._of(DATA_KEYS, key)

    def till_printer(self, code: str) -> str:
        return self._of(PRINTERS, code)

    def found_here(self, code: str) -> str:
        return self._of(FOUND_HERE, code)

    def finding(self, code: str) -> FindingWords:
        words = FINDINGS.get(code, UNKNOWN_FINDING)
        return FindingWords(self.text(words.what), self.text(words.next_step))

    def _of(self, known: dict[str, str], code: str) -> str:
        return self.text(known[code]) if code in known else code
