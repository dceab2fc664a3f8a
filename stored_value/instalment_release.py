"""Releasing an instalment of a bonus: head office's event, under the rulebook version of the top-up that gave it. Once per instalment, whatever arrives."""

from dataclasses import replace

from stored_value.bonus_cost import bonus_source, cost_given
from stored_value.events_loyalty import InstalmentReleased
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, LotId, PromotionId
from stored_value.instalments import is_cashed_out
from stored_value.loyalty import PendingInstalment
from stored_value.points import last_day
from stored_value.postings import Account, Posting
from stored_value.receivables import pay_receivables
from stored_value.rulebook import Rulebook
from stored_value.wallet import Lot, ValueKind, Wallet


def apply_instalment(
    wallet: Wallet, event: InstalmentReleased, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """A bonus lot of the store that took the money, valid from the day of release. What is not pending (released, or its top-up reversed) or was cashed out gives nothing."""
    place = event.occasion
    part = _pending(wallet, event.top_up_id, event.promotion_id, event.number)
    if part is None or part.amount_minor != event.amount_minor:
        data: dict[str, int | str] = {
            "top_up": event.top_up_id,
            "promotion": event.promotion_id,
            "number": event.number,
            "amount_minor": event.amount_minor,
        }
        return wallet, [], [Finding(FindingCode.INSTALMENT_UNKNOWN, data)]
    if is_cashed_out(wallet, event.top_up_id):
        return wallet, [], [Finding(FindingCode.INSTALMENT_FORFEITED, {"top_up": event.top_up_id})]
    findings: list[Finding] = []
    if part.due_on > place.business_date:
        findings.append(Finding(FindingCode.INSTALMENT_EARLY, {"due_on": part.due_on.isoformat()}))
    promotion = rulebook.promotion(part.promotion_id)
    source = bonus_source(part.store_id, part.promotion_id, None, rulebook)
    lot = Lot(
        lot_id=LotId(f"{part.top_up_id}/b/{part.promotion_id}/{part.number}"),
        kind=ValueKind.BONUS,
        store_id=part.store_id,
        top_up_id=part.top_up_id,
        acquired_on=place.business_date,
        rulebook=part.rulebook,
        original_minor=part.amount_minor,
        remaining_minor=part.amount_minor,
        promotion_id=part.promotion_id,
        expires_on=last_day(place.business_date, promotion.bonus_valid_days if promotion else None),
        bearing=source.bearing,
    )
    postings = cost_given(source, part.amount_minor)
    postings.append(Posting(part.store_id, Account.BONUS_LIABILITY, -part.amount_minor))
    wallet = replace(
        wallet,
        lots=(*wallet.lots, lot),
        loyalty=replace(wallet.loyalty, pending=tuple(left for left in wallet.loyalty.pending if left is not part)),
    )
    wallet, paying = pay_receivables(wallet, place.business_date)
    return wallet, postings + paying, findings


def _pending(wallet: Wallet, top_up_id: EventId, promotion_id: PromotionId, number: int) -> PendingInstalment | None:
    wanted = top_up_id, promotion_id, number
    return next(
        (part for part in wallet.loyalty.pending if (part.top_up_id, part.promotion_id, part.number) == wanted), None
    )
