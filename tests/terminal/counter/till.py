"""A till for tests of the counter: a real journal and a real replica on disk, a clock that stands still, and a head office
that is a few rows and a switch. Printers, where a test wants one, are real ports too.
"""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from printers.spool import SpoolStatus
from stored_value.apply import apply, new_wallet
from stored_value.events import OrderLine, ShiftClosed, ShiftOpened, Tender, TenderKind
from stored_value.events_money_out import PinSet
from stored_value.identity import EventId, MemberId, PromotionId, StaffId, StoreId, TerminalId, TierId, member_no
from stored_value.offline_policy import OfflinePolicy, RiskAllowance
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import FirstTopUp, FixedPlan, Limits, ReceiptTexts, Rulebook, Tier, Words
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import Lot, ValueKind, Wallet
from sync.cards import card_text
from sync.entry import AnchorRef, read_entry
from sync.event_codec import event_of
from sync.keys import decode_bytes, encode_bytes
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
    StaffRow,
)
from sync.payment_pins import PinVerifier, read_secret
from sync.personal import last4, open_sealed, phone_tag
from sync.pins import PinCost
from sync.wallet_codec import write_purchase, write_wallet
from terminal.clock import SimulatedClock
from terminal.counter import Counter
from terminal.counter.link import Equipment, Link
from terminal.counter.views import Completed, MemberView
from terminal.devices.scanner_state import ScannerState
from terminal.journal import Identity, Journal
from terminal.language import Language
from terminal.members import Members
from terminal.replica import Replica
from tests.terminal.counter.head_office import EPOCH, KEYS, START, HeadOffice

T = TypeVar("T")

SEAL = X25519PrivateKey.from_private_bytes(bytes(range(32)))
CASHIER, MANAGER = StaffId("s-zhang"), StaffId("s-li")
PIN = "246810"
# As `sync.pins` makes them, but cheap: dozens of tests sign in.
VERIFIER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(
    hmac.digest(decode_bytes(KEYS.staff_pepper), PIN.encode(), "sha256")
)
QUICK = PinCost(passes=1, memory_kib=8, lanes=1)
WANG = MemberId("019ab000-0000-7000-8000-000000000001")
WANG_NO = member_no(100_000_001)
WANG_CARD = card_text(WANG_NO, 1)
WANG_PHONE = "+8613800138000"
PLAN = PromotionId("plan-1000")

