"""Refunds of a purchase 退款: by line, as often as needed, putting back exactly what each line drew and never more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from stored_value.draw import Draw, draw_postings
from stored_value.events import PurchaseRefunded, RefundLine
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from stored_value.identity import LotId
from stored_value.money import floor_share
from stored_value.occasion import Occasion
from stored_value.postings import Account, Posting
from stored_value.put_back import put_back
from stored_value.receivables import pay_receivables
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.wallet import LinePart, Purchase, PurchaseLine, ValueKind, Wallet


def refuse_refund(
    purchase: Purchase | None, lines: Sequence[RefundLine], rulebook: Rulebook, on: date
) -> Refusal | None:
    """None when the refund may go ahead."""
    if purchase is None:
        return Refusal(RefusalCode.PURCHASE_UNKNOWN)
    last_day = purchase.business_date + timedelta(days=rulebook.limits.refund_days)
    if on > last_day:
        return Refusal(
            RefusalCode.REFUND_TOO_LATE, {"days": rulebook.limits.refund_days, "last_day": last_day.isoformat()}
        )
    if not lines or any(line.amount_minor <= 0 for line in lines):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    wanted = _by_line(lines)
    refundable = {line.line_no: line.refundable_minor for line in purchase.lines}
    for line_no, amount in wanted.items():
        if amount > refundable.get(line_no, 0):
            return Refusal(
                RefusalCode.REFUND_EXCEEDS_LINE, {"line_no": line_no, "left_minor": refundable.get(line_no, 0)}
            )
    return None


def _by_line(lines: Sequence[RefundLine]) -> Counter[int]:
    wanted: Counter[int] = Counter()
    for line in lines:
        wanted[line.line_no] += line.amount_minor
    return wanted


def plan_refund(purchase: Purchase, lines: Sequence[RefundLine]) -> tuple[Draw, ...]:
    """What would go back where, summed by source; amounts beyond a line's rest are left out."""
    return _put_back(purchase, lines)[1]


def apply_refund(
    wallet: Wallet, event: PurchaseRefunded, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], tuple[Draw, ...], list[Finding]]:
    place = event.occasion
    purchase = wallet.purchase(event.purchase_id)
    if purchase is None:
        finding = Finding(
            FindingCode.PURCHASE_UNKNOWN, {"purchase": event.purchase_id, "amount_minor": event.amount_minor}
        )
        return wallet, [], (), [finding]
    refunded, draws = _put_back(purchase, event.lines)
    returned = sum(draw.amount_minor for draw in draws)
    findings: list[Finding] = []
    if returned != event.amount_minor:
        findings.append(
            Finding(
                FindingCode.REFUND_EXCEEDS_PURCHASE,
                {"purchase": event.purchase_id, "amount_minor": event.amount_minor, "returned_minor": returned},
            )
        )
    wallet, postings, landed = settle_refund(wallet, refunded, draws, place, rulebook)
    return wallet, postings, draws, findings + landed


