"""Using a pass at the counter without an order 核销: online only, since a pass could be used at two tills that do not see each other (H4)."""

from stored_value.cart_policy import PassType
from stored_value.events import Event, PassUsed
from stored_value.events_order import OrderItem
from stored_value.identity import EventId, LotId, MemberId
from stored_value.pass_use import USE_LINE, refuse_pass_use
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing
from terminal.counter.completion import done_before, finish
from terminal.counter.payment_pin import ProvenMember, evidence_of, ref_of, refuse_stale
from terminal.counter.reserving import Wanted, cover, reserving, things_leased
from terminal.counter.views import Completed
from terminal.counter.workplace import Workplace


def use_pass(
    place: Workplace,
    action: EventId,
    member_id: MemberId,
    holding_id: LotId,
    units: int,
    use_for: str,
    *,
    proven: ProvenMember | None = None,
) -> Completed | Refusal:
    """`use_for`: the item or category that it is used for; empty where the pass covers all or only one."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        if not isinstance(event, PassUsed) or use_for not in ("", event.item_id, event.category):
            return False
        return (event.member_id, event.holding_id, event.units) == (member_id, holding_id, units)

    things = (ReservedThing(thing_id=holding_id, quantity=units),) if units > 0 else ()
    wanted = Wanted(member_id=member_id, amount_minor=0, things=things)
    with reserving(place, action, wanted) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id, with_purchases=(action,))
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        wallet, rulebook = member.view.wallet, at_work.rulebook
        offline = reserved.offline and not things_leased(place, member, wanted)
        held = wallet.holding(holding_id)
        known = rulebook.pass_type(held.item_id) if held is not None else None
        item = _item(known, use_for)
        refusal = refuse_pass_use(wallet, holding_id, units, item, rulebook, at_work.on, offline=offline)
        refusal = refuse_stale(place, proven, action, member) or refusal
        covered = refusal or cover(place, member, wanted, reserved, rulebook, at_work.on)
        if isinstance(covered, Refusal):
            return covered
        event = PassUsed(
            occasion=place.occasion(
                action,
                at_work,
                evidence_of(proven),
                offline=reserved.offline,
                reservations=covered.reservations,
                evidence_ref=ref_of(proven),
            ),
            member_id=member_id,
            holding_id=holding_id,
            units=units,
            name=item.name,
            item_id=item.item_id,
            category=item.category,
        )
        return finish(place, at_work, member, event)


def _item(known: PassType | None, use_for: str) -> OrderItem:
    """What the pass is used for, as far as its scope or the cashier says."""
    items, categories = (known.scope.items, known.scope.categories) if known is not None else ((), ())
    only = (*items, *categories) if len(items) + len(categories) == 1 else ()
    named = use_for or "".join(only)
    is_category = named in categories and named not in items
    return OrderItem(
        line_no=USE_LINE,
        name=named or (known.name.zh if known is not None else ""),
        unit_price_minor=0,
        item_id="" if is_category else named,
        category=named if is_category else "",
    )
