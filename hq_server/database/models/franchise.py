"""The tables of the franchise itself: HQ's epoch, stores, their tills, enrolment codes, rulebook versions and the audit log."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hq_server.database.schema import (
    HASH_CHARS,
    ID_CHARS,
    SIGNATURE_CHARS,
    STORE_ID_CHARS,
    TERMINAL_ID_CHARS,
    Table,
    UtcDateTime,
    placed,
)

FIRST_TILL_MEMBER_NO = 1_000_000
"""Running numbers below are head office's own: imports and samples."""


class TerminalStatus(StrEnum):
    """`stopped`: its chain forked or broke, people decide; `revoked`: never again."""

    ACTIVE = "active"
    STOPPED = "stopped"
    REVOKED = "revoked"


UNCLAIMED = -1
"""`Terminal.branch_from` between a person's decision to adopt a branch and the till's claim."""


class HqState(Table):
    """One row, `key` = "hq": the epoch (H1) and when it began, and the first member number that no till has been given."""

    __tablename__ = "hq_state"
    __table_args__ = placed("reference", CheckConstraint("key = 'hq'", name="one_row"))

    key: Mapped[str] = mapped_column(String(8), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(ID_CHARS))
    epoch_began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    franchise_name: Mapped[str] = mapped_column(String(128), default="")
    next_member_no: Mapped[int] = mapped_column(BigInteger, default=FIRST_TILL_MEMBER_NO)


class Store(Table):
    """`owner`: company | franchisee. `zone` is an IANA name."""

    __tablename__ = "stores"
    __table_args__ = placed("reference", CheckConstraint("owner IN ('company', 'franchisee')", name="owner"))

    store_id: Mapped[str] = mapped_column(String(STORE_ID_CHARS), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    zone: Mapped[str] = mapped_column(String(64))
    owner: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Terminal(Table):
    """A till. `accepted_seq` and `head_hash` are the last entry that HQ holds of its journal; `last_occurred_at` is the time in it, so that time never runs backwards (H8).

    Of reservations (H2): `grant_counter` counts the leases offered in `grant_epoch`; what stands at or below `grants_closed_through` (leases of that epoch) and
    `requests_closed_through` (holds) was closed by the till's newest report, made at `reported_at` in `reported_epoch` and known again by `report_signature`.
    `risk_taken` is what its payments took since then that no reservation covered (JSON, `ingest.till_risk`; empty: nothing).
    `knows_holds`: it, or the program that enrolled it, once spoke a protocol that reserves before value leaves (`sync.versions`); it is judged by that ever after, whatever it
    says to speak later.
    `hole_seq` is the last entry that was declared lost or whose header cannot be read, 0 for none (H7).
    From its second incarnation on, `branch_from` is the last entry that the journal has in common with the one before, `branch_hash` the hash of the first that it has not (H6);
    `branch_open`: it has not reported in this incarnation yet, and what was written in an earlier one may still come.
    `machine_mark` is the machine that the till is known by, `machine_seen` another one that it came from and that nobody has confirmed, empty when none.
    `unspoken_protocol` is the version that it was last refused for (`sync.versions`), since `unspoken_since` and last at `unspoken_at`; empty while it is understood.
    `given_up_at`: a person decided that nothing more is to come of a revoked till.
    Told with its last session: `told_head` is the newest entry of its journal, `printer` how its printers are (`sync.till_trouble`; empty: not told), `print_jobs` how many are not
    on paper, `clock_off_s` how far its clock was ahead."""

    __tablename__ = "terminals"
    __table_args__ = placed(
        "store_id",
        CheckConstraint("status IN ('active', 'stopped', 'revoked')", name="status"),
        CheckConstraint("accepted_seq >= 0", name="accepted_seq"),
        Index(None, "terminal_id"),
    )

    store_id: Mapped[str] = mapped_column(
        ForeignKey("stores.store_id", name="fk_terminals_store_id", use_alter=True), primary_key=True
    )
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS), primary_key=True)
    incarnation: Mapped[int] = mapped_column(Integer)
    public_key: Mapped[str] = mapped_column(String(64))
    machine: Mapped[str] = mapped_column(String(128), default="")
    member_no_from: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    status_reason: Mapped[str] = mapped_column(String(200), default="")
    accepted_seq: Mapped[int] = mapped_column(BigInteger)
    head_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    last_occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    anchor_seen: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[str] = mapped_column(String(40), default="")
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_live_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    grant_epoch: Mapped[str] = mapped_column(String(ID_CHARS), default="")
    grant_counter: Mapped[int] = mapped_column(BigInteger, default=0)
    grants_closed_through: Mapped[int] = mapped_column(BigInteger, default=0)
    requests_closed_through: Mapped[int] = mapped_column(BigInteger, default=0)
    reported_epoch: Mapped[str] = mapped_column(String(ID_CHARS), default="")
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report_signature: Mapped[str] = mapped_column(String(SIGNATURE_CHARS), default="")
    risk_taken: Mapped[str] = mapped_column(Text, default="")
    knows_holds: Mapped[bool] = mapped_column(default=False)
    hole_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    machine_mark: Mapped[str] = mapped_column(String(HASH_CHARS), default="")
    machine_seen: Mapped[str] = mapped_column(String(HASH_CHARS), default="")
    branch_from: Mapped[int] = mapped_column(BigInteger, default=0)
    branch_hash: Mapped[str] = mapped_column(String(HASH_CHARS), default="")
    branch_open: Mapped[bool] = mapped_column(default=False)
    unspoken_protocol: Mapped[str] = mapped_column(String(40), default="")
    unspoken_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unspoken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_head: Mapped[int] = mapped_column(BigInteger, default=0)
    printer: Mapped[str] = mapped_column(String(24), default="")
    print_jobs: Mapped[int] = mapped_column(Integer, default=0)
    clock_off_s: Mapped[int | None] = mapped_column(BigInteger)


