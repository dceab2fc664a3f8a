"""Cash-outs 退卡: what of each top-up may be paid out, line by line, what waits while a request waits, and what a payment or a rejection does.

The formula of each method is `refundable`; the claw-back is shown by `plan_cash_out` before anybody confirms. `put_back` calls `reckoned_again` (H10).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never

from stored_value.cash_out_records import CashOut, CashOutLine, CashOutState, ReservedPart
from stored_value.compliance import refuse_payout
from stored_value.identity import EventId
from stored_value.money import floor_share, split
from stored_value.occasion import Tender
from stored_value.policies import CashOutMethod
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import Rulebook
from stored_value.standing import Deed, refuse_deed
from stored_value.wallet import Lot, ValueKind, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOutPlan:
    """What a cash-out would pay, line by line; top-ups of which nothing may be paid stand in `nothing` and keep what they hold."""

    method: CashOutMethod
    lines: tuple[CashOutLine, ...]
    nothing: tuple[CashOutLine, ...] = ()

    @property
    def refundable_minor(self) -> int:
        return sum(line.refundable_minor for line in self.lines)

    @property
    def reserved_minor(self) -> int:
        return sum(part.amount_minor for line in self.lines for part in line.parts)

    @property
    def forfeited_minor(self) -> int:
        return sum(line.forfeited_minor for line in self.lines)


def refundable(
    method: CashOutMethod,
    cooling_off: bool,
    *,
    paid_minor: int,
    gift_minor: int,
    used_minor: int,
    principal_used_minor: int,
    discount_minor: int,
) -> int:
    """What of one top-up goes back. 3000 paid with 1000 given, 3594 used: 3000 − 3594 × 3000/4000 = 304.50. Fen are rounded in the member's favour."""
    if not paid_minor:
        return 0
    proportional = paid_minor - floor_share(used_minor, paid_minor, paid_minor + gift_minor)
    if cooling_off:
        return proportional
    match method:
        case CashOutMethod.PRINCIPAL_ONLY:
            return paid_minor - principal_used_minor
        case CashOutMethod.PROPORTIONAL:
            return proportional
        case CashOutMethod.UNDISCOUNTED:
            return max(0, paid_minor - used_minor - discount_minor)
        case CashOutMethod.COOLING_OFF:
            return 0
        case _:
            assert_never(method)


def plan_cash_out(
    wallet: Wallet,
    rulebook: Rulebook,
    on: date,
    *,
    top_up_ids: Sequence[EventId] = (),
    merchant_caused: bool = False,
    method: CashOutMethod | None = None,
) -> CashOutPlan:
    """`method` None is the policy's; empty `top_up_ids` is every top-up. Oldest first."""
    policy = rulebook.cash_out
    if method is None:
        method = policy.merchant_method if merchant_caused else policy.method
    groups = _groups(wallet)
    lines: list[CashOutLine] = []
    nothing: list[CashOutLine] = []
    customer = False
    for top_up_id, lots in groups.items():
        days = policy.cooling_off_days
        cooling_off = days > 0 and on <= lots[0].acquired_on + timedelta(days=days)
        if policy.cooling_off_new_only and customer:
            cooling_off = False
        line = _line(top_up_id, lots, method, cooling_off=cooling_off)
        customer = customer or line.used_minor > 0
        if not top_up_ids or top_up_id in top_up_ids:
            (lines if line.refundable_minor and line.parts else nothing).append(line)
    return CashOutPlan(method=method, lines=tuple(lines), nothing=tuple(nothing))


def _groups(wallet: Wallet) -> dict[EventId, list[Lot]]:
    """The lots that are not ended, by top-up, in order of age. A provisional bonus does not count (H3)."""
    groups: dict[EventId, list[Lot]] = {}
    kinds = (ValueKind.PRINCIPAL, ValueKind.BONUS)
    lots = [lot for lot in wallet.lots if lot.kind in kinds and lot.end is None and not lot.provisional]
    for lot in sorted(lots, key=lambda lot: (lot.acquired_on, lot.top_up_id, lot.lot_id)):
        groups.setdefault(lot.top_up_id, []).append(lot)
    return groups


def _line(top_up_id: EventId, lots: Sequence[Lot], method: CashOutMethod, *, cooling_off: bool) -> CashOutLine:
    """Principal that expired is not paid out: it counts neither as paid nor as used."""
    principal = [lot for lot in lots if lot.kind is ValueKind.PRINCIPAL]
    paid = sum(lot.original_minor - lot.expired_minor for lot in principal)
    gift = sum(lot.original_minor for lot in lots if lot.kind is ValueKind.BONUS)
    principal_used = sum(_used(lot) for lot in principal)
    used = sum(_used(lot) for lot in lots)
    discount = sum(lot.discount_minor for lot in lots)
    return CashOutLine(
        top_up_id=top_up_id,
        acquired_on=lots[0].acquired_on,
        method=method,
        cooling_off=cooling_off,
        paid_minor=paid,
        gift_minor=gift,
        used_minor=used,
        principal_used_minor=principal_used,
        discount_minor=discount,
        refundable_minor=refundable(
            method,
            cooling_off,
            paid_minor=paid,
            gift_minor=gift,
            used_minor=used,
            principal_used_minor=principal_used,
            discount_minor=discount,
        ),
        parts=tuple(
            ReservedPart(
                lot_id=lot.lot_id,
                store_id=lot.store_id,
                principal=lot.kind is ValueKind.PRINCIPAL,
                amount_minor=lot.remaining_minor,
                promotion_id=lot.promotion_id,
                bearing=lot.bearing,
            )
            for lot in lots
            if lot.remaining_minor
        ),
    )


