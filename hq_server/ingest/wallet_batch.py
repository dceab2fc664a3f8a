"""Owns applying a batch's events to the wallets it loaded, in memory: `stored_value.apply` event by event, and the rows that come of it. No I/O; called by the service.

Everything is kept by member, so that a member whose wallet changed meanwhile is done again alone.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce

import msgspec

from hq_server.feed.outbox import CampaignGift, Change, RollupDelta, encode_change
from hq_server.ingest.card_days import by_card
from hq_server.ingest.judges import Judges
from hq_server.ingest.reservation_changes import ReservationChanges, with_lost
from hq_server.ingest.rows import OutboxRow, PostingRow, PurchaseRow, WalletEventRow, WalletRow
from hq_server.ingest.understanding import Incoming, set_aside
from stored_value.apply import Applied, HeaderFacts, apply, new_wallet, settle_header
from stored_value.campaign import given_by
from stored_value.due_days import next_due_day
from stored_value.events import (
    InstalmentReleased,
    MemberEnrolled,
    OrderPaid,
    OrderRefunded,
    PurchaseRefunded,
    Redeemed,
    ShiftClosed,
    ShiftOpened,
    ToppedUp,
    TopUpReversed,
)
from stored_value.events_money_out import CashOutPaid, CashOutReversed, MoneyOutEvent
from stored_value.findings import Finding, FindingCode
from stored_value.frozen import changed
from stored_value.identity import EventId
from stored_value.payment_pin import as_judged
from stored_value.promotions import NO_CAP
from stored_value.reservation_records import ReservationId
from stored_value.reservations import with_reservation
from stored_value.uncovered import things_unproved, unproved_minor
from stored_value.wallet import Purchase, ValueKind, Wallet
from sync.event_codec import stored_value_moved
from sync.messages import OutcomeFinding
from sync.wallet_codec import write_purchase, write_wallet

logger = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
CANNOT_BE_APPLIED = (
    ValueError,
    ArithmeticError,
    LookupError,
    AssertionError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What the rules may raise for an entry that nobody thought of: it alone is set aside."""


@dataclass(frozen=True, slots=True)
class HeldPurchase:
    """A purchase with the columns beside it that never change."""

    purchase: Purchase
    receipt_no: str
    store_id: str
    terminal_id: str


@dataclass(frozen=True, slots=True)
class HeldWallet:
    """As loaded; `wallet` is None for a member of whom nothing is known. `events` are those of the batch that the member already has."""

    wallet: Wallet | None
    purchases: Mapping[str, HeldPurchase]
    stores: frozenset[str]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Landed:
    """Where an entry landed: None when it moved no wallet."""

    version: int | None
    findings: tuple[Finding, ...]
    set_aside: bool


@dataclass(slots=True)
class MemberBatch:
    """What a batch does to one member. `bought` are the purchases among `purchases` that no table holds yet; `entered` is the store when it did not know the member, else
    empty; `after` the wallet when all is done."""

    wallet: list[WalletRow] = field(default_factory=list)
    purchases: dict[str, PurchaseRow] = field(default_factory=dict)
    bought: set[str] = field(default_factory=set)
    events: list[WalletEventRow] = field(default_factory=list)
    postings: list[PostingRow] = field(default_factory=list)
    outbox: list[OutboxRow] = field(default_factory=list)
    landed: dict[int, Landed] = field(default_factory=dict)
    reservations: ReservationChanges = field(default_factory=ReservationChanges)
    entered: str = ""
    after: Wallet | None = None


def findings_json(findings: Sequence[Finding]) -> str:
    if not findings:
        return "[]"
    return _encode([OutcomeFinding(code=each.code, data=each.data) for each in findings]).decode()


