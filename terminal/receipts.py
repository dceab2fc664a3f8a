"""Events as receipt documents, for members. Pure: the entry, the member as he stands after it and the rulebook go in, a
`printers.document.Receipt` comes out. Decides nothing and prints nothing; the use-cases of `terminal.counter` call it
before the commit, and again when a receipt is to be printed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from printers.document import Align, Block, Cut, Mark, Qr, Receipt, Row, Rule, RuleStyle, Size, Text, Title
from stored_value.events import (
    InstalmentReleased,
    MemberEnrolled,
    Occasion,
    OrderPaid,
    OrderRefunded,
    PassUsed,
    PointsRedeemed,
    PurchaseRefunded,
    Redeemed,
    Tender,
    TierReviewed,
    ToppedUp,
    TopUpReversed,
    WalletEvent,
)
from stored_value.events_money_out import MoneyOutEvent
from stored_value.events_reservation import ReservationEvent
from stored_value.explanations import reward_parts
from stored_value.money import format_yuan, in_words
from stored_value.quote import reward_for_facts
from stored_value.rulebook import Promotion, Rulebook
from stored_value.taking_back import REASON
from stored_value.topup import context_at
from sync.cards import FIRST_CARD_ISSUE, card_text, receipt_text
from terminal.language import Language
from terminal.receipt_words import ReceiptWords

if TYPE_CHECKING:
    from terminal.counter.views import MemberView


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What every receipt has: who printed it, in which words, and the number and hash fragment of its entry (empty for an
    X report, which is no entry)."""

    store_name: str
    zone: ZoneInfo
    staff_name: str
    receipt_no: str
    fragment: str
    rulebook: Rulebook
    words: ReceiptWords


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What a redemption drew, or a refund put back, by kind; `owed_minor` is what the member came to owe, or owes less; `awaiting_minor` what waits for head office's decision and
    never was the member's to pay."""

    principal_minor: int = 0
    bonus_minor: int = 0
    owed_minor: int = 0
    awaiting_minor: int = 0


def member_receipt(
    slip: Slip, event: WalletEvent, after: MemberView, split: Split, *, names: dict[int, str], original_no: str
) -> Receipt:
    """`names` are the purchase's lines by number and `original_no` its receipt, both for a refund only; a reversal has
    the receipt number of its top-up as `original_no`."""
    if isinstance(event, MoneyOutEvent | ReservationEvent):
        raise ValueError(f"no till prints a receipt of {event.kind}")
    match event:
        case MemberEnrolled():
            blocks = _enrolled(slip, event)
        case ToppedUp():
            blocks = _topped_up(slip, event)
        case Redeemed():
            blocks = _redeemed(slip, event, split)
        case PurchaseRefunded():
            blocks = _refunded(slip, event, split, names, original_no)
        case TopUpReversed():
            blocks = _reversed(slip, event, split, original_no)
        case OrderPaid() | OrderRefunded() | PassUsed() | InstalmentReleased() | PointsRedeemed() | TierReviewed():
            raise ValueError(f"no till prints a receipt of {event.kind}")
        case _:
            assert_never(event)
    return Receipt(
        blocks=(
            *head(slip, _title(slip.words, event), event.occasion, after),
            *blocks,
            Rule(),
            *balance_rows(slip, after, confirmed=not event.occasion.offline and isinstance(event, ToppedUp)),
            *_foot(slip, event),
        )
    )


def _title(words: ReceiptWords, event: WalletEvent) -> str:
    if isinstance(event, MoneyOutEvent | ReservationEvent):
        raise ValueError(f"no till prints a receipt of {event.kind}")
    match event:
        case MemberEnrolled():
            return words.enrolment
        case ToppedUp():
            return words.top_up
        case Redeemed():
            return words.redemption
        case PurchaseRefunded():
            return words.refund
        case TopUpReversed():
            return words.reversal
        case OrderPaid() | OrderRefunded() | PassUsed() | InstalmentReleased() | PointsRedeemed() | TierReviewed():
            raise ValueError(f"no till prints a receipt of {event.kind}")
        case _:
            assert_never(event)


