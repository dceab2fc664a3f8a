"""Taking back a top-up 充值撤销, at the till that took the money, while nothing was drawn from it. Once head office may know
the top-up, others may have spent it, so head office is read first; offline only what never left this till goes back (H3).
"""

from stored_value.events import Event, EvidenceClass, ToppedUp, TopUpReversed
from stored_value.identity import EventId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reversal import refuse_reversal
from sync.event_codec import event_of
from terminal.counter.completion import done_before, finish
from terminal.counter.online_read import is_fresh
from terminal.counter.views import Completed
from terminal.counter.workplace import Workplace


def reverse_top_up(place: Workplace, action: EventId, top_up_id: EventId) -> Completed | Refusal:
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work
    entry = place.journal.find(top_up_id)
    top_up = event_of(entry) if entry else None
    if entry is None or not isinstance(top_up, ToppedUp):
        return Refusal(RefusalCode.TOP_UP_UNKNOWN)

    def is_same(event: Event) -> bool:
        return isinstance(event, TopUpReversed) and event.top_up_id == top_up_id

    offline = place.journal.find(action) is None and not is_fresh(place, top_up.member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        if offline and not _only_here(place, entry.header.seq):
            return Refusal(RefusalCode.ONLINE_ONLY)
        member = place.members.find(top_up.member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        refusal = refuse_reversal(member.view.wallet, top_up)
        if refusal is not None:
            return refusal
        event = TopUpReversed(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=offline),
            member_id=top_up.member_id,
            top_up_id=top_up_id,
            amount_minor=top_up.amount_minor,
            tenders=top_up.tenders,
        )
        return finish(place, at_work, member, event)


def _only_here(place: Workplace, seq: int) -> bool:
    outcomes = place.journal.outcomes
    push = outcomes.open_push()
    return seq > outcomes.settled_through() and (push is None or seq > push.to_seq)
