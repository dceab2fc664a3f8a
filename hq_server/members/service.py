"""Owns reading a member from outside a till's scope. Called by the endpoint; the caller commits, and again when the wallet changed meanwhile."""

from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import Member, ScopeMember
from hq_server.feed.publishing import current_epoch
from hq_server.keys.key_files import HqKeys
from hq_server.members.personal import cipher_of
from hq_server.wallets.rows import member_rows
from hq_server.wallets.scope import enter_scope
from stored_value.identity import MemberId, StoreId
from sync.messages import FindMember, FoundMembers

FOUND_MAX = 10
_IN_SCOPE = select(ScopeMember.member_id).where(
    ScopeMember.store_id == bindparam("store_id"), ScopeMember.member_id.in_(bindparam("member_ids", expanding=True))
)


class NothingAsked(Exception):
    """Not exactly one of member number, phone and id."""


def wanted_ids(session: ReadSession, keys: HqKeys, wanted: FindMember) -> list[MemberId]:
    """Raises `NothingAsked`."""
    found = session.scalars(
        select(Member.member_id).where(_condition(keys, wanted)).order_by(Member.enrolled_at).limit(FOUND_MAX)
    )
    return [MemberId(member_id) for member_id in found]


def newcomers(session: ReadSession, member_ids: list[MemberId], store_id: StoreId) -> list[MemberId]:
    """Those who do not belong to the store yet."""
    known = set(session.scalars(_IN_SCOPE, {"store_id": store_id, "member_ids": member_ids}))
    return [member_id for member_id in member_ids if member_id not in known]


def enter_found(
    session: WriteSession, keys: HqKeys, member_ids: list[MemberId], store_id: StoreId, *, now: datetime
) -> None:
    """Whoever was asked for belongs to the store from now on. May raise `wallets.scope.WalletChanged`."""
    for member_id in sorted(member_ids):
        enter_scope(session, member_id, store_id, at=now, random=keys.random)


def answer(session: ReadSession, member_ids: list[MemberId], *, now: datetime) -> FoundMembers:
    return FoundMembers(epoch=current_epoch(session), members=tuple(member_rows(session, member_ids)), as_of=now)


def _condition(keys: HqKeys, wanted: FindMember) -> ColumnElement[bool]:
    match (wanted.member_no, wanted.phone, wanted.member_id):
        case (number, "", "") if number:
            return Member.member_no == number
        case ("", phone, "") if phone:
            return Member.phone_index == cipher_of(keys).phone_index(phone)
        case ("", "", member_id) if member_id:
            return Member.member_id == member_id
        case _:
            raise NothingAsked("ask by one of member_no, phone and member_id")
