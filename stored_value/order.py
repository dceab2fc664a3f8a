"""Orders 收银单 paid by several means: what stops one, what it takes of the wallet, and how each fen lies on a line, so that `order_refund` can put back exactly that.

The balance's part is drawn as a redemption's; coupons, points and tenders pay before it, in that order (docs/CART.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from stored_value.activity import after_spending, bonus_minor, spent_minor
from stored_value.cart import Priced, tax_inside
from stored_value.draw import Draw, draw_postings
from stored_value.events import OrderLine, Redeemed
from stored_value.events_order import OrderPaid, SoldLine
from stored_value.findings import Finding, FindingCode
from stored_value.holdings import change_holdings
from stored_value.identity import StoreId
from stored_value.money import floor_share, split
from stored_value.occasion import EvidenceClass, Tender
from stored_value.order_check import check_order
from stored_value.order_postings import coupon_bearer, order_postings
from stored_value.passes import sold_pass, use_pass
from stored_value.points import points_drawn, usable_points
from stored_value.postings import Account, Posting
from stored_value.redemption import draw_balance, refuse_redemption
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import things_kept
from stored_value.rulebook import HEAD_OFFICE_STORE, Rulebook
from stored_value.standing import Deed, refuse_deed
from stored_value.wallet import (
    Holding,
    HoldingKind,
    LinePart,
    LineShare,
    Purchase,
    PurchaseLine,
    ShareKind,
    Taken,
    ValueKind,
    Wallet,
)

Settled = tuple[Wallet, list[Posting], tuple[Draw, ...], list[Finding]]


def refuse_order(
    wallet: Wallet,
    priced: Priced,
    tenders: Sequence[Tender],
    balance_minor: int,
    rulebook: Rulebook,
    on: date,
    *,
    offline: bool,
    static_card: bool,
) -> Refusal | None:
    """None when the order may go ahead. Offline, coupons, passes and points stay where they are (H4)."""
    if priced.refusals:
        return priced.refusals[0]
    if not priced.lines or balance_minor < 0 or any(tender.amount_minor <= 0 for tender in tenders):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    paid = balance_minor + sum(tender.amount_minor for tender in tenders)
    if paid != priced.due_minor:
        return Refusal(RefusalCode.TENDERS_DISAGREE, {"amount_minor": priced.due_minor, "tenders_minor": paid})
    takes = bool(priced.coupons or priced.points) or any(line.item.covered_by for line in priced.lines)
    gives = any(line.item.sells_pass for line in priced.lines)
    unknown = next(
        (line.item for line in priced.lines if line.item.sells_pass and not rulebook.pass_type(line.item.sells_pass)),
        None,
    )
    if unknown is not None:
        return Refusal(RefusalCode.PASS_UNKNOWN, {"pass": unknown.sells_pass, "line_no": unknown.line_no})
    if takes and offline:
        return Refusal(RefusalCode.ONLINE_ONLY, {"remedy": "pay_without_holdings"})
    if takes or gives:
        refusal = refuse_deed(wallet, Deed.REDEEM, on)
        if refusal is not None:
            return refusal
    if balance_minor:
        return refuse_redemption(wallet, balance_minor, rulebook, on, static_card=static_card)
    return None


@dataclass(slots=True)
class _Laying:
    """An order while it is laid on its lines: what is still open of each, what paid it so far, what it took of the wallet."""

    lines: tuple[SoldLine, ...]
    serving: StoreId
    open_minor: list[int]
    shares: list[list[LineShare]]
    suspense: list[int]
    taken: list[Taken] = field(default_factory=list)

    @classmethod
    def of(cls, event: OrderPaid) -> "_Laying":
        count = len(event.lines)
        open_minor = [line.total_minor for line in event.lines]
        return cls(event.lines, event.occasion.store_id, open_minor, [[] for _ in range(count)], [0] * count)

    def pay(self, amounts: Sequence[int], share: LineShare | None) -> None:
        """Each line by its amount; without a share nobody is known to have paid it: suspense."""
        for place, amount in enumerate(amounts):
            self.open_minor[place] -= amount
            if share is None:
                self.suspense[place] += amount
            elif amount:
                self.shares[place].append(replace(share, paid_minor=amount))


def apply_order(
    wallet: Wallet, event: OrderPaid, rulebook: Rulebook, unproved_minor: int = 0, *, things_unproved: bool = False
) -> Settled:
    """What was sold stands; a coupon, a pass or points that the member did not hold are the serving store's suspense, as is all without evidence (H8) and what head office found
    unproved: so much of the balance, or what coupons and points paid."""
    place = event.occasion
    order, findings = check_order(wallet, event, rulebook)
    proven = place.evidence is not EvidenceClass.NONE and not things_unproved
    laying = _Laying.of(order)
    wallet = _take_coupons(wallet, order, rulebook, laying, proven)
    wallet = _take_points(wallet, order, laying, proven)
    taxed = list(laying.open_minor)
    for tender in order.tenders:
        share = LineShare(kind=ShareKind.TENDER, source=tender.kind.value, paid_minor=0, reference=tender.reference)
        laying.pay(split(tender.amount_minor, laying.open_minor), share)
    wallet, parts, draws, balance_findings = _take_balance(wallet, order, rulebook, laying, unproved_minor)
    findings += balance_findings
    wallet, tax_bases = _use_passes(wallet, order, laying, proven, taxed)
    wallet, sold = _sell_passes(wallet, order, rulebook, findings)
    lines = tuple(
        _line(line, parts[number], laying, number, tax_bases[number], sold.get(line.item.line_no))
        for number, line in enumerate(order.lines)
    )
    bought = Purchase(
        purchase_id=place.event_id,
        store_id=place.store_id,
        business_date=place.business_date,
        lines=lines,
        taken=tuple(laying.taken),
        is_order=True,
    )
    wallet = replace(wallet, purchases=(*wallet.purchases, bought))
    suspended = sum(laying.suspense)
    if suspended:
        draws = (*draws, Draw(ValueKind.SUSPENSE, None, place.store_id, suspended))
    postings = draw_postings(draws, place.store_id, Account.REVENUE)
    postings += order_postings(bought)
    tendered = sum(tender.amount_minor for tender in order.tenders)
    wallet = after_spending(wallet, place, spent_minor(draws) + tendered, bonus_minor(draws), rulebook)
    return wallet, postings, draws, findings


def _take_coupons(wallet: Wallet, order: OrderPaid, rulebook: Rulebook, laying: _Laying, proven: bool) -> Wallet:
    for used in order.coupons:
        by_line = {line.line_no: line.amount_minor for line in used.lines}
        amounts = [by_line.get(line.item.line_no, 0) for line in order.lines]
        held = wallet.holding(used.holding_id)
        if not proven or held is None or held.kind is not HoldingKind.COUPON or not held.remaining:
            laying.pay(amounts, None)
            continue
        wallet = change_holdings(wallet, {held.holding_id: -1})
        laying.taken.append(_taken(held, 1))
        bearer = coupon_bearer(held, rulebook)
        share = LineShare(kind=ShareKind.COUPON, source=held.holding_id, paid_minor=0, borne_by=bearer)
        laying.pay(amounts, share)
    return wallet


def _taken(held: Holding, quantity: int) -> Taken:
    return Taken(
        holding_id=held.holding_id,
        kind=held.kind,
        item_id=held.item_id,
        store_id=held.store_id,
        quantity=quantity,
    )


def _take_points(wallet: Wallet, order: OrderPaid, laying: _Laying, proven: bool) -> Wallet:
    used = order.points
    if used is None or not used.value_minor:
        return wallet
    place = order.occasion
    kept = things_kept(wallet.reservations, place.reservations)
    drawn = points_drawn(wallet, used.points if proven else 0, place.business_date, kept)
    for held in usable_points(wallet, place.business_date):
        if held.holding_id in drawn:
            laying.taken.append(_taken(held, drawn[held.holding_id]))
    given = sum(drawn.values())
    covered = floor_share(used.value_minor, given, used.points) if used.points > 0 else 0
    share = LineShare(kind=ShareKind.POINTS, source="", paid_minor=0, borne_by=StoreId(HEAD_OFFICE_STORE))
    laying.pay(split(covered, laying.open_minor), share)
    laying.pay(split(used.value_minor - covered, laying.open_minor), None)
    return change_holdings(wallet, {lot_id: -quantity for lot_id, quantity in drawn.items()})


def _take_balance(
    wallet: Wallet, order: OrderPaid, rulebook: Rulebook, laying: _Laying, unproved_minor: int
) -> tuple[Wallet, list[tuple[LinePart, ...]], tuple[Draw, ...], list[Finding]]:
    """What coupons, points and tenders left open is the balance's, line by line."""
    place = order.occasion
    if not order.balance_minor:
        findings: list[Finding] = []
        touched = bool(order.coupons or order.points) or any(line.item.covered_by for line in order.lines)
        if touched and place.evidence is EvidenceClass.NONE:
            findings.append(Finding(FindingCode.NO_EVIDENCE, {"amount_minor": 0}))
        refusal = refuse_deed(wallet, Deed.REDEEM, place.business_date) if touched else None
        if refusal is not None:
            findings.append(Finding(FindingCode.WALLET_NOT_ACTIVE, refusal.data))
        return wallet, [() for _ in order.lines], (), findings
    payment = Redeemed(
        occasion=place,
        member_id=order.member_id,
        amount_minor=order.balance_minor,
        lines=tuple(
            OrderLine(line_no=line.item.line_no, name=line.item.name, total_minor=open_minor)
            for line, open_minor in zip(order.lines, laying.open_minor, strict=True)
        ),
        expected_draw=order.expected_draw,
    )
    wallet, drawn, draws, findings = draw_balance(wallet, payment, rulebook, unproved_minor)
    return wallet, [line.parts for line in drawn], draws, findings


