"""What receipts of orders say beside the event, read from the wallet after it: names of coupons and passes, what is left of them, tax, points. Called by `completion`."""

from collections import Counter
from collections.abc import Iterable, Mapping

from stored_value.events import OrderPaid, OrderRefunded, PassUsed, PointsRedeemed
from stored_value.explanations import gift_parts
from stored_value.identity import LotId
from stored_value.money import floor_share
from stored_value.order_refund import cover_of
from stored_value.passes import PASSES
from stored_value.points import points_lot
from stored_value.rulebook import Rulebook, Words
from stored_value.wallet import Holding, Purchase, Wallet
from terminal.receipts_order import Balances, OrderEvent, OrderFacts, PassFacts
from terminal.view import WalletView


def facts_of(
    event: OrderEvent, wallet: Wallet, rulebook: Rulebook, before: WalletView | None, original_no: str
) -> OrderFacts:
    """`before` is the view that the event was decided on; None when a receipt is written anew."""
    held = _balances(before)
    match event:
        case OrderPaid():
            return _of_order(event, wallet, rulebook, held)
        case OrderRefunded():
            old = before.wallet.purchase(event.purchase_id) if before is not None else None
            return _of_refund(event, wallet, rulebook, held, old, original_no)
        case PassUsed():
            bought = wallet.purchase(event.occasion.event_id)
            return OrderFacts(before=held, passes=_passes((event.holding_id,), wallet, rulebook), taxes=_taxes(bought))
        case PointsRedeemed():
            reward = rulebook.points.reward(event.reward_id)
            if reward is None:
                return OrderFacts(before=held)
            coupons = (reward.coupon,) if reward.coupon else ()
            passes = (reward.pass_gift,) if reward.pass_gift else ()
            return OrderFacts(before=held, reward=reward.name, gifts=gift_parts(coupons, passes, rulebook))


def _of_order(event: OrderPaid, wallet: Wallet, rulebook: Rulebook, held: Balances | None) -> OrderFacts:
    purchase_id = event.occasion.event_id
    covers = [line.item.covered_by.holding_id for line in event.lines if line.item.covered_by is not None]
    earned = wallet.holding(points_lot(purchase_id))
    bought = wallet.purchase(purchase_id)
    sold = {line.line_no: line.sells_pass for line in bought.lines if line.sells_pass} if bought else {}
    known = _passes(sold.values(), wallet, rulebook)
    return OrderFacts(
        before=held,
        coupons=_coupons((used.holding_id for used in event.coupons), wallet, rulebook),
        passes=_passes(covers, wallet, rulebook),
        sold={line_no: known[holding_id] for line_no, holding_id in sold.items() if holding_id in known},
        taxes=_taxes(bought),
        points_earned=earned.original if earned is not None else 0,
    )


def _of_refund(
    event: OrderRefunded,
    wallet: Wallet,
    rulebook: Rulebook,
    held: Balances | None,
    old: Purchase | None,
    original_no: str,
) -> OrderFacts:
    bought = wallet.purchase(event.purchase_id)
    if bought is None:
        return OrderFacts(before=held, original_no=original_no)
    covers = {line.line_no: cover for line in bought.lines if (cover := cover_of(bought, line.line_no)) is not None}
    back = [covers[line.line_no].holding_id for line in event.lines if line.units and line.line_no in covers]
    return OrderFacts(
        before=held,
        names={line.line_no: line.name for line in bought.lines},
        covers={line_no: cover.kind for line_no, cover in covers.items()},
        original_no=original_no,
        coupons=_coupons(event.coupons_back, wallet, rulebook),
        passes=_passes(back, wallet, rulebook),
        taxes=_taxes_back(old, bought) if old is not None else (),
    )


def _balances(before: WalletView | None) -> Balances | None:
    if before is None:
        return None
    bonus = before.bonus_minor + before.provisional_bonus_minor
    return Balances(principal_minor=before.principal_minor, bonus_minor=bonus, owed_minor=before.owed_minor)


def _coupons(wanted: Iterable[LotId], wallet: Wallet, rulebook: Rulebook) -> Mapping[LotId, Words]:
    names: dict[LotId, Words] = {}
    for holding_id in wanted:
        held = wallet.holding(holding_id)
        known = rulebook.coupon_type(held.item_id) if held is not None else None
        if known is not None:
            names[holding_id] = known.name
    return names


def _passes(wanted: Iterable[LotId], wallet: Wallet, rulebook: Rulebook) -> Mapping[LotId, PassFacts]:
    found = (wallet.holding(holding_id) for holding_id in wanted)
    return {held.holding_id: _pass(held, rulebook) for held in found if held is not None and held.kind in PASSES}


def _pass(held: Holding, rulebook: Rulebook) -> PassFacts:
    known = rulebook.pass_type(held.item_id)
    name = known.name if known is not None else Words(zh=held.item_id, en=held.item_id)
    return PassFacts(name=name, kind=held.kind, left=held.remaining, expires_on=held.expires_on)


def _taxes(bought: Purchase | None) -> tuple[tuple[str, int], ...]:
    """By tax category, as the purchase settled it."""
    sums: Counter[str] = Counter()
    for line in bought.lines if bought is not None else ():
        sums[line.tax_category] += line.tax_minor
    return tuple(sums.items())


def _taxes_back(was: Purchase, now: Purchase) -> tuple[tuple[str, int], ...]:
    """As head office books it: by line, the floor share of all refunded so far less what went back before."""
    sums: Counter[str] = Counter()
    for old, new in zip(was.lines, now.lines, strict=True):
        if new.total_minor:
            shares = [floor_share(new.tax_minor, each.refunded_minor, each.total_minor) for each in (old, new)]
            sums[new.tax_category] += shares[1] - shares[0]
    return tuple(sums.items())
