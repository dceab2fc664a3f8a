"""What the events of a cash-out do to wallet and books: the request reserves, the payment or the rejection settles, a payment of this shift can be taken back.

Reserved value has left its lots and is owed as `CASH_OUT_PENDING` in the books of the lots' stores until it is settled.
"""

from collections.abc import Sequence
from dataclasses import replace

from stored_value.bonus_cost import BonusSource, bonus_source, cost_taken_back, source_of
from stored_value.cash_out import CashOutPlan, cash_out, pays_as_paid, plan_cash_out, reckoned_again
from stored_value.cash_out_records import CashOut, CashOutLine, CashOutState
from stored_value.cash_out_rewards import return_rewards, take_rewards
from stored_value.compliance import payout_findings
from stored_value.draw import LIABILITY, change_lots
from stored_value.events_money_out import CashOutPaid, CashOutRejected, CashOutRequested, CashOutReversed
from stored_value.findings import Finding, FindingCode
from stored_value.identity import LotId, StoreId
from stored_value.occasion import Occasion, Tender
from stored_value.postings import Account, Posting, clearing
from stored_value.receivables import pay_receivables, reduce_receivable, with_receivable
from stored_value.rulebook import Rulebook
from stored_value.standing import Deed, deed_findings
from stored_value.wallet import Lot, LotEnd, Receivable, ValueKind, Wallet

Settled = tuple[Wallet, list[Posting], list[Finding]]


def apply_request(wallet: Wallet, event: CashOutRequested, rulebook: Rulebook) -> Settled:
    """Reserves what is in the lots now (H5), by the method that the event states; a request that differs from what the member saw is told."""
    on = event.occasion.business_date
    plan = plan_cash_out(
        wallet,
        rulebook,
        on,
        top_up_ids=event.top_up_ids,
        merchant_caused=event.merchant_caused,
        method=event.method,
    )
    findings = deed_findings(wallet, Deed.CASH_OUT, on)
    shown = event.refundable_minor, event.reserved_minor
    wanted = rulebook.cash_out.merchant_method if event.merchant_caused else rulebook.cash_out.method
    if shown != (plan.refundable_minor, plan.reserved_minor) or event.method is not wanted:
        findings.append(_request_differs(event, plan))
    asked = CashOut(
        request_id=event.occasion.event_id,
        state=CashOutState.WAITING,
        lines=plan.lines,
        missing_minor=max(0, event.refundable_minor - plan.refundable_minor),
    )
    parts = [part for line in plan.lines for part in line.parts]
    wallet = change_lots(wallet, {part.lot_id: -part.amount_minor for part in parts})
    return replace(wallet, cash_outs=(*wallet.cash_outs, asked)), _pending(asked, -1), findings


def apply_payment(wallet: Wallet, event: CashOutPaid, rulebook: Rulebook) -> Settled:
    """The payment retires the lots: bonus goes back to who bore it, a difference from the principal left to `BONUS_CLAWBACK`. What a refund put back into
    them while the request waited is reckoned again (H10). What the request had shown and head office did not find is owed, until the entries come that
    it was reckoned with; what was paid beyond that is unexplained."""
    place = event.occasion
    asked = cash_out(wallet, event.request_id)
    paid_out = sum(tender.amount_minor for tender in event.tenders)
    findings = _tender_findings(event.amount_minor, event.tenders)
    findings.extend(payout_findings(event.tenders, rulebook))
    postings = [_tender(place.store_id, tender, -1) for tender in event.tenders]
    if asked is None or asked.state is not CashOutState.WAITING:
        findings.append(_not_waiting(event.request_id, asked))
        return wallet, [*postings, Posting(place.store_id, Account.UNEXPLAINED, paid_out)], findings
    if not pays_as_paid(wallet, asked, event.tenders):
        findings.append(Finding(FindingCode.TENDER_NOT_ORIGINAL, {"request": event.request_id}))
    if paid_out != asked.refundable_minor:
        owed = _missing_of(asked, paid_out)
        findings.append(_differs(paid_out, asked.refundable_minor, owed))
        postings.append(Posting(place.store_id, Account.UNEXPLAINED, paid_out - asked.refundable_minor - owed))
        wallet, owing = _owes(wallet, asked, place.store_id, owed)
        postings.extend(owing)
    postings.extend(_settling(asked, place.store_id, rulebook, 1))
    wallet, paid, used = _retire_lots(wallet, asked, rulebook)
    findings.extend(used)
    for line in paid.lines:
        wallet, more, found = _rest_reckoned_again(wallet, line, event, rulebook)
        postings.extend(more)
        findings.extend(found)
    wallet, paying = pay_receivables(wallet, place.business_date)
    return wallet, postings + paying, findings


