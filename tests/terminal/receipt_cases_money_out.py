"""Slips of cash-outs, deposits, cards and entries taken back that the golden receipts show, beside those of `receipt_cases`."""

from dataclasses import replace
from datetime import date

from printers.document import Receipt
from stored_value.cash_out_records import CashOut, CashOutLine, CashOutState, ReservedPart
from stored_value.events import Tender, TenderKind
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
    MoneyOutEvent,
    PinSet,
    RefundReversed,
    StatusChanged,
    TakenBackLine,
)
from stored_value.identity import EventId, LotId, StoreId
from stored_value.policies import CashOutMethod
from stored_value.sealed import SealedPersonal
from stored_value.taking_back import REASON
from stored_value.wallet import Identity, WalletStatus
from terminal.receipt_words import CHINESE, ReceiptWords
from terminal.receipts_money_out import MoneyOutFacts, money_out_receipt
from tests.terminal.receipt_cases import HQ_TIME, MEMBER, SALE, TOP_UP, member, occasion, slip

REQUEST = EventId("019ab000-0000-7000-8000-00000000000c")
DEPOSIT = EventId("019ab000-0000-7000-8000-00000000000d")
CASH, WECHAT = (
    Tender(kind=TenderKind.CASH, amount_minor=20_300),
    Tender(kind=TenderKind.WECHAT, amount_minor=60_150),
)


def _part(suffix: str, amount_minor: int) -> ReservedPart:
    return ReservedPart(
        lot_id=LotId(f"{TOP_UP}/{suffix}"),
        store_id=StoreId("S01"),
        principal=suffix.startswith("p"),
        amount_minor=amount_minor,
    )


LINE = CashOutLine(
    top_up_id=TOP_UP,
    acquired_on=date(2025, 11, 23),
    method=CashOutMethod.PROPORTIONAL,
    cooling_off=False,
    paid_minor=300_000,
    gift_minor=100_000,
    used_minor=359_400,
    principal_used_minor=259_550,
    discount_minor=0,
    refundable_minor=30_450,
    parts=(_part("p", 40_450), _part("b", 150)),
)
NEW = replace(
    LINE,
    acquired_on=date(2026, 11, 20),
    cooling_off=True,
    paid_minor=50_000,
    gift_minor=0,
    used_minor=0,
    principal_used_minor=0,
    refundable_minor=50_000,
    parts=(_part("p2", 50_000),),
)
ASKED = CashOut(request_id=REQUEST, state=CashOutState.WAITING, lines=(LINE, NEW))
FACTS = MoneyOutFacts(asked=ASKED, back_by=(CASH, WECHAT), original_no="S01-T1-000049")
DEPOSIT_FACTS = MoneyOutFacts(item="折叠轮椅", deposit_left_minor=25_500, original_no="S01-T1-000060")
WAITING = replace(member(0, 0, as_of=HQ_TIME), waiting_minor=80_450)
HELD = replace(member(86_533, 17_307, as_of=HQ_TIME), deposits_minor=25_500)


def _write(event: MoneyOutEvent, facts: MoneyOutFacts, words: ReceiptWords, seq: int = 50) -> Receipt:
    after = HELD if event.kind.startswith("deposit") else WAITING if event.kind in _WAITS else member(86_533, 17_307)
    return money_out_receipt(slip(seq, words), event, after, facts)


_WAITS = ("cash_out_requested", "cash_out_reversed")


def cash_out_request(words: ReceiptWords = CHINESE) -> Receipt:
    event = CashOutRequested(
        occasion=occasion("2026-11-23 15:30:00"),
        member_id=MEMBER,
        method=CashOutMethod.PROPORTIONAL,
        refundable_minor=80_450,
        reserved_minor=90_600,
        reason="搬家",
    )
    return _write(event, replace(FACTS, original_no=""), words)


def cash_out(words: ReceiptWords = CHINESE) -> Receipt:
    event = CashOutPaid(
        occasion=occasion("2026-11-23 15:31:00"),
        member_id=MEMBER,
        request_id=REQUEST,
        amount_minor=80_450,
        tenders=(CASH, WECHAT),
    )
    return _write(event, FACTS, words)


