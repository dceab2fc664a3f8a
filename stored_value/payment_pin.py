"""The payment PIN 支付密码 of a wallet: who may set one, what setting and clearing it do, and what becomes of an entry whose proof of it does not hold (H8).

Knows issues, never a PIN. Called by `apply` at both sides, by the counter before anything happened, and by head office with its judgement.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from stored_value.events import WalletEvent
from stored_value.events_money_out import PinCleared, PinSet
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from stored_value.occasion import EvidenceClass
from stored_value.refusals import Refusal, RefusalCode
from stored_value.standing import Deed, deed_findings, refuse_deed
from stored_value.wallet import Wallet


def refuse_pin(wallet: Wallet, on: date, *, proven: bool, static_card: bool) -> Refusal | None:
    """A first one needs the member's card, a change the one before: `proven`."""
    refused = refuse_deed(wallet, Deed.SET_PIN, on)
    if refused is not None:
        return refused
    if wallet.pin_is_set:
        return None if proven else Refusal(RefusalCode.PAYMENT_PIN_NEEDED)
    return None if static_card else Refusal(RefusalCode.CARD_NEEDED)


def apply_pin(wallet: Wallet, event: PinSet) -> tuple[Wallet, list[Finding]]:
    """One that comes late, or from where it may not be set, changes nothing: no value moved. A proof is enough where head office forgot the PIN before it (H1)."""
    place = event.occasion
    if event.pin_issue <= wallet.pin_issue:
        data: dict[str, int | str] = {"pin_issue": event.pin_issue, "newest_pin_issue": wallet.pin_issue}
        return wallet, [Finding(FindingCode.PIN_ISSUE_OLD, data)]
    findings = deed_findings(wallet, Deed.SET_PIN, place.business_date)
    if findings:
        return wallet, findings
    enough = (EvidenceClass.PIN,) if wallet.pin_is_set else (EvidenceClass.STATIC_CARD, EvidenceClass.PIN)
    if place.evidence not in enough:
        return wallet, [Finding(FindingCode.PIN_NOT_PROVEN, {"why": "changed"})]
    return replace(wallet, pin_issue=event.pin_issue, pin_is_set=True), []


def apply_pin_clearing(wallet: Wallet, event: PinCleared) -> tuple[Wallet, list[Finding]]:
    """Head office's word counts whatever was set meanwhile."""
    return replace(wallet, pin_issue=max(event.pin_issue, wallet.pin_issue), pin_is_set=False), []


def as_judged(event: WalletEvent, codes: Iterable[str]) -> WalletEvent:
    """The event as it is applied: when its proof did not hold (`codes` are those of its findings), as if the card alone had been shown."""
    if FindingCode.PIN_NOT_PROVEN not in codes:
        return event
    place = event.occasion
    if place.evidence is not EvidenceClass.PIN:
        return event
    return changed(event, occasion=changed(place, evidence=EvidenceClass.STATIC_CARD))