def settle_refund(
    wallet: Wallet, refunded: Purchase, draws: Sequence[Draw], place: Occasion, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """Puts `draws` back where they came from, for a purchase (`refunded` is how it stands afterwards) or an order; then every inflow pays what is owed.
    Sources that are no longer as they were are for `put_back`."""
    before = wallet.purchase(refunded.purchase_id) or refunded
    wallet, corrections, findings = put_back(wallet, draws, before, refunded, place, rulebook)
    wallet = changed(
        wallet,
        purchases=tuple(
            refunded if bought.purchase_id == refunded.purchase_id else bought for bought in wallet.purchases
        ),
    )
    given = draw_postings(draws, refunded.store_id, Account.REVENUE)
    postings = [Posting(row.store_id, row.account, -row.amount_minor, row.detail) for row in given]
    wallet, paying = pay_receivables(wallet, place.business_date)
    return wallet, postings + corrections + paying, findings


def _put_back(purchase: Purchase, lines: Sequence[RefundLine]) -> tuple[Purchase, tuple[Draw, ...]]:
    wanted = _by_line(lines)
    after = replace(
        purchase,
        lines=tuple(
            changed(line, parts=refund_line(line, min(wanted[line.line_no], line.refundable_minor)))
            if wanted[line.line_no] > 0
            else line
            for line in purchase.lines
        ),
    )
    return after, draws_between(purchase, after)


def draws_between(before: Purchase, after: Purchase) -> tuple[Draw, ...]:
    """What a refund put back, summed by source."""
    sums: Counter[tuple[ValueKind, LotId | None]] = Counter()
    stores = {}
    for line, refunded in zip(before.lines, after.lines, strict=True):
        for was, now in zip(line.parts, refunded.parts, strict=True):
            if now.returned_minor != was.returned_minor:
                sums[now.kind, now.lot_id] += now.returned_minor - was.returned_minor
                stores[now.kind, now.lot_id] = now.store_id
    return tuple(Draw(kind, lot_id, stores[kind, lot_id], amount) for (kind, lot_id), amount in sums.items())


def refund_line(line: PurchaseLine, amount_minor: int) -> tuple[LinePart, ...]:
    """The line's parts after giving back `amount_minor` (at most its rest): what is owed first, then principal by its floor share of all refunded
    so far, the rest bonus; each kind goes back to its lots in reverse draw order."""
    left = amount_minor
    shares: dict[ValueKind, int] = {}
    for kind in (ValueKind.RECEIVABLE, ValueKind.SUSPENSE):
        shares[kind] = min(left, _open(line, kind))
        left -= shares[kind]
    returned = _returned(line, ValueKind.PRINCIPAL)
    share = _principal_share(line, left) - returned if left else 0
    # Only where a refund was taken back, and other lots paid for what it had put back, does the share need its bounds.
    share = max(share, left - _open(line, ValueKind.BONUS), 0)
    shares[ValueKind.PRINCIPAL] = min(share, left, _open(line, ValueKind.PRINCIPAL))
    shares[ValueKind.BONUS] = left - shares[ValueKind.PRINCIPAL]
    return _with_returned(line, shares, range(len(line.parts) - 1, -1, -1), 1)


def take_refund_again(line: PurchaseLine, amount_minor: int) -> tuple[LinePart, ...]:
    """`refund_line` backwards, for the newest `amount_minor` (at most what was refunded): the parts as they were before it. What is owed comes last."""
    returned = {kind: _returned(line, kind) for kind in ValueKind}
    left = min(amount_minor, returned[ValueKind.PRINCIPAL] + returned[ValueKind.BONUS])
    share = returned[ValueKind.PRINCIPAL] - _principal_share(line, -left) if left else 0
    share = max(share, left - returned[ValueKind.BONUS], 0)
    shares = {ValueKind.PRINCIPAL: min(share, left, returned[ValueKind.PRINCIPAL])}
    shares[ValueKind.BONUS] = left - shares[ValueKind.PRINCIPAL]
    shares[ValueKind.SUSPENSE] = min(amount_minor - left, returned[ValueKind.SUSPENSE])
    shares[ValueKind.RECEIVABLE] = amount_minor - left - shares[ValueKind.SUSPENSE]
    return _with_returned(line, shares, range(len(line.parts)), -1)


def _principal_share(line: PurchaseLine, more_minor: int) -> int:
    """The principal's floor share of what was refunded so far of the balance's part and `more_minor`."""
    principal, bonus = _drawn(line, ValueKind.PRINCIPAL), _drawn(line, ValueKind.BONUS)
    so_far = _returned(line, ValueKind.PRINCIPAL) + _returned(line, ValueKind.BONUS) + more_minor
    return floor_share(principal, so_far, principal + bonus)


def _with_returned(
    line: PurchaseLine, shares: dict[ValueKind, int], order: Sequence[int], sign: int
) -> tuple[LinePart, ...]:
    """`sign` 1 gives each kind's share back to its parts in `order`, −1 takes it again."""
    parts = list(line.parts)
    for place in order:
        part = parts[place]
        most = part.drawn_minor - part.returned_minor if sign > 0 else part.returned_minor
        moved = min(shares[part.kind], most)
        if moved:
            shares[part.kind] -= moved
            parts[place] = changed(part, returned_minor=part.returned_minor + sign * moved)
    assert not any(shares.values()), "more goes back than was drawn"
    return tuple(parts)


def _drawn(line: PurchaseLine, kind: ValueKind) -> int:
    return sum(part.drawn_minor for part in line.parts if part.kind is kind)


def _returned(line: PurchaseLine, kind: ValueKind) -> int:
    return sum(part.returned_minor for part in line.parts if part.kind is kind)


def _open(line: PurchaseLine, kind: ValueKind) -> int:
    return _drawn(line, kind) - _returned(line, kind)
