"""Reads the case tables of carts, orders, passes and coupons: amounts in yuan as a person writes them. An order is priced as a till does and paid by its tenders,
the rest from the balance; what a row claims otherwise stands in its own keys (`totals`, `tier`, `balance`)."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from stored_value.apply import Applied
from stored_value.cart import Cart, Priced, price
from stored_value.events import PointsRedeemed, PurchaseRefunded, RefundLine, WalletEvent
from stored_value.events_money_out import RefundReversed, TakenBackLine
from stored_value.events_order import (
    CouponUsed,
    Discount,
    LineAmount,
    OrderItem,
    OrderPaid,
    OrderRefunded,
    OrderRefundLine,
    PassCover,
    PassUsed,
    PointsUsed,
)
from stored_value.identity import EventId, LotId, MemberId, StoreId, TierId
from stored_value.money import parse_yuan
from stored_value.occasion import Tender, TenderKind
from stored_value.order import refuse_order
from stored_value.order_refund import plan_order_refund, refuse_order_refund
from stored_value.pass_use import refuse_pass_use
from stored_value.refusals import Refusal
from stored_value.rulebook import Rulebook
from stored_value.taking_back import undone_by
from stored_value.tiers import tier_of
from stored_value.wallet import Holding, HoldingKind, Lot, ValueKind, Wallet, WalletStatus
from tests.stored_value.loyalty_cases import CASES, Table, named, occasion_of, rulebook_of, yuan

MEMBER = MemberId("m1")
START = date(2026, 3, 1)


def load(name: str) -> list[tuple[Table, Rulebook]]:
    books = {key: _book(table) for key, table in tomllib.loads((CASES / "shop.toml").read_text("utf-8")).items()}
    tables = tomllib.loads((CASES / name).read_text("utf-8"))
    return [(case, books[case.get("rulebook", "shop")]) for case in tables["case"]]


def _book(table: Table) -> Rulebook:
    for row in [*table.get("coupons", []), *table.get("passes", [])]:
        row.setdefault("name", named(row["id"]))
    return rulebook_of(table)


def wallet_of(case: Table) -> Wallet:
    """`has`: principal, bonus, tier, status; `holds`: holdings by id."""
    has = case.get("has", {})
    lots = [
        _lot(kind, parse_yuan(has[kind.value])) for kind in (ValueKind.PRINCIPAL, ValueKind.BONUS) if kind.value in has
    ]
    return Wallet(
        member_id=MEMBER,
        tier_id=TierId(has.get("tier", "basic")),
        topped_up_minor=100_000 if has.get("tier") == "gold" else 0,
        status=WalletStatus(has.get("status", "active")),
        lots=tuple(lots),
        holdings=tuple(_holding(name, row) for name, row in case.get("holds", {}).items()),
    )


def _lot(kind: ValueKind, amount: int) -> Lot:
    return Lot(
        lot_id=LotId(f"t0/{kind.value}"),
        kind=kind,
        store_id=StoreId("S01"),
        top_up_id=EventId("t0"),
        acquired_on=START,
        rulebook=1,
        original_minor=amount,
        remaining_minor=amount,
    )


def _holding(name: str, row: Table) -> Holding:
    quantity: int = row.get("quantity", 1)
    remaining: int = row.get("remaining", quantity)
    return Holding(
        holding_id=LotId(name),
        kind=HoldingKind(row.get("kind", "coupon")),
        item_id=row.get("item", ""),
        store_id=StoreId(row.get("store", "S01")),
        source_id=EventId("g0"),
        acquired_on=START,
        rulebook=1,
        original=quantity,
        remaining=remaining,
        starts_on=_day(row.get("from")),
        expires_on=_day(row.get("until")),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def cart_of(row: Table) -> Cart:
    return Cart(
        items=tuple(_item(number, item) for number, item in enumerate(row["items"], start=1)),
        order_discounts=tuple(_discount(each) for each in row.get("order_off", [])),
        coupons=tuple(LotId(name) for name in row.get("coupons", [])),
        points=row.get("points", 0),
    )


def _item(number: int, row: Table) -> OrderItem:
    cover = PassCover(holding_id=LotId(row["pass"]), units=row.get("units", 1)) if "pass" in row else None
    return OrderItem(
        line_no=number,
        name=row.get("item", "x"),
        unit_price_minor=parse_yuan(row["price"]),
        item_id=row.get("item", ""),
        category=row.get("category", ""),
        quantity=row.get("quantity", 1),
        member_price_minor=parse_yuan(row["member"]) if "member" in row else None,
        discount=_discount(row["off"]) if "off" in row else None,
        covered_by=cover,
        sells_pass=row.get("sells", ""),
        tax_basis_points=row.get("tax", 0),
        tax_category=f"vat{row['tax']}" if "tax" in row else "",
    )


def _discount(text: str) -> Discount:
    """ "6" is an amount, "15%" a share, "20 + 10%" both."""
    parts = text.split("+")
    amounts = [part.strip() for part in parts if not part.strip().endswith("%")]
    shares = [part.strip().rstrip("%") for part in parts if part.strip().endswith("%")]
    return Discount(
        amount_minor=sum(parse_yuan(part) for part in amounts),
        basis_points=sum(parse_yuan(part) for part in shares),
    )


def price_of(row: Table, wallet: Wallet, book: Rulebook) -> Priced:
    on = occasion_of({"id": "q", **row}).business_date
    tier = book.tier(TierId(row["tier"])) if "tier" in row else tier_of(wallet, book, on)
    assert tier is not None, f"the rulebook has no tier {row['tier']}"
    return price(cart_of(row), wallet, book, tier, on)


def tenders_of(row: Table) -> tuple[Tender, ...]:
    return tuple(
        Tender(kind=TenderKind(kind), amount_minor=parse_yuan(amount))
        for kind, amount in row.get("tenders", {}).items()
    )


def event_of(row: Table, wallet: Wallet, book: Rulebook, past: Sequence[WalletEvent] = ()) -> WalletEvent:
    """`past` are the events before it, of which an `undo` names one."""
    place = occasion_of(row)
    match row["do"]:
        case "order":
            return _order(row, wallet, book)
        case "use_pass":
            return PassUsed(
                occasion=place,
                member_id=MEMBER,
                holding_id=LotId(row["pass"]),
                units=row.get("units", 1),
                item_id=row.get("item", ""),
                category=row.get("category", ""),
                tax_basis_points=row.get("tax", 0),
                tax_category=f"vat{row['tax']}" if "tax" in row else "",
            )
        case "refund_order":
            return _refund(row, wallet)
        case "exchange":
            worth = parse_yuan(row.get("worth", "0"))
            return PointsRedeemed(
                occasion=place, member_id=MEMBER, points=row["points"], reward_id=row["reward"], worth_minor=worth
            )
        case "undo":
            undone = undone_by(_named(row["entry"], past), wallet, place)
            assert not isinstance(undone, Refusal), undone
            return undone
        case "unrefund_order":
            taken = [TakenBackLine(line_no=line.line_no, amount_minor=line.amount_minor) for line in back_of(row)]
            return RefundReversed(
                occasion=place,
                member_id=MEMBER,
                refund_id=EventId(row["refund"]),
                purchase_id=EventId(row["order"]),
                amount_minor=sum(line.amount_minor for line in taken),
                lines=tuple(taken),
            )
        case "refund_purchase":
            lines = tuple(RefundLine(line_no=line.line_no, amount_minor=line.amount_minor) for line in back_of(row))
            amount = sum(line.amount_minor for line in lines)
            purchase_id = EventId(row["order"])
            return PurchaseRefunded(
                occasion=place, member_id=MEMBER, purchase_id=purchase_id, amount_minor=amount, lines=lines
            )
        case other:
            raise ValueError(f"no event is called {other}")


def _named(event_id: str, past: Sequence[WalletEvent]) -> WalletEvent:
    return next(event for event in past if event.occasion.event_id == event_id)


def _order(row: Table, wallet: Wallet, book: Rulebook) -> OrderPaid:
    priced = price_of(row, wallet, book)
    tenders = tenders_of(row)
    lines = priced.lines
    if "totals" in row:
        totals = zip(lines, row["totals"], strict=True)
        lines = tuple(replace(line, total_minor=parse_yuan(total)) for line, total in totals)
    coupons, points = priced.coupons, priced.points
    if "claims" in row:  # what a till booked that head office does not see so
        points = PointsUsed(**row["claims"]["points"]) if "points" in row["claims"] else points
    for name, amount in row.get("late_coupons", {}).items():
        paid_by_coupon = (LineAmount(line_no=1, amount_minor=parse_yuan(amount)),)
        coupons = (*coupons, CouponUsed(holding_id=LotId(name), lines=paid_by_coupon))
    paid = sum(tender.amount_minor for tender in tenders) + sum(used.amount_minor for used in coupons)
    paid += points.value_minor if points else 0
    rest = sum(line.total_minor for line in lines) - paid
    return OrderPaid(
        occasion=occasion_of(row),
        member_id=MEMBER,
        lines=lines,
        balance_minor=parse_yuan(row["balance"]) if "balance" in row else rest,
        tenders=tenders,
        order_discounts=cart_of(row).order_discounts,
        coupons=coupons,
        points=points,
        tier_id=TierId(row.get("tier", "")),
    )


def back_of(row: Table) -> tuple[OrderRefundLine, ...]:
    amounts, units = row.get("back", {}), row.get("units", {})
    return tuple(
        OrderRefundLine(
            line_no=int(number), amount_minor=parse_yuan(amounts.get(number, "0")), units=units.get(number, 0)
        )
        for number in dict.fromkeys([*amounts, *units])
    )


def _refund(row: Table, wallet: Wallet) -> OrderRefunded:
    bought = wallet.purchase(EventId(row["order"]))
    plan = plan_order_refund(wallet, bought, back_of(row)) if bought is not None else None
    planned = plan.tenders if plan is not None else ()
    return OrderRefunded(
        occasion=occasion_of(row),
        member_id=MEMBER,
        purchase_id=EventId(row["order"]),
        lines=back_of(row),
        balance_minor=plan.balance_minor if plan is not None else 0,
        tenders=tenders_of(row) if "tenders" in row else planned,
    )


def refusal_of(row: Table, wallet: Wallet, book: Rulebook, past: Sequence[WalletEvent] = ()) -> Refusal | None:
    on = occasion_of({"id": "q", **row}).business_date
    match row["ask"]:
        case "pay":
            priced = price_of(row, wallet, book)
            tenders = tenders_of(row)
            rest = priced.due_minor - sum(tender.amount_minor for tender in tenders)
            balance = parse_yuan(row["balance"]) if "balance" in row else max(0, rest)
            offline = bool(row.get("offline"))
            return refuse_order(wallet, priced, tenders, balance, book, on, offline=offline, static_card=False)
        case "undo":
            answer = undone_by(_named(row["entry"], past), wallet, occasion_of({"id": "q", **row}))
            return answer if isinstance(answer, Refusal) else None
        case "refund":
            return refuse_order_refund(wallet, wallet.purchase(EventId(row["order"])), back_of(row), book, on)
        case "use_pass":
            item = OrderItem(
                line_no=1, name="", unit_price_minor=0, item_id=row.get("item", ""), category=row.get("category", "")
            )
            holding_id, units = LotId(row["pass"]), row.get("units", 1)
            return refuse_pass_use(wallet, holding_id, units, item, book, on, offline=row.get("offline", False))
        case other:
            raise ValueError(f"no question is called {other}")


def seen_of_price(priced: Priced) -> Table:
    """Everything that a table may state about a cart."""
    return {
        "totals": [yuan(line.total_minor) for line in priced.lines],
        "discounts": {
            str(line.item.line_no): {taken.source.value: yuan(taken.amount_minor) for taken in line.discounts}
            for line in priced.lines
            if line.discounts
        },
        "coupons": {
            used.holding_id: {str(line.line_no): yuan(line.amount_minor) for line in used.lines}
            for used in priced.coupons
        },
        "points": yuan(priced.points.value_minor) if priced.points else "0.00",
        "due": yuan(priced.due_minor),
        "refusals": [refusal.code.value for refusal in priced.refusals],
        "data": [refusal.data for refusal in priced.refusals],
    }


def seen_of_event(done: Applied) -> Table:
    """Everything that a table may state about an event applied; `postings` are all of them."""
    wallet = done.wallet
    return {
        "principal": yuan(wallet.balance_minor(ValueKind.PRINCIPAL)),
        "bonus": yuan(wallet.balance_minor(ValueKind.BONUS)),
        "owed": yuan(wallet.owed_minor),
        "holds": {held.holding_id: held.remaining for held in wallet.holdings},
        "until": {held.holding_id: str(held.expires_on) for held in wallet.holdings if held.expires_on},
        "postings": sorted(_row(posting) for posting in done.postings),
        "findings": [finding.code.value for finding in done.findings],
        "refundable": [yuan(line.refundable_minor) for bought in done.purchases for line in bought.lines],
    }


def _row(posting: Any) -> str:
    detail = f" {posting.detail}" if posting.detail else ""
    return f"{posting.store_id} {posting.account.value}{detail} {yuan(posting.amount_minor)}"