def cash_out_rejection(words: ReceiptWords = CHINESE) -> Receipt:
    """Taken back as the last entry."""
    event = CashOutRejected(
        occasion=occasion("2026-11-23 15:32:00"),
        member_id=MEMBER,
        request_id=REQUEST,
        restored_minor=90_600,
        reason=REASON,
    )
    return _write(event, replace(FACTS, takes_back_no="S01-T1-000049"), words)


def cash_out_reversal(words: ReceiptWords = CHINESE) -> Receipt:
    event = CashOutReversed(
        occasion=occasion("2026-11-23 15:33:00"),
        member_id=MEMBER,
        request_id=REQUEST,
        amount_minor=80_450,
        tenders=(CASH, WECHAT),
    )
    return _write(event, replace(FACTS, takes_back_no="S01-T1-000050"), words, 51)


def deposit(words: ReceiptWords = CHINESE) -> Receipt:
    event = DepositTaken(
        occasion=occasion("2026-11-23 16:00:00", offline=True),
        member_id=MEMBER,
        amount_minor=30_000,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=30_000),),
        item="折叠轮椅",
    )
    return _write(event, MoneyOutFacts(item="折叠轮椅"), words)


def deposit_kept(words: ReceiptWords = CHINESE) -> Receipt:
    event = DepositKept(
        occasion=occasion("2026-11-23 16:01:00"),
        member_id=MEMBER,
        deposit_id=DEPOSIT,
        amount_minor=4_500,
        reason="车轮损坏",
    )
    return _write(event, DEPOSIT_FACTS, words)


def deposit_return(words: ReceiptWords = CHINESE) -> Receipt:
    event = DepositReturned(
        occasion=occasion("2026-11-23 16:02:00"),
        member_id=MEMBER,
        deposit_id=DEPOSIT,
        amount_minor=25_500,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=25_500),),
    )
    return _write(event, replace(DEPOSIT_FACTS, deposit_left_minor=0), words)


def deposit_restored(words: ReceiptWords = CHINESE) -> Receipt:
    event = DepositRestored(
        occasion=occasion("2026-11-23 16:03:00"),
        member_id=MEMBER,
        deposit_id=DEPOSIT,
        amount_minor=25_500,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=25_500),),
    )
    return _write(event, replace(DEPOSIT_FACTS, takes_back_no="S01-T1-000062"), words)


def refund_reversal(words: ReceiptWords = CHINESE) -> Receipt:
    event = RefundReversed(
        occasion=occasion("2026-11-23 16:10:00"),
        member_id=MEMBER,
        refund_id=EventId("r"),
        purchase_id=SALE,
        amount_minor=3_005,
        lines=(TakenBackLine(line_no=2, amount_minor=3_005),),
    )
    facts = MoneyOutFacts(original_no="S01-T1-000044", takes_back_no="S01-T1-000045", names={2: "护发精油"})
    return _write(event, facts, words)


def loss_report(words: ReceiptWords = CHINESE) -> Receipt:
    event = StatusChanged(
        occasion=occasion("2026-11-23 16:20:00", offline=True),
        member_id=MEMBER,
        before=WalletStatus.ACTIVE,
        status=WalletStatus.LOST,
        reason="会员来电",
    )
    return _write(event, MoneyOutFacts(), words)


def new_card(words: ReceiptWords = CHINESE) -> Receipt:
    event = CardReplaced(occasion=occasion("2026-11-23 16:21:00"), member_id=MEMBER, card_issue=2)
    return _write(event, MoneyOutFacts(), words)


def pin_set(words: ReceiptWords = CHINESE) -> Receipt:
    secret = SealedPersonal(ciphertext="c", attachment_sha256="h")
    event = PinSet(occasion=occasion("2026-11-23 16:23:00"), member_id=MEMBER, pin_issue=1, secret=secret)
    return _write(event, MoneyOutFacts(), words)


def papers_seen(words: ReceiptWords = CHINESE) -> Receipt:
    event = IdentityRecorded(occasion=occasion("2026-11-23 16:22:00"), member_id=MEMBER, identity=Identity.VERIFIED)
    return _write(event, MoneyOutFacts(), words)
