"""Miniature makers for tests of the till's memory: an enrolled journal in a folder, head office's rows, pages and outcomes in a few words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stored_value.events import Event, ShiftOpened
from stored_value.identity import MemberId, ShiftId, StoreId, TerminalId
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import Purchase, Wallet
from sync.anchor import make_anchor
from sync.entry import AnchorRef
from sync.keys import KeyCertificate, KeyPurpose, certify, key_id_of, public_key_text
from sync.messages import (
    GLOBAL_SCOPE,
    FeedEntry,
    FeedPage,
    FeedRow,
    MemberRow,
    MemberVersion,
    Outcome,
    PurchaseRow,
    RulebookRow,
)
from sync.rulebook_signature import sign_rulebook
from sync.wallet_codec import write_purchase, write_wallet
from terminal.journal import Identity, Journal
from tests.stored_value.miniature import BOOK, MEMBER, occasion
from tests.sync.miniature import key

T0 = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
EPOCH = "epoch-1"
STORE = StoreId("S01")
SHIFT = ShiftId("shift")
ROOT, ANCHOR_KEY, RULEBOOK_KEY, TILL_KEY = key(1), key(2), key(3), key(4)
_FOREVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
CERTIFICATES: tuple[KeyCertificate, ...] = (
    certify(ROOT, public_key_text(ANCHOR_KEY), KeyPurpose.ANCHOR, *_FOREVER),
    certify(ROOT, public_key_text(RULEBOOK_KEY), KeyPurpose.RULEBOOK, *_FOREVER),
)
IDENTITY = Identity(
    terminal_id=TerminalId("S01-T1"),
    incarnation=1,
    store_id=STORE,
    store_name="人民路店",
    zone="Asia/Shanghai",
    hq_url="http://127.0.0.1:1",
    root_public_key=public_key_text(ROOT),
    seal_public_key="",
)


def new_journal(folder: Path, *, reserve_bytes: int = 64 * 1024) -> Journal:
    """Opened, and enrolled when it is new."""
    journal = Journal.open(folder / "journal.db", reserve_bytes=reserve_bytes)
    if not journal.head_office.enrolled:
        journal.head_office.enrol(IDENTITY, EPOCH, CERTIFICATES)
    return journal


@contextmanager
def opened_journal(folder: Path, *, reserve_bytes: int = 64 * 1024) -> Iterator[Journal]:
    journal = new_journal(folder, reserve_bytes=reserve_bytes)
    try:
        yield journal
    finally:
        journal.close()


def anchor(at: datetime, *, epoch: str = EPOCH, accepted_seq: int = 0) -> AnchorRef:
    return make_anchor(
        ANCHOR_KEY,
        key_id_of(public_key_text(ANCHOR_KEY)),
        epoch=epoch,
        terminal_id=IDENTITY.terminal_id,
        hq_time=at,
        rulebook=1,
        global_cursor=0,
        accepted_seq=accepted_seq,
    )


def opened_shift(event_id: str = "s1", shift: ShiftId = SHIFT) -> ShiftOpened:
    return ShiftOpened(occasion=replace(occasion(event_id), shift_id=shift), float_minor=50_000)


def append_all(journal: Journal, events: list[Event]) -> None:
    for event in events:
        journal.append(event)


def settled(seq: int, version: int, member_id: MemberId = MEMBER, status: str = "created") -> Outcome:
    return Outcome(seq=seq, status=status, versions=(MemberVersion(member_id=member_id, version=version),))


def member_row(wallet: Wallet, version: int, *, number: str = "0000000000", updated_at: datetime = T0) -> MemberRow:
    return MemberRow(
        member_id=wallet.member_id,
        member_no=number,
        card_issue=1,
        name_masked="王*丽",
        phone_last4="1234",
        phone_tag=77,
        home_store_id=STORE,
        version=version,
        wallet=msgspec.Raw(write_wallet(wallet)),
        updated_at=updated_at,
    )


def purchase_row(purchase: Purchase, version: int, member_id: MemberId = MEMBER) -> PurchaseRow:
    return PurchaseRow(
        purchase_id=purchase.purchase_id,
        member_id=member_id,
        terminal_id=IDENTITY.terminal_id,
        receipt_no=f"S01-T1-{purchase.purchase_id}",
        business_date=purchase.business_date,
        version=version,
        purchase=msgspec.Raw(write_purchase(purchase)),
    )


def rulebook_row(book: Rulebook = BOOK) -> RulebookRow:
    document = write_rulebook(book).decode()
    return RulebookRow(
        version=book.version,
        effective_at=book.effective_at,
        document=document,
        signature=sign_rulebook(RULEBOOK_KEY, document),
        key_id=key_id_of(public_key_text(RULEBOOK_KEY)),
    )


def page(
    *rows: FeedRow,
    after: int = 0,
    scope: str = STORE,
    epoch: str = EPOCH,
    head: int | None = None,
    as_of: datetime = T0,
) -> FeedPage:
    entries = tuple(FeedEntry(seq=after + place, row=row) for place, row in enumerate(rows, start=1))
    last = after + len(rows)
    return FeedPage(
        scope=scope,
        epoch=epoch,
        page=0,
        sealed=False,
        entries=entries,
        head=last if head is None else head,
        needs_global=0,
        as_of=as_of,
    )


def global_page(*rows: FeedRow) -> FeedPage:
    return page(*rows, scope=GLOBAL_SCOPE)
