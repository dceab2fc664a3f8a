"""The part of the stand-in counter for money that leaves, cards and taking back: canned answers, the requests kept. Reckons nothing."""

from dataclasses import replace
from datetime import date
from typing import Any

from stored_value.cash_out_records import CashOut, CashOutLine, CashOutState, ReservedPart
from stored_value.events import Tender, TenderKind
from stored_value.identity import EventId, LotId, MemberId, StoreId
from stored_value.policies import CashOutMethod
from stored_value.refusals import Refusal
from stored_value.wallet import Identity, WalletStatus
from terminal.counter.views import Completed
from terminal.counter.views_money_out import CashOutQuote, DepositView, TakingBack, WaitingCashOut

M_WANG = MemberId("m-wang")


def _part(lot: str, amount: int, *, principal: bool) -> ReservedPart:
    return ReservedPart(lot_id=LotId(lot), store_id=StoreId("S01"), principal=principal, amount_minor=amount)


USED_MOSTLY = CashOutLine(
    top_up_id=EventId("e-1"),
    acquired_on=date(2025, 11, 23),
    method=CashOutMethod.PROPORTIONAL,
    cooling_off=False,
    paid_minor=300_000,
    gift_minor=100_000,
    used_minor=359_400,
    principal_used_minor=269_550,
    discount_minor=0,
    refundable_minor=30_450,
    parts=(_part("e-1/p", 30_450, principal=True), _part("e-1/b", 10_150, principal=False)),
)
NEW = CashOutLine(
    top_up_id=EventId("e-2"),
    acquired_on=date(2026, 6, 15),
    method=CashOutMethod.PROPORTIONAL,
    cooling_off=True,
    paid_minor=50_000,
    gift_minor=6_000,
    used_minor=0,
    principal_used_minor=0,
    discount_minor=0,
    refundable_minor=50_000,
    parts=(_part("e-2/p", 50_000, principal=True), _part("e-2/b", 6_000, principal=False)),
)
GIFT = replace(
    NEW, top_up_id=EventId("e-3"), cooling_off=False, paid_minor=0, gift_minor=5_000, refundable_minor=0,
    parts=(_part("e-3/b", 5_000, principal=False),),
)  # fmt: skip
GOES_BACK = (
    Tender(kind=TenderKind.CASH, amount_minor=20_300),
    Tender(kind=TenderKind.WECHAT, amount_minor=60_150),
)
QUOTE = CashOutQuote(
    member_id=M_WANG,
    method=CashOutMethod.PROPORTIONAL,
    merchant_caused=False,
    top_up_ids=(),
    lines=(USED_MOSTLY, NEW),
    nothing=(GIFT,),
    refundable_minor=80_450,
    principal_minor=80_450,
    forfeited_minor=16_150,
    goes_back=GOES_BACK,
)
WAITING = WaitingCashOut(
    asked=CashOut(request_id=EventId("r-1"), state=CashOutState.WAITING, lines=QUOTE.lines),
    here=True,
    confirmed=True,
    receipt_no="S01-T1-000043",
    local_time="2026-06-18 14:02:30",
    goes_back=GOES_BACK,
    original_only=False,
)
DEPOSITS = (
    DepositView(
        deposit_id=EventId("d-1"),
        receipt_no="S01-T1-000021",
        item="折叠轮椅",
        taken_on=date(2026, 6, 12),
        store_id=StoreId("S01"),
        original_minor=30_000,
        left_minor=30_000,
        tenders=(Tender(kind=TenderKind.WECHAT, amount_minor=30_000),),
        here=True,
    ),
    DepositView(
        deposit_id=EventId("d-2"),
        receipt_no="",
        item="",
        taken_on=date(2026, 6, 2),
        store_id=StoreId("S02"),
        original_minor=5_000,
        left_minor=5_000,
        tenders=(),
        here=False,
    ),
)
LAST = TakingBack(
    event_id=EventId("e-42"),
    kind="topped_up",
    receipt_no="S01-T1-000042",
    local_time="2026-06-18 13:48:05",
    member_id=M_WANG,
    name_masked="王*丽",
    phone_last4="4821",
    amount_minor=125_000,
    by_kind="top_up_reversed",
    tenders=(
        Tender(kind=TenderKind.CASH, amount_minor=60_000),
        Tender(kind=TenderKind.WECHAT, amount_minor=40_000),
    ),
    to_member=True,
    refusal=None,
)


