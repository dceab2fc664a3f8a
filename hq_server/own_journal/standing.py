"""Owns a change of a member's standing by head office: frozen, lost, active again, closed. Every till hears of it by the global feed (H9).

Called by the console, which audits it.
"""

from dataclasses import dataclass

from hq_server.database.engine import ReadSession
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.one_member import Wished, write_once
from hq_server.own_journal.place import Moment
from stored_value.events import Event
from stored_value.events_money_out import StatusChanged
from stored_value.identity import EventId, MemberId
from stored_value.occasion import Occasion
from stored_value.refusals import Refusal
from stored_value.reservations import reserved_minor
from stored_value.standing import refuse_status
from stored_value.wallet import Wallet, WalletStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingWish:
    """`request_id` is made before anybody is asked; it names the event."""

    request_id: EventId
    member_id: MemberId
    status: WalletStatus
    reason: str = ""


def change_status(desk: Desk, moment: Moment, wish: StandingWish, note: Note) -> Refusal | None:
    """As `write_once`."""

    def is_same(event: Event) -> bool:
        return isinstance(event, StatusChanged) and event.status is wish.status

    def decide(_: ReadSession, wallet: Wallet, occasion: Occasion) -> StatusChanged | Refusal:
        refusal = refuse_status(wallet, wish.status, committed_minor=reserved_minor(wallet))
        return refusal or StatusChanged(
            occasion=occasion,
            member_id=wish.member_id,
            before=wallet.status,
            status=wish.status,
            reason=wish.reason,
        )

    return write_once(desk, moment, Wished(member_id=wish.member_id, event_id=wish.request_id), note, is_same, decide)
