"""Head office for tests of the counter: a few rows, a switch, and the rules by which it holds value."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from stored_value.identity import MemberId
from stored_value.reservation_records import Reservation, ReservationKind
from stored_value.reservations import refuse_reservation, with_reservation
from sync.keys import encode_bytes
from sync.messages import FindMember, FoundMembers, HoldReply, HoldRequest, MemberRow
from sync.personal import phone_tag
from sync.wallet_codec import read_wallet, write_wallet
from terminal.counter.link import LinkState, TillKeys
from tests.stored_value.kept import reservation

EPOCH = "epoch-1"
START = datetime(2026, 11, 23, 0, 2, tzinfo=UTC)  # 08:02 in Shanghai
KEYS = TillKeys(staff_pepper=encode_bytes(b"pepper" * 6), phone_tag_key=b"t" * 32)


@dataclass
class HeadOffice:
    """What head office would answer, while it can be reached."""

    online: bool = False
    answers: bool = True
    rows: dict[MemberId, MemberRow] = field(default_factory=dict)
    asked: list[FindMember] = field(default_factory=list)
    holds: list[HoldRequest] = field(default_factory=list)
    before_hold: Callable[[], object] = lambda: None
    clock_off_by: timedelta = timedelta()
    time_at_least: datetime | None = None
    takes_payment_pins: bool = True

    def state(self) -> LinkState:
        return LinkState(
            online=self.online,
            clock_off_by=self.clock_off_by,
            time_at_least=self.time_at_least,
            takes_payment_pins=self.takes_payment_pins,
        )

    def hold(self, wanted: HoldRequest) -> HoldReply | None:
        """As head office decides: what is free is held, and stands in the member's row."""
        self.before_hold()
        self.holds.append(wanted)
        row = self.rows.get(wanted.member_id)
        if not self.answers or row is None:
            return None
        wallet = replace(read_wallet(bytes(row.wallet)), version=row.version)
        refusal = refuse_reservation(wallet, wanted.amount_minor, wanted.things, START.date())
        if refusal is None:
            held = reservation(
                wanted.hold_id,
                wanted.amount_minor,
                {each.thing_id: each.quantity for each in wanted.things},
                till="S01-T1",
                kind=ReservationKind.HOLD,
                number=wanted.number,
                granted_at=START,
                accepted=False,
            )
            self.keep(wanted.member_id, held)
        code, data = (refusal.code.value, refusal.data) if refusal else ("", {})
        return HoldReply(epoch=EPOCH, as_of=START, member=self.rows[wanted.member_id], refusal=code, data=dict(data))

    def keep(self, member_id: MemberId, reservation: Reservation) -> None:
        """The reservation stands in the member's row, which is newer for it."""
        row = self.rows[member_id]
        wallet = with_reservation(replace(read_wallet(bytes(row.wallet)), version=row.version + 1), reservation)
        self.rows[member_id] = msgspec.structs.replace(
            row, version=wallet.version, wallet=msgspec.Raw(write_wallet(wallet))
        )

    def read_member(self, wanted: FindMember) -> FoundMembers | None:
        self.asked.append(wanted)
        if not self.answers:
            return None
        found = tuple(
            row
            for row in self.rows.values()
            if wanted.member_id == row.member_id
            or wanted.member_no == row.member_no
            or (wanted.phone and phone_tag(KEYS.phone_tag_key, wanted.phone) == row.phone_tag)
        )
        return FoundMembers(epoch=EPOCH, members=found, as_of=START)
