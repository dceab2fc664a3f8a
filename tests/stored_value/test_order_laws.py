"""Laws of carts and orders, for any cart: every fen of every discount is on a line, nothing is below zero, any sequence of partial refunds restores everything."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from stored_value.apply import Applied, apply
from stored_value.cart import Cart, Priced, price
from stored_value.events_order import Discount, OrderItem, OrderPaid, OrderRefunded, OrderRefundLine, PassCover
from stored_value.identity import EventId, LotId
from stored_value.occasion import EvidenceClass, Tender, TenderKind
from stored_value.order_refund import plan_order_refund, refuse_order_refund
from stored_value.passes import use_pass
from stored_value.postings import imbalance
from stored_value.refusals import Refusal
from stored_value.rulebook import Rulebook
from stored_value.taking_back import undone_by
from stored_value.tiers import tier_of
from stored_value.wallet import HoldingKind, Purchase, ValueKind, Wallet
from tests.stored_value.miniature import occasion
from tests.stored_value.order_cases import MEMBER, load, wallet_of

BOOK: Rulebook = load("cart.toml")[0][1]
DAY = occasion("x").business_date
HELD: dict[str, Any] = {
    "off20": {"item": "off20", "store": "S02"},
    "off50": {"item": "off50"},
    "pct10": {"item": "pct10"},
    "care15": {"item": "care15"},
    "tea": {"item": "tea"},
    "gift": {"kind": "pass_uses", "item": "cut10", "quantity": 10},
    "early": {"kind": "points", "quantity": 700, "until": "2026-12-31"},
    "late": {"kind": "points", "quantity": 5_000},
}
COUPONS = ("off20", "off50", "pct10", "care15", "tea")


@st.composite
def items(draw: st.DrawFn, number: int) -> OrderItem:
    kind = draw(st.sampled_from(["goods", "goods", "goods", "covered", "pass"]))
    unit_price = draw(st.integers(0, 20_000))
    base = OrderItem(
        line_no=number,
        name="x",
        unit_price_minor=unit_price,
        quantity=draw(st.integers(1, 4)),
        item_id=draw(st.sampled_from(["tea", "cut", "cake"])),
        category=draw(st.sampled_from(["care", "retail", ""])),
        tax_basis_points=draw(st.sampled_from([0, 600, 1_300])),
        tax_category="vat",
        member_price_minor=draw(st.none() | st.integers(0, 20_000)),
        discount=draw(st.none() | discounts()),
    )
    if kind == "covered":
        cover = PassCover(holding_id=LotId("gift"), units=draw(st.integers(1, 2)))
        return replace(base, item_id="cut", covered_by=cover)
    return replace(base, sells_pass="cut3", quantity=1) if kind == "pass" else base


def discounts() -> st.SearchStrategy[Discount]:
    return st.builds(Discount, amount_minor=st.integers(0, 3_000), basis_points=st.integers(0, 10_000))


@dataclass(frozen=True)
class Sale:
    before: Wallet
    priced: Priced
    event: OrderPaid
    paid: Applied

    @property
    def purchase(self) -> Purchase:
        return self.paid.purchases[0]


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    tier = draw(st.sampled_from(["basic", "gold"]))
    wallet = wallet_of({"has": {"principal": "3000", "bonus": "700", "tier": tier}, "holds": HELD})
    cart = Cart(
        items=tuple(draw(items(number)) for number in range(1, draw(st.integers(1, 4)) + 1)),
        order_discounts=tuple(draw(st.lists(discounts(), max_size=2))),
        coupons=tuple(LotId(name) for name in draw(st.lists(st.sampled_from(COUPONS), unique=True, max_size=3))),
        points=draw(st.integers(0, 2_000)),
    )
    priced = price(cart, wallet, BOOK, tier_of(wallet, BOOK, DAY), DAY)
    assume(not any(refusal.code.value.startswith("pass_") for refusal in priced.refusals))
    left = priced.due_minor
    tenders = []
    for kind in draw(st.lists(st.sampled_from(list(TenderKind)), unique=True, max_size=2)):
        amount = draw(st.integers(0, left))
        if amount:
            tenders.append(Tender(kind=kind, amount_minor=amount))
            left -= amount
    held = sum(lot.remaining_minor for lot in wallet.lots)
    if left > held:
        tenders.append(Tender(kind=TenderKind.CARD, amount_minor=left - held, reference="rest"))
        left = held
    event = OrderPaid(
        occasion=occasion("o1", evidence=EvidenceClass.PIN),
        member_id=MEMBER,
        lines=priced.lines,
        balance_minor=left,
        tenders=tuple(tenders),
        order_discounts=cart.order_discounts,
        coupons=priced.coupons,
        points=priced.points,
    )
    return Sale(wallet, priced, event, apply(wallet, event, BOOK))


@given(sale=sales())
def test_every_fen_of_every_discount_is_on_a_line(sale: Sale) -> None:
    for line in sale.priced.lines:
        assert line.item.list_minor - sum(taken.amount_minor for taken in line.discounts) == line.total_minor >= 0
    paid: Counter[int] = Counter()
    for used in sale.priced.coupons:
        for laid in used.lines:
            assert laid.amount_minor > 0
            paid[laid.line_no] += laid.amount_minor
    assert all(paid[line.item.line_no] <= line.total_minor for line in sale.priced.lines)
    points = sale.priced.points.value_minor if sale.priced.points else 0
    assert sale.priced.due_minor == sale.priced.total_minor - paid.total() - points >= 0


@given(sale=sales())
def test_what_paid_lies_on_the_lines_and_left_the_wallet(sale: Sale) -> None:
    assert sale.paid.findings == ()
    assert imbalance(sale.paid.postings) == {}
    for line, sold in zip(sale.purchase.lines, sale.event.lines, strict=True):
        laid = sum(part.drawn_minor for part in line.parts) + sum(share.paid_minor for share in line.shares)
        assert laid == line.total_minor == sold.total_minor
        assert 0 <= line.tax_minor <= line.total_minor or sold.item.covered_by is not None
    assert sale.before.total_minor - sale.paid.wallet.total_minor == sale.event.balance_minor
    used = sale.event.points.points if sale.event.points else 0
    assert sale.before.quantity(HoldingKind.POINTS) - sale.paid.wallet.quantity(HoldingKind.POINTS) == used


def refund(wallet: Wallet, number: int, lines: tuple[OrderRefundLine, ...]) -> tuple[Applied, Counter[Any]]:
    """As a till does it: planned, not refused, handed out, applied."""
    bought = wallet.purchase(EventId("o1"))
    assert bought is not None
    assert refuse_order_refund(wallet, bought, lines, BOOK, DAY) is None
    plan = plan_order_refund(wallet, bought, lines)
    event = OrderRefunded(
        occasion=occasion(f"f{number}"),
        member_id=MEMBER,
        purchase_id=EventId("o1"),
        lines=lines,
        balance_minor=plan.balance_minor,
        tenders=plan.tenders,
    )
    done = apply(wallet, event, BOOK)
    assert done.findings == ()
    assert imbalance(done.postings) == {}
    handed: Counter[Any] = Counter()
    for tender in plan.tenders:
        assert tender.amount_minor > 0
        handed[tender.kind, tender.reference] += tender.amount_minor
    return done, handed


def whole(bought: Purchase) -> list[OrderRefundLine]:
    lines = [
        OrderRefundLine(line_no=line.line_no, amount_minor=line.refundable_minor, units=line.sells_pass is not None)
        for line in bought.lines
        if line.refundable_minor or line.sells_pass is not None
    ]
    units = [
        OrderRefundLine(line_no=taken.line_no, units=taken.quantity)
        for taken in bought.taken
        if taken.line_no is not None
    ]
    return lines + units


def ledger(*applied: Applied) -> Counter[Any]:
    books: Counter[Any] = Counter()
    for done in applied:
        for row in done.postings:
            books[row.store_id, row.account, row.detail] += row.amount_minor
    return Counter({key: amount for key, amount in books.items() if amount})


@given(sale=sales(), data=st.data())
def test_any_sequence_of_partial_refunds_equals_the_whole_and_restores_everything(
    sale: Sale, data: st.DataObject
) -> None:
    lines = whole(sale.purchase)
    assume(lines)
    at_once, handed_at_once = refund(sale.paid.wallet, 0, tuple(lines))

    pieces: list[OrderRefundLine] = []
    for line in lines:
        pieces += data.draw(st.just([line]) if _comes_back_whole(sale, line) else parts(line))
    wallet, handed, steps = sale.paid.wallet, Counter[Any](), list[Applied]()
    for number, piece in enumerate(data.draw(st.permutations(pieces)), start=1):
        done, given_out = refund(wallet, number, (piece,))
        wallet, handed = done.wallet, handed + given_out
        steps.append(done)

    assert wallet == at_once.wallet
    assert handed == handed_at_once
    assert ledger(*steps) == ledger(at_once)
    assert ledger(sale.paid, *steps) == Counter()
    assert wallet.lots == sale.before.lots
    assert wallet.holdings[: len(sale.before.holdings)] == sale.before.holdings
    assert all(not sold.remaining and not sold.unreleased_minor for sold in wallet.holdings[len(HELD) :])
    assert handed.total() == sum(tender.amount_minor for tender in sale.event.tenders)


def _comes_back_whole(sale: Sale, wanted: OrderRefundLine) -> bool:
    return any(line.sells_pass for line in sale.purchase.lines if line.line_no == wanted.line_no)


@st.composite
def parts(draw: st.DrawFn, line: OrderRefundLine) -> list[OrderRefundLine]:
    """The line's refund in one to four pieces."""
    total = line.amount_minor or line.units
    cuts = sorted({*draw(st.lists(st.integers(1, total), max_size=3)), total})
    sizes = [later - earlier for earlier, later in zip([0, *cuts], cuts, strict=False)]
    if line.units:
        return [OrderRefundLine(line_no=line.line_no, units=size) for size in sizes]
    return [OrderRefundLine(line_no=line.line_no, amount_minor=size) for size in sizes]


