"""An order: lines typed one by one, then what discounts, coupons, points and a pass leave to pay, and the tenders that pay it. Prices and limits are the counter's."""

from dataclasses import replace
from typing import Final

from stored_value.cart import Cart
from stored_value.events import TenderKind
from stored_value.identity import EventId, LotId
from stored_value.refusals import Refusal
from terminal.counter.order_views import CouponView, MemberHoldings, OrderPayment, OrderQuote, PassView, Shelf
from terminal.counter.payment_pin import ProvenMember
from terminal.counter.views import Completed, MemberView
from terminal.screens.amounts import AmountEntry, DigitEntry
from terminal.screens.keypad_view import CONFIRM
from terminal.screens.navigation import Order, Result
from terminal.screens.order_basket import Basket, BasketLine, Tendering
from terminal.screens.order_view import (
    ADD,
    ALL,
    BALANCE,
    COVER,
    FOR_SALE,
    POINTS,
    REMOVE,
    REST,
    OrderState,
    OrderView,
    covering_pass,
    open_minor,
    order_view,
    pin_lifts,
)
from terminal.screens.pin_asking import PAY_WITH_PIN, Payment, PinAsking
from terminal.screens.presenter import Desk
from terminal.screens.words import Notice

_QUANTITY_DIGITS: Final = 2


