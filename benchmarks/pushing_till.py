"""A till as head office meets it: a real key, a real session, a journal of a busy day cut into pushes beforehand, so that only sending them is measured."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from random import Random
from time import perf_counter, sleep
from typing import Final
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.events import (
    Event,
    EvidenceClass,
    Occasion,
    OrderLine,
    Promise,
    PurchaseRefunded,
    Redeemed,
    RefundLine,
    ShiftOpened,
    Tender,
    TenderKind,
    ToppedUp,
)
from stored_value.events_money_out import StatusChanged
from stored_value.identity import EventId, MemberId, PromotionId, ShiftId, StaffId, uuid7
from stored_value.wallet import WalletStatus
from sync.chain import sign_head
from sync.client import HqClient
from sync.enrolment import EnrolmentRequest
from sync.entry import GENESIS_HASH, Entry
from sync.errors import HqBusy
from sync.event_codec import entry_of
from sync.keys import encode_bytes, public_key_text, session_statement, sign
from sync.messages import ChallengeRequest, Push, PushedEntry, PushReply, Session, SessionRequest

_PLAN: Final = PromotionId("plan-1000")
_FIRST: Final = PromotionId("first-50")
_PAID_MINOR: Final = 100_000
_LINES: Final = 3
_DEAREST_LINE_MINOR: Final = 5_000
_DEAREST_MINOR: Final = _LINES * _DEAREST_LINE_MINOR
_FUNDING_MINOR: Final = 4_000
_SMALL_MINOR: Final = 10
_PRESENT: Final = 500
"""How many of the last members to top up still come and buy."""
_TOP_UPS_IN_TEN: Final = 3
_REFUNDS_IN_TEN: Final = 1


class PushingTill:
    """Use from one thread. `members` are those that come to this till today."""

    def __init__(self, url: str, code: str, members: Sequence[MemberId], random: Random) -> None:
        self._client = HqClient(url, timeout_s=120.0)
        self._key = Ed25519PrivateKey.generate()
        self.members = members
        self._random = random
        self._enrolment = self._client.enrol(EnrolmentRequest(code=code, public_key=public_key_text(self._key)))
        self._session = self._opened()
        self._seq, self._previous = 0, GENESIS_HASH
        self.told_busy = 0
        self.pushes: list[Push] = []

    def close(self) -> None:
        self._client.close()

    @property
    def store_id(self) -> str:
        return self._enrolment.store_id

    @property
    def epoch(self) -> str:
        return self._session.epoch

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._client.token}"}

    def journal(self, pushes: int, entries: int) -> None:
        """A day's journal: the shift opened, then top-ups, redemptions and refunds, cut into pushes of so many entries."""
        self._cut(self._day(), pushes, entries)

    def fund(self, entries: int) -> None:
        """A top-up for each member, by which `journal_spending` is paid."""
        self._cut(map(self._funding, self.members), -(-len(self.members) // entries), entries)

    def journal_spending(self, pushes: int, entries: int) -> None:
        """Redemptions and refunds alone, of members who come in any order."""
        self._cut(self._spending(), pushes, entries)

    def journal_one_each(self) -> None:
        """A small redemption by each member, in the order of `members`, each in a push of its own."""
        self._cut((self._redemption(each, dearest_minor=_SMALL_MINOR) for each in self.members), len(self.members), 1)

    def journal_loss(self, member_id: MemberId) -> None:
        """A lost card."""
        lost = StatusChanged(
            occasion=self._occasion(EvidenceClass.NOT_NEEDED),
            member_id=member_id,
            before=WalletStatus.ACTIVE,
            status=WalletStatus.LOST,
        )
        self._cut(iter((lost,)), 1, 1)

    def _cut(self, events: Iterator[Event], pushes: int, entries: int) -> None:
        for _ in range(pushes):
            batch: list[Entry] = []
            for event in islice(events, entries):
                self._seq += 1
                made = entry_of(
                    event,
                    seq=self._seq,
                    prev=self._previous,
                    incarnation=self._enrolment.incarnation,
                    anchor=self._session.anchor,
                )
                batch.append(made)
                self._previous = made.hash
            self.pushes.append(self._push(batch))

    def send(self) -> tuple[list[PushReply], list[float]]:
        """Every push in order; the replies, and the seconds that each took."""
        replies: list[PushReply] = []
        times: list[float] = []
        for push in self.pushes:
            began = perf_counter()
            replies.append(self.push(push))
            times.append(perf_counter() - began)
        return replies, times

    def push(self, push: Push) -> PushReply:
        """Head office bounds how many it takes at once: who is told "busy" comes again when it said, and not in step with the others, as a till does."""
        while True:
            try:
                return self._client.push(self._enrolment.terminal_id, push)
            except HqBusy as busy:
                self.told_busy += 1
                sleep(busy.retry_after_s * (0.5 + self._random.random()))

    def _opened(self) -> Session:
        terminal_id = self._enrolment.terminal_id
        challenge = self._client.challenge(ChallengeRequest(terminal_id=terminal_id)).challenge
        return self._client.open_session(
            SessionRequest(
                terminal_id=terminal_id,
                challenge=challenge,
                signature=sign(self._key, session_statement(challenge)),
            )
        )

    def _push(self, batch: Sequence[Entry]) -> Push:
        enrolment, last = self._enrolment, batch[-1]
        head = sign_head(self._key, enrolment.terminal_id, enrolment.incarnation, last.header.seq, last.hash)
        return Push(
            epoch=self._session.epoch,
            entries=tuple(PushedEntry(raw=encode_bytes(entry.raw)) for entry in batch),
            head=head,
        )

    def _day(self) -> Iterator[Event]:
        """Nobody spends more than he topped up, so that head office has nothing to say about any entry."""
        yield ShiftOpened(occasion=self._occasion(EvidenceClass.NOT_NEEDED), float_minor=50_000)
        left_minor: dict[MemberId, int] = {}
        bought: list[Redeemed] = []
        waiting = iter(self.members)
        while True:
            dice = self._random.randrange(10)
            payer = self._random.choice(list(left_minor)[-_PRESENT:]) if left_minor else None
            if dice < _TOP_UPS_IN_TEN or payer is None or left_minor[payer] < _DEAREST_MINOR:
                member_id = next(waiting, None)
                assert member_id is not None, "too few members for so many entries"
                left_minor[member_id] = _PAID_MINOR
                yield self._top_up(member_id)
            elif dice < _TOP_UPS_IN_TEN + _REFUNDS_IN_TEN and bought:
                yield self._refund(bought.pop())
            else:
                bought.append(self._redemption(payer))
                left_minor[payer] -= bought[-1].amount_minor
                yield bought[-1]

    def _spending(self) -> Iterator[Event]:
        bought: list[Redeemed] = []
        while True:
            if bought and not self._random.randrange(10):
                yield self._refund(bought.pop())
            else:
                bought.append(self._redemption(self._random.choice(self.members), dearest_minor=_SMALL_MINOR))
                yield bought[-1]

    def _funding(self, member_id: MemberId) -> ToppedUp:
        """Too little for any promotion, at a till that asks head office."""
        return ToppedUp(
            occasion=replace(self._occasion(EvidenceClass.NOT_NEEDED), offline=False),
            member_id=member_id,
            amount_minor=_FUNDING_MINOR,
            tenders=(Tender(kind=TenderKind.WECHAT, amount_minor=_FUNDING_MINOR),),
        )

    def _top_up(self, member_id: MemberId) -> ToppedUp:
        return ToppedUp(
            occasion=self._occasion(EvidenceClass.NOT_NEEDED),
            member_id=member_id,
            amount_minor=_PAID_MINOR,
            tenders=(Tender(kind=TenderKind.WECHAT, amount_minor=_PAID_MINOR),),
            plan_id=_PLAN,
            promised=(Promise(promotion_id=_PLAN, bonus_minor=20_000), Promise(promotion_id=_FIRST, bonus_minor=5_000)),
        )

    def _redemption(self, member_id: MemberId, dearest_minor: int = _DEAREST_LINE_MINOR) -> Redeemed:
        least = dearest_minor // 5
        prices = [self._random.randrange(least, dearest_minor, least // 10 or 1) for _ in range(_LINES)]
        return Redeemed(
            occasion=self._occasion(EvidenceClass.STATIC_CARD),
            member_id=member_id,
            amount_minor=sum(prices),
            lines=tuple(
                OrderLine(line_no=number, name=f"菜品 {number}", total_minor=price)
                for number, price in enumerate(prices, start=1)
            ),
        )

    def _refund(self, purchase: Redeemed) -> PurchaseRefunded:
        line = purchase.lines[0]
        return PurchaseRefunded(
            occasion=self._occasion(EvidenceClass.NOT_NEEDED),
            member_id=purchase.member_id,
            purchase_id=purchase.occasion.event_id,
            amount_minor=line.total_minor,
            lines=(RefundLine(line_no=line.line_no, amount_minor=line.total_minor),),
            reason="不合口味",
        )

    def _occasion(self, evidence: EvidenceClass) -> Occasion:
        now: datetime = self._session.anchor.hq_time
        local = now.astimezone(ZoneInfo(self._enrolment.zone))
        return Occasion(
            event_id=EventId(uuid7(now, self._random.randbytes(10))),
            occurred_at=now,
            terminal_id=self._enrolment.terminal_id,
            store_id=self._enrolment.store_id,
            staff_id=StaffId("019ab000-0000-7000-8000-0000000057af"),
            shift_id=ShiftId("019ab000-0000-7000-8000-000000005417"),
            business_date=local.date(),
            local_time=f"{local:%Y-%m-%d %H:%M:%S}",
            rulebook=self._session.anchor.rulebook,
            evidence=evidence,
            offline=True,
        )
