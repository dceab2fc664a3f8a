"""Owns what head office gives back in place of a till that will not come back: a refund of what was bought there, the return of a deposit that was left there.

Both belong to the till that wrote them (H4). Revoked, it gives nothing back any more and no other till does, so head office is the only one: two refunds cannot race. What the
till itself gave back before, and a recovery brings afterwards, is a finding. Called by the console, which shows the same plan before it is confirmed, and audits it.
"""

from dataclasses import dataclass

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import PurchaseRecord, Terminal, TerminalStatus, WalletEventRecord
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.one_member import Wished, write_once
from hq_server.own_journal.place import Moment
from stored_value.activity import spent_minor
from stored_value.deposits import deposit, deposit_lot_id, refuse_deposit_release
from stored_value.draw import Draw
from stored_value.events import Event, PurchaseRefunded, RefundLine
from stored_value.events_money_out import DepositReturned
from stored_value.events_order import OrderRefunded, OrderRefundLine
from stored_value.identity import EventId, MemberId
from stored_value.occasion import Occasion, Tender
from stored_value.order_refund import plan_order_refund, refuse_order_refund
from stored_value.refund import plan_refund, refuse_refund
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import kept_of_thing
from stored_value.rulebook import Rulebook
from stored_value.wallet import Purchase, Wallet
from sync.wallet_codec import read_purchase