def apply_to_member(
    incoming: Sequence[Incoming],
    held: HeldWallet,
    received_at: datetime,
    judges: Judges | None = None,
) -> MemberBatch:
    """The member's entries in journal order, on the wallet as it was loaded. `judges`: of what a till says; head office's own entries have none."""
    batch = MemberBatch()
    member_id = incoming[0].member_id
    assert member_id is not None
    before = held.wallet or new_wallet(member_id, incoming[0].rulebook)
    wallet = changed(before, purchases=tuple(each.purchase for each in held.purchases.values()))
    store_id = incoming[0].store_id
    entered = store_id not in held.stores
    batch.entered = store_id if entered else ""
    seen = set(held.events)
    for each in incoming:
        if each.event_id in seen:
            findings = (*each.findings, Finding(FindingCode.EVENT_REPEATED, {"event": each.event_id}))
            batch.landed[each.seq] = Landed(None, findings, set_aside=True)
            continue
        seen.add(each.event_id)
        kept, status = wallet.reservations, wallet.status
        if each.lost_lease is not None and not entered:
            wallet = with_lost(wallet, each.lost_lease)
        shown = reduce(with_reservation, each.shown_holds, wallet)
        refused = judges.refuses(each, shown) if judges is not None else None
        if refused is not None:
            batch.landed[each.seq] = Landed(None, (*each.findings, refused), set_aside=True)
            continue
        wallet = shown
        applied, findings = _applied(wallet, each, () if judges is None else judges.judge(each, wallet))
        if judges is not None:
            findings += judges.remarks(each, wallet, applied.wallet)
        wallet = changed(applied.wallet, version=wallet.version + 1)
        if wallet.reservations is not kept or each.shown_holds:
            batch.reservations.note(each, kept, wallet)
        change = Change(
            deltas=_deltas(each, applied),
            purchases=tuple(bought.purchase_id for bought in applied.purchases),
            entered=(store_id,) if entered else (),
            standing=wallet.status is not status,
            gifts=_gifts(each, applied),
        )
        entered = False
        _add_rows(batch, each, applied, findings, wallet, held, received_at)
        batch.outbox.append(OutboxRow(member_id, each.event_id, encode_change(change)))
        batch.landed[each.seq] = Landed(wallet.version, findings, set_aside=each.event is None)
    batch.after = wallet if wallet.version > before.version else held.wallet
    if wallet.version > before.version:
        newest = max((each.rulebook for each in incoming), key=lambda book: book.version)
        batch.wallet.append(_wallet_row(wallet, before.version, received_at, next_due_day(wallet, newest)))
    return batch


def _applied(wallet: Wallet, each: Incoming, judged: Sequence[Finding]) -> tuple[Applied, tuple[Finding, ...]]:
    """Never fails for what an entry says: one bad entry must not stop those behind it (L2). `judged`: what its judges found of it."""
    findings = list(judged)
    unproved = unproved_minor(findings)
    event = each.event
    if event is not None:
        assert not isinstance(event, ShiftOpened | ShiftClosed)
        if wallet.version == 0 and not isinstance(event, MemberEnrolled):
            findings.append(Finding(FindingCode.MEMBER_UNKNOWN))
        try:
            codes = [found.code for found in findings]
            counted, things = as_judged(event, codes), things_unproved(codes)
            applied = apply(wallet, counted, each.rulebook, unproved_minor=unproved, things_unproved=things)
        except CANNOT_BE_APPLIED as error:
            logger.exception("an entry cannot be applied and is set aside", extra={"event_id": each.event_id})
            set_aside(each, f"{type(error).__name__}: {error}")
        else:
            return applied, (*each.findings, *findings, *_told(each, applied))
    header = each.entry.header
    facts = HeaderFacts(
        event_id=EventId(each.event_id),
        store_id=each.store_id,
        terminal_id=header.terminal_id,
        on=each.business_date,
        rulebook=each.rulebook.version,
        in_minor=header.in_minor,
        out_minor=header.out_minor,
        reservations=tuple(ReservationId(kept) for kept in header.reservations),
        unproved_minor=unproved,
        by_card=by_card(header, [found.code for found in (*each.findings, *findings)]),
    )
    applied = settle_header(wallet, facts, each.rulebook)
    return applied, (*each.findings, *findings, *_told(each, applied))


def _told(each: Incoming, applied: Applied) -> tuple[Finding, ...]:
    """What a restored head office does not know of an earlier epoch it says it may have forgotten (H1). What books nothing is late for no books."""
    late = (Finding(FindingCode.PRIOR_PERIOD, _of_month(each)),) if each.is_late and applied.postings else ()
    if not each.earlier_epoch:
        return (*applied.findings, *late)
    return (*(_may_be_forgotten(found) for found in applied.findings), *late)


def _may_be_forgotten(found: Finding) -> Finding:
    is_unknown = found.code is FindingCode.RESERVATION_UNKNOWN
    return Finding(FindingCode.RESERVATION_FORGOTTEN, found.data) if is_unknown else found


def _of_month(each: Incoming) -> dict[str, int | str]:
    return {"business_date": each.business_date.isoformat()}


