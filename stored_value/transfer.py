"""Value that moves from one wallet to another in two linked events: what may leave, what really left, and what arrives whatever has become of the target (H11).

A moved part takes its ancestry along (store, day, rulebook, promotion, last day); its lot becomes smaller by it. `merging` moves everything in the same two legs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from stored_value.cash_out_settlement import with_arrivals
from stored_value.compliance import inflow_findings, refuse_inflow
from stored_value.draw import Draw, drawable_lots, plan_draw
from stored_value.events_money_out import MovedValue, TransferPurpose, TransferredIn, TransferredOut
from stored_value.findings import Finding, FindingCode
from stored_value.identity import EventId, LotId, StoreId
from stored_value.money import split
from stored_value.policies import TransferKinds
from stored_value.postings import Account, Posting
from stored_value.receivables import pay_receivables, with_receivable
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import DrawOrder, Rulebook
from stored_value.standing import Deed, Standing, deed_findings, refuse_deed, standing_of
from stored_value.wallet import Holding, Lot, Receivable, ValueKind, Wallet, WalletStatus

Settled = tuple[Wallet, list[Posting], list[Finding]]
_NOWHERE = StoreId("")
_KINDS = {
    TransferKinds.NOTHING: (),
    TransferKinds.PRINCIPAL_ONLY: (ValueKind.PRINCIPAL,),
    TransferKinds.PROPORTIONAL: (ValueKind.PRINCIPAL, ValueKind.BONUS),
}
_LIABILITY = {
    ValueKind.PRINCIPAL: Account.PRINCIPAL_LIABILITY,
    ValueKind.BONUS: Account.BONUS_LIABILITY,
    ValueKind.DEPOSIT: Account.DEPOSIT_LIABILITY,
}


def transferable_minor(wallet: Wallet, rulebook: Rulebook, on: date) -> int:
    kinds = _KINDS[rulebook.life_cycle.transfer]
    return sum(lot.remaining_minor for kind in kinds for lot in drawable_lots(wallet, kind, on))


def refuse_transfer(
    sender: Wallet, receiver: Wallet, amount_minor: int, rulebook: Rulebook, on: date, *, committed_minor: int = 0
) -> Refusal | None:
    """Online only (H4). `committed_minor`: what leases and holds keep of the sender's wallet (H5)."""
    if sender.member_id == receiver.member_id:
        return Refusal(RefusalCode.SAME_MEMBER)
    if amount_minor <= 0:
        return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
    if rulebook.life_cycle.transfer is TransferKinds.NOTHING:
        return Refusal(RefusalCode.TRANSFER_NOT_ALLOWED, {"rule": "life_cycle.transfer", "remedy": "cash_out"})
    refused = refuse_deed(sender, Deed.GIVE, on) or refuse_deed(receiver, Deed.RECEIVE, on)
    if refused is not None:
        return refused
    free = max(0, transferable_minor(sender, rulebook, on) - committed_minor)
    if amount_minor > free:
        return Refusal(RefusalCode.BALANCE_TOO_LOW, {"balance_minor": free, "short_minor": amount_minor - free})
    return refuse_inflow(receiver, amount_minor, (), rulebook)


def plan_transfer(wallet: Wallet, amount_minor: int, rulebook: Rulebook, on: date) -> tuple[MovedValue, ...]:
    """The parts that leave, at most what may be transferred: lots in draw order; under `proportional` principal and bonus as such a payment draws them."""
    amount = min(amount_minor, transferable_minor(wallet, rulebook, on))
    both = rulebook.life_cycle.transfer is TransferKinds.PROPORTIONAL
    order = DrawOrder.PROPORTIONAL if both else DrawOrder.PRINCIPAL_FIRST
    return moved_by(wallet, plan_draw(wallet, amount, order, on, _NOWHERE))


def moved_by(wallet: Wallet, draws: Sequence[Draw]) -> tuple[MovedValue, ...]:
    held = {lot.lot_id: lot for lot in wallet.lots}
    return tuple(moved_part(held[draw.lot_id], draw.amount_minor) for draw in draws if draw.lot_id is not None)


