"""One event of every kind of money out, each with all of its fields filled: what golden entry files and codecs are held to."""

from stored_value.events import Event
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
    MovedValue,
    RefundReversed,
    StatusChanged,
    TakenBackLine,
    TransferPurpose,
    TransferredIn,
    TransferredOut,
)
from stored_value.identity import EventId, LotId, MemberId, PromotionId, StoreId
from stored_value.occasion import Tender, TenderKind
from stored_value.policies import CashOutMethod
from stored_value.wallet import Holding, HoldingKind, Identity, ValueKind, WalletStatus
from tests.stored_value.miniature import DAY, MEMBER, occasion

TENDERS = (Tender(kind=TenderKind.WECHAT, amount_minor=30_450, reference="wx-1"),)
REQUEST, DEPOSIT = EventId("c1"), EventId("d1")
MOVED = (
    MovedValue(
        kind=ValueKind.BONUS,
        lot_id=LotId("t1/b/plan-1000"),
        store_id=StoreId("S01"),
        source_id=EventId("t1"),
        amount_minor=7_000,
        acquired_on=DAY,
        rulebook=1,
        promotion_id=PromotionId("plan-1000"),
        expires_on=DAY,
        tenders=TENDERS,
    ),
    MovedValue(
        kind=ValueKind.RECEIVABLE,
        lot_id=None,
        store_id=StoreId("S02"),
        source_id=EventId("r1"),
        amount_minor=300,
        acquired_on=DAY,
        rulebook=0,
    ),
)
HOLDINGS = (
    Holding(
        holding_id=LotId("h1"),
        kind=HoldingKind.PASS_USES,
        item_id="wash",
        store_id=StoreId("S01"),
        source_id=EventId("t1"),
        acquired_on=DAY,
        rulebook=1,
        original=10,
        remaining=4,
    ),
)


def money_out_kinds() -> list[Event]:
    return [*_cash_outs(), *_deposits(), *_transfers(), *_life()]


def _cash_outs() -> list[Event]:
    return [
        CashOutRequested(
            occasion=occasion("c1"),
            member_id=MEMBER,
            method=CashOutMethod.PROPORTIONAL,
            refundable_minor=30_450,
            reserved_minor=40_600,
            top_up_ids=(EventId("t1"),),
            merchant_caused=True,
            reason="moved away",
        ),
        CashOutPaid(
            occasion=occasion("c2"), member_id=MEMBER, request_id=REQUEST, amount_minor=30_450, tenders=TENDERS
        ),
        CashOutRejected(
            occasion=occasion("c3"), member_id=MEMBER, request_id=REQUEST, restored_minor=40_600, reason="stays"
        ),
        CashOutReversed(
            occasion=occasion("c4"), member_id=MEMBER, request_id=REQUEST, amount_minor=30_450, tenders=TENDERS
        ),
        RefundReversed(
            occasion=occasion("c5"),
            member_id=MEMBER,
            refund_id=EventId("f1"),
            purchase_id=EventId("r1"),
            amount_minor=500,
            lines=(TakenBackLine(line_no=2, amount_minor=500),),
        ),
    ]


def _deposits() -> list[Event]:
    return [
        DepositTaken(occasion=occasion("d1"), member_id=MEMBER, amount_minor=20_000, tenders=TENDERS, item="umbrella"),
        DepositReturned(
            occasion=occasion("d2"), member_id=MEMBER, deposit_id=DEPOSIT, amount_minor=17_000, tenders=TENDERS
        ),
        DepositKept(occasion=occasion("d3"), member_id=MEMBER, deposit_id=DEPOSIT, amount_minor=3_000, reason="broken"),
        DepositRestored(
            occasion=occasion("d4"), member_id=MEMBER, deposit_id=DEPOSIT, amount_minor=17_000, tenders=TENDERS
        ),
    ]


def _transfers() -> list[Event]:
    return [
        TransferredOut(
            occasion=occasion("m1"),
            member_id=MEMBER,
            transfer_id=EventId("m1"),
            to_member_id=MemberId("m2"),
            purpose=TransferPurpose.MERGE,
            amount_minor=7_000,
            moved=MOVED,
            holdings=HOLDINGS,
        ),
        TransferredIn(
            occasion=occasion("m2"),
            member_id=MEMBER,
            transfer_id=EventId("m1"),
            from_member_id=MemberId("m2"),
            purpose=TransferPurpose.MERGE,
            amount_minor=7_000,
            moved=MOVED,
            holdings=HOLDINGS,
            topped_up_minor=100_000,
            top_up_count=1,
        ),
    ]


def _life() -> list[Event]:
    return [
        LotExpired(
            occasion=occasion("l1"),
            member_id=MEMBER,
            lot_id=LotId("t1/b/plan-1000"),
            amount_minor=5_000,
            quantity=0,
        ),
        StatusChanged(
            occasion=occasion("l2"),
            member_id=MEMBER,
            before=WalletStatus.ACTIVE,
            status=WalletStatus.LOST,
            reason="bus",
        ),
        CardReplaced(occasion=occasion("l3"), member_id=MEMBER, card_issue=2),
        IdentityRecorded(occasion=occasion("l4"), member_id=MEMBER, identity=Identity.VERIFIED),
    ]
