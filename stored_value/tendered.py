"""What came in or went out by tenders, set against the amount that an event names. Called by whatever takes or hands back money beside a balance."""

from collections.abc import Sequence

from stored_value.findings import Finding, FindingCode
from stored_value.occasion import Occasion, Tender
from stored_value.postings import Account, Posting


def tendered(
    place: Occasion, amount_minor: int, tenders: Sequence[Tender], sign: int
) -> tuple[list[Posting], list[Finding]]:
    """The tenders' rows, summing to `sign × amount`: what they do not explain stands as unexplained."""
    postings = [
        Posting(place.store_id, Account.TENDER, sign * tender.amount_minor, tender.kind.value) for tender in tenders
    ]
    paid = sum(tender.amount_minor for tender in tenders)
    if paid == amount_minor:
        return postings, []
    postings.append(Posting(place.store_id, Account.UNEXPLAINED, sign * (amount_minor - paid)))
    return postings, [Finding(FindingCode.TENDERS_DISAGREE, {"amount_minor": amount_minor, "tenders_minor": paid})]
