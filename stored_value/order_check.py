"""Head office's second look at an order: whether its figures add up, and whether it was priced as the rulebook says. What differs is a finding; the goods are gone (L2)."""

from collections import Counter
from dataclasses import replace

from stored_value.cart import Cart, price
from stored_value.events_order import NO_TIER, OrderItem, OrderPaid, SoldLine
from stored_value.findings import Finding, FindingCode
from stored_value.rulebook import Rulebook
from stored_value.tiers import tier_of
from stored_value.wallet import Wallet


def check_order(wallet: Wallet, event: OrderPaid, rulebook: Rulebook) -> tuple[OrderPaid, list[Finding]]:
    """The order to settle, which is the event itself unless its figures do not add up: then what was paid lies on one line."""
    if not _adds_up(event):
        plain = _on_one_line(event)
        return plain, [Finding(FindingCode.LINES_DISAGREE, {"amount_minor": plain.amount_minor})]
    findings: list[Finding] = []
    own = tier_of(wallet, rulebook, event.occasion.business_date)
    given = rulebook.tier(event.tier_id) if event.tier_id != NO_TIER else own
    if given is None or given.tier_id != own.tier_id:
        findings.append(Finding(FindingCode.TIER_DIFFERS, {"tier": event.tier_id, "own_tier": own.tier_id}))
    cart = Cart(
        items=tuple(line.item for line in event.lines),
        order_discounts=event.order_discounts,
        coupons=tuple(used.holding_id for used in event.coupons),
        points=event.points.points if event.points else 0,
    )
    priced = price(cart, wallet, rulebook, given or own, event.occasion.business_date)
    findings += [
        Finding(FindingCode.ORDER_AGAINST_POLICY, {"rule": refusal.code.value, **refusal.data})
        for refusal in priced.refusals
    ]
    paid_otherwise = (event.coupons, event.points) != (priced.coupons, priced.points)
    if event.lines != priced.lines or (paid_otherwise and not priced.refusals):
        due = event.balance_minor + sum(tender.amount_minor for tender in event.tenders)
        findings.append(Finding(FindingCode.PRICE_DIFFERS, {"due_minor": due, "expected_minor": priced.due_minor}))
    return event, findings


def _adds_up(event: OrderPaid) -> bool:
    open_minor = Counter({line.item.line_no: line.total_minor for line in event.lines})
    if len(open_minor) != len(event.lines) or not event.lines:
        return False
    for used in event.coupons:
        if len({line.line_no for line in used.lines}) != len(used.lines):
            return False
        for line in used.lines:
            if line.line_no not in open_minor or line.amount_minor < 0:
                return False
            open_minor[line.line_no] -= line.amount_minor
    points = event.points.value_minor if event.points else 0
    tenders = [tender.amount_minor for tender in event.tenders]
    covered = any(line.total_minor for line in event.lines if line.item.covered_by is not None)
    negative = min(*open_minor.values(), points, event.balance_minor, *tenders) < 0 or any(
        _is_negative(line.item) for line in event.lines
    )
    return not covered and not negative and sum(open_minor.values()) == points + event.balance_minor + sum(tenders)


def _is_negative(item: OrderItem) -> bool:
    figures = (item.unit_price_minor, item.member_price_minor or 0, item.quantity - 1, item.tax_basis_points)
    return min(figures) < 0


def _on_one_line(event: OrderPaid) -> OrderPaid:
    """Points and coupons of an order that nobody can follow are left with the member; a person looks at it."""
    tenders = tuple(tender for tender in event.tenders if tender.amount_minor > 0)
    balance = max(0, event.balance_minor)
    total = balance + sum(tender.amount_minor for tender in tenders)
    item = OrderItem(line_no=1, name="", unit_price_minor=total)
    return replace(
        event,
        lines=(SoldLine(item=item, total_minor=total),),
        balance_minor=balance,
        tenders=tenders,
        coupons=(),
        points=None,
        order_discounts=(),
    )