def _use_passes(
    wallet: Wallet, order: OrderPaid, laying: _Laying, proven: bool, taxed: list[int]
) -> tuple[Wallet, list[int]]:
    """The wallet less the covers, and what each line is taxed on: what the member paid, or the value that the use of a sold pass released."""
    for place, line in enumerate(order.lines):
        cover = line.item.covered_by
        held = wallet.holding(cover.holding_id) if cover is not None and proven else None
        if cover is None or held is None or held.kind in (HoldingKind.COUPON, HoldingKind.POINTS):
            continue
        units = max(0, cover.units)
        wallet, taken = use_pass(wallet, held, units, order.occasion.business_date, line.item.line_no)
        if taken.quantity:
            laying.taken.append(taken)
            taxed[place] = taken.released_minor
    return wallet, taxed


def _sell_passes(
    wallet: Wallet, order: OrderPaid, rulebook: Rulebook, findings: list[Finding]
) -> tuple[Wallet, dict[int, Holding]]:
    sold: dict[int, Holding] = {}
    for line in order.lines:
        item = line.item
        known = rulebook.pass_type(item.sells_pass) if item.sells_pass else None
        if known is not None:
            sold[item.line_no] = sold_pass(order.occasion, known, item.line_no, item.quantity, line.total_minor)
        elif item.sells_pass:
            findings.append(Finding(FindingCode.PASS_TYPE_UNKNOWN, {"pass": item.sells_pass, "line_no": item.line_no}))
    return replace(wallet, holdings=(*wallet.holdings, *sold.values())), sold


def _line(
    line: SoldLine, parts: tuple[LinePart, ...], laying: _Laying, number: int, tax_base: int, sold: Holding | None
) -> PurchaseLine:
    item = line.item
    suspended = laying.suspense[number]
    if suspended:
        part = LinePart(kind=ValueKind.SUSPENSE, lot_id=None, store_id=laying.serving, drawn_minor=suspended)
        parts = (*parts, part)
    discount = item.list_minor - line.total_minor if item.covered_by is None else 0
    return PurchaseLine(
        line_no=item.line_no,
        name=item.name,
        total_minor=line.total_minor,
        parts=parts,
        shares=tuple(laying.shares[number]),
        quantity=item.quantity,
        tax_minor=0 if sold is not None else tax_inside(tax_base, item.tax_basis_points),
        tax_category=item.tax_category,
        sells_pass=sold.holding_id if sold is not None else None,
        sells_type=sold.item_id if sold is not None else "",
        discount_minor=max(0, discount),
    )