RULEBOOK = Rulebook(
    version=1,
    effective_at=datetime(2026, 1, 1, tzinfo=UTC),
    tiers=(
        Tier(tier_id=TierId("basic"), name=Words(zh="普通", en="Basic"), top_up_from_minor=0),
        Tier(tier_id=TierId("silver"), name=Words(zh="银卡", en="Silver"), top_up_from_minor=100_000),
    ),
    promotions=(
        FixedPlan(
            promotion_id=PLAN,
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
    limits=Limits(),
    offline=OfflinePolicy(risk=RiskAllowance(payment_minor=20_000, member_minor=20_000, till_minor=200_000)),
    receipt=ReceiptTexts(header="", footer="谢谢惠顾"),
)


def wallet_of(principal: int, bonus: int = 0, *, member_id: MemberId = WANG, version: int = 3) -> Wallet:
    """Topped up once, long ago, at another store."""
    origin = EventId("019aa000-0000-7000-8000-000000000001")

    def lot(suffix: str, kind: ValueKind, amount: int) -> Lot:
        return Lot(
            lot_id=f"{origin}/{suffix}",  # type: ignore[arg-type]  # an id as text
            kind=kind,
            store_id=StoreId("S02"),
            top_up_id=origin,
            acquired_on=START.date(),
            rulebook=1,
            original_minor=amount,
            remaining_minor=amount,
        )

    lots = (lot("p", ValueKind.PRINCIPAL, principal), lot("b/plan-1000", ValueKind.BONUS, bonus))
    return Wallet(
        member_id=member_id,
        tier_id=TierId("basic"),
        version=version,
        lots=tuple(each for each in lots if each.original_minor),
        topped_up_minor=principal,
        top_up_count=1 if principal else 0,
    )


def member_row(
    wallet: Wallet, number: str = WANG_NO, *, card_issue: int = 1, phone: str = WANG_PHONE, name: str = "王*丽"
) -> MemberRow:
    return MemberRow(
        member_id=wallet.member_id,
        member_no=number,
        card_issue=card_issue,
        name_masked=name,
        phone_last4=last4(phone),
        phone_tag=phone_tag(KEYS.phone_tag_key, phone),
        home_store_id=StoreId("S02"),
        version=wallet.version,
        wallet=msgspec.Raw(write_wallet(wallet)),
        updated_at=START,
    )


def staff_row(staff_id: StaffId, name: str, role: str, *, active: bool = True, verifier: str = VERIFIER) -> StaffRow:
    return StaffRow(staff_id=staff_id, name=name, role=role, verifier=verifier, active=active, updated_at=START)


def rulebook_row(rulebook: Rulebook) -> RulebookRow:
    return RulebookRow(
        version=rulebook.version,
        effective_at=rulebook.effective_at,
        document=write_rulebook(rulebook).decode(),
        signature="",
        key_id="",
    )


FIRST_ROWS = (
    rulebook_row(RULEBOOK),
    staff_row(CASHIER, "张敏", "cashier"),
    staff_row(MANAGER, "李强", "manager"),
)


class Till:
    """`restart` closes the files and opens them again, as after a power cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SimulatedClock(START, seed=7)
        self.hq = HeadOffice()
        self.printer: str | None = "front"
        self.woken = 0
        self.statuses: tuple[SpoolStatus, ...] = ()
        self.language = Language.ZH_CN
        self._open()
        cursor = self.replica.cursor(GLOBAL_SCOPE)
        self._fed = cursor.cursor if cursor else 0
        if not self.journal.head_office.enrolled:
            self.journal.head_office.enrol(
                Identity(
                    terminal_id=TerminalId("S01-T1"),
                    incarnation=1,
                    store_id=StoreId("S01"),
                    store_name="人民路店",
                    zone="Asia/Shanghai",
                    hq_url="http://127.0.0.1:1",
                    root_public_key="",
                    seal_public_key=encode_bytes(SEAL.public_key().public_bytes_raw()),
                    member_no_from=200_010_000,
                ),
                EPOCH,
                (),
            )
            self.feed(*FIRST_ROWS)

    def _open(self) -> None:
        self.journal = Journal.open(self.folder / "journal.db", reserve_bytes=0)
        self.replica = Replica.open(self.folder / "replica.db")
        self.members = Members(self.journal, self.replica, self.clock)
        self.counter = Counter(
            self.journal,
            self.replica,
            self.clock,
            keys=KEYS,
            link=Link(state=self.hq.state, read_member=self.hq.read_member, hold=self.hq.hold),
            equipment=Equipment(
                receipt_printer=self.printer,
                printers=lambda: self.statuses,
                wake_printers=self._wake,
                scanner=lambda: ScannerState.READY,
            ),
            language=lambda: self.language,
            pin_cost=QUICK,
        )

    def _wake(self) -> None:
        self.woken += 1

    def close(self) -> None:
        self.journal.close()
        self.replica.close()

    def restart(self) -> None:
        self.close()
        self._open()

    def feed(self, *rows: FeedRow) -> None:
        entries = tuple(FeedEntry(seq=self._fed + place, row=row) for place, row in enumerate(rows, 1))
        self._fed += len(rows)
        self.replica.apply_page(
            FeedPage(
                scope=GLOBAL_SCOPE,
                epoch=self.journal.head_office.epoch,
                page=0,
                sealed=False,
                entries=entries,
                head=self._fed,
                needs_global=0,
                as_of=self.clock.now(),
            ),
            self.journal.outcomes.members_in_doubt(),
        )
        self.hear()

    def hear(self) -> None:
        """Head office's signed time."""
        office = self.journal.head_office
        office.keep_anchor(
            AnchorRef(
                epoch=office.epoch,
                terminal_id=office.identity.terminal_id,
                hq_time=self.clock.now(),
                rulebook=1,
                global_cursor=self._fed,
                accepted_seq=0,
                key_id="",
                sig="",
            )
        )

    def enter_epoch(self, epoch: str, *rows: FeedRow) -> None:
        """Head office came back from a backup with every entry that has an outcome, and the replica has followed its new feed."""
        self.journal.outcomes.begin_epoch(epoch, self.journal.outcomes.settled_through())
        self.replica.clear()
        self._fed = 0
        self.feed(*FIRST_ROWS, *rows)

    def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    # Steps that most scenarios begin with

    def sign_in(self, staff_id: StaffId = CASHIER) -> None:
        assert not isinstance(self.counter.sign_in(staff_id, PIN), Refusal)

    def open_shift(self, float_minor: int = 50_000, staff_id: StaffId = CASHIER) -> None:
        self.sign_in(staff_id)
        done(self.counter.open_shift(float_minor))

    def know_wang(self, principal: int = 50_000, bonus: int = 10_000) -> None:
        self.feed(member_row(wallet_of(principal, bonus)))

    def top_up(self, amount: int, *tenders: Tender, member_id: MemberId = WANG) -> Completed:
        counter = self.counter
        paid = tenders or (cash(amount),)
        return done(counter.top_up(counter.new_action(), member_id, amount, paid, None))

    def redeem(self, *amounts: int, member_id: MemberId = WANG) -> Completed | Refusal:
        counter = self.counter
        return counter.redeem(counter.new_action(), member_id, lines(*amounts), True)

    def wang(self) -> MemberView:
        return done(self.counter.member(WANG))

    def settle_and_follow(self, unproved_minor: int = 0) -> None:
        """Head office takes everything in the journal, and its feed reaches the replica. `unproved_minor`: so much of each payment it puts into suspense."""
        outcomes: list[Outcome] = []
        wallets: dict[MemberId, Wallet] = {}
        rows: dict[MemberId, MemberRow] = {}
        purchases: list[PurchaseRow] = []
        settled = self.journal.outcomes.settled_through()
        pins: dict[MemberId, PinVerifier] = {}
        for seq, _, raw, attachment in self.journal.stored_after(settled, 1000):
            event = event_of(read_entry(raw))
            if isinstance(event, PinSet):
                secret = read_secret(open_sealed(event.secret, attachment or b"", event.member_id, SEAL))
                pins[event.member_id] = secret.verifier(event.pin_issue)
            if isinstance(event, ShiftOpened | ShiftClosed):
                outcomes.append(Outcome(seq=seq, status="created"))
                continue
            member_id = event.member_id
            confirmed = self.replica.member(member_id)
            local = self.journal.local_members.find(member_id)
            before = wallets.get(member_id) or self._confirmed_wallet(member_id)
            after = apply(
                before, event, self.replica.rulebook(event.occasion.rulebook) or RULEBOOK, unproved_minor=unproved_minor
            ).wallet
            wallets[member_id] = replace(after, version=before.version + 1)
            known = confirmed or local
            assert known is not None
            rows[member_id] = msgspec.structs.replace(
                member_row(wallets[member_id], known.member_no, name=known.name_masked),
                phone_last4=known.phone_last4,
                phone_tag=known.phone_tag,
                pin=pins.get(member_id, confirmed.pin if confirmed else None),
            )
            version = wallets[member_id].version
            outcomes.append(
                Outcome(seq=seq, status="created", versions=(MemberVersion(member_id=member_id, version=version),))
            )
        for member_id, wallet in wallets.items():
            purchases += [
                PurchaseRow(
                    purchase_id=bought.purchase_id,
                    member_id=member_id,
                    terminal_id=TerminalId("S01-T1"),
                    receipt_no=f"S01-T1-{self._seq_of(bought.purchase_id):06d}",
                    business_date=bought.business_date,
                    version=wallet.version,
                    purchase=msgspec.Raw(write_purchase(bought)),
                )
                for bought in wallet.purchases
            ]
        self.journal.outcomes.settle(tuple(outcomes), self.journal.head().seq)
        self.journal.reservations.acknowledged(self.journal.reservations.report())
        self.feed(*rows.values(), *purchases)
        self.hq.rows.update({member_id: row for member_id, row in rows.items() if member_id in self.hq.rows})

    def _confirmed_wallet(self, member_id: MemberId) -> Wallet:
        confirmed = self.replica.member(member_id)
        if confirmed is None:
            return new_wallet(member_id, RULEBOOK)
        bought = tuple(each.purchase for each in self.replica.purchases_of(member_id))
        return replace(confirmed.wallet, purchases=bought)

    def _seq_of(self, event_id: EventId) -> int:
        entry = self.journal.find(event_id)
        assert entry is not None
        return entry.header.seq


def done(answer: T | Refusal) -> T:
    assert not isinstance(answer, Refusal), answer
    return answer


def refused(answer: object) -> RefusalCode:
    assert isinstance(answer, Refusal), answer
    return answer.code


def cash(amount: int) -> Tender:
    return Tender(kind=TenderKind.CASH, amount_minor=amount)


def wechat(amount: int) -> Tender:
    return Tender(kind=TenderKind.WECHAT, amount_minor=amount)


def lines(*amounts: int) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(line_no=place, name=f"商品{place}", total_minor=amount) for place, amount in enumerate(amounts, 1)
    )