def _used(lot: Lot) -> int:
    return lot.original_minor - lot.remaining_minor - lot.expired_minor


def reckoned_again(
    line: CashOutLine, back_minor: int, principal_back_minor: int, discount_back_minor: int
) -> CashOutLine:
    """The line without a purchase that was refunded after the payment: what was used is less, the rest of the reckoning the same."""
    used = max(0, line.used_minor - back_minor)
    principal_used = max(0, line.principal_used_minor - principal_back_minor)
    discount = max(0, line.discount_minor - discount_back_minor)
    return replace(
        line,
        used_minor=used,
        principal_used_minor=principal_used,
        discount_minor=discount,
        refundable_minor=refundable(
            line.method,
            line.cooling_off,
            paid_minor=line.paid_minor,
            gift_minor=line.gift_minor,
            used_minor=used,
            principal_used_minor=principal_used,
            discount_minor=discount,
        ),
    )


def refuse_cash_out(
    wallet: Wallet, plan: CashOutPlan, rulebook: Rulebook, on: date, *, committed_minor: int = 0
) -> Refusal | None:
    """`committed_minor`: what leases and holds keep of this wallet; the cash-out waits for it (H5). Online only (H4)."""
    refused = refuse_deed(wallet, Deed.CASH_OUT, on)
    if refused is not None:
        return refused
    waiting = next((asked for asked in wallet.cash_outs if asked.state is CashOutState.WAITING), None)
    if waiting is not None:
        data: dict[str, int | str] = {"request": waiting.request_id, "refundable_minor": waiting.refundable_minor}
        return Refusal(RefusalCode.CASH_OUT_WAITING, {**data, "remedy": "pay_or_reject"})
    if wallet.owed_minor:
        return Refusal(RefusalCode.MEMBER_OWES, {"owed_minor": wallet.owed_minor, "remedy": "settle"})
    if committed_minor:
        return Refusal(RefusalCode.RESERVED_ELSEWHERE, {"reserved_minor": committed_minor, "remedy": "recall"})
    if not plan.refundable_minor:
        if plan.method is CashOutMethod.COOLING_OFF and plan.nothing:
            days = rulebook.cash_out.cooling_off_days
            last_day = max(line.acquired_on for line in plan.nothing) + timedelta(days=days)
            return Refusal(RefusalCode.COOLING_OFF_OVER, {"days": days, "last_day": last_day.isoformat()})
        return Refusal(RefusalCode.NOTHING_TO_CASH_OUT, {"bonus_minor": wallet.balance_minor(ValueKind.BONUS)})
    return None


def refuse_cash_out_payment(
    wallet: Wallet, request_id: EventId, tenders: Sequence[Tender], rulebook: Rulebook
) -> Refusal | None:
    asked = cash_out(wallet, request_id)
    if asked is None:
        return Refusal(RefusalCode.CASH_OUT_UNKNOWN, {"request": request_id})
    if asked.state is not CashOutState.WAITING:
        return Refusal(RefusalCode.CASH_OUT_NOT_WAITING, {"request": request_id, "state": asked.state.value})
    if wallet.owed_minor:
        return Refusal(RefusalCode.MEMBER_OWES, {"owed_minor": wallet.owed_minor, "remedy": "reject_and_settle"})
    if any(tender.amount_minor <= 0 for tender in tenders):
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    paid = sum(tender.amount_minor for tender in tenders)
    if paid != asked.refundable_minor:
        return Refusal(RefusalCode.TENDERS_DISAGREE, {"amount_minor": asked.refundable_minor, "tenders_minor": paid})
    if rulebook.cash_out.original_tender_only and not pays_as_paid(wallet, asked, tenders):
        return Refusal(RefusalCode.TENDER_NOT_ORIGINAL, {"remedy": "original_tender"})
    return refuse_payout(tenders, rulebook)


def cash_out(wallet: Wallet, request_id: EventId) -> CashOut | None:
    return next((asked for asked in wallet.cash_outs if asked.request_id == request_id), None)


def original_tenders(wallet: Wallet, lines: Sequence[CashOutLine]) -> tuple[Tender, ...]:
    """Original tender first: each line goes back by the tenders that paid its top-up, in their proportion; a top-up of unknown tender is left out."""
    sums: dict[tuple[str, str], Tender] = {}
    for line in lines:
        paid = [tender for lot in wallet.lots if lot.top_up_id == line.top_up_id for tender in lot.tenders]
        if not paid:
            continue
        for tender, share in zip(paid, split(line.refundable_minor, [each.amount_minor for each in paid]), strict=True):
            key = tender.kind, tender.reference
            known = sums.get(key, replace(tender, amount_minor=0))
            sums[key] = replace(known, amount_minor=known.amount_minor + share)
    return tuple(tender for tender in sums.values() if tender.amount_minor)


def pays_as_paid(wallet: Wallet, asked: CashOut, tenders: Sequence[Tender]) -> bool:
    """Whether the original tenders get back their share; what has no known tender may go by any."""
    wanted = original_tenders(wallet, asked.lines)
    given = {
        kind: sum(each.amount_minor for each in tenders if each.kind is kind)
        for kind in {each.kind for each in tenders}
    }
    return all(
        given.get(kind, 0) >= sum(each.amount_minor for each in wanted if each.kind is kind)
        for kind in {each.kind for each in wanted}
    )
