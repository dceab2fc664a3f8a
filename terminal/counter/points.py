"""Exchanging points 积分兑换 for what the rulebook offers: offline only those that this till leases, since others could be used at two tills that do not see each other (H4)."""

from stored_value.events import Event, PointsRedeemed
from stored_value.identity import EventId, MemberId
from stored_value.points import points_wanted, refuse_points_redemption
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import ReservedThing
from terminal.counter.completion import done_before, finish
from terminal.counter.payment_pin import ProvenMember, evidence_of, ref_of, refuse_stale
from terminal.counter.reserving import Wanted, cover, leased_things, reserving, things_leased
from terminal.counter.views import Completed
from terminal.counter.workplace import Workplace


def exchange_points(
    place: Workplace, action: EventId, member_id: MemberId, reward_id: str, *, proven: ProvenMember | None = None
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, PointsRedeemed) and (event.member_id, event.reward_id) == (member_id, reward_id)

    known = place.members.find(member_id)
    reward = at_work.rulebook.points.reward(reward_id)
    points: tuple[ReservedThing, ...] = ()
    if known and reward:
        points = points_wanted(known.view.wallet, reward.points, at_work.on, leased_things(place, known))
    wanted = Wanted(member_id=member_id, amount_minor=0, things=points)
    with reserving(place, action, wanted) as reserved:
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        refusal = refuse_stale(place, proven, action, member) or refuse_points_redemption(
            member.view.wallet, reward_id, at_work.rulebook, at_work.on
        )
        if refusal is not None:
            return refusal
        if reward is None or (reserved.offline and not things_leased(place, member, wanted)):
            return Refusal(RefusalCode.ONLINE_ONLY)
        covered = cover(place, member, wanted, reserved, at_work.rulebook, at_work.on)
        if isinstance(covered, Refusal):
            return covered
        event = PointsRedeemed(
            occasion=place.occasion(
                action,
                at_work,
                evidence_of(proven),
                offline=reserved.offline,
                reservations=covered.reservations,
                evidence_ref=ref_of(proven),
            ),
            member_id=member_id,
            points=reward.points,
            reward_id=reward_id,
            worth_minor=reward.worth_minor,
        )
        return finish(place, at_work, member, event)