Lines = tuple[OrderRefundLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """`wish_id` is made before anybody is asked; it names the event."""

    wish_id: EventId
    member_id: MemberId
    purchase_id: EventId
    lines: Lines
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositWish:
    """`tenders` is how head office pays it out, in all or in part."""

    wish_id: EventId
    member_id: MemberId
    deposit_id: EventId
    tenders: tuple[Tender, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingBack:
    """What a refund would do: to the member's balance (what is owed is paid first), out of the serving store's suspense, and by head office's own hand."""

    balance_minor: int
    suspense_minor: int
    tenders: tuple[Tender, ...]


def plan_giving_back(
    wallet: Wallet, purchase: Purchase, lines: Lines, book: Rulebook, moment: Moment
) -> GivingBack | Refusal:
    """Pure: what is shown before it is confirmed and what the entry states are the same."""
    if not purchase.is_order:
        plain = _plain(lines)
        return refuse_refund(purchase, plain, book, moment.on) or _given(plan_refund(purchase, plain), ())
    refusal = refuse_order_refund(wallet, purchase, lines, book, moment.on)
    if refusal is not None:
        return refusal
    came_of_it = [held.holding_id for held in wallet.holdings if held.source_id == purchase.purchase_id]
    if any(kept_of_thing(wallet, each) for each in came_of_it):
        return Refusal(RefusalCode.RESERVED_ELSEWHERE)
    plan = plan_order_refund(wallet, purchase, lines)
    return _given(plan.draws, plan.tenders)


def refund_for_dead_till(desk: Desk, moment: Moment, wish: RefundWish, note: Note) -> Refusal | None:
    """As `write_once`."""

    def is_same(event: Event) -> bool:
        if not isinstance(event, PurchaseRefunded | OrderRefunded) or event.purchase_id != wish.purchase_id:
            return False
        return event.lines == (wish.lines if isinstance(event, OrderRefunded) else _plain(wish.lines))

    def decide(session: ReadSession, wallet: Wallet, occasion: Occasion) -> PurchaseRefunded | OrderRefunded | Refusal:
        row = session.execute(
            select(PurchaseRecord.state, PurchaseRecord.terminal_id).where(
                PurchaseRecord.member_id == wish.member_id, PurchaseRecord.purchase_id == wish.purchase_id
            )
        ).one_or_none()
        if row is None:
            return Refusal(RefusalCode.PURCHASE_UNKNOWN)
        if not is_revoked(session, row.terminal_id):
            return Refusal(RefusalCode.PURCHASE_OF_ANOTHER_TILL, {"terminal_id": row.terminal_id})
        purchase = read_purchase(row.state)
        book = desk.rulebooks.all(session).in_force(moment.now)
        giving = plan_giving_back(wallet, purchase, wish.lines, book, moment)
        return giving if isinstance(giving, Refusal) else _event(wish, purchase, giving, occasion)

    wished = Wished(member_id=wish.member_id, event_id=wish.wish_id, purchase_id=wish.purchase_id)
    return write_once(desk, moment, wished, note, is_same, decide)


def return_deposit_for_dead_till(desk: Desk, moment: Moment, wish: DepositWish, note: Note) -> Refusal | None:
    """As `write_once`."""
    amount_minor = sum(tender.amount_minor for tender in wish.tenders)

    def is_same(event: Event) -> bool:
        return isinstance(event, DepositReturned) and (
            (event.deposit_id, event.tenders) == (wish.deposit_id, wish.tenders)
        )

    def decide(session: ReadSession, wallet: Wallet, occasion: Occasion) -> DepositReturned | Refusal:
        if any(tender.amount_minor <= 0 for tender in wish.tenders):
            return Refusal(RefusalCode.AMOUNT_NOT_POSITIVE)
        if not returned_here(session, wallet, wish.deposit_id):
            return Refusal(RefusalCode.DEPOSIT_OF_ANOTHER_TILL)
        refusal = refuse_deposit_release(wallet, wish.deposit_id, amount_minor, occasion)
        return refusal or DepositReturned(
            occasion=occasion,
            member_id=wish.member_id,
            deposit_id=wish.deposit_id,
            amount_minor=amount_minor,
            tenders=wish.tenders,
        )

    wished = Wished(member_id=wish.member_id, event_id=wish.wish_id)
    return write_once(desk, moment, wished, note, is_same, decide)


def is_revoked(session: ReadSession, terminal_id: str) -> bool:
    status = session.scalar(select(Terminal.status).where(Terminal.terminal_id == terminal_id))
    return status == TerminalStatus.REVOKED


def returned_here(session: ReadSession, wallet: Wallet, deposit_id: EventId) -> bool:
    """Whether head office alone returns it: the till where it was left is revoked, or a merge brought it to another member, whom that till's journal does not name."""
    held = deposit(wallet, deposit_id)
    if held is None:
        return False
    if held.lot_id != deposit_lot_id(deposit_id):
        return True
    terminal_id = session.scalar(
        select(WalletEventRecord.terminal_id).where(
            WalletEventRecord.member_id == wallet.member_id, WalletEventRecord.event_id == deposit_id
        )
    )
    return terminal_id is not None and is_revoked(session, terminal_id)


def _event(
    wish: RefundWish, purchase: Purchase, giving: GivingBack, occasion: Occasion
) -> PurchaseRefunded | OrderRefunded:
    if purchase.is_order:
        return OrderRefunded(
            occasion=occasion,
            member_id=wish.member_id,
            purchase_id=wish.purchase_id,
            lines=wish.lines,
            balance_minor=giving.balance_minor,
            tenders=giving.tenders,
            reason=wish.reason,
        )
    lines = _plain(wish.lines)
    return PurchaseRefunded(
        occasion=occasion,
        member_id=wish.member_id,
        purchase_id=wish.purchase_id,
        amount_minor=sum(line.amount_minor for line in lines),
        lines=lines,
        reason=wish.reason,
    )


def _plain(lines: Lines) -> tuple[RefundLine, ...]:
    return tuple(RefundLine(line_no=line.line_no, amount_minor=line.amount_minor) for line in lines)


def _given(draws: tuple[Draw, ...], tenders: tuple[Tender, ...]) -> GivingBack:
    balance_minor = spent_minor(draws)
    return GivingBack(
        balance_minor=balance_minor,
        suspense_minor=sum(draw.amount_minor for draw in draws) - balance_minor,
        tenders=tenders,
    )
