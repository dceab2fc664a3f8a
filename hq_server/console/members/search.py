"""Owns finding members: by number or card, by phone through the blind index, by name through its masked form and then its clear one. Pages by keyset.

Names are ciphertext (L10), so a name costs a decryption for each candidate that shares the mask; a search looks at `SCAN_MAX` of them and can be continued.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, select, tuple_

from hq_server.database.engine import ReadSession
from hq_server.database.models import Member, ScopeMember, WalletRecord
from hq_server.keys.key_files import HqKeys
from hq_server.members.field_cipher import FieldUnreadable
from hq_server.members.personal import cipher_of, reveal
from stored_value.identity import StoreId, is_member_no
from sync.cards import read_card
from sync.personal import PhoneInvalid, e164, mask_name

PAGE_ROWS: Final = 50
SCAN_MAX: Final = 4_000
_Found = Select[Member, WalletRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    member_id: str
    member_no: str
    name_masked: str
    phone_last4: str
    home_store_id: str
    status: str
    tier_id: str
    principal_minor: int
    bonus_minor: int
    receivable_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage:
    """`after` continues the list, or the search through more candidates."""

    members: tuple[MemberLine, ...]
    after: str | None


def find_members(
    session: ReadSession, keys: HqKeys, text: str, *, store_id: StoreId | None, after: str | None = None
) -> MemberPage:
    """Everybody, newest first, when nothing is asked. `store_id`: only members whom that store knows."""
    wanted = text.strip()
    if not wanted:
        return _newest(session, store_id, after)
    exact = _exact(keys, wanted)
    if exact is not None:
        return MemberPage(members=_lines(session, _members(store_id).where(exact)), after=None)
    return _by_name(session, keys, wanted, store_id, after)


def all_members(session: ReadSession, *, store_id: StoreId | None, rows_max: int) -> tuple[MemberLine, ...]:
    """For an export: everybody that the visitor may see, oldest first."""
    return _lines(session, _members(store_id).order_by(Member.member_id).limit(rows_max))


def _exact(keys: HqKeys, wanted: str) -> ColumnElement[bool] | None:
    card = read_card(wanted)
    if card is not None:
        return Member.member_no == card.member_no
    if is_member_no(wanted):
        return Member.member_no == wanted
    try:
        phone = e164(wanted)
    except PhoneInvalid:
        return None
    return Member.phone_index == cipher_of(keys).phone_index(phone)


def _members(store_id: StoreId | None) -> _Found:
    wanted = select(Member, WalletRecord).join(WalletRecord, WalletRecord.member_id == Member.member_id, isouter=True)
    if store_id is not None:
        wanted = wanted.join(
            ScopeMember, (ScopeMember.member_id == Member.member_id) & (ScopeMember.store_id == store_id)
        )
    return wanted


def _newest(session: ReadSession, store_id: StoreId | None, after: str | None) -> MemberPage:
    wanted = _members(store_id).order_by(Member.member_id.desc()).limit(PAGE_ROWS + 1)
    if after:
        wanted = wanted.where(Member.member_id < after)
    lines = _lines(session, wanted)
    more = len(lines) > PAGE_ROWS
    return MemberPage(members=lines[:PAGE_ROWS], after=lines[PAGE_ROWS - 1].member_id if more else None)


def _by_name(session: ReadSession, keys: HqKeys, name: str, store_id: StoreId | None, after: str | None) -> MemberPage:
    """Those whose whole name it is first; when there are none, those whose name begins with it."""
    if "*" in name:
        masked = _members(store_id).where(Member.name_masked == name).order_by(Member.member_id.desc())
        return MemberPage(members=_lines(session, masked.limit(PAGE_ROWS)), after=None)
    if not after:
        same_mask = _members(store_id).where(Member.name_masked == mask_name(name)).order_by(Member.member_id)
        found = [row for row in session.execute(same_mask.limit(SCAN_MAX)) if _clear_name(keys, row[0]) == name]
        if found:
            return MemberPage(members=tuple(_line(member, wallet) for member, wallet in found[:PAGE_ROWS]), after=None)
    return _beginning_with(session, keys, name, store_id, after)


def _beginning_with(
    session: ReadSession, keys: HqKeys, name: str, store_id: StoreId | None, after: str | None
) -> MemberPage:
    wanted = (
        _members(store_id)
        .where(Member.name_masked.startswith(name[0] + "*", autoescape=True))
        .order_by(Member.name_masked, Member.member_id)
        .limit(SCAN_MAX)
    )
    if after:
        masked, _, member_id = after.rpartition("~")
        wanted = wanted.where(tuple_(Member.name_masked, Member.member_id) > tuple_(masked, member_id))
    candidates = session.execute(wanted).all()
    found: list[MemberLine] = []
    for member, wallet in candidates:
        if _clear_name(keys, member).startswith(name):
            found.append(_line(member, wallet))
        if len(found) == PAGE_ROWS:
            return MemberPage(members=tuple(found), after=_name_cursor(member))
    more = len(candidates) == SCAN_MAX
    return MemberPage(members=tuple(found), after=_name_cursor(candidates[-1][0]) if more else None)


def _name_cursor(member: Member) -> str:
    return f"{member.name_masked}~{member.member_id}"


def _clear_name(keys: HqKeys, member: Member) -> str:
    """Empty when nobody can read it: such a member is found by number."""
    try:
        personal = reveal(keys, member)
    except FieldUnreadable:
        return ""
    return "" if personal is None else personal.name


def _lines(session: ReadSession, wanted: _Found) -> tuple[MemberLine, ...]:
    return tuple(_line(member, wallet) for member, wallet in session.execute(wanted))


def _line(member: Member, wallet: WalletRecord | None) -> MemberLine:
    return MemberLine(
        member_id=member.member_id,
        member_no=member.member_no,
        name_masked=member.name_masked,
        phone_last4=member.phone_last4,
        home_store_id=member.home_store_id,
        status=wallet.status if wallet else "",
        tier_id=wallet.tier_id if wallet else "",
        principal_minor=wallet.principal_minor if wallet else 0,
        bonus_minor=wallet.bonus_minor if wallet else 0,
        receivable_minor=wallet.receivable_minor if wallet else 0,
    )
