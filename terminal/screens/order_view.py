"""What the order screen shows, from the state of an order being put together or paid: ready words and flags. Pure; used by `order_presenter` alone."""

from dataclasses import dataclass
from typing import Final

from stored_value.events import TenderKind
from stored_value.events_order import DiscountSource
from stored_value.identity import LotId
from stored_value.money import format_yuan, in_words
from stored_value.wallet import HoldingKind
from terminal.counter.order_views import MemberHoldings, OrderQuote, PassView, Shelf
from terminal.counter.views import MemberView
from terminal.language import Texts, later
from terminal.screens.amounts import CLEAR, AmountEntry, DigitEntry
from terminal.screens.keypad_view import KeypadView, QuickKey, Tone
from terminal.screens.member_header import NOBODY, MemberHeader, member_header
from terminal.screens.order_basket import LINES_MAX, Basket, BasketLine, Tendering
from terminal.screens.pin_asking import PAY_WITH_PIN
from terminal.screens.presenter import Desk
from terminal.screens.words import Notice, tender_icon, tender_name

ADD: Final = "add"
REMOVE: Final = "remove"
COVER: Final = "cover"
ALL: Final = "all"
REST: Final = "rest"
POINTS: Final = "points"
BALANCE: Final = "balance"
FOR_SALE: Final = "sell:"

