"""Miniature makers for tests of the rules: a rulebook and events in a few words, amounts in fen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from stored_value.events import (
    EvidenceClass,
    ExpectedDraw,
    MemberEnrolled,
    Occasion,
    OrderLine,
    Promise,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
    SealedPersonal,
    Tender,
    TenderKind,
    ToppedUp,
    TopUpReversed,
)
from stored_value.identity import EventId, LotId, MemberId, PromotionId, ShiftId, StaffId, StoreId, TerminalId, TierId
from stored_value.offline_policy import OfflinePolicy, RiskAllowance
from stored_value.rulebook import FirstTopUp, FixedPlan, Rulebook, Tier, Words
from stored_value.wallet import ValueKind, Wallet

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MEMBER = MemberId("m1")
PLAN = PromotionId("plan-1000")
FIRST = PromotionId("first-50")


def words(text: str) -> Words:
    return Words(zh=text, en=text)


BOOK = Rulebook(
    version=1,
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
    tiers=(
        Tier(tier_id=TierId("basic"), name=words("普通"), top_up_from_minor=0),
        Tier(tier_id=TierId("silver"), name=words("银卡"), top_up_from_minor=100_000),
        Tier(tier_id=TierId("gold"), name=words("金卡"), top_up_from_minor=500_000),
    ),
    promotions=(
        FixedPlan(promotion_id=PLAN, name=words("充1000送200"), pay_minor=100_000, bonus_minor=20_000),
        FirstTopUp(promotion_id=FIRST, name=words("首充送50"), from_minor=10_000, bonus_minor=5_000),
    ),
    offline=OfflinePolicy(risk=RiskAllowance(payment_minor=20_000, member_minor=20_000, till_minor=200_000)),
)
PLAIN_BOOK = replace(BOOK, promotions=())


def wallet() -> Wallet:
    return Wallet(member_id=MEMBER, tier_id=TierId("basic"))


def occasion(
    event_id: str, store: str = "S01", evidence: EvidenceClass = EvidenceClass.NOT_NEEDED, day: int = 0
) -> Occasion:
    return Occasion(
        event_id=EventId(event_id),
        occurred_at=NOON + timedelta(days=day),
        terminal_id=TerminalId(f"{store}-T1"),
        store_id=StoreId(store),
        staff_id=StaffId("staff"),
        shift_id=ShiftId("shift"),
        business_date=DAY + timedelta(days=day),
        local_time="12:00:00",
        rulebook=1,
        evidence=evidence,
        offline=False,
    )


def enrolled() -> MemberEnrolled:
    return MemberEnrolled(
        occasion=occasion("e0"),
        member_id=MEMBER,
        member_no="0000000000",
        home_store_id=StoreId("S01"),
        personal=SealedPersonal(ciphertext="", attachment_sha256=""),
    )


def top_up(
    event_id: str,
    amount: int,
    store: str = "S01",
    *,
    plan: PromotionId | None = None,
    promised: dict[PromotionId, int] | None = None,
    tender: TenderKind = TenderKind.CASH,
    day: int = 0,
) -> ToppedUp:
    return ToppedUp(
        occasion=occasion(event_id, store, day=day),
        member_id=MEMBER,
        amount_minor=amount,
        tenders=(Tender(kind=tender, amount_minor=amount),),
        plan_id=plan,
        promised=tuple(Promise(promotion_id=name, bonus_minor=bonus) for name, bonus in (promised or {}).items()),
    )


def redeem(
    event_id: str,
    *amounts: int,
    store: str = "S01",
    evidence: EvidenceClass = EvidenceClass.PIN,
    day: int = 0,
    expected: dict[str, int] | None = None,
) -> Redeemed:
    return Redeemed(
        occasion=occasion(event_id, store, evidence, day),
        member_id=MEMBER,
        amount_minor=sum(amounts),
        lines=tuple(
            OrderLine(line_no=number, name=f"line {number}", total_minor=amount)
            for number, amount in enumerate(amounts, start=1)
        ),
        expected_draw=tuple(
            ExpectedDraw(lot_id=LotId(lot), amount_minor=amount) for lot, amount in (expected or {}).items()
        ),
    )


def refund(event_id: str, purchase: str, lines: dict[int, int], store: str = "S01", day: int = 0) -> PurchaseRefunded:
    return PurchaseRefunded(
        occasion=occasion(event_id, store, day=day),
        member_id=MEMBER,
        purchase_id=EventId(purchase),
        amount_minor=sum(lines.values()),
        lines=tuple(RefundLine(line_no=number, amount_minor=amount) for number, amount in lines.items()),
    )


def reverse(event_id: str, top_up_id: str, amount: int, store: str = "S01") -> TopUpReversed:
    return TopUpReversed(
        occasion=occasion(event_id, store),
        member_id=MEMBER,
        top_up_id=EventId(top_up_id),
        amount_minor=amount,
        tenders=(Tender(kind=TenderKind.CASH, amount_minor=amount),),
    )


def principal(held: Wallet) -> int:
    return held.balance_minor(ValueKind.PRINCIPAL)


def bonus(held: Wallet) -> int:
    return held.balance_minor(ValueKind.BONUS)
