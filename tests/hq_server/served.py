"""Owns a head office served over real HTTP for tests, and a till that journals and pushes by the protocol alone: no terminal code, no mocks.

The clock is the test's: it stands until it is told to move.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from hq_server.database.engine import Database
from hq_server.database.models import Outbox
from hq_server.enrolment.codes import create_code
from hq_server.franchise_data import rulebook
from hq_server.office import Office
from stored_value.events import (
    Event,
    EvidenceClass,
    MemberEnrolled,
    Occasion,
    OrderLine,
    Promise,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
    Tender,
    TenderKind,
    ToppedUp,
)
from stored_value.identity import (
    EventId,
    MemberId,
    PromotionId,
    ShiftId,
    StaffId,
    StoreId,
    member_no,
    uuid7,
)
from stored_value.money import MAX_MINOR
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.rulebook import Limits, Rulebook
from sync.chain import sign_head
from sync.client import HqClient, scope_key_bytes
from sync.enrolment import EnrolmentRequest
from sync.entry import GENESIS_HASH, AnchorRef, Entry
from sync.event_codec import entry_of
from sync.feed import page_of
from sync.keys import encode_bytes, public_key_text, session_statement, sign
from sync.messages import (
    ChallengeRequest,
    FeedEntry,
    Push,
    PushedEntry,
    PushReply,
    SessionRequest,
    SignedHead,
)
from sync.personal import Personal, seal_personal
from sync.signed_hold import SignedHold
from tests.waiting import until

ANY_RISK = RiskAllowance(payment_minor=MAX_MINOR, member_minor=MAX_MINOR, till_minor=MAX_MINOR)
"""For tills that pay without asking, where a test is about something else."""
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
STORES = {StoreId("S01"): "人民路店", StoreId("S02"): "建设路店", StoreId("S03"): "滨江店"}


class StandingClock:
    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **parts: float) -> None:
        self.at += timedelta(**parts)


def without_leases(at: datetime) -> Rulebook:
    """The sample's rules, but nothing is leased: what a test did not do does not happen."""
    book = rulebook(at)
    return replace(book, offline=replace(book.offline, leases=LeasePolicy(tills_max=0)))


def at_any_risk(at: datetime) -> Rulebook:
    """The sample's rules, but a till may pay without asking, and a card without the PIN."""
    book = rulebook(at)
    return replace(book, offline=replace(book.offline, risk=ANY_RISK), limits=by_any_card(book))


def by_any_card(book: Rulebook) -> Limits:
    """For members who pay as much as they like by the card, where a test is about something else."""
    return replace(book.limits, static_card_day_minor=1_000_000)


@dataclass(slots=True)
class ServedHq:
    url: str
    office: Office
    clock: StandingClock
    chance: Random = field(default_factory=lambda: Random(20261123))
    clients: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def database(self) -> Database:
        return self.office.database

    def sequenced(self) -> None:
        """Waits until what was committed stands in the feeds: another thread than the push's may be at it."""
        self.office.sequencer.drain()
        until(lambda: not self._waiting(), what="the outbox to be empty")

    def _waiting(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Outbox)) or 0

    def new_id(self) -> str:
        return uuid7(self.clock.at, self.chance.randbytes(10))

    def till(self, store_id: str = "S01") -> "PushingTill":
        with self.database.write() as session:
            code = create_code(session, StoreId(store_id), now=self.clock.at).code
        till = PushingTill(self, code)
        self.clients.enter_context(till.client)
        till.open_session()
        return till


