"""Refunds of orders 退款: by line, as often as needed; each fen goes back to what paid it (tenders, points, coupons, lots), uses go back to their pass.

Per line: what is owed or in suspense first; of the rest each share takes the floor of its part of all refunded so far, in the order in which they paid, the balance
what remains (split as `refund` does). So any sequence of partial refunds ends where the whole would. A coupon comes back when all that it paid went back.
Pass uses (`pass_use`) and exchanges of points (`exchange`) leave purchases of one line, which go back the same way.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from stored_value.activity import after_refund, spent_minor
from stored_value.draw import Draw
from stored_value.events import PurchaseRefunded
from stored_value.events_order import OrderRefunded, OrderRefundLine
from stored_value.exchange import end_gifts, is_exchange_of_gifts, units_to_return
from stored_value.findings import Finding, FindingCode
from stored_value.holdings import give_back, swap_holding
from stored_value.money import floor_share
from stored_value.occasion import Tender, TenderKind
from stored_value.order_postings import (
    pass_sale_postings,
    share_postings,
    tax_postings,
)
from stored_value.passes import PASSES, release_postings, value_given_back
from stored_value.postings import Account, Posting, clearing
from stored_value.refund import draws_between, refund_line, settle_refund
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.wallet import (
    HoldingKind,
    LineShare,
    Purchase,
    PurchaseLine,
    ShareKind,
    Taken,
    ValueKind,
    Wallet,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefundPlan:
    """What would go back: `draws` to the balance (or off what is owed, or out of suspense), `tenders` to the member's hands, quantities to what they came from,
    and the lines whose sold pass comes back."""

    after: Purchase
    draws: tuple[Draw, ...]
    tenders: tuple[Tender, ...]
    given_back: tuple[tuple[Taken, Taken], ...]
    passes_back: tuple[int, ...]

    @property
    def balance_minor(self) -> int:
        """What the member gets of it. What was in suspense was never taken of him, and is the store's again."""
        return spent_minor(self.draws)

    @property
    def points(self) -> int:
        return sum(now.returned - was.returned for was, now in self.given_back if now.kind is HoldingKind.POINTS)


def refuse_order_refund(
    wallet: Wallet, purchase: Purchase | None, lines: Sequence[OrderRefundLine], rulebook: Rulebook, on: date
) -> Refusal | None:
    """None when the refund may go ahead."""
    if purchase is None:
        return Refusal(RefusalCode.PURCHASE_UNKNOWN)
    days = rulebook.limits.refund_days
    last_day = purchase.business_date + timedelta(days=days)
    if on > last_day:
        return Refusal(RefusalCode.REFUND_TOO_LATE, {"days": days, "last_day": last_day.isoformat()})
    if not lines or any(min(line.amount_minor, line.units) < 0 for line in lines):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    if any(not line.amount_minor and not line.units for line in lines):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    amounts, units = _wanted(lines)
    known = {line.line_no: line for line in purchase.lines}
    for line_no in dict.fromkeys(line.line_no for line in lines):
        refusal = _refuse_line(wallet, purchase, known.get(line_no), line_no, amounts[line_no], units[line_no])
        if refusal is not None:
            return refusal
    return None


def _refuse_line(
    wallet: Wallet, purchase: Purchase, line: PurchaseLine | None, line_no: int, amount_minor: int, units: int
) -> Refusal | None:
    at: dict[str, int | str] = {"line_no": line_no}
    if line is None:
        return Refusal(RefusalCode.REFUND_EXCEEDS_LINE, {**at, "left_minor": 0})
    cover = cover_of(purchase, line_no)
    if cover is not None and amount_minor:
        return Refusal(RefusalCode.LINE_COVERED_BY_PASS, {**at, "pass": cover.item_id})
    left = cover.quantity - cover.returned if cover is not None else int(line.sells_pass is not None)
    if is_exchange_of_gifts(purchase):
        left = units_to_return(wallet, purchase)
    if units > left:
        return Refusal(RefusalCode.REFUND_EXCEEDS_UNITS, {**at, "left": left})
    if line.sells_pass is not None:
        whole = pass_rest_minor(wallet, line)
        if amount_minor != whole:
            return Refusal(RefusalCode.PASS_RETURNED_WHOLE, {**at, "amount_minor": whole})
    elif amount_minor > line.refundable_minor:
        return Refusal(RefusalCode.REFUND_EXCEEDS_LINE, {**at, "left_minor": line.refundable_minor})
    return None