@given(sale=sales())
def test_an_order_taken_back_leaves_no_trace(sale: Sale) -> None:
    undone = undone_by(sale.event, sale.paid.wallet, occasion("u1"))
    assume(not isinstance(undone, Refusal) or any(line.total_minor for line in sale.purchase.lines))
    assert not isinstance(undone, Refusal), undone
    back = apply(sale.paid.wallet, undone, BOOK)
    assert back.findings == ()
    assert ledger(sale.paid, back) == Counter()
    assert back.wallet.lots == sale.before.lots
    assert back.wallet.holdings[: len(sale.before.holdings)] == sale.before.holdings
    assert not any(sold.remaining for sold in back.wallet.holdings[len(HELD) :])


@given(sale=sales(), data=st.data())
def test_never_more_comes_back_than_was_paid(sale: Sale, data: st.DataObject) -> None:
    """Whatever a till claims to have refunded, in whatever state the order is."""
    wallet = sale.paid.wallet
    for number in range(3):
        line = data.draw(st.sampled_from(sale.purchase.lines))
        claim = OrderRefundLine(line_no=line.line_no, amount_minor=data.draw(st.integers(0, 90_000)), units=number)
        event = OrderRefunded(
            occasion=occasion(f"f{number}"), member_id=MEMBER, purchase_id=EventId("o1"), lines=(claim,)
        )
        done = apply(wallet, event, BOOK)
        assert imbalance(done.postings) == {}
        wallet = done.wallet
    for kind in (ValueKind.PRINCIPAL, ValueKind.BONUS):
        assert wallet.balance_minor(kind) <= sale.before.balance_minor(kind)
    assert all(0 <= held.remaining <= held.original for held in wallet.holdings)
    bought = wallet.purchase(EventId("o1"))
    assert bought is not None
    assert all(0 <= line.refunded_minor <= line.total_minor for line in bought.lines)


@given(uses=st.lists(st.integers(1, 4), min_size=1, max_size=6), price_minor=st.integers(0, 99_999))
def test_a_sold_pass_earns_exactly_its_price(uses: list[int], price_minor: int) -> None:
    """However its uses are taken, what was earned and what is still owed add up to the price; the last use takes the last fen."""
    held = replace(
        wallet_of({"holds": HELD}).holdings[5], original=sum(uses), remaining=sum(uses), sold_for_minor=price_minor
    )
    wallet = replace(wallet_of({}), holdings=(held,))
    earned = 0
    for units in uses:
        wallet, taken = use_pass(wallet, wallet.holdings[0], units, DAY, 1)
        earned += taken.released_minor
        assert earned + wallet.holdings[0].unreleased_minor == price_minor
    assert earned == price_minor
