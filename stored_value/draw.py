"""Where the value of a payment comes from: which lots are drawn in which order, how draws are laid along the lines of an order.

Rounding and order are those of the decisions: proportional by `money.split`; inside a kind lots by expiry, then age, then id, never pro rata.
"""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import NamedTuple, assert_never

from stored_value.events import OrderLine
from stored_value.frozen import changed
from stored_value.identity import LotId, StoreId
from stored_value.money import split
from stored_value.postings import Account, Posting, clearing
from stored_value.rulebook import DrawOrder
from stored_value.wallet import LinePart, Lot, PurchaseLine, ValueKind, Wallet


class Draw(NamedTuple):
    """A positive amount taken from one source; a refund states what it puts back in the same shape. A tuple, because every payment makes several."""

    kind: ValueKind
    lot_id: LotId | None
    store_id: StoreId
    amount_minor: int


LIABILITY = {ValueKind.PRINCIPAL: Account.PRINCIPAL_LIABILITY, ValueKind.BONUS: Account.BONUS_LIABILITY}
"""The account that holds what members are owed, for each kind of lot that a payment may draw."""


def drawable_lots(wallet: Wallet, kind: ValueKind, on: date) -> list[Lot]:
    """Lots that a payment on a business date may draw, in draw order."""
    lots = [
        lot
        for lot in wallet.lots
        if lot.kind is kind
        and lot.remaining_minor > 0
        and not lot.provisional
        and (lot.expires_on is None or lot.expires_on >= on)
    ]
    if len(lots) > 1:
        expiring = [lot for lot in lots if lot.expires_on is not None]
        lots.sort(key=_expiry_age_id if expiring else _age_id)
    return lots


_age_id = attrgetter("acquired_on", "lot_id")


def _expiry_age_id(lot: Lot) -> tuple[date, date, LotId]:
    return lot.expires_on or date.max, lot.acquired_on, lot.lot_id


def drawable_minor(wallet: Wallet, on: date) -> int:
    return sum(lot.remaining_minor for kind in LIABILITY for lot in drawable_lots(wallet, kind, on))


def plan_draw(
    wallet: Wallet, amount_minor: int, order: DrawOrder, on: date, serving_store: StoreId
) -> tuple[Draw, ...]:
    """Principal, then bonus, then what is missing as a receivable of the serving store; adds up to `amount_minor`."""
    principal_lots = drawable_lots(wallet, ValueKind.PRINCIPAL, on)
    bonus_lots = drawable_lots(wallet, ValueKind.BONUS, on)
    principal_held = sum([lot.remaining_minor for lot in principal_lots])
    bonus_held = sum([lot.remaining_minor for lot in bonus_lots])
    drawn = min(amount_minor, principal_held + bonus_held)
    principal, bonus = _kinds(drawn, principal_held, bonus_held, order)
    draws = [*_from_lots(principal_lots, principal), *_from_lots(bonus_lots, bonus)]
    if amount_minor > drawn:
        draws.append(Draw(ValueKind.RECEIVABLE, None, serving_store, amount_minor - drawn))
    return tuple(draws)


def _kinds(drawn: int, principal_held: int, bonus_held: int, order: DrawOrder) -> tuple[int, int]:
    match order:
        case DrawOrder.PROPORTIONAL:
            principal, bonus = split(drawn, (principal_held, bonus_held))
            return principal, bonus
        case DrawOrder.PRINCIPAL_FIRST:
            principal = min(drawn, principal_held)
            return principal, drawn - principal
        case DrawOrder.BONUS_FIRST:
            bonus = min(drawn, bonus_held)
            return drawn - bonus, bonus
        case _:
            assert_never(order)


def _from_lots(lots: Sequence[Lot], amount_minor: int) -> list[Draw]:
    draws: list[Draw] = []
    for lot in lots:
        if amount_minor <= 0:
            break
        taken = min(amount_minor, lot.remaining_minor)
        draws.append(Draw(lot.kind, lot.lot_id, lot.store_id, taken))
        amount_minor -= taken
    return draws


_LINE_ORDER = {ValueKind.PRINCIPAL: 0, ValueKind.RECEIVABLE: 1, ValueKind.SUSPENSE: 2, ValueKind.BONUS: 3}