def cover_of(purchase: Purchase, line_no: int) -> Taken | None:
    """What a pass gave for the line, when one covered it."""
    return next((taken for taken in purchase.taken if taken.line_no == line_no and taken.kind in PASSES), None)


def pass_rest_minor(wallet: Wallet, line: PurchaseLine) -> int:
    """What a sold pass is still worth: a pass comes back whole, less what its uses earned."""
    held = wallet.holding(line.sells_pass) if line.sells_pass is not None else None
    return min(line.refundable_minor, held.unreleased_minor) if held is not None else 0


def everything_back(wallet: Wallet, purchase: Purchase) -> tuple[OrderRefundLine, ...]:
    """The lines that give back all that can still go back."""
    lines: list[OrderRefundLine] = []
    for line in purchase.lines:
        cover = cover_of(purchase, line.line_no)
        amount, units = line.refundable_minor, 0
        if is_exchange_of_gifts(purchase):
            units = units_to_return(wallet, purchase)
        elif cover is not None:
            amount, units = 0, cover.quantity - cover.returned
        elif line.sells_pass is not None:
            amount = pass_rest_minor(wallet, line)
            held = wallet.holding(line.sells_pass)
            units = int(not amount and held is not None and held.remaining > 0)
        if amount or units:
            lines.append(OrderRefundLine(line_no=line.line_no, amount_minor=amount, units=units))
    return tuple(lines)


def _wanted(lines: Sequence[OrderRefundLine]) -> tuple[Counter[int], Counter[int]]:
    amounts: Counter[int] = Counter()
    units: Counter[int] = Counter()
    for line in lines:
        amounts[line.line_no] += max(0, line.amount_minor)
        units[line.line_no] += max(0, line.units)
    return amounts, units


def plan_order_refund(wallet: Wallet, purchase: Purchase, lines: Sequence[OrderRefundLine]) -> OrderRefundPlan:
    """What lies beyond a line's rest is left out."""
    amounts, units = _wanted(lines)
    after_lines: list[PurchaseLine] = []
    for line in purchase.lines:
        left = line.refundable_minor if line.sells_pass is None else pass_rest_minor(wallet, line)
        after_lines.append(refund_order_line(line, min(amounts[line.line_no], left)))
    after = replace(purchase, lines=tuple(after_lines))
    whole = is_exchange_of_gifts(purchase) and units.total() > 0
    after = replace(after, taken=tuple(_returned(taken, after, units) for taken in _points_back(after, whole=whole)))
    pairs = tuple(
        (was, now) for was, now in zip(purchase.taken, after.taken, strict=True) if now.returned != was.returned
    )
    return OrderRefundPlan(
        after=after,
        draws=draws_between(purchase, after),
        tenders=_tenders(purchase, after),
        given_back=pairs,
        passes_back=tuple(
            line.line_no
            for line in purchase.lines
            if line.sells_pass is not None and amounts[line.line_no] + units[line.line_no]
        ),
    )


def refund_order_line(line: PurchaseLine, amount_minor: int) -> PurchaseLine:
    """The line after giving back `amount_minor`, at most its rest. Each share in turn takes its floor of what the ones before left, which only ever grows."""
    balance = [part for part in line.parts if part.kind in (ValueKind.PRINCIPAL, ValueKind.BONUS)]
    owed = sum(part.drawn_minor - part.returned_minor for part in line.parts if part not in balance)
    first = min(amount_minor, owed)
    whole = sum(part.drawn_minor for part in balance) + sum(share.paid_minor for share in line.shares)
    returned = sum(part.returned_minor for part in balance)
    left = amount_minor - first
    so_far = returned + sum(share.returned_minor for share in line.shares) + left
    shares: list[LineShare] = []
    for share in line.shares:
        target = floor_share(share.paid_minor, so_far, whole) if left else share.returned_minor
        shares.append(replace(share, returned_minor=target))
        so_far -= target
        whole -= share.paid_minor
    return replace(line, parts=refund_line(line, first + so_far - returned), shares=tuple(shares))


