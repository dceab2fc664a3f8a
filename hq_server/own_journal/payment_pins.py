"""Owns that head office takes a member's payment PIN away: forgotten by the member, or known to somebody else. A till takes it no more as soon as it hears of it (A11); what it
took before that stays the member's doing.

Called by the console, which audits it.
"""

from dataclasses import dataclass

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.members.payment_pins import end_pin
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.one_member import Wished, write_once
from hq_server.own_journal.place import Moment
from stored_value.events import Event
from stored_value.events_money_out import PinCleared
from stored_value.identity import EventId, MemberId
from stored_value.occasion import Occasion
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class PinResetWish:
    """`request_id` is made before anybody is asked; it names the event."""

    request_id: EventId
    member_id: MemberId
    reason: str = ""


def reset_pin(desk: Desk, moment: Moment, wish: PinResetWish, note: Note) -> Refusal | None:
    """As `write_once`; PAYMENT_PIN_NOT_SET when there is none."""

    def is_same(event: Event) -> bool:
        return isinstance(event, PinCleared)

    def decide(_: ReadSession, wallet: Wallet, occasion: Occasion) -> PinCleared | Refusal:
        if not wallet.pin_is_set:
            return Refusal(RefusalCode.PAYMENT_PIN_NOT_SET)
        return cleared(wallet, occasion, wish.reason)

    def ended(session: WriteSession) -> None:
        end_pin(session, wish.member_id, now=moment.now)
        note(session)

    return write_once(desk, moment, Wished(member_id=wish.member_id, event_id=wish.request_id), ended, is_same, decide)


def cleared(wallet: Wallet, occasion: Occasion, reason: str) -> PinCleared:
    return PinCleared(occasion=occasion, member_id=wallet.member_id, pin_issue=wallet.pin_issue + 1, reason=reason)
