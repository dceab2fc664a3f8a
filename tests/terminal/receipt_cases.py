"""The occasions that the golden receipts show; written by hand, so that a change of the paper is seen as a change of text."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from printers.document import Receipt
from stored_value.cart_policy import CouponShape, CouponType, PassType
from stored_value.events import (
    EvidenceClass,
    MemberEnrolled,
    Occasion,
    OrderLine,
    Promise,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
    SealedPersonal,
    ShiftTotals,
    Tender,
    TenderKind,
    ToppedUp,
    TopUpReversed,
)
from stored_value.identity import (
    EventId,
    MemberId,
    PromotionId,
    ShiftId,
    StaffId,
    StoreId,
    TerminalId,
    TierId,
    member_no,
)
from stored_value.promotions import Benefits, CouponGift, PassGift
from stored_value.rulebook import FirstTopUp, FixedPlan, ReceiptTexts, Rulebook, Tier, Words
from stored_value.wallet import HoldingKind, WalletStatus
from terminal.counter.views import KeptApart, MemberView
from terminal.receipt_words import CHINESE, ReceiptWords
from terminal.receipts import Slip, Split, member_receipt
from terminal.shift_reports import ShiftFigures, opening_slip, shift_report

RULEBOOK = Rulebook(
    version=1,
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
    tiers=(Tier(tier_id=TierId("basic"), name=Words(zh="普通", en="Basic"), top_up_from_minor=0),),
    promotions=(
        FixedPlan(
            promotion_id=PromotionId("plan-1000"),
            name=Words(zh="充1000送200", en="Pay 1000 get 200"),
            pay_minor=100_000,
            bonus_minor=20_000,
        ),
        FirstTopUp(
            promotion_id=PromotionId("first-50"),
            name=Words(zh="首充送50", en="First top-up +50"),
            from_minor=10_000,
            bonus_minor=5_000,
        ),
    ),
    receipt=ReceiptTexts(header="储值通用，门店通享", footer="谢谢惠顾 服务热线 400-000-0000"),
)
MEMBER_NO = member_no(100_000_001)
MEMBER = MemberId("019ab000-0000-7000-8000-000000000001")
TOP_UP = EventId("019ab000-0000-7000-8000-00000000000a")
SALE = EventId("019ab000-0000-7000-8000-00000000000b")


def slip(seq: int, words: ReceiptWords = CHINESE) -> Slip:
    return Slip(
        store_name="人民路店",
        zone=ZoneInfo("Asia/Shanghai"),
        staff_name="张敏",
        receipt_no=f"S01-T1-{seq:06d}",
        fragment="3f9a1c07",
        rulebook=RULEBOOK,
        words=words,
    )


def occasion(local_time: str, *, offline: bool = False) -> Occasion:
    return Occasion(
        event_id=EventId("019ab000-0000-7000-8000-0000000000ff"),
        occurred_at=datetime(2026, 11, 23, 6, 2, tzinfo=UTC),
        terminal_id=TerminalId("S01-T1"),
        store_id=StoreId("S01"),
        staff_id=StaffId("s-zhang"),
        shift_id=ShiftId("shift"),
        business_date=date(2026, 11, 23),
        local_time=local_time,
        rulebook=1,
        evidence=EvidenceClass.NOT_NEEDED,
        offline=offline,
    )


def member(
    principal: int, bonus: int, *, provisional: int = 0, owed: int = 0, as_of: datetime | None = None
) -> MemberView:
    return MemberView(
        member_id=MEMBER,
        member_no=MEMBER_NO,
        name_masked="王*丽",
        phone_last4="4821",
        tier_name=RULEBOOK.tiers[0].name,
        status=WalletStatus.ACTIVE,
        principal_minor=principal,
        bonus_minor=bonus,
        provisional_bonus_minor=provisional,
        owed_minor=owed,
        spendable_now_minor=principal + bonus,
        offline=as_of is None,
        as_of=as_of,
        pending=True,
    )


HQ_TIME = datetime(2026, 11, 23, 6, 1, tzinfo=UTC)


def top_up(words: ReceiptWords = CHINESE) -> Receipt:
    event = ToppedUp(
        occasion=occasion("2026-11-23 14:02:11"),
        member_id=MEMBER,
        amount_minor=100_000,
        tenders=(
            Tender(kind=TenderKind.CASH, amount_minor=60_000),
            Tender(kind=TenderKind.WECHAT, amount_minor=40_000),
        ),
        plan_id=PromotionId("plan-1000"),
        promised=(
            Promise(promotion_id=PromotionId("plan-1000"), bonus_minor=20_000),
            Promise(promotion_id=PromotionId("first-50"), bonus_minor=5_000),
        ),
    )
    return member_receipt(
        slip(42, words), event, member(100_000, 25_000, as_of=HQ_TIME), Split(), names={}, original_no=""
    )


def top_up_offline() -> Receipt:
    event = ToppedUp(
        occasion=occasion("2026-11-23 14:02:11", offline=True),
        member_id=MEMBER,
        amount_minor=10_000,
        tenders=(Tender(kind=TenderKind.ALIPAY, amount_minor=10_000),),
        promised=(Promise(promotion_id=PromotionId("first-50"), bonus_minor=5_000),),
    )
    return member_receipt(slip(43), event, member(10_000, 0, provisional=5_000), Split(), names={}, original_no="")


def top_up_with_rewards() -> Receipt:
    """A plan whose bonus comes in instalments, with points, coupons and a pass beside it."""
    plan = FixedPlan(
        promotion_id=PromotionId("plan-2000"),
        name=Words(zh="充2000大礼", en="Pay 2000"),
        pay_minor=200_000,
        bonus_minor=0,
        also=Benefits(
            points=500,
            coupons=(CouponGift(coupon_id="tea", count=2),),
            passes=(PassGift(pass_id="wash", kind=HoldingKind.PASS_USES, quantity=3),),
        ),
    )
    rulebook = replace(
        RULEBOOK,
        promotions=(plan,),
        coupons=(CouponType(coupon_id="tea", name=Words(zh="奶茶券", en="Tea"), shape=CouponShape.AMOUNT),),
        passes=(PassType(pass_id="wash", name=Words(zh="洗车卡", en="Wash"), kind=HoldingKind.PASS_USES),),
    )
    event = ToppedUp(
        occasion=occasion("2026-11-23 14:02:11"),
        member_id=MEMBER,
        amount_minor=200_000,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=200_000),),
        plan_id=plan.promotion_id,
        promised=(Promise(promotion_id=plan.promotion_id, bonus_minor=0, later_minor=20_000, points=500),),
    )
    after = replace(member(200_000, 0, as_of=HQ_TIME), points=620)
    return member_receipt(replace(slip(47), rulebook=rulebook), event, after, Split(), names={}, original_no="")


def redemption(words: ReceiptWords = CHINESE) -> Receipt:
    event = Redeemed(
        occasion=occasion("2026-11-23 14:20:00", offline=True),
        member_id=MEMBER,
        amount_minor=12_805,
        lines=(
            OrderLine(line_no=1, name="洗剪吹（资深发型师）", total_minor=9_800),
            OrderLine(line_no=2, name="护发精油 限量礼盒装 玫瑰与檀香味 二百毫升 附赠旅行套装一份", total_minor=3_005),
        ),
    )
    split = Split(principal_minor=10_244, bonus_minor=2_561)
    kept = KeptApart(
        amount_minor=30_000,
        tills=1,
        terminal_id=TerminalId("S02-T1"),
        store_name="建设路店",
        oldest_at=datetime(2026, 11, 22, 17, tzinfo=UTC),
        age_s=0,
    )
    after = replace(
        member(89_756, 22_439, as_of=HQ_TIME),
        leased_elsewhere=kept,
        held_elsewhere=replace(kept, amount_minor=2_000, oldest_at=HQ_TIME),
    )
    return member_receipt(slip(44, words), event, after, split, names={}, original_no="")


def refund() -> Receipt:
    event = PurchaseRefunded(
        occasion=occasion("2026-11-23 15:00:30"),
        member_id=MEMBER,
        purchase_id=SALE,
        amount_minor=3_005,
        lines=(RefundLine(line_no=2, amount_minor=3_005),),
        reason="包装破损",
    )
    split = Split(principal_minor=2_404, bonus_minor=601)
    after = member(92_160, 23_040, as_of=HQ_TIME)
    names = {1: "洗剪吹（资深发型师）", 2: "护发精油"}
    return member_receipt(slip(45), event, after, split, names=names, original_no="S01-T1-000044")


def refund_awaiting(words: ReceiptWords = CHINESE) -> Receipt:
    """Of a payment that head office had put into suspense."""
    event = PurchaseRefunded(
        occasion=occasion("2026-11-23 15:00:30"),
        member_id=MEMBER,
        purchase_id=SALE,
        amount_minor=3_005,
        lines=(RefundLine(line_no=2, amount_minor=3_005),),
        suspense_minor=2_000,
    )
    split = Split(principal_minor=804, bonus_minor=201, awaiting_minor=2_000)
    after = member(92_160, 23_040, as_of=HQ_TIME)
    return member_receipt(slip(45, words), event, after, split, names={2: "护发精油"}, original_no="S01-T1-000044")


def reversal() -> Receipt:
    event = TopUpReversed(
        occasion=occasion("2026-11-23 15:10:00"),
        member_id=MEMBER,
        top_up_id=TOP_UP,
        amount_minor=10_000,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=10_000),),
    )
    split = Split(principal_minor=10_000, bonus_minor=5_000)
    after = member(0, 0, owed=1_250, as_of=HQ_TIME)
    return member_receipt(slip(46), event, after, split, names={}, original_no="S01-T1-000043")


def enrolment() -> Receipt:
    event = MemberEnrolled(
        occasion=occasion("2026-11-23 15:20:00", offline=True),
        member_id=MEMBER,
        member_no=MEMBER_NO,
        home_store_id=StoreId("S01"),
        personal=SealedPersonal(ciphertext="", attachment_sha256=""),
    )
    return member_receipt(slip(47), event, member(0, 0), Split(), names={}, original_no="")


def shift_opening() -> Receipt:
    return opening_slip(slip(41), date(2026, 11, 23), "2026-11-23 08:02:00", 50_000)


TOTALS = ShiftTotals(
    topped_up_minor=120_000,
    bonus_minor=30_000,
    redeemed_minor=12_805,
    refunded_minor=3_005,
    tenders_minor={"alipay": 10_000, "cash": 60_000, "wechat": 40_000},
    counts={"member_enrolled": 1, "purchase_refunded": 1, "redeemed": 1, "top_up_reversed": 1, "topped_up": 3},
    reversed_minor=10_000,
)


def x_report(expected_minor: int | None = 50_000) -> Receipt:
    figures = ShiftFigures(
        business_date=date(2026, 11, 23),
        opened_at="2026-11-23 08:02:00",
        printed_at="2026-11-23 16:00:00",
        float_minor=50_000,
        totals=ShiftTotals(topped_up_minor=50_000, tenders_minor={"wechat": 40_000}, counts={"topped_up": 1}),
        expected_minor=expected_minor,
    )
    bare = slip(0)
    return shift_report(
        Slip(
            store_name=bare.store_name,
            zone=bare.zone,
            staff_name=bare.staff_name,
            receipt_no="",
            fragment="",
            rulebook=RULEBOOK,
            words=CHINESE,
        ),
        figures,
    )


def z_report_with_orders() -> Receipt:
    totals = replace(
        TOTALS,
        tenders_minor={"alipay": 10_000, "cash": 79_500, "wechat": 51_749},
        counts={**TOTALS.counts, "order_paid": 2, "order_refunded": 1, "pass_used": 3, "points_redeemed": 1},
        reversed_minor=10_000,
        ordered_minor=58_349,
        ordered_balance_minor=20_000,
        order_refunded_minor=8_549,
        order_refunded_balance_minor=3_000,
    )
    figures = ShiftFigures(
        business_date=date(2026, 11, 23),
        opened_at="2026-11-23 08:02:00",
        printed_at="2026-11-23 22:05:00",
        float_minor=50_000,
        totals=totals,
        expected_minor=129_500,
        counted_minor=129_500,
    )
    return shift_report(slip(54), figures)


def z_report(words: ReceiptWords = CHINESE) -> Receipt:
    figures = ShiftFigures(
        business_date=date(2026, 11, 23),
        opened_at="2026-11-23 08:02:00",
        printed_at="2026-11-23 22:05:00",
        float_minor=50_000,
        totals=TOTALS,
        expected_minor=110_000,
        counted_minor=109_500,
    )
    return shift_report(slip(48, words), figures)
