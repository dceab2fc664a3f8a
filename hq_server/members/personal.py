"""Owns a member's name and phone: from what a till sealed to what stands in the database, and back for people who may read it (L10, H14).

Called by ingest for `MemberEnrolled`, by the import of members, by `erasure` and by the console. The caller commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import Member, MemberKey
from hq_server.keys.key_files import HqKeys
from hq_server.members.field_cipher import FieldCipher
from stored_value.events import MemberEnrolled, SealedPersonal
from stored_value.findings import Finding, FindingCode
from stored_value.identity import MemberId, StoreId
from sync.cards import FIRST_CARD_ISSUE
from sync.errors import SignatureError
from sync.personal import Personal, last4, mask_name, open_personal, phone_tag

_NAME = "name"
_PHONE = "phone"
_UNREADABLE = "personal"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    member_id: MemberId
    member_no: str
    home_store_id: StoreId
    enrolled_at: datetime


def cipher_of(keys: HqKeys) -> FieldCipher:
    return FieldCipher(keys.data_key, keys.phone_index_key, keys.random)


def store_personal(
    session: WriteSession, keys: HqKeys, enrolled: Sequence[tuple[MemberEnrolled, bytes]], *, now: datetime
) -> list[tuple[Finding, ...]]:
    """Makes the rows of members whom a till enrolled, each with its attachment; answers for each what is to be told of it. A member who is there
    already stays as is. What cannot be opened is kept as it came."""
    known = set(
        session.scalars(select(Member.member_id).where(Member.member_id.in_([each.member_id for each, _ in enrolled])))
    )
    opened = [_opened(keys, event, attachment) for event, attachment in enrolled]
    cipher = cipher_of(keys)
    earlier = _members_by_phone(session, cipher, [personal.phone for personal in opened if personal is not None])
    numbers = _members_by_no(session, [event.member_no for event, _ in enrolled])
    told: list[tuple[Finding, ...]] = []
    members: list[Member] = []
    attachments: list[MemberKey] = []
    for (event, attachment), personal in zip(enrolled, opened, strict=True):
        if event.member_id in known:
            told.append(())
            continue
        known.add(event.member_id)
        new = _new_member(event)
        # Both members stand; the later one is flagged.
        findings = _found_twice(FindingCode.SAME_MEMBER_NO, numbers.setdefault(event.member_no, event.member_id), event)
        if personal is None:
            members.append(_unreadable_row(new, event.personal, now))
            findings += (Finding(FindingCode.UNREADABLE_BODY, {"field": _UNREADABLE}),)
        else:
            members.append(member_row(keys, new, personal, now=now, ciphertext=event.personal.ciphertext))
            first = earlier.setdefault(cipher.phone_index(personal.phone), event.member_id)
            findings += _found_twice(FindingCode.SAME_PHONE, first, event)
        told.append(findings)
        if attachment:
            attachments.append(_key_row(event, attachment))
    session.add_all(members)
    session.flush()
    session.add_all(attachments)
    session.flush()
    return told


def _found_twice(code: FindingCode, first: str, event: MemberEnrolled) -> tuple[Finding, ...]:
    return () if first == event.member_id else (Finding(code, {"member_id": first}),)


def _members_by_no(session: ReadSession, numbers: Sequence[str]) -> dict[str, str]:
    """The member who had the number first."""
    found = session.execute(
        select(Member.member_no, Member.member_id)
        .where(Member.member_no.in_(set(numbers)))
        .order_by(Member.enrolled_at.desc(), Member.member_id.desc())
    )
    return {row.member_no: row.member_id for row in found}


def _new_member(event: MemberEnrolled) -> NewMember:
    return NewMember(
        member_id=event.member_id,
        member_no=event.member_no,
        home_store_id=event.home_store_id,
        enrolled_at=event.occasion.occurred_at,
    )


def _key_row(event: MemberEnrolled, attachment: bytes) -> MemberKey:
    sha256 = event.personal.attachment_sha256
    return MemberKey(member_id=event.member_id, attachment=attachment, attachment_sha256=sha256)


def _opened(keys: HqKeys, event: MemberEnrolled, attachment: bytes) -> Personal | None:
    try:
        return open_personal(event.personal, attachment, event.member_id, keys.seal)
    except SignatureError:
        return None


def _members_by_phone(session: ReadSession, cipher: FieldCipher, phones: Sequence[str]) -> dict[bytes, str]:
    """By blind index, the member who had the phone first."""
    found = session.execute(
        select(Member.phone_index, Member.member_id)
        .where(Member.phone_index.in_({cipher.phone_index(phone) for phone in phones}))
        .order_by(Member.enrolled_at.desc(), Member.member_id.desc())
    )
    return {row.phone_index: row.member_id for row in found}


def member_row(keys: HqKeys, new: NewMember, personal: Personal, *, now: datetime, ciphertext: str = "") -> Member:
    """`ciphertext` is what a till's entry held, empty for a member whom head office entered."""
    cipher = cipher_of(keys)
    return Member(
        member_id=new.member_id,
        member_no=new.member_no,
        card_issue=FIRST_CARD_ISSUE,
        home_store_id=new.home_store_id,
        name_masked=mask_name(personal.name),
        phone_last4=last4(personal.phone),
        phone_tag=phone_tag(keys.phone_tag_key, personal.phone),
        name_sealed=cipher.encrypt(personal.name, row_id=new.member_id, column=_NAME),
        phone_sealed=cipher.encrypt(personal.phone, row_id=new.member_id, column=_PHONE),
        phone_index=cipher.phone_index(personal.phone),
        personal_ciphertext=ciphertext,
        enrolled_at=new.enrolled_at,
        updated_at=now,
    )


def reveal(keys: HqKeys, member: Member) -> Personal | None:
    """Name and phone in clear, for people who may read them; None after erasure or when they never could be opened."""
    if member.name_sealed is None or member.phone_sealed is None:
        return None
    cipher = cipher_of(keys)
    return Personal(
        name=cipher.decrypt(member.name_sealed, row_id=member.member_id, column=_NAME),
        phone=cipher.decrypt(member.phone_sealed, row_id=member.member_id, column=_PHONE),
    )


def erase(session: WriteSession, member: Member, *, now: datetime) -> None:
    """Forgets who the member is: the key that opens the journal's ciphertext is destroyed, the chain still verifies. `erasure` tells the tills."""
    key = session.get(MemberKey, member.member_id)
    if key is not None:
        session.delete(key)
    member.name_sealed = member.phone_sealed = member.phone_index = None
    member.name_masked, member.phone_last4, member.phone_tag = mask_name(""), "", 0
    member.personal_ciphertext = ""
    member.updated_at = now
    session.flush()


def is_erased(member: Member) -> bool:
    """Of one whose fields could never be opened, the ciphertext is still there."""
    return member.name_sealed is None and not member.personal_ciphertext


def _unreadable_row(new: NewMember, sealed: SealedPersonal, now: datetime) -> Member:
    return Member(
        member_id=new.member_id,
        member_no=new.member_no,
        card_issue=FIRST_CARD_ISSUE,
        home_store_id=new.home_store_id,
        name_masked=mask_name(""),
        phone_last4="",
        phone_tag=0,
        name_sealed=None,
        phone_sealed=None,
        phone_index=None,
        personal_ciphertext=sealed.ciphertext,
        enrolled_at=new.enrolled_at,
        updated_at=now,
    )