def _returned(taken: Taken, after: Purchase, units: Counter[int]) -> Taken:
    """A pass takes back the units asked for; a coupon comes back once everything that it paid went back."""
    if taken.kind in PASSES and taken.line_no is not None:
        return replace(taken, returned=min(taken.quantity, taken.returned + units[taken.line_no]))
    if taken.kind is HoldingKind.COUPON:
        shares = [share for line in after.lines for share in line.shares if share.source == taken.holding_id]
        if all(share.returned_minor == share.paid_minor for share in shares):
            return replace(taken, returned=taken.quantity)
    return taken


def _points_back(after: Purchase, *, whole: bool) -> tuple[Taken, ...]:
    """Points × value given back so far / value, rounded down, into the lots in reverse order of drawing; all of them where an exchange goes back `whole`."""
    shares = [share for line in after.lines for share in line.shares if share.kind is ShareKind.POINTS]
    value = sum(share.paid_minor for share in shares)
    points = sum(taken.quantity for taken in after.taken if taken.kind is HoldingKind.POINTS)
    back = floor_share(points, sum(share.returned_minor for share in shares), value) if value else 0
    if is_exchange_of_gifts(after):
        back = points if whole else sum(taken.returned for taken in after.taken)
    result = list(after.taken)
    for place in range(len(result) - 1, -1, -1):
        if result[place].kind is HoldingKind.POINTS:
            own = min(back, result[place].quantity)
            result[place] = replace(result[place], returned=own)
            back -= own
    return tuple(result)


def _tenders(before: Purchase, after: Purchase) -> tuple[Tender, ...]:
    sums: Counter[tuple[str, str]] = Counter()
    for was, now in zip(before.lines, after.lines, strict=True):
        for old, new in zip(was.shares, now.shares, strict=True):
            if new.kind is ShareKind.TENDER:
                sums[new.source, new.reference] += new.returned_minor - old.returned_minor
    return tuple(
        Tender(kind=TenderKind(kind), amount_minor=amount, reference=reference)
        for (kind, reference), amount in sums.items()
        if amount
    )


def apply_order_refund(
    wallet: Wallet, event: OrderRefunded, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], tuple[Draw, ...], list[Finding]]:
    """What was handed back stands; a difference from what the order allows is unexplained until a person explains it."""
    place = event.occasion
    before = wallet.purchase(event.purchase_id)
    handed = sum(tender.amount_minor for tender in event.tenders)
    if before is None:
        data: dict[str, int | str] = {"purchase": event.purchase_id, "amount_minor": event.balance_minor + handed}
        unknown = [
            *(Posting(place.store_id, Account.TENDER, -paid.amount_minor, paid.kind.value) for paid in event.tenders),
            Posting(place.store_id, Account.UNEXPLAINED, handed),
        ]
        return wallet, unknown, (), [Finding(FindingCode.PURCHASE_UNKNOWN, data)]
    plan = plan_order_refund(wallet, before, event.lines)
    findings = _compare(event, plan)
    start = wallet
    postings = _postings(before, plan, event)
    for was, now in plan.given_back:
        value = value_given_back(was, now)
        wallet, lost = give_back(
            wallet, was, now.returned - was.returned, value, before.business_date, place, rulebook.life_cycle
        )
        findings += lost
        postings += release_postings(was, before.store_id, -value)
    for line, now_line in zip(before.lines, plan.after.lines, strict=True):
        if line.line_no in plan.passes_back:
            wallet, ending = _end_pass(wallet, before, line, now_line.refunded_minor - line.refunded_minor)
            postings += ending
    if plan.given_back and is_exchange_of_gifts(before):
        wallet, used = end_gifts(wallet, before)
        findings += used
    wallet, settling, landed = settle_refund(wallet, plan.after, plan.draws, place, rulebook)
    returned = spent_minor(plan.draws) + sum(tender.amount_minor for tender in plan.tenders)
    wallet, counted = after_refund(start, wallet, before.purchase_id, place, returned, rulebook)
    return wallet, postings + settling, plan.draws, findings + landed + counted