def moved_part(lot: Lot, amount_minor: int) -> MovedValue:
    shares = split(amount_minor, [tender.amount_minor for tender in lot.tenders]) if lot.tenders else ()
    return MovedValue(
        kind=lot.kind,
        lot_id=lot.lot_id,
        store_id=lot.store_id,
        source_id=lot.top_up_id,
        amount_minor=amount_minor,
        acquired_on=lot.acquired_on,
        rulebook=lot.rulebook,
        promotion_id=lot.promotion_id,
        expires_on=lot.expires_on,
        bearing=lot.bearing,
        tenders=tuple(
            replace(tender, amount_minor=share) for tender, share in zip(lot.tenders, shares, strict=True) if share
        ),
    )


def moved_minor(moved: Sequence[MovedValue]) -> int:
    """What the legs state as their amount: the value in the parts; a receivable that moves along is not value."""
    return sum(part.amount_minor for part in moved if part.kind is not ValueKind.RECEIVABLE)


def apply_transfer_out(wallet: Wallet, event: TransferredOut) -> tuple[Wallet, list[Posting], list[Finding]]:
    """Each part leaves as far as it is still there. `really_left` tells what the second leg may bring."""
    leg = f"{event.transfer_id}/out"
    if leg in wallet.transfer_legs:
        return wallet, [], [Finding(FindingCode.TRANSFER_REPEATED, {"transfer": event.transfer_id})]
    findings: list[Finding] = []
    if event.purpose is TransferPurpose.MEMBER:
        findings.extend(deed_findings(wallet, Deed.GIVE, event.occasion.business_date))
    left, holdings = really_left(wallet, event)
    missing = sum(part.amount_minor for part in event.moved) - sum(part.amount_minor for part in left)
    if missing:
        findings.append(Finding(FindingCode.TRANSFER_SHORT, {"transfer": event.transfer_id, "missing_minor": missing}))
    postings = [row for part in left for row in _leg(part, event.purpose, 1)]
    wallet = _without_value(wallet, left)
    wallet = _without_holdings(wallet, holdings)
    wallet = replace(wallet, transfer_legs=(*wallet.transfer_legs, leg))
    if event.purpose is TransferPurpose.MERGE:
        wallet = replace(
            wallet,
            status=WalletStatus.CLOSED,
            merged_into=event.to_member_id,
            topped_up_minor=0,
            top_up_count=0,
        )
    return wallet, postings, findings


def really_left(wallet: Wallet, event: TransferredOut) -> tuple[tuple[MovedValue, ...], tuple[Holding, ...]]:
    """What the first leg takes from `wallet` as it stands before the leg: the second leg is written from this, never from the wish."""
    lots = {lot.lot_id: lot.remaining_minor for lot in wallet.lots}
    owed = Counter[tuple[EventId, StoreId]]()
    for row in wallet.receivables:
        owed[row.source_id, row.store_id] += row.remaining_minor
    parts: list[MovedValue] = []
    for part in event.moved:
        if part.lot_id is None:
            taken = min(part.amount_minor, owed[part.source_id, part.store_id])
            owed[part.source_id, part.store_id] -= taken
        else:
            taken = min(part.amount_minor, lots.get(part.lot_id, 0))
            lots[part.lot_id] = lots.get(part.lot_id, 0) - taken
        if taken:
            parts.append(part if taken == part.amount_minor else replace(part, amount_minor=taken))
    held = {each.holding_id: each.remaining for each in wallet.holdings}
    holdings = tuple(each for each in event.holdings if held.get(each.holding_id, 0) >= each.remaining > 0)
    return tuple(parts), holdings


def apply_transfer_in(wallet: Wallet, event: TransferredIn, rulebook: Rulebook) -> Settled:
    """Never fails: into a closed wallet it is unclaimed, into a merged one it is due to be swept on. Receivables are paid first, as by every inflow."""
    leg = f"{event.transfer_id}/in"
    if leg in wallet.transfer_legs:
        return wallet, [], [Finding(FindingCode.TRANSFER_REPEATED, {"transfer": event.transfer_id})]
    on = event.occasion.business_date
    findings = _landing_findings(wallet, event)
    postings: list[Posting] = []
    lots: list[Lot] = []
    owed = wallet.receivables
    for number, part in enumerate(event.moved):
        postings.extend(_leg(part, event.purpose, -1))
        if part.kind is ValueKind.RECEIVABLE:
            row = Receivable(source_id=part.source_id, store_id=part.store_id, remaining_minor=part.amount_minor)
            owed = with_receivable(owed, row)
        else:
            lots.append(_arrived(part, LotId(f"{event.transfer_id}/t/{number}")))
    topped_up = wallet.topped_up_minor + event.topped_up_minor
    wallet = with_arrivals(wallet, lots)
    wallet = replace(
        wallet,
        lots=(*wallet.lots, *lots),
        receivables=owed,
        holdings=(*wallet.holdings, *_arrived_holdings(event)),
        transfer_legs=(*wallet.transfer_legs, leg),
        topped_up_minor=topped_up,
        top_up_count=wallet.top_up_count + event.top_up_count,
        tier_id=rulebook.tier_for(topped_up).tier_id if event.topped_up_minor else wallet.tier_id,
    )
    wallet, paying = pay_receivables(wallet, on)
    findings.extend(inflow_findings(wallet, (), rulebook))
    return wallet, postings + paying, findings


