"""A till as it stands in a shop: enrolled, a shift open, a replica of many members. Written straight into the files, because how they get there is not what is measured.

Offline: head office is not asked, so that no network is in the figures.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from printers.spool import Readiness, SpoolStatus
from stored_value.identity import (
    EventId,
    LotId,
    MemberId,
    PromotionId,
    StaffId,
    StoreId,
    TerminalId,
    TierId,
    member_no,
)
from stored_value.offline_policy import OfflinePolicy, RiskAllowance
from stored_value.rulebook import FirstTopUp, FixedPlan, ReceiptTexts, Rulebook, Tier, Words
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import Lot, ValueKind, Wallet
from sync import replica_schema
from sync.cards import FIRST_CARD_ISSUE, card_text
from sync.entry import AnchorRef
from sync.keys import encode_bytes, public_key_text
from sync.messages import GLOBAL_SCOPE
from sync.pins import make_verifier
from sync.wallet_codec import write_wallet
from terminal.clock import Clock, SystemClock
from terminal.counter import Counter
from terminal.counter.link import Equipment, Link, LinkState, TillKeys
from terminal.counter.views import Completed, SignedIn
from terminal.devices.scanner_state import ScannerState
from terminal.journal import Identity, Journal
from terminal.language import Language
from terminal.replica import Replica

STORE: Final = StoreId("S01")
TILL: Final = TerminalId("S01-T1")
EPOCH: Final = "019ab000-0000-7000-8000-00000000e90c"
LOTS: Final = 4
BOOK: Final = Rulebook(
    version=1,
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
    tiers=(
        Tier(tier_id=TierId("basic"), name=Words(zh="普通", en="Basic"), top_up_from_minor=0),
        Tier(tier_id=TierId("silver"), name=Words(zh="银卡", en="Silver"), top_up_from_minor=100_000),
        Tier(tier_id=TierId("gold"), name=Words(zh="金卡", en="Gold"), top_up_from_minor=500_000),
    ),
    offline=OfflinePolicy(risk=RiskAllowance(payment_minor=20_000, member_minor=20_000, till_minor=100_000_000)),
    promotions=(
        FixedPlan(
            promotion_id=PromotionId("plan-1000"),
            name=Words(zh="充1000送200", en="Pay 1000 get 200"),
            pay_minor=100_000,
            bonus_minor=20_000,
        ),
        FirstTopUp(
            promotion_id=PromotionId("first-50"),
            name=Words(zh="首充送50", en="First top-up +50"),
            from_minor=10_000,
            bonus_minor=5_000,
        ),
    ),
    receipt=ReceiptTexts(header="储值通用，门店通享", footer="谢谢惠顾"),
)
_CASHIER: Final = StaffId("019ab000-0000-7000-8000-0000000057af")
_PIN: Final = "135790"
_PEPPER: Final = encode_bytes(bytes(32))
_FIRST_MEMBER: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class SampleTill:
    journal: Journal
    replica: Replica
    counter: Counter
    members: int

    def card_of(self, number: int) -> str:
        """What the scanner reads from the card of the `number`-th member."""
        return card_text(member_no(_FIRST_MEMBER + number), FIRST_CARD_ISSUE)

    def close(self) -> None:
        self.replica.close()
        self.journal.close()


def _heard_at(now: datetime) -> AnchorRef:
    """Head office was heard just now: the risk allowance has hours."""
    return AnchorRef(
        epoch=EPOCH, terminal_id=TILL, hq_time=now, rulebook=1, global_cursor=0, accepted_seq=0, key_id="", sig=""
    )


def open_till(folder: Path, *, members: int) -> SampleTill:
    """On the replica that is there, of so many members, or on a new one."""
    clock = SystemClock()
    if not (folder / "replica.db").exists():
        fill_replica(folder / "replica.db", members, clock)
    journal = Journal.open(folder / "journal.db")
    replica = Replica.open(folder / "replica.db")
    root = public_key_text(Ed25519PrivateKey.generate())
    identity = Identity(
        terminal_id=TILL,
        incarnation=1,
        store_id=STORE,
        store_name="人民路店",
        zone="Asia/Shanghai",
        hq_url="https://hq.invalid",
        root_public_key=root,
        seal_public_key=root,
    )
    journal.head_office.enrol(identity, EPOCH, ())
    journal.head_office.keep_anchor(_heard_at(clock.now()))
    counter = Counter(
        journal,
        replica,
        clock,
        keys=TillKeys(staff_pepper=_PEPPER, phone_tag_key=b""),
        link=Link(state=lambda: LinkState(online=False), read_member=lambda _: None, hold=lambda _: None),
        equipment=Equipment(
            receipt_printer="receipts",
            printers=lambda: (SpoolStatus(printer="receipts", state=Readiness.READY),),
            wake_printers=lambda: None,
            scanner=lambda: ScannerState.READY,
        ),
        language=lambda: Language.ZH_CN,
    )
    signed_in = counter.sign_in(_CASHIER, _PIN)
    assert isinstance(signed_in, SignedIn), signed_in
    opened = counter.open_shift(50_000)
    assert isinstance(opened, Completed), opened
    return SampleTill(journal, replica, counter, members)


def fill_replica(path: Path, members: int, clock: Clock) -> None:
    """A replica of so many members at `path`; nothing of it needs to survive a power cut."""
    replica_schema.upgrade(path)
    now = clock.now()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN"
        )
        connection.executemany(
            "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')", _member_rows(members, now)
        )
        connection.execute(
            "INSERT INTO rulebooks VALUES (?, ?, ?, '', '')",
            (BOOK.version, BOOK.effective_at.isoformat(), write_rulebook(BOOK)),
        )
        connection.execute("INSERT INTO stores VALUES (?, '人民路店', 'Asia/Shanghai')", (STORE,))
        connection.execute(
            "INSERT INTO staff VALUES (?, '张敏', 'cashier', ?, 1, ?)",
            (_CASHIER, make_verifier(_PIN, _PEPPER), now.isoformat()),
        )
        connection.executemany(
            "INSERT INTO cursors VALUES (?, ?, ?, ?)",
            [(scope, EPOCH, members, now.isoformat()) for scope in (GLOBAL_SCOPE, f"store-{STORE}")],
        )
        connection.execute("COMMIT")


def members_of_years(count: int) -> Iterator[tuple[MemberId, str, str]]:
    """(id, number, last four digits of the phone) in the order of the ids, as head office lays them into a snapshot; the numbers are in another order."""
    random = Random(7)
    step = 2**48 // count
    numbers = list(range(count))
    random.shuffle(numbers)
    for place, number in enumerate(numbers):
        spread = f"{place * step + random.randrange(step):012x}"
        member_id = MemberId(f"{spread[:8]}-{spread[8:]}-7000-8000-{number:012d}")
        yield member_id, member_no(_FIRST_MEMBER + number), f"{random.randrange(10_000):04d}"


def sample_wallet(member_id: MemberId, today: date) -> Wallet:
    """Two top-ups of 充1000送200, the older one partly spent."""
    return Wallet(
        member_id=member_id,
        tier_id=TierId("silver"),
        lots=tuple(_lot(member_id, place, today) for place in range(LOTS)),
        topped_up_minor=200_000,
        top_up_count=2,
    )


def wallet_documents(today: date) -> Callable[[MemberId], bytes]:
    """The stored `sample_wallet` of any member, made by putting his id into one."""
    placeholder = MemberId("00000000-0000-7000-8000-" + "9" * 12)
    document = write_wallet(sample_wallet(placeholder, today))
    return lambda member_id: document.replace(placeholder[:-4].encode(), member_id[:-4].encode()).replace(
        (member_id[:-4] + placeholder[-4:]).encode(), member_id.encode()
    )


def _member_rows(members: int, now: datetime) -> Iterator[tuple[str | int | bytes, ...]]:
    document, at = wallet_documents(now.date()), now.isoformat()
    for member_id, number, last4 in members_of_years(members):
        tag = int(number) % 4096
        yield member_id, number, FIRST_CARD_ISSUE, "王*丽", last4, tag, STORE, 4, document(member_id), at


def _lot(member_id: MemberId, place: int, today: date) -> Lot:
    top_up = EventId(f"{member_id[:-4]}t{place // 2:03d}")
    kind = (ValueKind.PRINCIPAL, ValueKind.BONUS)[place % 2]
    original = 100_000 if kind is ValueKind.PRINCIPAL else 20_000
    return Lot(
        lot_id=LotId(f"{top_up}/{kind.value[0]}"),
        kind=kind,
        store_id=StoreId(f"S0{place // 2 + 1}"),
        top_up_id=top_up,
        acquired_on=today - timedelta(days=60 - 30 * (place // 2)),
        rulebook=1,
        original_minor=original,
        remaining_minor=original // 20 if place < 2 else original,
        promotion_id=PromotionId("plan-1000") if kind is ValueKind.BONUS else None,
    )