def as_order_refund(event: PurchaseRefunded) -> OrderRefunded:
    """A till that refunds an order like a purchase hands nothing back and puts everything to the balance; what differs is reported."""
    return OrderRefunded(
        occasion=event.occasion,
        member_id=event.member_id,
        purchase_id=event.purchase_id,
        lines=tuple(OrderRefundLine(line_no=line.line_no, amount_minor=line.amount_minor) for line in event.lines),
        balance_minor=event.amount_minor,
        reason=event.reason,
    )


def _compare(event: OrderRefunded, plan: OrderRefundPlan) -> list[Finding]:
    """By kind of tender and for the balance."""
    handed, allowed = _by_kind(event.tenders), _by_kind(plan.tenders)
    if handed == allowed and event.balance_minor == plan.balance_minor:
        return []
    return [
        Finding(
            FindingCode.REFUND_DIFFERS,
            {
                "purchase": event.purchase_id,
                "balance_minor": event.balance_minor,
                "expected_balance_minor": plan.balance_minor,
                "tenders_minor": handed.total(),
                "expected_tenders_minor": allowed.total(),
            },
        )
    ]


def _by_kind(tenders: Sequence[Tender]) -> Counter[TenderKind]:
    sums: Counter[TenderKind] = Counter()
    for tender in tenders:
        sums[tender.kind] += tender.amount_minor
    return sums


def _postings(before: Purchase, plan: OrderRefundPlan, event: OrderRefunded) -> list[Posting]:
    """Shares and tax, in the books of the store that served; what another store hands back it is owed for."""
    serving, paying = before.store_id, event.occasion.store_id
    postings: list[Posting] = []
    for was, now in zip(before.lines, plan.after.lines, strict=True):
        for old, new in zip(was.shares, now.shares, strict=True):
            back = new.returned_minor - old.returned_minor
            if new.kind is not ShareKind.TENDER:
                postings += share_postings(before, new, -back)
        cover = cover_of(before, was.line_no)
        if cover is None:
            progress = was.refunded_minor, now.refunded_minor, was.total_minor
        else:
            progress = cover.returned, (cover_of(plan.after, was.line_no) or cover).returned, cover.quantity
        postings += tax_postings(was, serving, -_share_between(was.tax_minor, *progress))
    planned = sum(tender.amount_minor for tender in plan.tenders)
    handed = sum(tender.amount_minor for tender in event.tenders)
    postings.append(Posting(serving, Account.REVENUE, planned))
    postings += clearing(serving, paying, planned)
    postings.append(Posting(paying, Account.UNEXPLAINED, handed - planned))
    postings += [Posting(paying, Account.TENDER, -paid.amount_minor, paid.kind.value) for paid in event.tenders]
    return postings


def _share_between(amount_minor: int, was: int, now: int, whole: int) -> int:
    return floor_share(amount_minor, now, whole) - floor_share(amount_minor, was, whole) if whole else 0


def _end_pass(wallet: Wallet, before: Purchase, line: PurchaseLine, back_minor: int) -> tuple[Wallet, list[Posting]]:
    """A sold pass that came back gives no more uses; what it still held beyond the amount paid back is forfeited."""
    held = wallet.holding(line.sells_pass) if line.sells_pass is not None else None
    if held is None:
        return wallet, []
    rest = held.unreleased_minor
    postings = [
        *pass_sale_postings(before, line, -back_minor),
        Posting(held.store_id, Account.PASS_LIABILITY, rest - back_minor, held.item_id),
        Posting(held.store_id, Account.BREAKAGE, back_minor - rest),
    ]
    return swap_holding(wallet, replace(held, remaining=0, released_minor=held.sold_for_minor)), postings
