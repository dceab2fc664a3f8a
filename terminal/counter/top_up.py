"""Top-up 充值: what it would give, shown before the money is taken, and the top-up itself with its tenders and promises."""

from dataclasses import replace

from stored_value.events import Event, EvidenceClass, Tender, ToppedUp
from stored_value.identity import EventId, MemberId, PromotionId
from stored_value.offline_top_up import own_share_minor
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import FixedPlan
from stored_value.topup import TopUpContext, context_at, promise_of, quote, refuse_top_up
from terminal.counter.completion import done_before, finish
from terminal.counter.online_read import is_fresh
from terminal.counter.views import Completed, TopUpQuote
from terminal.counter.workplace import Workplace


def plans(place: Workplace) -> tuple[FixedPlan, ...]:
    rulebook = place.replica.rulebook_in_force(place.now())
    return rulebook.plans() if rulebook else ()


def quote_top_up(
    place: Workplace, member_id: MemberId, amount_minor: int, plan_id: PromotionId | None
) -> TopUpQuote | Refusal:
    standing = place.standing()
    if isinstance(standing, Refusal):
        return standing
    member = place.members.find(member_id)
    if member is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    wallet = member.view.wallet
    context = TopUpContext(
        store_id=place.journal.head_office.identity.store_id,
        on=standing.on,
        local_time=place.local_time(place.now()),
        campaign_uses=place.replica.campaign_uses(),
    )
    refusal = refuse_top_up(wallet, amount_minor, (), plan_id, standing.rulebook, context)
    if refusal is not None:
        return refusal
    quoted = quote(wallet, amount_minor, plan_id, standing.rulebook, context)
    return TopUpQuote(
        amount_minor=amount_minor,
        bonus_minor=quoted.bonus_minor,
        rewards=quoted.rewards,
        reasons=quoted.reasons,
        rulebook=standing.rulebook,
        balance_after_minor=wallet.total_minor + amount_minor + quoted.bonus_minor,
        provisional=not place.link.state().online,
    )


def top_up(
    place: Workplace,
    action: EventId,
    member_id: MemberId,
    amount_minor: int,
    tenders: tuple[Tender, ...],
    plan_id: PromotionId | None,
) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return (
            isinstance(event, ToppedUp)
            and (event.member_id, event.amount_minor, event.tenders) == (member_id, amount_minor, tenders)
            and plan_id in (None, event.plan_id)
        )

    offline = place.journal.find(action) is None and not is_fresh(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        wallet, rulebook = member.view.wallet, at_work.rulebook
        if not tenders:
            return Refusal(RefusalCode.TENDERS_DISAGREE, {"amount_minor": amount_minor, "tenders_minor": 0})
        occasion = place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=offline)
        context = replace(context_at(occasion, tenders), campaign_uses=place.replica.campaign_uses())
        refusal = refuse_top_up(wallet, amount_minor, tenders, plan_id, rulebook, context)
        if refusal is not None:
            return refusal
        quoted = quote(wallet, amount_minor, plan_id, rulebook, context)
        event = ToppedUp(
            occasion=occasion,
            member_id=member_id,
            amount_minor=amount_minor,
            tenders=tenders,
            plan_id=quoted.plan_id,
            promised=tuple(promise_of(reward) for reward in quoted.rewards),
            reserved_minor=own_share_minor(wallet, amount_minor, rulebook) if offline else None,
        )
        return finish(place, at_work, member, event)
