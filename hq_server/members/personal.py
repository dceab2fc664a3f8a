"""Owns a member's name and phone: from what a till sealed to what stands in the database, and back for people who may read it (L10, H14).

Called by ingest for `MemberEnrolled`, by the import of members and by the console. The caller commits.
"""

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
from sync.errors import SignatureError
from sync.personal import Personal, last4, mask_name, open_personal, phone_tag

FIRST_CARD_ISSUE = 1
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
    return FieldCipher(keys.data_key, keys.phone_index_key)


def store_personal(
    session: WriteSession, keys: HqKeys, event: MemberEnrolled, attachment: bytes, *, now: datetime
) -> tuple[Finding, ...]:
    """Makes the member's row from an enrolment at a till; a member who is there already stays as is. What cannot be opened is kept as it came."""
    if session.get(Member, event.member_id) is not None:
        return ()
    new = NewMember(
        member_id=event.member_id,
        member_no=event.member_no,
        home_store_id=event.home_store_id,
        enrolled_at=event.occasion.occurred_at,
    )
    try:
        personal = open_personal(event.personal, attachment, event.member_id, keys.seal)
    except SignatureError:
        session.add(_unreadable_row(new, event.personal, now))
        findings: tuple[Finding, ...] = (Finding(FindingCode.UNREADABLE_BODY, {"field": _UNREADABLE}),)
    else:
        findings = same_phone(session, cipher_of(keys), new.member_id, personal.phone)
        session.add(member_row(keys, new, personal, now=now, ciphertext=event.personal.ciphertext))
    session.flush()
    if attachment:
        session.add(
            MemberKey(
                member_id=event.member_id,
                attachment=attachment,
                attachment_sha256=event.personal.attachment_sha256,
            )
        )
        session.flush()
    return findings


def same_phone(session: ReadSession, cipher: FieldCipher, member_id: MemberId, phone: str) -> tuple[Finding, ...]:
    """Both members stand; the later one is flagged for a merge."""
    earlier = session.scalar(
        select(Member.member_id)
        .where(Member.phone_index == cipher.phone_index(phone), Member.member_id != member_id)
        .order_by(Member.enrolled_at, Member.member_id)
        .limit(1)
    )
    return () if earlier is None else (Finding(FindingCode.SAME_PHONE, {"member_id": earlier}),)


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
    """Forgets who the member is: the key that opens the journal's ciphertext is destroyed, the chain still verifies."""
    key = session.get(MemberKey, member.member_id)
    if key is not None:
        session.delete(key)
    member.name_sealed = member.phone_sealed = member.phone_index = None
    member.name_masked, member.phone_last4, member.phone_tag = mask_name(""), "", 0
    member.updated_at = now
    session.flush()


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