def _gifts(each: Incoming, applied: Applied) -> tuple[CampaignGift, ...]:
    """Of a top-up, what promotions with a cap over all members gave."""
    if not isinstance(each.event, ToppedUp):
        return ()
    caps = {
        known.promotion_id: cap for known in each.rulebook.promotions if (cap := known.terms.caps.campaign) != NO_CAP
    }
    if not caps:
        return ()
    return tuple(
        CampaignGift(
            given.promotion_id,
            given.bonus_minor,
            caps[given.promotion_id].times,
            caps[given.promotion_id].bonus_minor,
        )
        for given in given_by(applied.wallet, each.event.occasion.event_id)
        if given.promotion_id in caps
    )


def _deltas(each: Incoming, applied: Applied) -> tuple[RollupDelta, ...]:
    return tuple(
        RollupDelta(row.store_id, each.business_date, each.kind, row.account.value, row.detail, row.amount_minor)
        for row in applied.postings
    )


def _add_rows(
    batch: MemberBatch,
    each: Incoming,
    applied: Applied,
    findings: tuple[Finding, ...],
    wallet: Wallet,
    held: HeldWallet,
    received_at: datetime,
) -> None:
    header, occasion = each.entry.header, each.event.occasion if each.event else None
    batch.events.append(
        WalletEventRow(
            member_id=wallet.member_id,
            event_id=each.event_id,
            version=wallet.version,
            kind=each.kind,
            store_id=each.store_id,
            terminal_id=header.terminal_id,
            incarnation=header.incarnation,
            seq=header.seq,
            receipt_no=each.receipt_no,
            staff_id=occasion.staff_id if occasion else "",
            business_date=each.business_date,
            occurred_at=header.occurred_at,
            received_at=received_at,
            amount_minor=_amount(each),
            offline=occasion.offline if occasion else True,
            findings=findings_json(findings),
            needs_a_person=any(finding.needs_a_person for finding in findings) or each.event is None,
        )
    )
    batch.postings.extend(
        PostingRow(
            wallet.member_id,
            each.event_id,
            line_no,
            row.store_id,
            each.business_date,
            each.kind,
            row.account.value,
            row.detail,
            row.amount_minor,
        )
        for line_no, row in enumerate(applied.postings, start=1)
    )
    for bought in applied.purchases:
        known = batch.purchases.get(bought.purchase_id) or held.purchases.get(bought.purchase_id)
        if known is None:
            batch.bought.add(bought.purchase_id)
        batch.purchases[bought.purchase_id] = _purchase_row(bought, each, wallet, known)


def _amount(each: Incoming) -> int:
    if isinstance(each.event, CashOutPaid | CashOutReversed):
        return each.event.amount_minor
    if isinstance(each.event, MoneyOutEvent):
        return sum(stored_value_moved(each.event))
    match each.event:
        case ToppedUp(amount_minor=amount) | Redeemed(amount_minor=amount) | PurchaseRefunded(amount_minor=amount):
            return amount
        case OrderPaid() | OrderRefunded():
            return each.event.amount_minor
        case TopUpReversed(amount_minor=amount) | InstalmentReleased(amount_minor=amount):
            return amount
        case None:
            return each.entry.header.in_minor + each.entry.header.out_minor
        case _:
            return 0


def _purchase_row(
    bought: Purchase, each: Incoming, wallet: Wallet, known: PurchaseRow | HeldPurchase | None
) -> PurchaseRow:
    """`known`: as it was before this entry, in an earlier push or earlier in this one; None: this entry bought it."""
    header = each.entry.header
    return PurchaseRow(
        member_id=wallet.member_id,
        purchase_id=bought.purchase_id,
        receipt_no=known.receipt_no if known else each.receipt_no,
        store_id=known.store_id if known else bought.store_id,
        terminal_id=known.terminal_id if known else header.terminal_id,
        business_date=bought.business_date,
        version=wallet.version,
        state=write_purchase(bought),
    )


def _wallet_row(wallet: Wallet, prior_version: int, at: datetime, due_on: date | None) -> WalletRow:
    return WalletRow(
        member_id=wallet.member_id,
        version=wallet.version,
        prior_version=prior_version,
        state=write_wallet(wallet),
        status=wallet.status.value,
        tier_id=wallet.tier_id,
        principal_minor=wallet.balance_minor(ValueKind.PRINCIPAL),
        bonus_minor=wallet.balance_minor(ValueKind.BONUS),
        receivable_minor=wallet.owed_minor,
        updated_at=at,
        due_on=due_on,
    )