def apply_rejection(wallet: Wallet, event: CashOutRejected) -> Settled:
    """Everything goes back into the lots it was reserved from; what the member came to owe meanwhile is paid first."""
    asked = cash_out(wallet, event.request_id)
    if asked is None or asked.state is not CashOutState.WAITING:
        return wallet, [], [_not_waiting(event.request_id, asked)]
    findings = []
    if event.restored_minor != asked.reserved_minor:
        findings.append(_differs(event.restored_minor, asked.reserved_minor))
    parts = [part for line in asked.lines for part in line.parts]
    wallet = change_lots(wallet, {part.lot_id: part.amount_minor for part in parts})
    wallet = _with_state(wallet, asked, CashOutState.REJECTED)
    wallet, paying = pay_receivables(wallet, event.occasion.business_date)
    return wallet, _pending(asked, 1) + paying, findings


def apply_payment_reversal(wallet: Wallet, event: CashOutReversed, rulebook: Rulebook) -> Settled:
    """The member gave the money back: the same rows with their signs turned, and the request waits again."""
    place = event.occasion
    asked = cash_out(wallet, event.request_id)
    paid_in = sum(tender.amount_minor for tender in event.tenders)
    findings = _tender_findings(event.amount_minor, event.tenders)
    postings = [_tender(place.store_id, tender, 1) for tender in event.tenders]
    if asked is None or asked.state is not CashOutState.PAID:
        findings.append(_not_waiting(event.request_id, asked))
        return wallet, [*postings, Posting(place.store_id, Account.UNEXPLAINED, -paid_in)], findings
    if paid_in != asked.refundable_minor:
        back = _missing_of(asked, paid_in)
        findings.append(_differs(paid_in, asked.refundable_minor, -back))
        postings.append(Posting(place.store_id, Account.UNEXPLAINED, asked.refundable_minor - paid_in + back))
        wallet, owing = _owes_no_more(wallet, asked, place, back)
        postings.extend(owing)
    postings.extend(_settling(asked, place.store_id, rulebook, -1))
    return _revive_lots(wallet, asked), postings, findings


def with_arrivals(wallet: Wallet, lots: Sequence[Lot]) -> Wallet:
    """What a transfer brings while a request waits for the same top-ups is told apart from what refunds put back."""
    cash_outs = tuple(
        replace(asked, arrived=(*asked.arrived, *[lot.lot_id for lot in lots]))
        if asked.state is CashOutState.WAITING and lots
        else asked
        for asked in wallet.cash_outs
    )
    return replace(wallet, cash_outs=cash_outs)