class OrderPresenter(PinAsking[OrderView]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shelf = Shelf(categories=(), passes=())
        self._forget(None, by_card=False)

    def _forget(self, member: MemberView | None, *, by_card: bool) -> None:
        self._member, self._by_card = member, by_card
        self._action: EventId | None = None
        self._holdings: MemberHoldings | None = None
        self._basket = Basket()
        self._typed, self._name, self._category = AmountEntry(), "", ""
        self._chosen: int | None = None
        self._count = DigitEntry(_QUANTITY_DIGITS)
        self._paying = False
        self._coupons: tuple[LotId, ...] = ()
        self._with_points, self._points = False, 0
        self._tendering = Tendering()
        self._quote: OrderQuote | None = None
        self._proven: ProvenMember | None = None
        self._shown_minor, self._goes_on = 0, False

    def begin_anew(self) -> None:
        destination = self.destination
        if not isinstance(destination, Order):
            return
        self._forget(destination.member, by_card=destination.by_card)
        member_id, counter = destination.member.member_id, self.desk.counter
        self.ask("action", counter.new_action, self._started)
        self.ask("shelf", counter.shelf, self._show_shelf)
        self.ask("holdings", lambda: counter.holdings(member_id), self._show_holdings)
        self.ask("member", lambda: counter.member(member_id), self._renew)

    def leave(self) -> None:
        super().leave()
        self._proven = None

    def resume(self, proven: ProvenMember | None) -> None:
        """With the PIN the order is priced once more, and paid at once if it is then paid whole."""
        self._proven, self._goes_on = proven, proven is not None
        self._price()

    def recognise(self, member: MemberView) -> bool:
        """A card was scanned while the order is open: the member's own keeps what was typed, another one waits until the basket is empty. False: nothing is lost
        by going on with the other."""
        if self._member is not None and self._member.member_id == member.member_id:
            self._member, self._by_card = member, True
            self.quiet()
            self._changed()
            return True
        if not self._basket.lines:
            return False
        t = self.t
        title, remedy = t("Another member's card"), t("Finish this order first, or remove its lines.")
        self.quiet()
        self.notice = Notice(title=title, remedy=remedy)
        self.publish()
        return True

    # --- the basket

    def type_name(self, name: str) -> None:
        if name != self._name:
            self._name = name
            self.publish()

    def choose_shelf(self, key: str) -> None:
        """A category for the line being typed (a second touch takes it off), or a pass that is sold."""
        if self.busy or self._paying:
            return
        sold = next((each for each in self._shelf.passes if FOR_SALE + each.pass_id == key), None)
        if sold is not None:
            name = self.desk.texts.words(sold.name)
            self._basket = self._basket.with_line(
                BasketLine(name=name, price_minor=sold.price_minor, sells_pass=sold.pass_id)
            )
        else:
            self._category = "" if key == self._category else key
        self.quiet()
        self.publish()

    def choose_line(self, at: int) -> None:
        """The keypad changes its quantity; a second touch lets it go."""
        if self.busy or self._paying:
            return
        self._chosen = None if self._chosen == at else at
        self._count = DigitEntry(_QUANTITY_DIGITS)
        self.quiet()
        self.publish()

    # --- paying

    def choose_voucher(self, key: str) -> None:
        """A coupon, or the points: chosen or taken out again."""
        if self.busy:
            return
        if key == PAY_WITH_PIN:
            self._ask_pin()
            return
        if key == POINTS:
            self._with_points = not self._with_points
        else:
            coupon = LotId(key)
            kept = tuple(each for each in self._coupons if each != coupon)
            self._coupons = kept if coupon in self._coupons else (*self._coupons, coupon)
        self._changed()

    def choose_tender(self, kind: str) -> None:
        if self.busy:
            return
        if kind == BALANCE:
            self._tendering = replace(self._tendering, with_balance=not self._tendering.with_balance)
        else:
            left = open_minor(self._quote, self._tendering)
            self._tendering = self._tendering.choose(TenderKind(kind), left)
        self._changed()

    def press(self, key: str) -> None:
        if self.busy:
            return
        if self._paying:
            self._press_paying(key)
        elif self._chosen is not None:
            self._press_quantity(self._chosen, key)
        else:
            self._press_price(key)

    def back(self) -> None:
        if not self._paying:
            self.desk.navigator.back()
            return
        self._paying, self._quote, self._proven = False, None, None
        self._tendering = Tendering()
        self.quiet()
        self.publish()

    def build(self) -> OrderView:
        return order_view(self._state(), self.notice, self.desk)

    def _state(self) -> OrderState:
        return OrderState(
            member=self._member,
            shelf=self._shelf,
            holdings=self._holdings,
            basket=self._basket,
            typed=self._typed,
            name=self._name,
            category=self._category,
            chosen=self._chosen,
            count=self._count,
            paying=self._paying,
            coupons=self._coupons,
            with_points=self._with_points,
            tendering=self._tendering,
            quote=self._quote,
            proven=self._proven is not None,
            refused=self.refusal is not None,
            ready=self._action is not None and not self.busy,
            slow=self.slow,
        )

    def _press_price(self, key: str) -> None:
        self.quiet()
        if key not in (CONFIRM, ADD):
            self._typed = self._typed.press(key)
        else:
            self._add_line()
        if key == CONFIRM and self._basket.lines:
            self._paying = True
            self._changed()
        else:
            self.publish()

    def _press_quantity(self, at: int, key: str) -> None:
        if key == CONFIRM:
            self._chosen = None
        elif key == REMOVE:
            self._basket, self._chosen = self._basket.without(at), None
        elif key == COVER:
            line = self._basket.lines[at]
            found = covering_pass(line, self._holdings)
            cover = found.holding_id if found is not None and line.cover is None else None
            self._basket = self._basket.covered(at, cover)
        else:
            self._count = self._count.press(key)
            self._basket = self._basket.counted(at, int(self._count.digits or "1"))
        self.publish()

    def _add_line(self) -> None:
        if not self._typed.minor:
            return
        name = self._name.strip() or self._category or self.t("Line {number}", number=len(self._basket.lines) + 1)
        line = BasketLine(name=name, price_minor=self._typed.minor, category=self._category)
        self._basket = self._basket.with_line(line)
        self._typed, self._name = AmountEntry(), ""

    def _press_paying(self, key: str) -> None:
        if key == CONFIRM:
            self._confirm()
            return
        if self._quote is None:
            return
        if key == ALL:
            self._tendering = self._tendering.enter(AmountEntry.of(self._quote.due_minor))
        elif key == REST:
            rest = open_minor(self._quote, self._tendering) + self._tendering.entry.minor
            self._tendering = self._tendering.enter(AmountEntry.of(max(0, rest)))
        else:
            self._tendering = self._tendering.enter(self._tendering.entry.press(key))
        self._changed()

    def _changed(self) -> None:
        self._goes_on = False
        self._price()

    def _price(self) -> None:
        """The order is priced anew; what is shown stays until the answer comes."""
        self.quiet()
        member = self._member
        if member is not None and self._paying and self._basket.lines:
            member_id, cart, due = member.member_id, self._cart(), self._quote.due_minor if self._quote else None
            tenders = self._tendering.tenders(due) if due is not None else ()
            counter, proven = self.desk.counter, self._proven
            self.ask("price", lambda: counter.price_order(member_id, cart, tenders, proven=proven), self._show_quote)
        self.publish()

    def _cart(self) -> Cart:
        points = self._points if self._with_points else 0
        return Cart(items=self._basket.items(), coupons=self._coupons, points=points)

    def _show_quote(self, answer: OrderQuote | Refusal) -> None:
        if isinstance(answer, Refusal):
            self._quote = None
            self.refuse(answer)
            return
        self._quote = answer
        stale_points = self._with_points and self._points != answer.points_most
        self._points = answer.points_most
        tendered = sum(each.amount_minor for each in self._tendering.tenders(answer.due_minor))
        beyond_proof = self._proven is not None and answer.balance_minor > self._shown_minor
        if beyond_proof:
            self._proven = None
        if stale_points or tendered != answer.tendered_minor or beyond_proof:
            self._price()
        elif answer.refusals:
            self.refuse(self._named(answer.refusals[0]))
        else:
            self._priced(answer)

    def _priced(self, quote: OrderQuote) -> None:
        goes_on, self._goes_on = self._goes_on, False
        if goes_on and self._proven is not None and quote.open_minor == 0:
            self._confirm()
        else:
            self.publish()

    def _ask_pin(self) -> None:
        """The member sees what the balance would pay; a proof is good for no more."""
        member, action, quote = self._member, self._action, self._quote
        if member is not None and action is not None and quote is not None and member.pin_is_set:
            self._shown_minor = quote.with_pin_minor
            self.ask_pin(Payment(action=action, member=member, amount_minor=quote.with_pin_minor))

    def _named(self, refusal: Refusal) -> Refusal:
        """The coupon or pass by its name, where the member's holdings tell it."""
        holdings = self._holdings
        known: list[CouponView | PassView] = [*holdings.coupons, *holdings.passes] if holdings is not None else []
        held = next((each for each in known if each.holding_id == refusal.data.get("holding")), None)
        if held is None:
            return refusal
        name = self.desk.texts.words(held.name)
        return Refusal(refusal.code, {**refusal.data, "coupon": name, "pass": name})

    def _confirm(self) -> None:
        member, action, quote = self._member, self._action, self._quote
        if member is None or action is None or quote is None or not self.build().pad.confirm_enabled:
            return
        if open_minor(quote, self._tendering) > 0 and pin_lifts(self._state()):
            self._ask_pin()
            return
        payment = OrderPayment(
            cart=self._cart(),
            tenders=self._tendering.tenders(quote.due_minor),
            balance_minor=quote.balance_minor if self._tendering.with_balance else 0,
            static_card=self._by_card,
        )
        self._shown_minor = quote.with_pin_minor
        counter, member_id = self.desk.counter, member.member_id
        self.pay(
            Payment(action=action, member=member, amount_minor=quote.with_pin_minor),
            lambda shown: counter.pay_order(action, member_id, payment, proven=shown),
            self._done,
            self._proven,
        )

    def _done(self, completed: Completed) -> None:
        name = self._member.name_masked if self._member else ""
        change = self._tendering.change_minor(self._quote.due_minor) if self._quote else 0
        self.desk.navigator.go(Result(completed, name, change))

    def _started(self, action: EventId) -> None:
        self._action = action
        self.publish()

    def _show_shelf(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.publish()

    def _show_holdings(self, answer: MemberHoldings | Refusal) -> None:
        self._holdings = None if isinstance(answer, Refusal) else answer
        self.publish()

    def _renew(self, answer: MemberView | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.refuse(answer)
        else:
            self._member = answer
            self.publish()
