"""A pass used at the counter without an order 核销: what stops it and what it does. It leaves a purchase of one line, so that it goes back like an order's line."""

from dataclasses import replace
from datetime import date

from stored_value.cart import tax_inside
from stored_value.events_order import OrderItem, PassUsed
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId
from stored_value.occasion import EvidenceClass
from stored_value.order_postings import order_postings
from stored_value.passes import PASSES, refuse_pass, use_pass
from stored_value.postings import Posting
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.standing import Deed, refuse_deed
from stored_value.wallet import Purchase, PurchaseLine, Taken, Wallet

USE_LINE = 1
"""The number of the one line that a use leaves."""


def refuse_pass_use(
    wallet: Wallet, holding_id: LotId, units: int, item: OrderItem, rulebook: Rulebook, on: date, *, offline: bool
) -> Refusal | None:
    """None when the pass may be used for the item. Offline it stays where it is (H4)."""
    refusal = refuse_deed(wallet, Deed.REDEEM, on)
    if refusal is not None:
        return refusal
    held = wallet.holding(holding_id)
    known = rulebook.pass_type(held.item_id) if held is not None else None
    refusal = refuse_pass(held, known, units, item.item_id, item.category, on)
    if refusal is None and offline:
        return Refusal(RefusalCode.ONLINE_ONLY)
    return refusal


def apply_pass_use(
    wallet: Wallet, event: PassUsed, rulebook: Rulebook, *, unproved: bool = False
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """Takes what the pass can give and reports what was missing; without evidence, by the entry's own word or by head office's (`unproved`), it takes nothing (H8)."""
    place = event.occasion
    findings: list[Finding] = []
    standing = refuse_deed(wallet, Deed.REDEEM, place.business_date)
    if standing is not None:
        findings.append(Finding(FindingCode.WALLET_NOT_ACTIVE, standing.data))
    held = wallet.holding(event.holding_id)
    if held is None or held.kind not in PASSES:
        findings.append(Finding(FindingCode.HOLDING_UNKNOWN, {"holding": event.holding_id, "quantity": event.units}))
        return wallet, [], findings
    known = rulebook.pass_type(held.item_id)
    broken = refuse_pass(held, known, event.units, event.item_id, event.category, place.business_date)
    if broken is not None:
        findings.append(Finding(FindingCode.ORDER_AGAINST_POLICY, {"rule": broken.code.value, **broken.data}))
    if place.evidence is EvidenceClass.NONE:
        findings.append(Finding(FindingCode.NO_EVIDENCE, {"holding": held.holding_id, "quantity": event.units}))
    if unproved or place.evidence is EvidenceClass.NONE:
        return wallet, [], findings
    wallet, taken = use_pass(wallet, held, max(0, event.units), place.business_date, USE_LINE)
    bought = _purchase(event, taken)
    wallet = replace(wallet, purchases=(*wallet.purchases, bought))
    return wallet, order_postings(bought), findings


def _purchase(event: PassUsed, taken: Taken) -> Purchase:
    place = event.occasion
    line = PurchaseLine(
        line_no=USE_LINE,
        name=event.name,
        total_minor=0,
        parts=(),
        quantity=event.units,
        tax_minor=tax_inside(taken.released_minor, max(0, event.tax_basis_points)),
        tax_category=event.tax_category,
    )
    return Purchase(
        purchase_id=place.event_id,
        store_id=place.store_id,
        business_date=place.business_date,
        lines=(line,),
        taken=(taken,) if taken.quantity else (),
        is_order=True,
    )