def _landing_findings(wallet: Wallet, event: TransferredIn) -> list[Finding]:
    data: dict[str, int | str] = {"transfer": event.transfer_id, "amount_minor": moved_minor(event.moved)}
    match standing_of(wallet, event.occasion.business_date):
        case Standing.CLOSED:
            return [Finding(FindingCode.UNCLAIMED, data)]
        case Standing.MERGED:
            return [Finding(FindingCode.SWEEP_DUE, {**data, "into": str(wallet.merged_into)})]
        case _:
            return []


def _leg(part: MovedValue, purpose: TransferPurpose, sign: int) -> tuple[Posting, Posting]:
    """`sign` 1: the value leaves; −1: it arrives. A receivable goes the other way round."""
    if part.kind is ValueKind.RECEIVABLE:
        account, amount = Account.OVERDRAFT_RECEIVABLE, -sign * part.amount_minor
    else:
        account, amount = _LIABILITY[part.kind], sign * part.amount_minor
    return (
        Posting(part.store_id, account, amount),
        Posting(part.store_id, Account.TRANSIT, -amount, purpose.value),
    )


def _arrived(part: MovedValue, lot_id: LotId) -> Lot:
    return Lot(
        lot_id=lot_id,
        kind=part.kind,
        store_id=part.store_id,
        top_up_id=part.source_id,
        acquired_on=part.acquired_on,
        rulebook=part.rulebook,
        original_minor=part.amount_minor,
        remaining_minor=part.amount_minor,
        promotion_id=part.promotion_id,
        expires_on=part.expires_on,
        tenders=part.tenders,
        bearing=part.bearing,
    )


def _arrived_holdings(event: TransferredIn) -> tuple[Holding, ...]:
    return tuple(
        replace(held, holding_id=LotId(f"{event.transfer_id}/h/{number}")) for number, held in enumerate(event.holdings)
    )


def _without_value(wallet: Wallet, left: Sequence[MovedValue]) -> Wallet:
    """What moved was never used here: the lots become smaller, not emptier, and a refund still fits into them."""
    taken: dict[LotId, int] = {}
    paid = Counter[tuple[EventId, StoreId]]()
    for part in left:
        if part.lot_id is not None:
            taken[part.lot_id] = taken.get(part.lot_id, 0) + part.amount_minor
        else:
            paid[part.source_id, part.store_id] += part.amount_minor
    lots = tuple(
        replace(
            lot,
            original_minor=lot.original_minor - taken[lot.lot_id],
            remaining_minor=lot.remaining_minor - taken[lot.lot_id],
        )
        if lot.lot_id in taken
        else lot
        for lot in wallet.lots
    )
    rows: list[Receivable] = []
    for row in wallet.receivables:
        key = row.source_id, row.store_id
        less = min(paid[key], row.remaining_minor)
        paid[key] -= less
        if row.remaining_minor > less:
            rows.append(replace(row, remaining_minor=row.remaining_minor - less))
    return replace(wallet, lots=lots, receivables=tuple(rows))


def _without_holdings(wallet: Wallet, left: Sequence[Holding]) -> Wallet:
    """As with lots: what moved leaves the original as well; the unserved price of a sold pass goes along."""
    gone = {held.holding_id: held for held in left}
    holdings = tuple(
        replace(
            held,
            original=held.original - gone[held.holding_id].remaining,
            remaining=held.remaining - gone[held.holding_id].remaining,
            sold_for_minor=held.sold_for_minor - gone[held.holding_id].sold_for_minor,
        )
        if held.holding_id in gone
        else held
        for held in wallet.holdings
    )
    return replace(wallet, holdings=holdings)
