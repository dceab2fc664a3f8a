"""Errands of a shop: orders paid by several means, passes sold and used, points exchanged, and refunds of orders."""

from stored_value.cart import Cart
from stored_value.events_order import OrderItem, OrderRefundLine
from stored_value.identity import LotId
from stored_value.refusals import Refusal
from terminal.counter.order_views import MemberHoldings, OrderPayment, OrderQuote, PassView
from terminal.counter.views import Completed, MemberView, PurchaseView
from tongchu.simulation.rules import TEA, WASH
from tongchu.simulation.visits import Done, Visit

_POINTS_STEP = 100


def order(visit: Visit) -> Done:
    """Some goods, by what he has: a coupon, points, balance, and tenders for the rest."""
    member = visit.member()
    if member is None:
        return None
    items = tuple(
        OrderItem(line_no=no, name=f"商品{no}", unit_price_minor=visit.chance.randint(500, 9_000), quantity=2)
        for no in range(1, visit.chance.randint(2, 3))
    )
    held = _holdings(visit, member)
    coupons: tuple[LotId, ...] = ()
    points = 0
    if held is not None and not held.offline:
        coupons = tuple(each.holding_id for each in held.coupons if each.usable)[:1]
        points = held.points // _POINTS_STEP * _POINTS_STEP if visit.chance.random() < 0.3 else 0
    return _pay(visit, member, Cart(items=items, coupons=coupons, points=points))


def buy_pass(visit: Visit) -> Done:
    member = visit.member()
    return None if member is None else _buy_pass(visit, member)


def use_pass(visit: Visit) -> Done:
    """Whoever has none buys one and uses it as soon as head office knows of it: offline he cannot (H4)."""
    member = visit.member()
    if member is None:
        return None
    if not _usable(visit, member):
        bought = _buy_pass(visit, member)
        if not isinstance(bought, Completed) or not visit.machine.at_work():
            return bought
        visit.machine.print_out()
        visit.machine.sync()
    usable = _usable(visit, member)
    if not usable:
        return None
    units = visit.chance.randint(1, min(3, usable[0].left))
    return visit.act(lambda counter, action: counter.use_pass(action, member.member_id, usable[0].holding_id, units))


def _buy_pass(visit: Visit, member: MemberView) -> Done:
    item = OrderItem(line_no=1, name="洗车十次卡", unit_price_minor=30_000, sells_pass=WASH)
    return _pay(visit, member, Cart(items=(item,)))


def _usable(visit: Visit, member: MemberView) -> list[PassView]:
    held = _holdings(visit, member)
    return [each for each in held.passes if each.usable] if held is not None else []


def exchange_points(visit: Visit) -> Done:
    member = visit.member()
    if member is None:
        return None
    return visit.act(lambda counter, action: counter.exchange_points(action, member.member_id, TEA))


def refund_order(visit: Visit, purchase: PurchaseView) -> Done:
    """One line, or a part of it."""
    left = [line for line in purchase.lines if line.refundable_minor]
    if not left:
        return None
    line = visit.chance.choice(left)
    part = visit.chance.randint(1, line.refundable_minor)
    back = line.refundable_minor if line.only_whole or visit.chance.random() < 0.5 else part
    lines = (OrderRefundLine(line_no=line.line_no, amount_minor=back),)
    return visit.act(lambda counter, action: counter.refund_order(action, purchase.purchase_id, lines, "退货"))


def _pay(visit: Visit, member: MemberView, cart: Cart) -> Done:
    counter = visit.machine.counter
    quote = visit.machine.do(lambda: counter.price_order(member.member_id, cart))
    if not isinstance(quote, OrderQuote):
        return quote
    balance = min(quote.balance_minor, quote.due_minor)
    if balance and visit.chance.random() < 0.5:
        balance = visit.chance.randint(0, balance)
    rest = quote.due_minor - balance
    payment = OrderPayment(
        cart=cart, tenders=visit.tenders(rest) if rest else (), balance_minor=balance, static_card=True
    )
    visit.again = lambda later: later.act(lambda at, action: at.pay_order(action, member.member_id, payment))
    return visit.again(visit)


def _holdings(visit: Visit, member: MemberView) -> MemberHoldings | None:
    held = visit.machine.do(lambda: visit.machine.counter.holdings(member.member_id))
    return None if held is None or isinstance(held, Refusal) else held
