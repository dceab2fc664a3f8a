"""Owns a till at which members type payment PINs, by the protocol alone: it seals what it was told, and proves what it heard."""

from dataclasses import replace

from stored_value.events import EvidenceClass, OrderLine, Redeemed
from stored_value.events_money_out import PinSet
from stored_value.identity import MemberId
from sync.messages import MemberRow
from sync.payment_pins import PinSecret, make_secret, prove, write_secret
from sync.personal import seal
from sync.pins import PinCost
from tests.hq_server.served import PushingTill

QUICK = PinCost(passes=1, memory_kib=8, lanes=1)
PIN = "483920"


class PinTill:
    def __init__(self, pushing: PushingTill) -> None:
        self.pushing = pushing

    def set_pin(
        self, member_id: MemberId, issue: int = 1, *, pin: str = PIN, old: PinSecret | None = None, plain: bytes = b""
    ) -> PinSecret:
        """A first one by the card, a change by the one before; `plain` in place of what a till seals. Not pushed."""
        till = self.pushing
        secret = make_secret(pin, till.hq.chance.randbytes, QUICK)
        sealed, attachment = seal(
            plain or write_secret(secret), member_id, till.enrolment.seal_public_key, till.hq.chance.randbytes
        )
        place = replace(till.occasion(), evidence=EvidenceClass.STATIC_CARD)
        if old is not None:
            ref = prove(issue - 1, old.key, place.event_id, member_id, 0)
            place = replace(place, evidence=EvidenceClass.PIN, evidence_ref=ref)
        till.write(PinSet(occasion=place, member_id=member_id, pin_issue=issue, secret=sealed), attachment)
        return secret

    def pay(
        self,
        member_id: MemberId,
        amount_minor: int,
        key: bytes,
        *,
        issue: int = 1,
        proven_minor: int | None = None,
        ref: str | None = None,
    ) -> Redeemed:
        """By the PIN of the issue; `ref` in place of its proof, `proven_minor` where the proof is of another amount."""
        place = self.pushing.occasion(offline=True)
        proven = amount_minor if proven_minor is None else proven_minor
        said = prove(issue, key, place.event_id, member_id, proven) if ref is None else ref
        event = Redeemed(
            occasion=replace(place, evidence=EvidenceClass.PIN, evidence_ref=said),
            member_id=member_id,
            amount_minor=amount_minor,
            lines=(OrderLine(line_no=1, name="菜品", total_minor=amount_minor),),
        )
        self.pushing.write(event)
        return event

    def row_of(self, member_id: MemberId) -> MemberRow:
        """The newest in the store's feed."""
        rows = [each.row for each in self.pushing.feed() if isinstance(each.row, MemberRow)]
        return [row for row in rows if row.member_id == member_id][-1]
