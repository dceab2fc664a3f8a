"""Words for people: notices, and names (and signs) of tenders, kinds and states. With `refusal_words` the one place where codes become sentences.

Used by presenters only; tests walk every code in every language.
"""

from dataclasses import dataclass
from typing import Final

from stored_value.events import TenderKind
from stored_value.money import format_yuan
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import WalletStatus
from terminal.language import Texts, later
from terminal.screens.clock_words import duration_text
from terminal.screens.keypad_view import Tone
from terminal.screens.refusal_words import said
from terminal.screens.stop_words import why_stopped
from terminal.stops import StopCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message that stays: `title` is what happened, `why` the reason, `remedy` what to do. `action` is a button that does it. `code` is for support."""

    title: str
    why: str = ""
    remedy: str = ""
    action: str = ""
    code: str = ""
    icon: str = "alert-triangle"
    tone: Tone = Tone.DANGER


NO_NOTICE: Final = Notice(title="")
_ANSWERING_S: Final = 60
_PIN_REMEDIES: Final[dict[int | str, str]] = {
    "set": later("Let the member type the payment PIN, or take a smaller amount."),
    "none": later("Take a smaller amount. A payment PIN lifts the limit: the member sets one on his page."),
}
"""What to do about the card's limit of the day: by whether the member has a payment PIN."""


def explain(refusal: Refusal, texts: Texts) -> Notice:
    title, why, remedy = said(refusal, texts)
    if refusal.code in (RefusalCode.PIN_WRONG, RefusalCode.PAYMENT_PIN_WRONG):
        why = _wrong_pin(refusal, why, texts)
    if refusal.code is RefusalCode.STATIC_CARD_LIMIT:
        by_pin = _PIN_REMEDIES.get(refusal.data.get("pin", ""))
        remedy = texts.t(by_pin) if by_pin else remedy
    if refusal.code is RefusalCode.RESERVED_ELSEWHERE:
        why = _reserved_elsewhere(refusal, texts) or why
    if refusal.code is RefusalCode.TILL_STOPPED:
        why = why_stopped(StopCode(str(refusal.data.get("why", ""))), str(refusal.data.get("reason", "")), texts)
    if refusal.code is RefusalCode.MEMBER_UNKNOWN and refusal.data.get("asked_head_office") == 0:
        why = texts.t("This till does not know the number or code, and head office cannot be asked now.")
        remedy = texts.t("Try again when the till is online, or take cash. Enrol only somebody who is no member yet.")
    return Notice(title=title, why=why, remedy=remedy, code=refusal.code.value)


def _wrong_pin(refusal: Refusal, why: str, texts: Texts) -> str:
    delay = refusal.data.get("delay_s")
    if isinstance(delay, int) and delay > 0:
        return texts.t("Next try in {seconds} s.", seconds=delay)
    left = refusal.data.get("attempts_left_free")
    if isinstance(left, int):
        return texts.n("{count} more try before a pause.", "{count} more tries before a pause.", left)
    return why


def _reserved_elsewhere(refusal: Refusal, texts: Texts) -> str:
    """What is kept and what goes at once, then who keeps it; empty when neither is known."""
    kept, left = refusal.data.get("reserved_minor"), refusal.data.get("left_minor")
    said = ""
    if "thing" in refusal.data:
        said = texts.t("It is in use at another till.")
    elif isinstance(kept, int) and isinstance(left, int):
        said = texts.t(
            "{reserved} is set aside at another till; {left} goes at once.",
            reserved=format_yuan(kept),
            left=format_yuan(left),
        )
    return "\n".join(part for part in (said, _keeper(refusal, texts)) if part)


def _keeper(refusal: Refusal, texts: Texts) -> str:
    """Which till of which store has the most of it; one that answers was asked for it already."""
    till, store, unheard_s = (refusal.data.get(name) for name in ("terminal", "store_name", "unheard_s"))
    if till is None or store is None:
        return ""
    if not isinstance(unheard_s, int):
        return texts.t("It is {till} of {store}, which was never heard of.", till=till, store=store)
    if unheard_s < _ANSWERING_S:
        return texts.t("It is {till} of {store}, which is online: try again in a moment.", till=till, store=store)
    age = duration_text(unheard_s, texts)
    return texts.t("It is {till} of {store}, not heard of for {age}.", till=till, store=store, age=age)


_TENDERS: Final = {
    TenderKind.CASH: later("Cash"),
    TenderKind.WECHAT: later("WeChat"),
    TenderKind.ALIPAY: later("Alipay"),
    TenderKind.CARD: later("Bank card"),
    TenderKind.TRANSFER: later("Transfer"),
}
_TENDER_ICONS: Final = {
    TenderKind.CASH: "cash",
    TenderKind.WECHAT: "qrcode",
    TenderKind.ALIPAY: "device-mobile",
    TenderKind.CARD: "credit-card",
    TenderKind.TRANSFER: "building-bank",
}
_STATUSES: Final = {
    WalletStatus.ACTIVE: later("Active"),
    WalletStatus.FROZEN: later("Frozen"),
    WalletStatus.LOST: later("Reported lost"),
    WalletStatus.CLOSED: later("Closed"),
}
_KINDS: Final = {
    "topped_up": later("Top-up"),
    "redeemed": later("Redemption"),
    "purchase_refunded": later("Refund"),
    "top_up_reversed": later("Top-up undone"),
    "order_paid": later("Order"),
    "order_refunded": later("Order refunded"),
    "pass_used": later("Pass used"),
    "instalment_released": later("Bonus instalment"),
    "points_redeemed": later("Points redeemed"),
    "tier_reviewed": later("Tier reviewed"),
    "cash_out_requested": later("Pay-out requested"),
    "cash_out_paid": later("Paid out"),
    "cash_out_rejected": later("Pay-out rejected"),
    "cash_out_reversed": later("Pay-out undone"),
    "deposit_taken": later("Deposit taken"),
    "deposit_returned": later("Deposit returned"),
    "deposit_kept": later("Deposit kept"),
    "deposit_restored": later("Deposit restored"),
    "refund_reversed": later("Refund undone"),
    "transferred_out": later("Transferred out"),
    "transferred_in": later("Transferred in"),
    "lot_expired": later("Expired"),
    "status_changed": later("Status changed"),
    "card_replaced": later("Card replaced"),
    "identity_recorded": later("Identity recorded"),
    "pin_set": later("Payment PIN set"),
    "pin_cleared": later("Payment PIN taken away"),
    "lease_accepted": later("Lease accepted"),
    "lease_returned": later("Lease returned"),
    "reservation_written_off": later("Reservation written off"),
    "suspense_decided": later("Payment decided"),
    "member_enrolled": later("New member"),
    "shift_opened": later("Shift opened"),
    "shift_closed": later("Shift closed"),
}


def tender_name(kind: TenderKind, texts: Texts) -> str:
    return texts.t(_TENDERS[kind])


def tender_icon(kind: TenderKind) -> str:
    return _TENDER_ICONS[kind]


def wallet_status(status: WalletStatus, texts: Texts) -> str:
    return texts.t(_STATUSES[status])


def kind_name(kind: str, texts: Texts) -> str:
    """An entry's kind as the counter calls it; a kind from a newer program keeps its code."""
    return texts.t(_KINDS[kind]) if kind in _KINDS else kind
