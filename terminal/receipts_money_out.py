"""Slips for cash-outs, deposits, cards, and entries taken back: the part of `terminal.receipts` for money that leaves. Pure; called
by `terminal.counter.completion` before the commit, and again for a reprint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from printers.document import Align, Block, Feed, Qr, Receipt, Row, Rule, Text
from stored_value.cash_out_records import CashOut, CashOutLine
from stored_value.events_money_out import (
    CardReplaced,
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    CashOutReversed,
    DepositKept,
    DepositRestored,
    DepositReturned,
    DepositTaken,
    IdentityRecorded,
    LotExpired,
    MoneyOutEvent,
    PinCleared,
    PinSet,
    RefundReversed,
    StatusChanged,
    SuspenseDecided,
    TransferredIn,
    TransferredOut,
)
from stored_value.money import format_yuan
from stored_value.occasion import Tender
from stored_value.wallet import WalletStatus
from sync.cards import card_text, receipt_text
from terminal.receipts import Slip, amount_rows, awaiting_rows, balance_rows, closing, head, reason_text, tender_rows

if TYPE_CHECKING:
    from terminal.counter.views import MemberView

TransferLeg = TransferredOut | TransferredIn
HeadOfficesOwn = TransferLeg | LotExpired | SuspenseDecided | PinCleared
SlipEvent = (
    CashOutRequested
    | CashOutPaid
    | CashOutRejected
    | CashOutReversed
    | DepositTaken
    | DepositReturned
    | DepositKept
    | DepositRestored
    | RefundReversed
    | StatusChanged
    | CardReplaced
    | IdentityRecorded
    | PinSet
)
"""What a till makes; transfers, expiry, decisions about suspense and taking a PIN away are head office's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOutFacts:
    """What a slip says beside its event. `asked` is the cash-out as the wallet remembers it and `back_by` the tenders that it goes back by;
    `original_no` the receipt of the request, deposit or purchase that the event names, `takes_back_no` that of an entry taken back;
    `names` are the purchase's lines."""

    asked: CashOut | None = None
    back_by: tuple[Tender, ...] = ()
    item: str = ""
    deposit_left_minor: int = 0
    original_no: str = ""
    takes_back_no: str = ""
    names: Mapping[int, str] = field(default_factory=dict)


def money_out_receipt(slip: Slip, event: MoneyOutEvent, after: MemberView, facts: MoneyOutFacts) -> Receipt:
    """Raises ValueError for what only head office makes."""
    if isinstance(event, HeadOfficesOwn):
        raise ValueError(f"no till prints a receipt of {event.kind}")
    taken_back = (Row(left=slip.words.money_out.takes_back, right=facts.takes_back_no),) if facts.takes_back_no else ()
    return Receipt(
        blocks=(
            *head(slip, _title(slip, event), event.occasion, after),
            *taken_back,
            *_body(slip, event, after, facts),
            Rule(),
            *balance_rows(slip, after, confirmed=False),
            *_code(slip, event, after),
            *closing(slip),
        )
    )


def _title(slip: Slip, event: SlipEvent) -> str:
    words = slip.words.money_out
    match event:
        case CashOutRequested():
            return words.cash_out_request
        case CashOutPaid():
            return words.cash_out
        case CashOutRejected():
            return words.cash_out_rejection
        case CashOutReversed():
            return words.cash_out_reversal
        case DepositTaken():
            return words.deposit
        case DepositReturned():
            return words.deposit_return
        case DepositKept():
            return words.deposit_kept
        case DepositRestored():
            return words.deposit_restored
        case RefundReversed():
            return words.refund_reversal
        case StatusChanged(status=WalletStatus.LOST):
            return words.loss_report
        case StatusChanged():
            return words.status_change
        case CardReplaced():
            return words.card_replacement
        case IdentityRecorded():
            return words.identity
        case PinSet():
            return words.pin_set


def _body(slip: Slip, event: SlipEvent, after: MemberView, facts: MoneyOutFacts) -> tuple[Block, ...]:
    words = slip.words.money_out
    match event:
        case CashOutRequested():
            return _requested(slip, event, facts)
        case CashOutPaid():
            return _paid(slip, event, facts)
        case CashOutRejected():
            return (
                Row(left=words.request_no, right=facts.original_no),
                *amount_rows(slip, words.restored, event.restored_minor),
                *_reason(slip, event.reason),
            )
        case CashOutReversed():
            return (
                Row(left=words.request_no, right=facts.original_no),
                *amount_rows(slip, words.cash_out_reversal, event.amount_minor),
                *tender_rows(slip.words, words.taken_again, event.tenders),
            )
        case DepositTaken() | DepositReturned() | DepositKept() | DepositRestored():
            return _deposit(slip, event, facts)
        case RefundReversed():
            return (
                Row(left=slip.words.refund_of, right=facts.original_no),
                Text(text=words.lines_owe_again),
                *(
                    Row(left=facts.names.get(line.line_no, f"#{line.line_no}"), right=format_yuan(line.amount_minor))
                    for line in event.lines
                ),
                Rule(),
                *amount_rows(slip, words.refund_reversal, event.amount_minor),
                *awaiting_rows(slip.words, event.suspense_minor),
            )
        case StatusChanged():
            return (
                Row(left=slip.words.member_no, right=after.member_no),
                Row(left=words.status_before, right=words.statuses[event.before]),
                Row(left=words.status_after, right=words.statuses[event.status], bold=True),
                *_reason(slip, event.reason),
            )
        case CardReplaced():
            return (
                Row(left=slip.words.member_no, right=after.member_no, bold=True),
                Row(left=words.card_issue, right=str(event.card_issue)),
                Text(text=words.old_card_void),
            )
        case IdentityRecorded():
            return (
                Row(left=slip.words.member_no, right=after.member_no),
                Row(left=words.identity, right=words.identities[event.identity], bold=True),
            )
        case PinSet():
            return (Row(left=slip.words.member_no, right=after.member_no), Text(text=words.pin_is_yours))