def head(slip: Slip, title: str, occasion: Occasion, member: MemberView) -> tuple[Block, ...]:
    words = slip.words
    ends = f" {words.phone_ends} {member.phone_last4}" if member.phone_last4 else ""
    return (
        *opening(slip, title),
        *((Mark(text=words.provisional),) if occasion.offline else ()),
        Row(left=words.receipt_no, right=slip.receipt_no),
        Row(left=words.time, right=occasion.local_time),
        Row(left=words.cashier, right=slip.staff_name),
        Row(left=words.member, right=f"{member.name_masked}{ends}"),
        Rule(),
    )


def opening(slip: Slip, title: str) -> tuple[Block, ...]:
    header = slip.rulebook.receipt.header
    return (
        Title(text=slip.store_name),
        *((Text(text=header, align=Align.CENTER),) if header else ()),
        Text(text=title, align=Align.CENTER, bold=True, size=Size.TALL),
        Rule(style=RuleStyle.DOUBLE),
    )


def _enrolled(slip: Slip, event: MemberEnrolled) -> tuple[Block, ...]:
    return (
        Row(left=slip.words.member_no, right=event.member_no, bold=True, size=Size.TALL),
        Qr(data=card_text(event.member_no, FIRST_CARD_ISSUE), caption=slip.words.card),
    )


def _topped_up(slip: Slip, event: ToppedUp) -> tuple[Block, ...]:
    words = slip.words
    blocks: list[Block] = [*amount_rows(slip, words.top_up, event.amount_minor)]
    for promise in event.promised:
        known = slip.rulebook.promotion(promise.promotion_id)
        name = words.name(known.name) if known else promise.promotion_id
        nothing_else = promise.later_minor == 0 and promise.points == 0
        gifts = _gifts(slip, known, event) if known else ()
        if promise.bonus_minor or (nothing_else and not gifts):
            blocks.append(Row(left=f"{words.bonus} {name}", right=format_yuan(promise.bonus_minor)))
        if promise.later_minor:
            blocks.append(Row(left=f"{words.later_bonus} {name}", right=format_yuan(promise.later_minor)))
        if promise.points:
            blocks.append(Row(left=f"{words.points} {name}", right=f"+{promise.points}"))
        blocks.extend(Text(text=f"{words.gift} {gift}") for gift in gifts)
    return (*blocks, *tender_rows(words, words.tender, event.tenders))


def _gifts(slip: Slip, promotion: Promotion, event: ToppedUp) -> tuple[str, ...]:
    """Coupons, passes and a tier: a promise names its promotion only, the rulebook says what comes with it."""
    context = context_at(event.occasion, event.tenders)
    reward = reward_for_facts(promotion, event.amount_minor, event.plan_id, context)
    if reward is None:
        return ()
    parts = reward_parts(replace(reward, bonus_minor=0, later=(), points=0), slip.rulebook)
    return tuple(slip.words.name(part) for part in parts)


def _redeemed(slip: Slip, event: Redeemed, split: Split) -> tuple[Block, ...]:
    words = slip.words
    return (
        *(Row(left=line.name, right=format_yuan(line.total_minor)) for line in event.lines),
        Rule(),
        *amount_rows(slip, words.total, event.amount_minor),
        *split_rows(words.from_principal, words.from_bonus, words.owed, split),
    )


def _refunded(
    slip: Slip, event: PurchaseRefunded, split: Split, names: dict[int, str], original_no: str
) -> tuple[Block, ...]:
    words = slip.words
    return (
        Row(left=words.refund_of, right=original_no),
        *(
            Row(left=names.get(line.line_no, f"#{line.line_no}"), right=format_yuan(-line.amount_minor))
            for line in event.lines
        ),
        *((Row(left=words.reason, right=reason_text(words, event.reason)),) if event.reason else ()),
        Rule(),
        *amount_rows(slip, words.refund, event.amount_minor),
        *split_rows(words.back_to_principal, words.back_to_bonus, words.owed, split),
        *awaiting_rows(words, split.awaiting_minor),
    )


def reason_text(words: ReceiptWords, reason: str) -> str:
    """What the cashier typed; the rules' own mark of a reversal in words."""
    return words.money_out.taken_back if reason == REASON else reason


def _reversed(slip: Slip, event: TopUpReversed, split: Split, original_no: str) -> tuple[Block, ...]:
    words = slip.words
    return (
        Row(left=words.reversal_of, right=original_no),
        *amount_rows(slip, words.reversal, event.amount_minor),
        *((Row(left=words.bonus, right=format_yuan(-split.bonus_minor)),) if split.bonus_minor else ()),
        *tender_rows(words, words.tender_back, event.tenders),
    )


