"""What shows that the member was there 本人在场 (H8), and the count of what was paid by the printed card alone, which has a limit a day.

The wallet counts two days: the newest and the one before it, to which a till belongs whose shift is still open. Pure; called by `redemption` and `apply`, by counters before a
payment, and by head office with its judgement.
"""

from dataclasses import replace
from datetime import date

from stored_value.findings import Finding, FindingCode
from stored_value.occasion import EvidenceClass
from stored_value.rulebook import Rulebook
from stored_value.wallet import Wallet


def shows_presence(evidence: EvidenceClass) -> bool:
    """A payment PIN, whose proof head office checks (`payment_pin.as_judged`). Any other class is a till's word, and shows no more than a printed card: leases and holds say that
    there is enough, not who asks for it."""
    return evidence is EvidenceClass.PIN


def counts_as_card(evidence: EvidenceClass) -> bool:
    """What has no evidence at all takes nothing of the wallet."""
    return not shows_presence(evidence) and evidence is not EvidenceClass.NONE


def static_card_used_minor(wallet: Wallet, on: date) -> int:
    """Of the day on which a payment of `on` is counted."""
    newest, before = wallet.static_card_day, wallet.static_card_day_before
    if newest is None or on > newest:
        return 0
    if on == newest:
        return wallet.static_card_minor
    return wallet.static_card_minor_before if before is not None and on <= before else 0


def count_static_card(
    wallet: Wallet, on: date, amount_minor: int, rulebook: Rulebook, findings: list[Finding]
) -> Wallet:
    """A later day begins anew, an earlier one never does: what comes late counts on the day before the newest."""
    used = static_card_used_minor(wallet, on) + amount_minor
    limit = rulebook.limits.static_card_day_minor
    if used > limit:
        findings.append(Finding(FindingCode.STATIC_CARD_LIMIT, {"limit_minor": limit, "used_minor": used}))
    newest, before = wallet.static_card_day, wallet.static_card_day_before
    if newest is None or on > newest:
        wallet = replace(wallet, static_card_day_before=newest, static_card_minor_before=wallet.static_card_minor)
        return replace(wallet, static_card_day=on, static_card_minor=used)
    if on == newest:
        return replace(wallet, static_card_minor=used)
    kept = on if before is None else max(on, before)
    return replace(wallet, static_card_day_before=kept, static_card_minor_before=used)
