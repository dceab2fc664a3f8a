"""The till behind its window: all screens at the counter, the status strip, and where a scanned code leads. Never imports Kivy.

Used by the window on the UI thread, and by tests without one. Owns no use-case: everything is asked of the counter.
"""

from typing import Final

from stored_value.refusals import Refusal
from terminal.counter.views import MemberView, PurchaseView
from terminal.screens.appearance import Appearance
from terminal.screens.card_care_presenter import CardCarePresenter
from terminal.screens.cash_out_presenter import CashOutPresenter
from terminal.screens.deposits_presenter import DepositsPresenter
from terminal.screens.enrol_member_presenter import EnrolMemberPresenter
from terminal.screens.findings_presenter import FindingsPresenter
from terminal.screens.front import Front
from terminal.screens.holdings_presenter import HoldingsPresenter
from terminal.screens.home_presenter import HomePresenter
from terminal.screens.identify_presenter import IdentifyPresenter
from terminal.screens.lock_presenter import LockPresenter
from terminal.screens.member_presenter import MemberPresenter
from terminal.screens.navigation import (
    CardCare,
    CashOut,
    CloseShift,
    Deposits,
    EnrolMember,
    Findings,
    Holdings,
    Home,
    Identify,
    Lock,
    MemberCard,
    OpenShift,
    Order,
    ProvePin,
    Receipts,
    Redeem,
    Refund,
    Result,
    SetPin,
    TakeBack,
    TopUp,
    after_identifying,
)
from terminal.screens.order_presenter import OrderPresenter
from terminal.screens.presenter import Desk
from terminal.screens.prove_pin_presenter import ProvePinPresenter
from terminal.screens.receipts_presenter import ReceiptsPresenter
from terminal.screens.redeem_presenter import RedeemPresenter
from terminal.screens.refund_presenter import RefundPresenter
from terminal.screens.result_presenter import ResultPresenter
from terminal.screens.set_pin_presenter import SetPinPresenter
from terminal.screens.shift_close_presenter import ShiftClosePresenter
from terminal.screens.shift_open_presenter import ShiftOpenPresenter
from terminal.screens.strip_presenter import StripPresenter
from terminal.screens.take_back_presenter import TakeBackPresenter
from terminal.screens.top_up_presenter import TopUpPresenter

_UNSCANNABLE: Final = (Lock, OpenShift, CloseShift)


class Till(Front):
    def __init__(self, desk: Desk, appearance: Appearance) -> None:
        self._redeem = RedeemPresenter(desk)
        self._order = OrderPresenter(desk)
        self._set_pin = SetPinPresenter(desk)
        super().__init__(
            desk,
            appearance,
            {
                Lock.screen: LockPresenter(desk, appearance),
                OpenShift.screen: ShiftOpenPresenter(desk),
                CloseShift.screen: ShiftClosePresenter(desk),
                Home.screen: HomePresenter(desk, appearance),
                Identify.screen: IdentifyPresenter(desk),
                MemberCard.screen: MemberPresenter(desk),
                Redeem.screen: self._redeem,
                TopUp.screen: TopUpPresenter(desk),
                Order.screen: self._order,
                Holdings.screen: HoldingsPresenter(desk),
                Refund.screen: RefundPresenter(desk),
                EnrolMember.screen: EnrolMemberPresenter(desk),
                Receipts.screen: ReceiptsPresenter(desk),
                Findings.screen: FindingsPresenter(desk),
                CashOut.screen: CashOutPresenter(desk),
                Deposits.screen: DepositsPresenter(desk),
                CardCare.screen: CardCarePresenter(desk),
                ProvePin.screen: ProvePinPresenter(desk),
                SetPin.screen: self._set_pin,
                TakeBack.screen: TakeBackPresenter(desk),
                Result.screen: ResultPresenter(desk),
            },
        )
        self._desk = desk
        self._strip = StripPresenter(desk)

    @property
    def strip(self) -> StripPresenter:
        return self._strip

    def start(self) -> None:
        self._strip.enter(self._desk.navigator.current)
        super().start()

    def tick(self) -> None:
        self._strip.refresh()

    def scanned(self, text: str) -> None:
        """What a code means is the counter's to say, where it leads depends on the screen."""
        if isinstance(self._desk.navigator.current, _UNSCANNABLE) or not self.current.takes_scans:
            return
        self.current.ask("scan", lambda: self._desk.counter.identify(text), self._identified)

    def defect(self) -> None:
        self._strip.forget_question()
        super().defect()

    def _identified(self, found: MemberView | PurchaseView | Refusal) -> None:
        if isinstance(found, Refusal):
            self.current.refuse(found)
            return
        here = self._desk.navigator.current
        if isinstance(here, Redeem) and isinstance(found, MemberView) and self._redeem.recognise(found):
            return
        if isinstance(here, Order) and isinstance(found, MemberView) and self._order.recognise(found):
            return
        if isinstance(here, SetPin) and isinstance(found, MemberView) and self._set_pin.recognise(found):
            return
        to = after_identifying(here, found, by_card=True)
        if to is not None:
            self._desk.navigator.go(to)

    def _look_changed(self) -> None:
        super()._look_changed()
        self._strip.publish()
