"""The tables of who members are and which stores know them. Names and phones are ciphertext; what tills may know stands beside them (L10)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import HASH_CHARS, ID_CHARS, STORE_ID_CHARS, Table, UtcDateTime, placed


class Member(Table):
    """`name_sealed` and `phone_sealed` are AES-GCM with the row's id as associated data, `phone_index` the HMAC blind index whose key stays at HQ. All three are empty when the
    sealed fields could not be opened; `personal_ciphertext` is what the entry held. Of an erased member it is empty as well."""

    __tablename__ = "members"
    __table_args__ = placed(
        "member_id", Index(None, "member_no"), Index(None, "phone_index"), Index(None, "name_masked", "member_id")
    )

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    member_no: Mapped[str] = mapped_column(String(16))
    card_issue: Mapped[int] = mapped_column(Integer)
    home_store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS))
    name_masked: Mapped[str] = mapped_column(String(64))
    phone_last4: Mapped[str] = mapped_column(String(4))
    phone_tag: Mapped[int] = mapped_column(Integer)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    personal_ciphertext: Mapped[str] = mapped_column(Text)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberKey(Table):
    """The sealed key of a member's personal fields, as it travelled beside the entry. Erasing a member deletes this row; the chain still verifies (H14)."""

    __tablename__ = "member_keys"
    __table_args__ = placed("member_id")

    member_id: Mapped[str] = mapped_column(
        ForeignKey("members.member_id", name="fk_member_keys_member_id", use_alter=True), primary_key=True
    )
    attachment: Mapped[bytes] = mapped_column(LargeBinary)
    attachment_sha256: Mapped[str] = mapped_column(String(HASH_CHARS))


class PaymentPin(Table):
    """An issue of a member's payment PIN. `verifier` is what tills get (`sync.payment_pins`); `key_sealed`, by which proofs are checked, is AES-GCM with the row's id as associated
    data. `ended_at`: replaced or taken away, and kept for entries from before. Erasing a member deletes the rows."""

    __tablename__ = "payment_pins"
    __table_args__ = placed("member_id")

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    issue: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    verifier: Mapped[str] = mapped_column(Text)
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScopeMember(Table):
    """A member that a store's tills hold in their replica."""

    __tablename__ = "scope_members"
    __table_args__ = placed("member_id", Index(None, "store_id"))

    member_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
