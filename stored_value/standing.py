"""What a wallet may still do: its standing from status, merge and last day, what each standing forbids, and which change of status follows which."""

from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from stored_value.events_money_out import CardReplaced, IdentityRecorded, StatusChanged
from stored_value.findings import Finding, FindingCode
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from stored_value.wallet import ValueKind, Wallet, WalletStatus


class Standing(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    LOST = "lost"
    EXPIRED = "expired"
    CLOSED = "closed"
    MERGED = "merged"


class Deed(StrEnum):
    """What somebody wants to do with a wallet. A refund of a purchase is always taken: what was paid comes back whatever became of the wallet."""

    TOP_UP = "top_up"
    REDEEM = "redeem"
    CASH_OUT = "cash_out"
    GIVE = "give"
    RECEIVE = "receive"
    TAKE_DEPOSIT = "take_deposit"
    RETURN_DEPOSIT = "return_deposit"
    REPLACE_CARD = "replace_card"
    SET_PIN = "set_pin"
    REFUND = "refund"


_SPENDING = frozenset({Deed.TOP_UP, Deed.REDEEM, Deed.GIVE, Deed.TAKE_DEPOSIT})
FORBIDDEN: dict[Standing, frozenset[Deed]] = {
    Standing.ACTIVE: frozenset(),
    Standing.LOST: _SPENDING | {Deed.CASH_OUT, Deed.SET_PIN},
    Standing.FROZEN: _SPENDING | {Deed.CASH_OUT, Deed.RETURN_DEPOSIT, Deed.REPLACE_CARD, Deed.SET_PIN, Deed.RECEIVE},
    Standing.EXPIRED: _SPENDING | {Deed.RECEIVE},
    Standing.CLOSED: _SPENDING | {Deed.RECEIVE, Deed.REPLACE_CARD, Deed.SET_PIN},
    Standing.MERGED: _SPENDING | {Deed.CASH_OUT, Deed.RECEIVE, Deed.REPLACE_CARD, Deed.SET_PIN},
}
"""Cash-out and the return of a deposit stay open to a closed wallet: what landed there unclaimed is still the member's."""

REMEDY: dict[Standing, str] = {
    Standing.LOST: "replace_card",
    Standing.FROZEN: "ask_head_office",
    Standing.EXPIRED: "reactivate",
    Standing.CLOSED: "enrol_again",
    Standing.MERGED: "use_survivor",
}

NEXT: dict[WalletStatus, frozenset[WalletStatus]] = {
    WalletStatus.ACTIVE: frozenset({WalletStatus.FROZEN, WalletStatus.LOST, WalletStatus.CLOSED}),
    WalletStatus.LOST: frozenset({WalletStatus.ACTIVE, WalletStatus.FROZEN, WalletStatus.CLOSED}),
    WalletStatus.FROZEN: frozenset({WalletStatus.ACTIVE, WalletStatus.CLOSED}),
    WalletStatus.CLOSED: frozenset(),
}


def standing_of(wallet: Wallet, on: date) -> Standing:
    """The strongest reason first: merged, closed, frozen, lost, expired."""
    if wallet.merged_into is not None:
        return Standing.MERGED
    if wallet.status is not WalletStatus.ACTIVE:
        return Standing(wallet.status.value)
    expired = wallet.expires_on is not None and wallet.expires_on < on
    return Standing.EXPIRED if expired else Standing.ACTIVE


def refuse_deed(wallet: Wallet, deed: Deed, on: date) -> Refusal | None:
    standing = standing_of(wallet, on)
    if deed not in FORBIDDEN[standing]:
        return None
    data: dict[str, int | str] = {"status": standing.value, "deed": deed.value, "remedy": REMEDY[standing]}
    if wallet.merged_into is not None:
        data["member"] = wallet.merged_into
    if standing is Standing.EXPIRED and wallet.expires_on is not None:
        data["last_day"] = wallet.expires_on.isoformat()
        return Refusal(RefusalCode.WALLET_EXPIRED, data)
    return Refusal(RefusalCode.WALLET_NOT_ACTIVE, data)


def deed_findings(wallet: Wallet, deed: Deed, on: date) -> list[Finding]:
    """The same breach when it has happened already."""
    standing = standing_of(wallet, on)
    if deed not in FORBIDDEN[standing]:
        return []
    return [Finding(FindingCode.WALLET_NOT_ACTIVE, {"status": standing.value, "deed": deed.value})]


def left_behind(wallet: Wallet) -> dict[str, int | str]:
    """What a closing would leave in the wallet, by kind; empty when nothing."""
    figures = {
        "principal_minor": wallet.balance_minor(ValueKind.PRINCIPAL),
        "bonus_minor": wallet.balance_minor(ValueKind.BONUS),
        "deposit_minor": wallet.balance_minor(ValueKind.DEPOSIT),
        "reserved_minor": wallet.reserved_minor,
        "owed_minor": wallet.owed_minor,
    }
    return {name: amount for name, amount in figures.items() if amount}


def refuse_status(wallet: Wallet, status: WalletStatus, *, committed_minor: int = 0) -> Refusal | None:
    """Closing waits for leases and holds, of money and of things (H5). `committed_minor`: what they keep."""
    if status not in NEXT[wallet.status]:
        allowed = ",".join(sorted(each.value for each in NEXT[wallet.status]))
        return Refusal(
            RefusalCode.STATUS_UNREACHABLE,
            {"status": wallet.status.value, "wanted": status.value, "allowed": allowed, "remedy": "enrol_again"},
        )
    if status is WalletStatus.CLOSED:
        if committed_minor or wallet.reservations:
            kept = max(committed_minor, sum(each.amount_minor for each in wallet.reservations))
            return Refusal(RefusalCode.RESERVED_ELSEWHERE, {"reserved_minor": kept, "remedy": "recall"})
        left = {name: amount for name, amount in left_behind(wallet).items() if name != "bonus_minor"}
        if left:
            return Refusal(RefusalCode.BALANCE_LEFT, {**left, "remedy": "cash_out"})
    return None


def prolonged(wallet: Wallet, rulebook: Rulebook, on: date) -> Wallet:
    """Where cards run out, an enrolment and every top-up make the wallet good for so many days more; never for fewer than it was."""
    days = rulebook.life_cycle.card_valid_days
    if days is None:
        return wallet
    until = on + timedelta(days=days)
    return wallet if wallet.expires_on is not None and wallet.expires_on >= until else replace(wallet, expires_on=until)


def refuse_card(wallet: Wallet, card_issue: int, on: date) -> Refusal | None:
    refused = refuse_deed(wallet, Deed.REPLACE_CARD, on)
    if refused is None and card_issue <= wallet.card_issue:
        return Refusal(RefusalCode.CARD_ISSUE_OLD, {"issue": card_issue, "newest_issue": wallet.card_issue})
    return refused


def apply_status(wallet: Wallet, event: StatusChanged) -> tuple[Wallet, list[Finding]]:
    """The newest word stands, but a freeze by head office against any till's; a step that the table does not know is told. A reactivation ends an expiry as well. A card that
    was reported lost, before such a freeze or behind it, is lost when the freeze ends."""
    by_head_office = event.occasion.store_id == HEAD_OFFICE_STORE
    if wallet.frozen_by_head_office and not by_head_office:
        stands = Finding(FindingCode.FREEZE_STANDS, {"wanted": event.status.value})
        return replace(wallet, loss_reported=_is_lost(wallet, event)), [stands]
    findings: list[Finding] = []
    revives = event.status is WalletStatus.ACTIVE and wallet.expires_on is not None
    if event.before is not wallet.status or (event.status not in NEXT[wallet.status] and not revives):
        findings.append(
            Finding(
                FindingCode.STATUS_DIFFERS,
                {"expected": event.before.value, "status": wallet.status.value, "wanted": event.status.value},
            )
        )
    if event.status is WalletStatus.CLOSED and (left := left_behind(wallet)):
        findings.append(Finding(FindingCode.BALANCE_LEFT, left))
    expires_on = None if revives else wallet.expires_on
    held = by_head_office and event.status is WalletStatus.FROZEN
    lost = wallet.loss_reported or wallet.status is WalletStatus.LOST
    status = WalletStatus.LOST if wallet.loss_reported and event.status is WalletStatus.ACTIVE else event.status
    after = replace(
        wallet, status=status, expires_on=expires_on, frozen_by_head_office=held, loss_reported=held and lost
    )
    return after, findings


def _is_lost(wallet: Wallet, event: StatusChanged) -> bool:
    """Behind a freeze only what is said of the loss itself counts: reported, or the lost card found."""
    if event.status is WalletStatus.LOST:
        return True
    return wallet.loss_reported and event.before is not WalletStatus.LOST


def apply_card(wallet: Wallet, event: CardReplaced) -> tuple[Wallet, list[Finding]]:
    """An older issue never comes back. The new card ends a loss report, and nothing else."""
    if event.card_issue <= wallet.card_issue:
        data: dict[str, int | str] = {"issue": event.card_issue, "newest_issue": wallet.card_issue}
        return wallet, [Finding(FindingCode.CARD_ISSUE_OLD, data)]
    findings = deed_findings(wallet, Deed.REPLACE_CARD, event.occasion.business_date)
    status = WalletStatus.ACTIVE if wallet.status is WalletStatus.LOST else wallet.status
    return replace(wallet, card_issue=event.card_issue, status=status, loss_reported=False), findings


def apply_identity(wallet: Wallet, event: IdentityRecorded) -> tuple[Wallet, list[Finding]]:
    return replace(wallet, identity=event.identity), []
