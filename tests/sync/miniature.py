"""Miniature makers for tests of what crosses between machines: keys, journals of a few entries."""

from dataclasses import replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.events import Event, EvidenceClass, Occasion, ShiftClosed, ShiftOpened, ShiftTotals
from stored_value.events_loyalty import InstalmentReleased, PointsRedeemed, TierReviewed
from stored_value.events_money_out import PinCleared, PinSet, SuspenseDecided, SuspenseVerdict
from stored_value.events_reservation import LeaseAccepted, LeaseReturned, ReservationWrittenOff
from stored_value.identity import EventId, LotId, StoreId
from stored_value.reservation_records import ReservationId, ReservedThing
from stored_value.sealed import SealedPersonal
from sync.entry import GENESIS_HASH, Entry
from sync.event_codec import entry_of
from tests.stored_value.miniature import PLAN, enrolled, occasion, redeem, refund, reverse, top_up
from tests.sync.money_out import money_out_kinds
from tests.sync.orders import order_kinds

T0 = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def every_kind() -> list[Event]:
    place = enrolled().occasion
    return [
        ShiftOpened(occasion=replace(place, event_id=top_up("s1", 1).occasion.event_id), float_minor=50_000),
        enrolled(),
        top_up("t1", 100_000),
        redeem("r1", 7_000, 500, evidence=EvidenceClass.STATIC_CARD, expected={"t1/p": 7_500}),
        refund("f1", "r1", {2: 500}),
        reverse("x1", "t1", 100_000),
        ShiftClosed(
            occasion=replace(place, event_id=top_up("s2", 1).occasion.event_id),
            float_minor=50_000,
            counted_minor=50_010,
            expected_minor=50_000,
            totals=ShiftTotals(topped_up_minor=100_000, tenders_minor={"cash": 0}, counts={"topped_up": 1}),
        ),
        *money_out_kinds(),
        *order_kinds(),
        *loyalty_kinds(),
        *reservation_kinds(),
        suspense_decided(),
        *pin_kinds(),
    ]


def suspense_decided() -> SuspenseDecided:
    return SuspenseDecided(
        occasion=occasion("h8", evidence=EvidenceClass.NOT_NEEDED),
        member_id=enrolled().member_id,
        payment_id=EventId("r1"),
        serving_store=StoreId("S02"),
        verdict=SuspenseVerdict.MEMBER,
        amount_minor=8_000,
        reason="小票上有签名",
    )


def loyalty_kinds() -> list[Event]:
    place = enrolled().occasion
    member_id = enrolled().member_id
    return [
        InstalmentReleased(
            occasion=replace(place, event_id=EventId("i1")),
            member_id=member_id,
            top_up_id=EventId("t1"),
            promotion_id=PLAN,
            number=2,
            amount_minor=5_000,
        ),
        PointsRedeemed(
            occasion=replace(place, event_id=EventId("p1")),
            member_id=member_id,
            points=300,
            reward_id="mug",
            worth_minor=1_900,
        ),
        TierReviewed(occasion=replace(place, event_id=EventId("v1")), member_id=member_id),
    ]


def reservation_kinds() -> list[Event]:
    """A lease is taken, given back, and written off."""
    place = enrolled().occasion
    member_id = enrolled().member_id
    lease_id = ReservationId("lease-1")

    def own(event_id: str) -> Occasion:
        return replace(place, event_id=EventId(event_id), reservations=(lease_id,))

    return [
        LeaseAccepted(
            occasion=own("k1"),
            member_id=member_id,
            lease_id=lease_id,
            number=4,
            amount_minor=30_000,
            expires_at=datetime(2026, 3, 5, tzinfo=UTC),
            things=(ReservedThing(thing_id=LotId("coupon-1"), quantity=1),),
        ),
        LeaseReturned(occasion=own("k2"), member_id=member_id, lease_id=lease_id, amount_minor=12_000),
        ReservationWrittenOff(
            occasion=own("k3"), member_id=member_id, reservation_id=lease_id, amount_minor=12_000, reason="till burnt"
        ),
    ]


def pin_kinds() -> list[Event]:
    """A payment PIN is changed by the one before, and taken away."""
    place, member_id = enrolled().occasion, enrolled().member_id
    proven = replace(place, event_id=EventId("n1"), evidence=EvidenceClass.PIN, evidence_ref="1:cHJvb2Y")
    secret = SealedPersonal(ciphertext="c2VjcmV0", attachment_sha256="0" * 64)
    return [
        PinSet(occasion=proven, member_id=member_id, pin_issue=2, secret=secret),
        PinCleared(
            occasion=replace(place, event_id=EventId("n2")), member_id=member_id, pin_issue=3, reason="forgotten"
        ),
    ]


def journal(events: list[Event] | None = None) -> list[Entry]:
    entries: list[Entry] = []
    previous = GENESIS_HASH
    for seq, event in enumerate(events or every_kind(), start=1):
        entry = entry_of(event, seq=seq, prev=previous, incarnation=1, anchor=None)
        entries.append(entry)
        previous = entry.hash
    return entries