class PushingTill:
    """Journals in memory; `write` appends, `push` sends what HQ has not accepted."""

    def __init__(self, hq: ServedHq, code: str, program: HqClient | None = None) -> None:
        """`program` enrols it; by default the one that it speaks by afterwards."""
        self.hq = hq
        self.key = Ed25519PrivateKey.generate()
        self.client = HqClient(hq.url)
        self.enrolment = (program or self.client).enrol(
            EnrolmentRequest(code=code, public_key=public_key_text(self.key))
        )
        self.terminal_id = self.enrolment.terminal_id
        self.store_id = self.enrolment.store_id
        self.entries: list[Entry] = []
        self.attachments: dict[int, bytes] = {}
        self.accepted = 0
        self.epoch = self.enrolment.epoch
        self.anchor: AnchorRef | None = None
        self.skew = timedelta()
        self.business_date: date | None = None
        self.rulebook = 1
        self.zone = ZoneInfo(self.enrolment.zone)
        self.signed_holds: list[SignedHold] = []

    def open_session(self, machine: str = "") -> None:
        challenge = self.client.challenge(ChallengeRequest(terminal_id=self.terminal_id)).challenge
        session = self.client.open_session(
            SessionRequest(
                terminal_id=self.terminal_id,
                challenge=challenge,
                signature=sign(self.key, session_statement(challenge)),
                anchor=self.anchor,
                machine=machine,
            )
        )
        self.epoch, self.anchor, self.accepted = session.epoch, session.anchor, session.journal_head

    # --- journalling

    def occasion(self, *, offline: bool = False) -> Occasion:
        at = self.hq.clock.at + self.skew
        if self.anchor is not None:
            at = max(at, self.anchor.hq_time)
        local = at.astimezone(self.zone)
        return Occasion(
            event_id=EventId(self.hq.new_id()),
            occurred_at=at,
            terminal_id=self.terminal_id,
            store_id=self.store_id,
            staff_id=StaffId("staff-1"),
            shift_id=ShiftId("shift-1"),
            business_date=self.business_date or local.date(),
            local_time=f"{local:%Y-%m-%d %H:%M:%S}",
            rulebook=self.rulebook,
            evidence=EvidenceClass.STATIC_CARD,
            offline=offline,
        )

    def write(self, event: Event, attachment: bytes = b"") -> Entry:
        previous = self.entries[-1].hash if self.entries else GENESIS_HASH
        entry = entry_of(
            event,
            seq=len(self.entries) + 1,
            prev=previous,
            incarnation=self.enrolment.incarnation,
            anchor=self.anchor,
        )
        return self.keep(entry, attachment)

    def keep(self, entry: Entry, attachment: bytes = b"") -> Entry:
        self.entries.append(entry)
        if attachment:
            self.attachments[entry.header.seq] = attachment
        return entry

    def enrol_member(self, name: str = "王小丽", phone: str = "+8613800001234") -> MemberId:
        member_id = MemberId(self.hq.new_id())
        sealed, attachment = seal_personal(
            Personal(name=name, phone=phone),
            member_id=member_id,
            hq_seal_public_key=self.enrolment.seal_public_key,
            random=self.hq.chance.randbytes,
        )
        number = member_no(self.hq.chance.randrange(10**8))
        self.write(
            MemberEnrolled(
                occasion=self.occasion(),
                member_id=member_id,
                member_no=number,
                home_store_id=self.store_id,
                personal=sealed,
            ),
            attachment,
        )
        return member_id

    def top_up(self, member_id: MemberId, amount_minor: int, **promised_minor: int) -> ToppedUp:
        """`first_50=5_000` promises the bonus of promotion first-50; a promised plan is the plan that was chosen."""
        promised = {PromotionId(name.replace("_", "-")): bonus for name, bonus in promised_minor.items()}
        event = ToppedUp(
            occasion=self.occasion(),
            member_id=member_id,
            amount_minor=amount_minor,
            tenders=(Tender(kind=TenderKind.CASH, amount_minor=amount_minor),),
            plan_id=next((name for name in promised if name.startswith("plan-")), None),
            promised=tuple(Promise(promotion_id=name, bonus_minor=bonus) for name, bonus in promised.items()),
        )
        self.write(event)
        return event

    def plan_top_up(
        self, member_id: MemberId, amount_minor: int, plan: str, bonus_minor: int, *, later_minor: int = 0
    ) -> ToppedUp:
        """By a plan of whatever rulebook, with what it promises now and in instalments."""
        plan_id = PromotionId(plan)
        event = ToppedUp(
            occasion=self.occasion(),
            member_id=member_id,
            amount_minor=amount_minor,
            tenders=(Tender(kind=TenderKind.CASH, amount_minor=amount_minor),),
            plan_id=plan_id,
            promised=(Promise(promotion_id=plan_id, bonus_minor=bonus_minor, later_minor=later_minor),),
        )
        self.write(event)
        return event

    def redeem(self, member_id: MemberId, *line_minors: int) -> Redeemed:
        event = Redeemed(
            occasion=self.occasion(),
            member_id=member_id,
            amount_minor=sum(line_minors),
            lines=tuple(
                OrderLine(line_no=place, name=f"菜品{place}", total_minor=amount)
                for place, amount in enumerate(line_minors, start=1)
            ),
        )
        self.write(event)
        return event

    def refund(self, purchase: Redeemed, line_no: int, amount_minor: int) -> PurchaseRefunded:
        event = PurchaseRefunded(
            occasion=self.occasion(),
            member_id=purchase.member_id,
            purchase_id=purchase.occasion.event_id,
            amount_minor=amount_minor,
            lines=(RefundLine(line_no=line_no, amount_minor=amount_minor),),
        )
        self.write(event)
        return event

    # --- pushing

    def head(self, seq: int | None = None) -> SignedHead:
        seq = len(self.entries) if seq is None else seq
        head_hash = self.entries[seq - 1].hash if seq else GENESIS_HASH
        return sign_head(self.key, self.terminal_id, self.enrolment.incarnation, seq, head_hash)

    def message(self, entries: Sequence[Entry] | None = None, head: SignedHead | None = None) -> Push:
        chosen = self.entries[self.accepted :] if entries is None else entries
        return Push(
            epoch=self.epoch,
            entries=tuple(
                PushedEntry(
                    raw=encode_bytes(each.raw),
                    attachment=encode_bytes(self.attachments.get(each.header.seq, b"")),
                )
                for each in chosen
            ),
            head=head or self.head(),
            signed_holds=tuple(self.signed_holds),
        )

    def push(self, entries: Sequence[Entry] | None = None, head: SignedHead | None = None) -> PushReply:
        reply = self.client.push(self.terminal_id, self.message(entries, head))
        self.accepted, self.anchor = reply.accepted_through, reply.anchor
        return reply

    def feed(self, scope: str | None = None) -> list[FeedEntry]:
        """The whole feed of the scope, page by page, as a till follows it."""
        self.hq.sequenced()
        scope = scope or self.store_id
        key = scope_key_bytes(self.client.scope_key(scope))
        entries: list[FeedEntry] = []
        while True:
            page = self.client.feed_page(scope, self.epoch, page_of(len(entries) + 1), lambda _: key)
            entries.extend(each for each in page.entries if each.seq > len(entries))
            if not page.sealed:
                return entries