class MoneyOutStandIn:
    """`StandInCounter` brings the rest."""

    asked: list[tuple[Any, ...]]
    refusal: Refusal | None

    def __init__(self) -> None:
        self.waiting: WaitingCashOut | None = None
        self.held: tuple[DepositView, ...] = DEPOSITS
        self.last: TakingBack | None = LAST

    def _completed(self, kind: str, member_id: MemberId | None, amount_minor: int, bonus_minor: int = 0) -> Completed:
        raise NotImplementedError

    def quote_cash_out(self, member_id: MemberId, *, merchant_caused: bool = False) -> CashOutQuote | Refusal:
        self.asked.append(("quote_cash_out", member_id, merchant_caused))
        return self.refusal or replace(QUOTE, merchant_caused=merchant_caused)

    def request_cash_out(self, action: EventId, quote: CashOutQuote, reason: str = "") -> Completed | Refusal:
        self.asked.append(("request_cash_out", action, quote))
        if self.refusal is None:
            self.waiting = WAITING
        return self.refusal or self._completed("cash_out_requested", quote.member_id, quote.refundable_minor)

    def waiting_cash_out(self, member_id: MemberId) -> WaitingCashOut | Refusal | None:
        return self.waiting

    def pay_cash_out(
        self, action: EventId, member_id: MemberId, request_id: EventId, tenders: tuple[Tender, ...]
    ) -> Completed | Refusal:
        self.asked.append(("pay_cash_out", action, member_id, request_id, tenders))
        return self.refusal or self._completed("cash_out_paid", member_id, 80_450)

    def reject_cash_out(
        self, action: EventId, member_id: MemberId, request_id: EventId, reason: str = ""
    ) -> Completed | Refusal:
        self.asked.append(("reject_cash_out", action, member_id, request_id))
        return self.refusal or self._completed("cash_out_rejected", member_id, 96_600)

    def deposits(self, member_id: MemberId) -> tuple[DepositView, ...] | Refusal:
        return self.held

    def take_deposit(
        self, action: EventId, member_id: MemberId, tenders: tuple[Tender, ...], item: str
    ) -> Completed | Refusal:
        self.asked.append(("take_deposit", action, member_id, tenders, item))
        return self.refusal or self._completed("deposit_taken", member_id, tenders[0].amount_minor)

    def return_deposit(self, action: EventId, deposit_id: EventId, tenders: tuple[Tender, ...]) -> Completed | Refusal:
        self.asked.append(("return_deposit", action, deposit_id, tenders))
        return self.refusal or self._completed("deposit_returned", M_WANG, tenders[0].amount_minor)

    def keep_deposit(self, action: EventId, deposit_id: EventId, amount_minor: int, reason: str) -> Completed | Refusal:
        self.asked.append(("keep_deposit", action, deposit_id, amount_minor, reason))
        return self.refusal or self._completed("deposit_kept", M_WANG, amount_minor)

    def last_entry(self) -> TakingBack | Refusal | None:
        return self.last

    def look_back(self, event_id: EventId) -> TakingBack | Refusal:
        assert self.last is not None
        return replace(self.last, event_id=event_id)

    def take_back(self, action: EventId, event_id: EventId) -> Completed | Refusal:
        self.asked.append(("take_back", action, event_id))
        return self.refusal or self._completed("top_up_reversed", M_WANG, 100_000)

    def change_status(
        self, action: EventId, member_id: MemberId, status: WalletStatus, reason: str = ""
    ) -> Completed | Refusal:
        self.asked.append(("change_status", action, member_id, status))
        return self.refusal or self._completed("status_changed", member_id, 0)

    def replace_card(self, action: EventId, member_id: MemberId) -> Completed | Refusal:
        self.asked.append(("replace_card", action, member_id))
        return self.refusal or self._completed("card_replaced", member_id, 0)

    def record_identity(self, action: EventId, member_id: MemberId, identity: Identity) -> Completed | Refusal:
        self.asked.append(("record_identity", action, member_id, identity))
        return self.refusal or self._completed("identity_recorded", member_id, 0)
