"""Redemption 扣款: what a payment would draw, and the payment. What it takes is reserved first (`reserving`): by the till's leases,
by a hold at head office, offline within the risk allowance.

What shows that the member is there: his payment PIN, or his printed identity code. A number that was typed or looked up proves no more than the
code, so both count against the code's limit of the day; offline, only the card itself or the PIN will do.
"""

from typing import Final

from stored_value.draw import plan_draw
from stored_value.events import Event, ExpectedDraw, OrderLine, Redeemed
from stored_value.identity import EventId, MemberId
from stored_value.offline_spending import refuse_offline
from stored_value.redemption import refuse_redemption
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import ValueKind
from terminal.counter.completion import done_before, finish
from terminal.counter.payment_pin import ProvenMember, evidence_of, ref_of, refuse_stale
from terminal.counter.reserving import Reserved, Wanted, cover, means_offline, reserving
from terminal.counter.views import Completed, RedemptionPreview
from terminal.counter.workplace import AtWork, Workplace

LINES_MAX: Final = 100
NAME_CHARS_MAX: Final = 60
"""Of a line, also of orders: with these an entry stays far below what any proxy lets through."""


def preview_redemption(
    place: Workplace, member_id: MemberId, amount_minor: int, *, proven: ProvenMember | None = None
) -> RedemptionPreview | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    wallet, rulebook = member.view.wallet, standing.rulebook
    offline = not place.link.state().online
    refusal = refuse_redemption(wallet, amount_minor, rulebook, standing.on, static_card=proven is None)
    identity = place.journal.head_office.identity
    if refusal is None and offline:
        means = means_offline(place, member, rulebook, standing.on)
        refusal = refuse_offline(wallet, amount_minor, means, standing.on, identity.terminal_id)
    if refusal is not None:
        return refusal
    draws = plan_draw(wallet, amount_minor, rulebook.draw_order, standing.on, identity.store_id)
    return RedemptionPreview(
        amount_minor=amount_minor,
        principal_minor=sum(draw.amount_minor for draw in draws if draw.kind is ValueKind.PRINCIPAL),
        bonus_minor=sum(draw.amount_minor for draw in draws if draw.kind is ValueKind.BONUS),
        balance_after_minor=wallet.total_minor - amount_minor,
        offline=offline,
        in_words=amount_minor >= rulebook.limits.words_from_minor,
    )


def redeem(
    place: Workplace,
    action: EventId,
    member_id: MemberId,
    lines: tuple[OrderLine, ...],
    *,
    static_card: bool,
    proven: ProvenMember | None = None,
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    refusal = _refuse_lines(lines)
    if refusal is not None:
        return refusal

    def is_same(event: Event) -> bool:
        return isinstance(event, Redeemed) and (event.member_id, event.lines) == (member_id, lines)

    wanted = Wanted(member_id=member_id, amount_minor=sum(line.total_minor for line in lines))
    with reserving(place, action, wanted) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        if reserved.offline and not static_card and proven is None:
            return Refusal(RefusalCode.CARD_NEEDED)
        return _redeem(place, at_work, action, lines, wanted, reserved, proven)


def _redeem(
    place: Workplace,
    at_work: AtWork,
    action: EventId,
    lines: tuple[OrderLine, ...],
    wanted: Wanted,
    reserved: Reserved,
    proven: ProvenMember | None,
) -> Completed | Refusal:
    member = place.members.find(wanted.member_id, with_purchases=(action,))
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    wallet, rulebook, amount_minor = member.view.wallet, at_work.rulebook, wanted.amount_minor
    refusal = refuse_stale(place, proven, action, member) or refuse_redemption(
        wallet, amount_minor, rulebook, at_work.on, static_card=proven is None
    )
    if refusal is not None:
        return refusal
    covered = cover(place, member, wanted, reserved, rulebook, at_work.on)
    if isinstance(covered, Refusal):
        return covered
    occasion = place.occasion(
        action,
        at_work,
        evidence_of(proven),
        offline=reserved.offline,
        reservations=covered.reservations,
        evidence_ref=ref_of(proven, amount_minor),
    )
    draws = plan_draw(wallet, amount_minor, rulebook.draw_order, at_work.on, occasion.store_id)
    event = Redeemed(
        occasion=occasion,
        member_id=wanted.member_id,
        amount_minor=amount_minor,
        lines=lines,
        expected_draw=tuple(
            ExpectedDraw(lot_id=draw.lot_id, amount_minor=draw.amount_minor)
            for draw in draws
            if draw.lot_id is not None
        ),
    )
    return finish(place, at_work, member, event, risk_minor=covered.risk_minor)


def _refuse_lines(lines: tuple[OrderLine, ...]) -> Refusal | None:
    numbers = {line.line_no for line in lines}
    if not lines or len(lines) > LINES_MAX or len(numbers) != len(lines) or any(map(_is_odd, lines)):
        return Refusal(RefusalCode.LINES_DISAGREE, {"lines": len(lines)})
    return None


def _is_odd(line: OrderLine) -> bool:
    return line.total_minor < 0 or len(line.name) > NAME_CHARS_MAX
