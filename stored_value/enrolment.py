"""Enrolment 开卡: what a member's first entry sets in the wallet. Called by `apply`; the person's name and phone never come here (H14)."""

from dataclasses import replace

from stored_value.events import MemberEnrolled
from stored_value.findings import Finding, FindingCode
from stored_value.rulebook import Rulebook
from stored_value.standing import prolonged
from stored_value.wallet import Wallet

_MONTHS = range(1, 13)


def apply_enrolment(wallet: Wallet, event: MemberEnrolled, rulebook: Rulebook) -> tuple[Wallet, list[Finding]]:
    """A second enrolment changes nothing that is known. A month that is none is left out."""
    findings = [Finding(FindingCode.MEMBER_ALREADY_ENROLLED)] if wallet.version > 0 else []
    if event.birthday_month in _MONTHS and wallet.birthday_month is None:
        wallet = replace(wallet, birthday_month=event.birthday_month)
    if not findings:
        wallet = prolonged(wallet, rulebook, event.occasion.business_date)
    return wallet, findings
