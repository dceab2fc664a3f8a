"""Owns a change of a member's standing by head office: frozen, lost, active again, closed. Every till hears of it by the global feed (H9).

Called by the console, which audits it.
"""

from hq_server.own_journal.desk import Desk
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from stored_value.events_money_out import StatusChanged
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import reserved_minor
from stored_value.standing import refuse_status
from stored_value.wallet import WalletStatus


def change_status(
    desk: Desk, moment: Moment, member_id: MemberId, status: WalletStatus, *, request_id: EventId, reason: str = ""
) -> Refusal | None:
    """None when it is done, now or by an earlier call with the same `request_id`, which names the event. May raise `DatabaseBusy`, `StorageFull`."""

    def change(journal: OwnJournal) -> Refusal | None:
        wallet = journal.wallets([member_id]).get(member_id)
        if wallet is None:
            return Refusal(RefusalCode.MEMBER_UNKNOWN)
        before = journal.event_of(member_id, request_id)
        if before is not None:
            same = isinstance(before, StatusChanged) and before.status is status
            return None if same else Refusal(RefusalCode.ACTION_REUSED)
        refusal = refuse_status(wallet, status, committed_minor=reserved_minor(wallet))
        if refusal is not None:
            return refusal
        version = journal.rulebooks.in_force(moment.now).version
        event = StatusChanged(
            occasion=moment.occasion(request_id, version),
            member_id=member_id,
            before=wallet.status,
            status=status,
            reason=reason,
        )
        journal.write([event])
        return None

    refusal = desk.write(moment.now, change)
    if refusal is None:
        desk.tell()
    return refusal