def amount_rows(slip: Slip, name: str, amount_minor: int) -> tuple[Block, ...]:
    """Large amounts are repeated in capitals, which nobody alters by a stroke."""
    row = Row(left=name, right=format_yuan(amount_minor), bold=True, size=Size.TALL)
    capitals = amount_minor >= slip.rulebook.limits.words_from_minor and slip.words.language is Language.ZH_CN
    return (row, Row(left=slip.words.in_words, right=in_words(amount_minor))) if capitals else (row,)


def split_rows(principal: str, bonus: str, owed: str, split: Split) -> tuple[Block, ...]:
    parts = ((principal, split.principal_minor), (bonus, split.bonus_minor), (owed, split.owed_minor))
    return tuple(Row(left=f"  {name}", right=format_yuan(minor)) for name, minor in parts if minor)


def awaiting_rows(words: ReceiptWords, awaiting_minor: int) -> tuple[Block, ...]:
    return (Row(left=f"  {words.awaiting}", right=format_yuan(awaiting_minor)),) if awaiting_minor else ()


def tender_rows(words: ReceiptWords, name: str, tenders: tuple[Tender, ...]) -> tuple[Block, ...]:
    return tuple(
        Row(left=f"{name} {words.tenders[tender.kind]}", right=format_yuan(tender.amount_minor)) for tender in tenders
    )


def balance_rows(slip: Slip, after: MemberView, *, confirmed: bool) -> tuple[Block, ...]:
    """`confirmed`: head office was asked just before a bonus was promised, so the paper calls it bonus like any other."""
    words = slip.words
    waiting_minor = 0 if confirmed else after.provisional_bonus_minor
    parts = (
        (words.principal, after.principal_minor, True),
        (words.bonus_balance, after.bonus_minor + after.provisional_bonus_minor - waiting_minor, True),
        (words.provisional_bonus, waiting_minor, False),
        (words.owed, -after.owed_minor, False),
    )
    age = words.as_of_here
    if after.as_of is not None:
        age = f"{words.as_of} {after.as_of.astimezone(slip.zone):%Y-%m-%d %H:%M}"
    return (
        Row(left=words.balance, right=format_yuan(after.balance_minor), bold=True),
        *(Row(left=f"  {name}", right=format_yuan(minor)) for name, minor, always in parts if minor or always),
        *_kept_rows(slip, after),
        *((Row(left=words.points, right=str(after.points)),) if after.points else ()),
        *(Row(left=name, right=format_yuan(minor)) for name, minor in _beside(words, after) if minor),
        Text(text=age, align=Align.RIGHT),
    )


def _kept_rows(slip: Slip, after: MemberView) -> tuple[Block, ...]:
    """What of the balance other tills keep, and since when the oldest."""
    parts = ((slip.words.leased_elsewhere, after.leased_elsewhere), (slip.words.held_elsewhere, after.held_elsewhere))
    return tuple(
        Row(left=f"  {name} {kept.oldest_at.astimezone(slip.zone):%m-%d}", right=format_yuan(kept.amount_minor))
        for name, kept in parts
        if kept is not None
    )


def _beside(words: ReceiptWords, after: MemberView) -> tuple[tuple[str, int], ...]:
    """What is the member's and no payment draws."""
    return ((words.money_out.waiting, after.waiting_minor), (words.money_out.deposits, after.deposits_minor))


def _foot(slip: Slip, event: WalletEvent) -> tuple[Block, ...]:
    """An enrolment's code is the member's card; two codes on one paper would be scanned by mistake."""
    caption = slip.words.keep if isinstance(event, Redeemed) else ""
    own = () if isinstance(event, MemberEnrolled) else (Qr(data=receipt_text(slip.receipt_no), caption=caption),)
    return (*own, *closing(slip))


def closing(slip: Slip) -> tuple[Block, ...]:
    footer = slip.rulebook.receipt.footer
    evidence = f"{slip.words.evidence} {slip.fragment}" if slip.fragment else ""
    return (*(Text(text=text, align=Align.CENTER) for text in (footer, evidence) if text), Cut())