def _requested(slip: Slip, event: CashOutRequested, facts: MoneyOutFacts) -> tuple[Block, ...]:
    """The whole reckoning, top-up by top-up, as the member saw it before he agreed."""
    words = slip.words.money_out
    lines = facts.asked.lines if facts.asked is not None else ()
    return (
        *(block for line in lines for block in (*_reckoning(slip, line), Rule())),
        *amount_rows(slip, words.refundable, event.refundable_minor),
        *tender_rows(slip.words, f"  {words.goes_back}", facts.back_by),
        *_given_up(slip, lines),
        Row(left=words.reserved, right=format_yuan(event.reserved_minor)),
        *_reason(slip, event.reason),
        Text(text=words.not_paid_yet, align=Align.CENTER, bold=True),
        *_signature(words.member_signature),
    )


def _reckoning(slip: Slip, line: CashOutLine) -> tuple[Block, ...]:
    words = slip.words.money_out
    how = words.cooling_off if line.cooling_off else words.methods[line.method]
    figures = (
        (words.paid, line.paid_minor, True),
        (words.gift, line.gift_minor, True),
        (words.used, line.used_minor, True),
        (words.consumed, -line.consumed_minor, True),
        (words.refundable, line.refundable_minor, True),
        (words.forfeited, line.forfeited_minor, False),
    )
    return (
        Row(left=f"{words.top_up_of} {line.acquired_on.isoformat()}", right=how, bold=True),
        *(Row(left=f"  {name}", right=format_yuan(minor)) for name, minor, always in figures if minor or always),
    )


def _paid(slip: Slip, event: CashOutPaid, facts: MoneyOutFacts) -> tuple[Block, ...]:
    words = slip.words.money_out
    lines = facts.asked.lines if facts.asked is not None else ()
    return (
        Row(left=words.request_no, right=facts.original_no),
        *(
            Row(left=f"{words.top_up_of} {line.acquired_on.isoformat()}", right=format_yuan(line.refundable_minor))
            for line in lines
        ),
        Rule(),
        *amount_rows(slip, words.cash_out, event.amount_minor),
        *tender_rows(slip.words, f"  {words.paid_out}", event.tenders),
        *_given_up(slip, lines),
        *_signature(words.member_signature),
    )


def _given_up(slip: Slip, lines: Sequence[CashOutLine]) -> tuple[Block, ...]:
    """What the member does not get of what was reserved: principal kept for bonus that was used, and the bonus that is left."""
    words = slip.words.money_out
    figures = (
        (words.claw_back, sum(line.principal_minor - line.refundable_minor for line in lines)),
        (words.forfeited, sum(line.forfeited_minor for line in lines)),
    )
    return tuple(Row(left=name, right=format_yuan(minor)) for name, minor in figures if minor > 0)


def _deposit(
    slip: Slip, event: DepositTaken | DepositReturned | DepositKept | DepositRestored, facts: MoneyOutFacts
) -> tuple[Block, ...]:
    words = slip.words.money_out
    item = (Row(left=words.item, right=facts.item),) if facts.item else ()
    amount = amount_rows(slip, _title(slip, event), event.amount_minor)
    if isinstance(event, DepositTaken):
        return (*item, *amount, *tender_rows(slip.words, slip.words.tender, event.tenders))
    ways: tuple[Block, ...] = ()
    if isinstance(event, DepositReturned):
        ways = tender_rows(slip.words, slip.words.tender_back, event.tenders)
    elif isinstance(event, DepositRestored):
        ways = tender_rows(slip.words, words.taken_again, event.tenders)
    return (
        Row(left=words.deposit_no, right=facts.original_no),
        *item,
        *amount,
        *ways,
        Row(left=words.deposit_left, right=format_yuan(facts.deposit_left_minor)),
        *(_reason(slip, event.reason) if isinstance(event, DepositKept) else ()),
    )


def _reason(slip: Slip, reason: str) -> tuple[Block, ...]:
    if not reason:
        return ()
    return (Row(left=slip.words.reason, right=reason_text(slip.words, reason)),)


def _signature(name: str) -> tuple[Block, ...]:
    return (Feed(), Row(left=name, right="_" * 16))


def _code(slip: Slip, event: SlipEvent, after: MemberView) -> tuple[Block, ...]:
    """The code of a replaced card is the new card; two codes on one paper would be scanned by mistake."""
    if isinstance(event, CardReplaced):
        return (Qr(data=card_text(after.member_no, event.card_issue), caption=slip.words.card),)
    return (Qr(data=receipt_text(slip.receipt_no), caption=""),)
