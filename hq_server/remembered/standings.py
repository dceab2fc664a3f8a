"""Owns what becomes of members of whom a till knows that they may not pay, and head office has forgotten it in a restore (H1): what only forbids is taken down at once, as at the
counter, and a person is told, once for each member.

A till could report a loss of anybody by an entry of its own, and of a member whom its store does not know this gives it no other power: he is lost, which any till's manager ends.
Where nothing was restored nothing is believed. Called by the endpoint.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import not_, select

from hq_server.audit.log import record
from hq_server.database.among import among
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import HqState, ScopeMember, WalletEventRecord, WalletRecord
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_for_head_office
from hq_server.exceptions.restored import is_restored
from hq_server.feed.publishing import current_epoch
from hq_server.office import Office
from hq_server.own_journal.place import Moment, business_day
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.sessions.tokens import TillToken
from stored_value.identity import EventId, MemberId, StoreId, named_id
from stored_value.refusals import RefusalCode
from stored_value.wallet import WalletStatus
from sync.remembered import RememberedStanding

_CHANGES_STANDING: Final = ("status_changed", "card_replaced")
_MINUTE: Final = "%Y-%m-%d %H:%M UTC"
HEEDED_FOR: Final = timedelta(days=30)
"""After a restore. By then people have gone through what was forgotten, and a till in strange hands must not have this for ever."""
_FORBIDDING: Final = frozenset({WalletStatus.LOST, WalletStatus.FROZEN, WalletStatus.CLOSED})


def forbid_again(office: Office, till: TillToken, told: Sequence[RememberedStanding]) -> None:
    with office.database.read() as session:
        if not is_restored(session, current_epoch(session)):
            return
        own = _known_to(session, till.store_id, [each.member_id for each in told])
        forgotten = _forgotten(session, told, own, office.clock())
    for each in forgotten:
        _forbid(office, till, each, _becomes(each, own))


def _becomes(told: RememberedStanding, own: Collection[str]) -> WalletStatus:
    is_frozen = told.status != WalletStatus.LOST and told.member_id in own
    return WalletStatus.FROZEN if is_frozen else WalletStatus.LOST


def _known_to(session: ReadSession, store_id: StoreId, members: Sequence[MemberId]) -> frozenset[str]:
    """Whom the store's tills hold in their replica."""
    held = select(ScopeMember.member_id).where(among(ScopeMember.member_id, members), ScopeMember.store_id == store_id)
    return frozenset(session.scalars(held))


def _forgotten(
    session: ReadSession, told: Iterable[RememberedStanding], own: Collection[str], now: datetime
) -> list[RememberedStanding]:
    """Those who may pay here, or are lost here and were frozen, though nobody has let them since. What a till says of after the restore is not of this: the feed told it that."""
    began = session.scalars(select(HqState.epoch_began_at)).one()
    if now > began + HEEDED_FOR:
        return []
    by_member: dict[str, RememberedStanding] = {
        each.member_id: each for each in told if each.status in _FORBIDDING and each.since < began
    }
    standings = session.execute(
        select(WalletRecord.member_id, WalletRecord.status).where(among(WalletRecord.member_id, by_member))
    )
    for member_id, status in standings.all():
        may_pay = status == WalletStatus.ACTIVE
        is_more = status == WalletStatus.LOST and _becomes(by_member[member_id], own) is WalletStatus.FROZEN
        if not (may_pay or is_more):
            del by_member[member_id]
    by_tills = [_event_id(each, WalletStatus.LOST) for each in by_member.values()]
    changes = select(WalletEventRecord.member_id, WalletEventRecord.occurred_at).where(
        among(WalletEventRecord.member_id, by_member),
        WalletEventRecord.kind.in_(_CHANGES_STANDING),
        not_(among(WalletEventRecord.event_id, by_tills)),
    )
    for member_id, at in session.execute(changes).all():
        if member_id in by_member and at >= by_member[member_id].since:
            del by_member[member_id]
    return list(by_member.values())


def _event_id(told: RememberedStanding, status: WalletStatus) -> EventId:
    return EventId(named_id("standing_forgotten", told.member_id, told.since.isoformat(), status))


def _forbid(office: Office, till: TillToken, told: RememberedStanding, status: WalletStatus) -> None:
    """Until a person has done again what was done to him. A member whose enrolment is still to come cannot be forbidden anything yet."""
    moment, since = Moment.at(office.clock()), told.since.strftime(_MINUTE)
    wish = StandingWish(
        request_id=_event_id(told, status),
        member_id=told.member_id,
        status=status,
        reason=f"备份还原 / restored backup: {till.terminal_id}, {told.status}, {since}",
    )
    data = {"known_as": told.status, "till": till.terminal_id, "since": since, "now": status.value}

    def tell(session: WriteSession) -> None:
        found = TillFinding(
            code=ExceptionCode.STANDING_FORGOTTEN, data=data, on=business_day(told.since), member_id=told.member_id
        )
        if raise_for_head_office(session, f"standing-{told.member_id}", found, now=moment.now):
            record(
                session,
                actor=till.terminal_id,
                action="standing.remembered",
                subject=told.member_id,
                data=data,
                now=moment.now,
            )

    refusal = change_status(office.desk, moment, wish, tell)
    if refusal is not None and refusal.code is RefusalCode.MEMBER_UNKNOWN:
        with office.database.write() as session:
            data["now"] = "unknown"
            tell(session)
