"""A member's card and standing: loss report 挂失, freezing, lifting either, a new card 补卡, and papers that were seen.

What only forbids is taken down at once, offline too. What allows again, and a new card, need head office's word (H4): two tills would contradict each other.
"""

from stored_value.events import Event, EvidenceClass
from stored_value.events_money_out import CardReplaced, IdentityRecorded, StatusChanged
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.standing import refuse_card, refuse_status
from stored_value.wallet import Identity, WalletStatus
from sync.cards import CARD_ISSUE_MAX
from terminal.counter.completion import done_before, finish
from terminal.counter.online_read import is_fresh
from terminal.counter.views import Completed, StaffRole
from terminal.counter.workplace import AtWork, Workplace
from terminal.members import MemberOnFile

REASON_CHARS_MAX = 60


def change_status(
    place: Workplace, action: EventId, member_id: MemberId, status: WalletStatus, reason: str
) -> Completed | Refusal:
    """`LOST` is any cashier's, `FROZEN` and the way back from it a manager's, but from head office's freeze nobody's here. Closing is not done here."""
    at_work = place.in_shift()  # however old: who has lost his card does not wait until the drawer is counted
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, StatusChanged) and (event.member_id, event.status) == (member_id, status)

    offline = place.journal.find(action) is None and not is_fresh(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        refusal = _refuse_status(at_work, member, status, offline=offline)
        if refusal is not None:
            return refusal
        event = StatusChanged(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=offline),
            member_id=member_id,
            before=member.view.wallet.status,
            status=status,
            reason=reason.strip()[:REASON_CHARS_MAX],
        )
        return finish(place, at_work, member, event)


def _refuse_status(at_work: AtWork, member: MemberOnFile, status: WalletStatus, *, offline: bool) -> Refusal | None:
    wallet = member.view.wallet
    if wallet.merged_into is not None:
        return Refusal(RefusalCode.STATUS_UNREACHABLE, {"status": "merged", "remedy": "use_survivor"})
    if wallet.frozen_by_head_office:
        return Refusal(RefusalCode.STATUS_UNREACHABLE, {"status": wallet.status.value, "remedy": "ask_head_office"})
    refusal = refuse_status(wallet, status)
    if refusal is not None:
        return refusal
    of_a_manager = WalletStatus.FROZEN in (status, wallet.status) or status is WalletStatus.CLOSED
    if of_a_manager and at_work.staff.role is not StaffRole.MANAGER:
        return Refusal(RefusalCode.NOT_PERMITTED)
    if offline and status not in (WalletStatus.LOST, WalletStatus.FROZEN):
        return Refusal(RefusalCode.ONLINE_ONLY)
    return None


def replace_card(place: Workplace, action: EventId, member_id: MemberId) -> Completed | Refusal:
    """The receipt bears the new card; older ones no longer count, and a loss report ends."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, CardReplaced) and event.member_id == member_id

    fresh = place.journal.find(action) is not None or is_fresh(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        if not fresh:
            return Refusal(RefusalCode.ONLINE_ONLY)
        issue = member.card_issue + 1
        refusal = refuse_card(member.view.wallet, issue, at_work.on)
        if refusal is not None:
            return refusal
        if issue > CARD_ISSUE_MAX:
            return Refusal(RefusalCode.CARD_ISSUES_USED_UP, {"issue": CARD_ISSUE_MAX})
        event = CardReplaced(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=False),
            member_id=member_id,
            card_issue=issue,
        )
        return finish(place, at_work, member, event)


def record_identity(place: Workplace, action: EventId, member_id: MemberId, identity: Identity) -> Completed | Refusal:
    """The papers were seen; what they say is nowhere in an entry (H14)."""
    at_work = place.at_work()
    if isinstance(at_work, Refusal):
        return at_work

    def is_same(event: Event) -> bool:
        return isinstance(event, IdentityRecorded) and (event.member_id, event.identity) == (member_id, identity)

    offline = place.journal.find(action) is None and not is_fresh(place, member_id)
    with place.journal.deciding():
        before = done_before(place, action, is_same)
        if before is not None:
            return before
        member = place.members.find(member_id)
        if member is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        event = IdentityRecorded(
            occasion=place.occasion(action, at_work, EvidenceClass.NOT_NEEDED, offline=offline),
            member_id=member_id,
            identity=identity,
        )
        return finish(place, at_work, member, event)
