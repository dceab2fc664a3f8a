"""Owns reading a member from outside a till's scope. Called by the endpoint; the caller commits, and again when the wallet changed meanwhile."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.among import among_given
from hq_server.database.engine import Reading, WriteSession
from hq_server.database.models import Member, ScopeMember
from hq_server.database.prepared import Prepared
from hq_server.feed.publishing import current_epoch
from hq_server.keys.key_files import HqKeys
from hq_server.members.personal import cipher_of
from hq_server.wallets.rows import member_rows
from hq_server.wallets.scope import enter_scope
from stored_value.identity import MemberId, StoreId
from sync.messages import FindMember, FoundMembers

FOUND_MAX = 10
_FOUND: Final = select(Member.member_id).order_by(Member.enrolled_at).limit(FOUND_MAX)
_BY_NUMBER: Final = Prepared(_FOUND.where(Member.member_no == bindparam("number")))
_BY_PHONE: Final = Prepared(_FOUND.where(Member.phone_index == bindparam("phone")))
_BY_ID: Final = Prepared(_FOUND.where(Member.member_id == bindparam("member")))
_IN_SCOPE: Final = Prepared(
    select(ScopeMember.member_id).where(
        ScopeMember.store_id == bindparam("store"), among_given(ScopeMember.member_id, "members")
    )
)


class NothingAsked(Exception):
    """Not exactly one of member number, phone and id."""


def wanted_ids(session: Reading, keys: HqKeys, wanted: FindMember) -> list[MemberId]:
    """Raises `NothingAsked`."""
    match (wanted.member_no, wanted.phone, wanted.member_id):
        case (number, "", "") if number:
            found = _BY_NUMBER.rows(session, number=number)
        case ("", phone, "") if phone:
            found = _BY_PHONE.rows(session, phone=cipher_of(keys).phone_index(phone))
        case ("", "", member_id) if member_id:
            found = _BY_ID.rows(session, member=member_id)
        case _:
            raise NothingAsked("ask by one of member_no, phone and member_id")
    return [MemberId(member_id) for (member_id,) in found]


def newcomers(session: Reading, member_ids: list[MemberId], store_id: StoreId) -> list[MemberId]:
    """Those who do not belong to the store yet."""
    known = {member_id for (member_id,) in _IN_SCOPE.rows(session, store=store_id, members=member_ids)}
    return [member_id for member_id in member_ids if member_id not in known]


def enter_found(
    session: WriteSession, keys: HqKeys, member_ids: list[MemberId], store_id: StoreId, *, now: datetime
) -> None:
    """Whoever was asked for belongs to the store from now on. May raise `wallets.scope.WalletChanged`."""
    for member_id in sorted(member_ids):
        enter_scope(session, member_id, store_id, at=now, random=keys.random)


def answer(session: Reading, member_ids: list[MemberId], *, now: datetime) -> FoundMembers:
    return FoundMembers(epoch=current_epoch(session), members=tuple(member_rows(session, member_ids)), as_of=now)