def reckon_again(
    wallet: Wallet,
    line: CashOutLine,
    *,
    principal_back_minor: int,
    bonus_back: dict[BonusSource, int],
    discount_back_minor: int,
    new_lot: Lot,
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """A purchase of a cashed-out top-up was refunded (H10): the reckoning without it pays more, and that much is a new principal lot like `new_lot`; the bonus
    that it drew stays forfeited. The postings correct rows that put all of it back into the old lots."""
    back = principal_back_minor + sum(bonus_back.values())
    again = reckoned_again(line, back, principal_back_minor, discount_back_minor)
    extra = again.refundable_minor - line.refundable_minor
    store = new_lot.store_id
    postings = [Posting(store, Account.PRINCIPAL_LIABILITY, principal_back_minor - extra)]
    postings.append(Posting(store, Account.BONUS_CLAWBACK, extra - principal_back_minor))
    for source, amount in bonus_back.items():
        postings.append(Posting(source.store_id, Account.BONUS_LIABILITY, amount))
        postings.extend(cost_taken_back(source, amount))
    finding = Finding(
        FindingCode.CASH_OUT_RECKONED_AGAIN,
        {"top_up": line.top_up_id, "refunded_minor": back, "credited_minor": extra, "forfeited_minor": back - extra},
    )
    lots = wallet.lots
    if extra:
        lots = (*lots, replace(new_lot, original_minor=extra, remaining_minor=extra))
    cash_outs = tuple(
        replace(asked, lines=tuple(again if known is line else known for known in asked.lines))
        for asked in wallet.cash_outs
    )
    return replace(wallet, lots=lots, cash_outs=cash_outs), postings, [finding]


def _rest_reckoned_again(
    wallet: Wallet, line: CashOutLine, event: CashOutPaid, rulebook: Rulebook
) -> tuple[Wallet, list[Posting], list[Finding]]:
    """What refunds put into the line's lots while the request waited."""
    retired = [lot for lot in wallet.lots if line.retired(lot.lot_id, lot.top_up_id)]
    lots = [lot for lot in retired if lot.remaining_minor]
    if not lots:
        return wallet, [], []
    principal = sum(lot.remaining_minor for lot in lots if lot.kind is ValueKind.PRINCIPAL)
    bonus: dict[BonusSource, int] = {}
    for lot in lots:
        if lot.kind is ValueKind.BONUS:
            source = source_of(lot, rulebook)
            bonus[source] = bonus.get(source, 0) + lot.remaining_minor
    place = event.occasion
    new_lot = Lot(
        lot_id=LotId(f"{place.event_id}/c/{line.top_up_id}"),
        kind=ValueKind.PRINCIPAL,
        store_id=lots[0].store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=0,
        remaining_minor=0,
    )
    wallet = change_lots(wallet, {lot.lot_id: -lot.remaining_minor for lot in lots})
    discount = line.discount_minor - sum(lot.discount_minor for lot in retired)
    return reckon_again(
        wallet,
        line,
        principal_back_minor=principal,
        bonus_back=bonus,
        discount_back_minor=max(0, discount),
        new_lot=new_lot,
    )


def _missing_of(asked: CashOut, handed_minor: int) -> int:
    """Which part of what was handed over stands for what head office had not heard of."""
    return min(max(0, handed_minor - asked.refundable_minor), asked.missing_minor)


def _owes(wallet: Wallet, asked: CashOut, paying: StoreId, minor: int) -> tuple[Wallet, list[Posting]]:
    if not minor:
        return wallet, []
    row = Receivable(source_id=asked.request_id, store_id=paying, remaining_minor=minor)
    wallet = replace(wallet, receivables=with_receivable(wallet.receivables, row))
    return wallet, [Posting(paying, Account.OVERDRAFT_RECEIVABLE, minor)]


def _owes_no_more(wallet: Wallet, asked: CashOut, place: Occasion, minor: int) -> tuple[Wallet, list[Posting]]:
    """What an inflow has paid of it meanwhile is the member's again, as principal of the store that takes the money."""
    owed = sum(row.remaining_minor for row in wallet.receivables if row.source_id == asked.request_id)
    less = min(owed, minor)
    wallet = replace(wallet, receivables=reduce_receivable(wallet.receivables, asked.request_id, less))
    postings = [Posting(place.store_id, Account.OVERDRAFT_RECEIVABLE, -less)]
    rest = minor - less
    if not rest:
        return wallet, postings
    own = Lot(
        lot_id=LotId(f"{place.event_id}/m"),
        kind=ValueKind.PRINCIPAL,
        store_id=place.store_id,
        top_up_id=place.event_id,
        acquired_on=place.business_date,
        rulebook=place.rulebook,
        original_minor=rest,
        remaining_minor=rest,
    )
    postings.append(Posting(place.store_id, Account.PRINCIPAL_LIABILITY, -rest))
    wallet, paying = pay_receivables(replace(wallet, lots=(*wallet.lots, own)), place.business_date)
    return wallet, postings + paying


def _pending(asked: CashOut, sign: int) -> list[Posting]:
    """`sign` −1 when the request reserves, 1 when a rejection gives back."""
    postings: list[Posting] = []
    for line in asked.lines:
        for part in line.parts:
            liability = LIABILITY[ValueKind.PRINCIPAL if part.principal else ValueKind.BONUS]
            postings.append(Posting(part.store_id, liability, -sign * part.amount_minor))
            postings.append(Posting(part.store_id, Account.CASH_OUT_PENDING, sign * part.amount_minor))
    return postings


def _settling(asked: CashOut, paying: StoreId, rulebook: Rulebook, sign: int) -> list[Posting]:
    """All of a payment but its tenders; `sign` −1 takes it back."""
    rows: list[Posting] = []
    for line in asked.lines:
        origin = line.parts[0].store_id
        for part in line.parts:
            rows.append(Posting(part.store_id, Account.CASH_OUT_PENDING, part.amount_minor))
            if part.principal:
                rows.extend(clearing(part.store_id, origin, part.amount_minor))
            else:
                source = bonus_source(part.store_id, part.promotion_id, part.bearing, rulebook)
                rows.extend(cost_taken_back(source, part.amount_minor))
        rows.append(Posting(origin, Account.BONUS_CLAWBACK, line.refundable_minor - line.principal_minor))
        rows.extend(clearing(origin, paying, line.refundable_minor))
    return [row._replace(amount_minor=sign * row.amount_minor) for row in rows]


def _with_state(wallet: Wallet, asked: CashOut, state: CashOutState) -> Wallet:
    return _swapped(wallet, asked, replace(asked, state=state))


def _swapped(wallet: Wallet, known: CashOut, changed: CashOut) -> Wallet:
    return replace(wallet, cash_outs=tuple(changed if asked is known else asked for asked in wallet.cash_outs))


def _retire_lots(wallet: Wallet, asked: CashOut, rulebook: Rulebook) -> tuple[Wallet, CashOut, list[Finding]]:
    """Every lot of the request's top-ups that is still good, save what another member gave back meanwhile; the lines say which."""
    mine = [
        lot
        for lot in wallet.lots
        if lot.kind in (ValueKind.PRINCIPAL, ValueKind.BONUS) and lot.end is None and lot.lot_id not in asked.arrived
    ]
    lines = tuple(
        replace(line, lot_ids=tuple(lot.lot_id for lot in mine if lot.top_up_id == line.top_up_id))
        for line in asked.lines
    )
    wallet, paid, findings = take_rewards(wallet, replace(asked, state=CashOutState.PAID, lines=lines), rulebook)
    return _end_lots(_swapped(wallet, asked, paid), paid, None, LotEnd.CASHED_OUT), paid, findings


def _revive_lots(wallet: Wallet, asked: CashOut) -> Wallet:
    wallet = return_rewards(_end_lots(wallet, asked, LotEnd.CASHED_OUT, None), asked)
    lines = tuple(replace(line, lot_ids=()) for line in asked.lines)
    waiting = replace(asked, state=CashOutState.WAITING, lines=lines, rewards=(), tier_grants=())
    return _swapped(wallet, asked, waiting)


def _end_lots(wallet: Wallet, asked: CashOut, was: LotEnd | None, end: LotEnd | None) -> Wallet:
    def is_meant(lot: Lot) -> bool:
        return lot.end is was and any(line.retired(lot.lot_id, lot.top_up_id) for line in asked.lines)

    return replace(wallet, lots=tuple(replace(lot, end=end) if is_meant(lot) else lot for lot in wallet.lots))


def _tender(store_id: StoreId, tender: Tender, sign: int) -> Posting:
    return Posting(store_id, Account.TENDER, sign * tender.amount_minor, tender.kind.value)


def _tender_findings(amount_minor: int, tenders: tuple[Tender, ...]) -> list[Finding]:
    paid = sum(tender.amount_minor for tender in tenders)
    if paid == amount_minor:
        return []
    return [Finding(FindingCode.TENDERS_DISAGREE, {"amount_minor": amount_minor, "tenders_minor": paid})]


def _not_waiting(request_id: str, asked: CashOut | None) -> Finding:
    if asked is None:
        return Finding(FindingCode.CASH_OUT_UNKNOWN, {"request": request_id})
    return Finding(FindingCode.CASH_OUT_NOT_WAITING, {"request": request_id, "state": asked.state.value})


def _request_differs(event: CashOutRequested, plan: CashOutPlan) -> Finding:
    """What is reserved may differ although what is paid does not, and the other way round: both are told."""
    told = _differs(event.refundable_minor, plan.refundable_minor)
    reserved = {"shown_reserved_minor": event.reserved_minor, "reserved_minor": plan.reserved_minor}
    return replace(told, data={**told.data, **reserved})


def _differs(shown_minor: int, reckoned_minor: int, owed_minor: int = 0) -> Finding:
    """`owed_minor` came to be owed by it; less than 0: is owed no more."""
    data: dict[str, int | str] = {"shown_minor": shown_minor, "reckoned_minor": reckoned_minor}
    if owed_minor:
        data["owed_minor"] = owed_minor
    return Finding(FindingCode.CASH_OUT_DIFFERS, data)