def lay_along_lines(lines: Sequence[OrderLine], draws: Sequence[Draw]) -> tuple[PurchaseLine, ...]:
    """Each line with what it drew: every kind is `split` over what is still open of the lines, bonus last as their rest; lots follow in draw order."""
    if len(lines) == 1:
        return (_whole_line(lines[0], draws),)
    open_minor = [line.total_minor for line in lines]
    parts: list[list[LinePart]] = [[] for _ in lines]
    for kind in _LINE_ORDER:
        own = [draw for draw in draws if draw.kind is kind and draw.amount_minor]
        if own:
            shares = split(sum([draw.amount_minor for draw in own]), open_minor)
            open_minor = [left - share for left, share in zip(open_minor, shares, strict=True)]
            _lay(own, shares, parts)
    return tuple([_purchase_line(line, laid) for line, laid in zip(lines, parts, strict=True)])


def _purchase_line(line: OrderLine, parts: Sequence[LinePart]) -> PurchaseLine:
    return PurchaseLine(
        line_no=line.line_no,
        name=line.name,
        total_minor=line.total_minor,
        parts=tuple(parts),
        discount_minor=line.discount_minor,
    )


def _whole_line(line: OrderLine, draws: Sequence[Draw]) -> PurchaseLine:
    """What `lay_along_lines` gives when there is nothing to share."""
    ordered = sorted(draws, key=lambda draw: _LINE_ORDER[draw.kind]) if len(draws) > 1 else draws
    parts = [
        LinePart(kind=draw.kind, lot_id=draw.lot_id, store_id=draw.store_id, drawn_minor=draw.amount_minor)
        for draw in ordered
        if draw.amount_minor
    ]
    return _purchase_line(line, parts)


def _lay(draws: Sequence[Draw], shares: Sequence[int], parts: Sequence[list[LinePart]]) -> None:
    """One kind along the lines: each takes its share of what is left of the draws, in their order."""
    queue = iter(draws)
    draw = next(queue)
    left = draw.amount_minor
    for own, share in zip(parts, shares, strict=True):
        while share:
            if not left:
                draw = next(queue)
                left = draw.amount_minor
            taken = min(share, left)
            own.append(LinePart(kind=draw.kind, lot_id=draw.lot_id, store_id=draw.store_id, drawn_minor=taken))
            left -= taken
            share -= taken  # noqa: PLW2901 - what of the share is still to take


def change_lots(wallet: Wallet, changes: dict[LotId, int]) -> Wallet:
    """The wallet with each lot's remainder changed by a signed amount; a lot never goes below zero."""
    lots = list(wallet.lots)
    wanted = {lot_id: change for lot_id, change in changes.items() if change}
    for place, lot in enumerate(wallet.lots):
        if not wanted:
            break
        change = wanted.pop(lot.lot_id, 0)
        if change:
            assert lot.remaining_minor + change >= 0, "a lot went below zero"
            lots[place] = changed(lot, remaining_minor=lot.remaining_minor + change)
    return changed(wallet, lots=tuple(lots))


def draw_postings(draws: Sequence[Draw], serving_store: StoreId, credited: Account) -> list[Posting]:
    """What the draws release, by kind and store, and the serving store's credit of the same amount: the store that took the money owes what another served (design section 4)."""
    sums: dict[tuple[ValueKind, StoreId], int] = {}
    for draw in draws:
        key = draw.kind, draw.store_id
        sums[key] = sums.get(key, 0) + draw.amount_minor
    postings: list[Posting] = []
    for (kind, store_id), amount_minor in sums.items():
        match kind:
            case ValueKind.PRINCIPAL | ValueKind.BONUS:
                postings.append(Posting(store_id, LIABILITY[kind], amount_minor))
                if store_id != serving_store:
                    postings.extend(clearing(store_id, serving_store, amount_minor))
            case ValueKind.RECEIVABLE:
                postings.append(Posting(serving_store, Account.OVERDRAFT_RECEIVABLE, amount_minor))
            case ValueKind.SUSPENSE:
                postings.append(Posting(serving_store, Account.SUSPENSE, amount_minor))
            case ValueKind.DEPOSIT:
                raise ValueError("a deposit is never drawn by a payment")
            case _:
                assert_never(kind)
        postings.append(Posting(serving_store, credited, -amount_minor))
    return postings