class EnrolmentCode(Table):
    """A one-time code, kept only as its SHA-256."""

    __tablename__ = "enrolment_codes"
    __table_args__ = placed("reference")

    code_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    store_id: Mapped[str] = mapped_column(
        ForeignKey("stores.store_id", name="fk_enrolment_codes_store_id", use_alter=True)
    )
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ScopeGeneration(Table):
    """Which key of a scope seals its pages and snapshots; a scope without a row is in its first generation."""

    __tablename__ = "scope_generations"
    __table_args__ = placed("reference", CheckConstraint("generation >= 2", name="generation"))

    scope: Mapped[str] = mapped_column(String(24), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer)


class RecoveryApproval(Table):
    """A named person's leave to take over the dead till `terminal_id`; its code is kept only as its SHA-256. `rescuer` is the till that used it first, and alone may."""

    __tablename__ = "recovery_approvals"
    __table_args__ = placed("reference")

    code_hash: Mapped[str] = mapped_column(String(HASH_CHARS), primary_key=True)
    store_id: Mapped[str] = mapped_column(
        ForeignKey("stores.store_id", name="fk_recovery_approvals_store_id", use_alter=True)
    )
    terminal_id: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS))
    approved_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rescuer: Mapped[str] = mapped_column(String(TERMINAL_ID_CHARS), default="")


class RulebookVersion(Table):
    """A published version: `document` is the exact text that `signature` covers (L8) and never changes; it is signed again when its key is revoked (H16)."""

    __tablename__ = "rulebooks"
    __table_args__ = placed("reference", CheckConstraint("version >= 1", name="version"))

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(ID_CHARS))


class AuditRecord(Table):
    """What HQ's people and programs did, as a hash chain: `hash` covers the row and `prev_hash`. Append-only."""

    __tablename__ = "audit_log"
    __table_args__ = placed("reference", CheckConstraint("seq >= 1", name="seq"))

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128))
    data: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(HASH_CHARS))
    hash: Mapped[str] = mapped_column(String(HASH_CHARS))