_BALANCE_ICON: Final = "wallet"
_DISCOUNTS: Final = {
    DiscountSource.PASS: later("Covered by pass"),
    DiscountSource.MEMBER_PRICE: later("Member price"),
    DiscountSource.LINE: later("Discount on lines"),
    DiscountSource.TIER: later("Member discount"),
    DiscountSource.ORDER: later("Discount on the order"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketRow:
    at: int
    name: str
    detail: str
    amount: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow:
    """`strong`: a result; `gain`: it makes the order cheaper."""

    label: str
    amount: str
    strong: bool = False
    gain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PayRow:
    """A tender, or the balance: `amount` is what it pays, empty while it pays nothing."""

    kind: str
    label: str
    icon: str
    amount: str
    chosen: bool
    paying: bool
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """Either the basket is filled (`lines`, `shelf`), or it is paid (`sums`, `vouchers`, `tenders`)."""

    title: str
    back: str
    header: MemberHeader
    paying: bool
    name: str
    name_hint: str
    shelf: tuple[QuickKey, ...]
    lines: tuple[BasketRow, ...]
    lines_hint: str
    sums: tuple[SumRow, ...]
    vouchers: tuple[QuickKey, ...]
    tenders: tuple[PayRow, ...]
    notice: Notice
    pad: KeypadView


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """`refused`: something that was chosen cannot be used; `proven`: the member typed his PIN for what is shown; `ready`: an action is at hand and nothing is under way."""

    member: MemberView | None
    shelf: Shelf
    holdings: MemberHoldings | None
    basket: Basket
    typed: AmountEntry
    name: str
    category: str
    chosen: int | None
    count: DigitEntry
    paying: bool
    coupons: tuple[LotId, ...]
    with_points: bool
    tendering: Tendering
    quote: OrderQuote | None
    proven: bool
    refused: bool
    ready: bool
    slow: bool


def order_view(state: OrderState, notice: Notice, desk: Desk) -> OrderView:
    texts, member = desk.texts, state.member
    t = texts.t
    return OrderView(
        title=t("Payment") if state.paying else t("Order"),
        back=t("Change lines") if state.paying else t("Back"),
        header=NOBODY if member is None else member_header(member, desk),
        paying=state.paying,
        name=state.name,
        name_hint=state.category or t("Name (may be left out)"),
        shelf=() if state.paying else _shelf(state, texts),
        lines=() if state.paying else tuple(_line(state, at, texts) for at in range(len(state.basket.lines))),
        lines_hint="" if state.paying or state.basket.lines else t("Type a price, then add the line"),
        sums=(*_sums(state.quote, texts), *_card_limit(state, texts))
        if state.paying and state.quote is not None
        else (),
        vouchers=_vouchers(state, texts) if state.paying else (),
        tenders=_tenders(state, texts) if state.paying else (),
        notice=notice,
        pad=_pad(state, texts),
    )


def open_minor(quote: OrderQuote | None, tendering: Tendering) -> int:
    """What nobody pays yet; below zero when too much was typed."""
    if quote is None:
        return 0
    tendered = sum(each.amount_minor for each in tendering.tenders(quote.due_minor))
    return quote.due_minor - tendered - (quote.balance_minor if tendering.with_balance else 0)


def pin_lifts(state: OrderState) -> bool:
    """Whether more of the order could be paid from the balance if the member typed his payment PIN."""
    return state.member is not None and state.member.pin_is_set and _card_limits(state)


def _card_limits(state: OrderState) -> bool:
    quote, asked = state.quote, state.tendering.with_balance and not state.proven
    return asked and quote is not None and quote.with_pin_minor > quote.balance_minor


def covering_pass(line: BasketLine, holdings: MemberHoldings | None) -> PassView | None:
    """The first pass that can pay for the line: one of uses, or one that runs until a day."""
    if holdings is None or line.sells_pass:
        return None
    for held in holdings.passes:
        fits = not held.uses_for or line.category in held.uses_for
        enough = held.kind is HoldingKind.PASS_UNTIL or held.left >= line.quantity
        here = not holdings.offline or held.leased_here >= line.quantity
        if held.usable and here and fits and enough and held.kind is not HoldingKind.PASS_MINUTES:
            return held
    return None


def _shelf(state: OrderState, texts: Texts) -> tuple[QuickKey, ...]:
    categories = tuple(
        QuickKey(key=category, label=category, chosen=category == state.category) for category in state.shelf.categories
    )
    passes = tuple(
        QuickKey(key=FOR_SALE + each.pass_id, label=f"{texts.words(each.name)} {_short(each.price_minor)}")
        for each in state.shelf.passes
    )
    return (*categories, *passes)


def _line(state: OrderState, at: int, texts: Texts) -> BasketRow:
    line = state.basket.lines[at]
    cover = next((each for each in _passes(state) if each.holding_id == line.cover), None)
    parts = (
        line.category,
        f"{format_yuan(line.price_minor)} × {line.quantity}" if line.quantity > 1 else "",
        texts.t("paid by {name}", name=texts.words(cover.name)) if cover is not None else "",
    )
    return BasketRow(
        at=at,
        name=line.name,
        detail=" · ".join(part for part in parts if part),
        amount=format_yuan(line.total_minor),
        chosen=state.chosen == at,
    )


def _passes(state: OrderState) -> tuple[PassView, ...]:
    return state.holdings.passes if state.holdings is not None else ()


def _sums(quote: OrderQuote, texts: Texts) -> tuple[SumRow, ...]:
    t = texts.t
    listed = sum(line.item.list_minor for line in quote.lines)
    rows = [SumRow(label=t("At list prices"), amount=format_yuan(listed))]
    for source, label in _DISCOUNTS.items():
        less = sum(taken.amount_minor for line in quote.lines for taken in line.discounts if taken.source is source)
        if less:
            rows.append(SumRow(label=t(label), amount=format_yuan(-less), gain=True))
    rows.extend(
        SumRow(label=texts.words(each.name), amount=format_yuan(-each.amount_minor), gain=True)
        for each in quote.coupons
    )
    if quote.points:
        label = t("{points} points", points=quote.points)
        rows.append(SumRow(label=label, amount=format_yuan(-quote.points_minor), gain=True))
    rows.append(SumRow(label=t("To pay"), amount=format_yuan(quote.due_minor), strong=True))
    if quote.tax_minor:
        rows.append(SumRow(label=t("of which tax"), amount=format_yuan(quote.tax_minor)))
    return tuple(rows)


def _card_limit(state: OrderState, texts: Texts) -> tuple[SumRow, ...]:
    """Why the balance pays less than it holds, and what would help, also to a member who has no PIN yet."""
    if open_minor(state.quote, state.tendering) <= 0 or not _card_limits(state):
        return ()
    return (SumRow(label=texts.t("Over the card's limit"), amount=texts.t("a payment PIN lifts it")),)


def _vouchers(state: OrderState, texts: Texts) -> tuple[QuickKey, ...]:
    held, quote, keys = state.holdings, state.quote, list[QuickKey]()
    by_pin = state.member is not None and state.member.pin_is_set and state.tendering.with_balance
    if by_pin and quote is not None and quote.with_pin_minor:
        keys.append(QuickKey(key=PAY_WITH_PIN, label=texts.t("Pay with PIN"), chosen=state.proven))
    if held is None:
        return tuple(keys)
    if quote is not None and quote.points_most:
        worth = texts.t("{points} points", points=quote.points_most) + " " + format_yuan(-quote.points_most_minor)
        keys.append(
            QuickKey(
                key=POINTS,
                label=worth,
                chosen=state.with_points,
                enabled=not held.offline or quote.points_most <= held.points_leased_here,
            )
        )
    keys.extend(
        QuickKey(
            key=each.holding_id,
            label=texts.words(each.name),
            chosen=each.holding_id in state.coupons,
            enabled=each.usable and (not held.offline or each.leased_here > 0),
        )
        for each in held.coupons
    )
    return tuple(keys)


def _tenders(state: OrderState, texts: Texts) -> tuple[PayRow, ...]:
    quote, tendering = state.quote, state.tendering
    paid = {each.kind: each.amount_minor for each in tendering.tenders(quote.due_minor)} if quote is not None else {}
    balance = quote.balance_minor if quote is not None and tendering.with_balance else 0
    able = state.member is not None and (state.member.spendable_now_minor > 0 or state.member.pin_is_set)
    own = PayRow(
        kind=BALANCE,
        label=texts.t("Balance"),
        icon=_BALANCE_ICON,
        amount=format_yuan(balance) if balance else "",
        chosen=False,
        paying=bool(balance),
        enabled=able,
    )
    return (
        own,
        *(
            PayRow(
                kind=kind.value,
                label=tender_name(kind, texts),
                icon=tender_icon(kind),
                amount=format_yuan(paid[kind]) if kind in paid else "",
                chosen=kind is tendering.chosen,
                paying=kind in paid,
            )
            for kind in TenderKind
        ),
    )


def _pad(state: OrderState, texts: Texts) -> KeypadView:
    if state.paying:
        return _payment_pad(state, texts)
    return _price_pad(state, texts) if state.chosen is None else _quantity_pad(state, state.chosen, texts)


def _price_pad(state: OrderState, texts: Texts) -> KeypadView:
    t, lines = texts.t, len(state.basket.lines)
    total = state.basket.total_minor + state.typed.minor
    return KeypadView(
        caption=t("Price of {name}", name=state.name.strip() or t("Line {number}", number=lines + 1)),
        display=state.typed.shown,
        faint=state.typed.is_empty,
        below=in_words(state.typed.minor) if state.typed.minor else "",
        aside=t("Total {amount}", amount=format_yuan(total)) if lines else "",
        quick=(
            QuickKey(key=ADD, label=t("+ Item"), enabled=state.typed.minor > 0 and lines < LINES_MAX),
            QuickKey(key=CLEAR, label=t("Clear"), enabled=not state.typed.is_empty),
        ),
        confirm=t("To payment"),
        confirm_amount=format_yuan(total) if total else "",
        confirm_enabled=total > 0,
        tone=Tone.REDEEM,
    )


def _quantity_pad(state: OrderState, at: int, texts: Texts) -> KeypadView:
    t, line = texts.t, state.basket.lines[at]
    covered = line.cover is not None
    cover = t("Without pass") if covered else t("Use pass")
    return KeypadView(
        caption=t("Quantity of {name}", name=line.name),
        display=f"× {line.quantity}",
        faint=not state.count.digits,
        below=f"{format_yuan(line.price_minor)} × {line.quantity} = {format_yuan(line.total_minor)}",
        quick=(
            QuickKey(key=REMOVE, label=t("Remove")),
            QuickKey(
                key=COVER,
                label=cover,
                chosen=covered,
                enabled=covered or covering_pass(line, state.holdings) is not None,
            ),
        ),
        confirm=t("Done"),
        confirm_enabled=True,
        tone=Tone.NEUTRAL,
        point_key=False,
        large=False,
    )


def _payment_pad(state: OrderState, texts: Texts) -> KeypadView:
    t, quote, tendering = texts.t, state.quote, state.tendering
    due = quote.due_minor if quote is not None else 0
    left = open_minor(quote, tendering)
    kind = tendering.chosen
    change = tendering.change_minor(due)
    entry = tendering.entry
    aside = t("Change {amount}", amount=format_yuan(change)) if change > 0 else ""
    if left > 0:
        aside = t("Still open {amount}", amount=format_yuan(left))
    elif left < 0:
        aside = t("Over by {amount}", amount=format_yuan(-left))
    lifts = left > 0 and pin_lifts(state)
    open_or_charge = t("Choose how to pay") if left > 0 else t("Charge")
    received = t("Cash received") if kind is TenderKind.CASH else tender_name(kind, texts) if kind else ""
    return KeypadView(
        caption=received or t("To pay"),
        display=entry.shown if kind is not None else format_yuan(due),
        faint=kind is not None and entry.is_empty,
        below=in_words(due) if due else "",
        aside=aside,
        quick=(
            QuickKey(key=REST, label=t("The rest"), enabled=kind is not None),
            QuickKey(key=ALL, label=t("All of it"), enabled=kind is not None),
            QuickKey(key=CLEAR, label=t("Clear"), enabled=kind is not None and not entry.is_empty),
        ),
        confirm=t("One moment…") if state.slow else t("Pay with PIN") if lifts else open_or_charge,
        confirm_amount=format_yuan(quote.with_pin_minor if quote is not None and lifts else due),
        confirm_enabled=quote is not None and (left == 0 or lifts) and state.ready and not state.refused,
        tone=Tone.REDEEM,
    )


def _short(minor: int) -> str:
    return format_yuan(minor).removesuffix(".00")
