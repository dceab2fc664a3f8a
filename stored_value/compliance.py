"""Limits that the law or the franchise sets on a wallet and on cash, from policy data: a refusal names the rule and the remedy. Refusals before the fact, findings after it."""

from collections.abc import Sequence

from stored_value.findings import Finding, FindingCode
from stored_value.occasion import Tender, TenderKind
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.wallet import Identity, Wallet

NAMED_VALUE = "limits.named_wallet_minor"
BEARER_VALUE = "limits.bearer_wallet_minor"
REAL_NAME = "limits.real_name_from_minor"
CASH_IN = "limits.cash_top_up_minor"
CASH_OUT = "limits.cash_payout_minor"


def value_limit(wallet: Wallet, rulebook: Rulebook) -> tuple[str, int]:
    """The rule and the most that the wallet may hold."""
    if wallet.identity is Identity.BEARER:
        return BEARER_VALUE, rulebook.limits.bearer_wallet_minor
    return NAMED_VALUE, rulebook.limits.named_wallet_minor


def refuse_inflow(wallet: Wallet, inflow_minor: int, tenders: Sequence[Tender], rulebook: Rulebook) -> Refusal | None:
    """`inflow_minor` is all that the wallet would gain, bonus included. Value that waits in a cash-out still counts. An empty `tenders` is a preview."""
    rule, limit = value_limit(wallet, rulebook)
    held = wallet.total_minor + wallet.reserved_minor
    if held + inflow_minor > limit:
        return Refusal(
            RefusalCode.WALLET_LIMIT,
            {
                "rule": rule,
                "limit_minor": limit,
                "left_minor": max(0, limit - held),
                "remedy": "give_name" if rule == BEARER_VALUE else "top_up_less",
            },
        )
    paid = sum(tender.amount_minor for tender in tenders)
    threshold = rulebook.limits.real_name_from_minor
    if wallet.identity is not Identity.VERIFIED and wallet.topped_up_minor + paid >= threshold:
        return Refusal(
            RefusalCode.IDENTITY_NEEDED,
            {
                "rule": REAL_NAME,
                "limit_minor": threshold,
                "topped_up_minor": wallet.topped_up_minor,
                "remedy": "record_identity",
            },
        )
    cash = _cash(tenders)
    if cash > rulebook.limits.cash_top_up_minor:
        return Refusal(
            RefusalCode.CASH_LIMIT,
            {
                "rule": CASH_IN,
                "limit_minor": rulebook.limits.cash_top_up_minor,
                "cash_minor": cash,
                "remedy": "transfer",
            },
        )
    return None


def refuse_payout(tenders: Sequence[Tender], rulebook: Rulebook) -> Refusal | None:
    cash = _cash(tenders)
    if cash <= rulebook.limits.cash_payout_minor:
        return None
    return Refusal(
        RefusalCode.CASH_LIMIT,
        {"rule": CASH_OUT, "limit_minor": rulebook.limits.cash_payout_minor, "cash_minor": cash, "remedy": "transfer"},
    )


def inflow_findings(wallet: Wallet, tenders: Sequence[Tender], rulebook: Rulebook) -> list[Finding]:
    """The same rules on a wallet that already has the inflow."""
    findings: list[Finding] = []
    rule, limit = value_limit(wallet, rulebook)
    if wallet.total_minor + wallet.reserved_minor > limit:
        findings.append(
            Finding(FindingCode.WALLET_LIMIT, {"limit_minor": limit, "balance_minor": wallet.total_minor, "rule": rule})
        )
    limits = rulebook.limits
    if wallet.identity is not Identity.VERIFIED and tenders and wallet.topped_up_minor >= limits.real_name_from_minor:
        data: dict[str, int | str] = {"rule": REAL_NAME, "limit_minor": limits.real_name_from_minor}
        findings.append(Finding(FindingCode.COMPLIANCE_LIMIT, data))
    if _cash(tenders) > limits.cash_top_up_minor:
        data = {"rule": CASH_IN, "limit_minor": limits.cash_top_up_minor, "cash_minor": _cash(tenders)}
        findings.append(Finding(FindingCode.COMPLIANCE_LIMIT, data))
    return findings


def payout_findings(tenders: Sequence[Tender], rulebook: Rulebook) -> list[Finding]:
    refused = refuse_payout(tenders, rulebook)
    return [] if refused is None else [Finding(FindingCode.COMPLIANCE_LIMIT, refused.data)]


def _cash(tenders: Sequence[Tender]) -> int:
    return sum(tender.amount_minor for tender in tenders if tender.kind is TenderKind.CASH)
