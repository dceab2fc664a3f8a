"""Exchanging points 积分兑换 for what the rulebook offers: online only, since points could be used at two tills that do not see each other (H4)."""

from stored_value.events import Event, EvidenceClass, PointsRedeemed
from stored_value.identity import EventId, MemberId
from stored_value.points import refuse_points_redemption
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.completion import done_before, finish
from terminal.counter.online_read import is_fresh
from terminal.counter.views import Completed
from terminal.counter.workplace import Workplace


def exchange_points(place: Workplace, action: EventId, member_id: MemberId, reward_id: str) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, PointsRedeemed) and (event.member_id, event.reward_id) == (member_id, reward_id)

    offline = place.journal.find(action) is None and not is_fresh(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        refusal = refuse_points_redemption(member.view.wallet, reward_id, at_work.rulebook, at_work.on)
        if refusal is not None:
            return refusal
        reward = at_work.rulebook.points.reward(reward_id)
        if offline or reward is None:
            return Refusal(RefusalCode.ONLINE_ONLY)
        event = PointsRedeemed(
            occasion=place.occasion(action, at_work, EvidenceClass.STATIC_CARD, offline=False),
            member_id=member_id,
            points=reward.points,
            reward_id=reward_id,
            worth_minor=reward.worth_minor,
        )
        return finish(place, at_work, member, event)
