"""Every HQ table, by noun. Importing this package fills `Table.metadata`; migrations, the schema lint and the services import from here."""

from hq_server.database.models.exceptions import ExceptionRecord, ExceptionState
from hq_server.database.models.feeds import CampaignCount, Feed, FeedHead, Outbox, Rollup, SealedPage
from hq_server.database.models.franchise import (
    UNCLAIMED,
    AuditRecord,
    EnrolmentCode,
    HqState,
    RecoveryApproval,
    RulebookVersion,
    ScopeGeneration,
    Store,
    Terminal,
    TerminalStatus,
)
from hq_server.database.models.journals import EntryStatus, JournalEntry, ShiftEventRecord
from hq_server.database.models.members import Member, MemberKey, PaymentPin, ScopeMember
from hq_server.database.models.own_journal import OpenTransfer, OwnJournalHead
from hq_server.database.models.people import ConsoleSession, ConsoleUser, Staff, StaffVerifier
from hq_server.database.models.reservations import ReservationRecord, ReservationState
from hq_server.database.models.wallets import PostingRecord, PurchaseRecord, WalletEventRecord, WalletRecord

__all__ = [
    "UNCLAIMED",
    "AuditRecord",
    "CampaignCount",
    "ConsoleSession",
    "ConsoleUser",
    "EnrolmentCode",
    "EntryStatus",
    "ExceptionRecord",
    "ExceptionState",
    "Feed",
    "FeedHead",
    "HqState",
    "JournalEntry",
    "Member",
    "MemberKey",
    "OpenTransfer",
    "Outbox",
    "OwnJournalHead",
    "PaymentPin",
    "PostingRecord",
    "PurchaseRecord",
    "RecoveryApproval",
    "ReservationRecord",
    "ReservationState",
    "Rollup",
    "RulebookVersion",
    "ScopeGeneration",
    "ScopeMember",
    "SealedPage",
    "ShiftEventRecord",
    "Staff",
    "StaffVerifier",
    "Store",
    "Terminal",
    "TerminalStatus",
    "WalletEventRecord",
    "WalletRecord",
]
