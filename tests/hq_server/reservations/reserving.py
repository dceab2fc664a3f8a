"""Owns a till that holds, leases and reports by the protocol alone: it counts its requests, keeps its open set and signs both with its head."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from hq_server.database.models import ReservationRecord, WalletRecord
from hq_server.franchise_data import rulebook
from hq_server.ingest.rebuild import differences
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.events import OrderLine, Redeemed
from stored_value.identity import LotId, MemberId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.reservation_records import Reservation, ReservationId, ReservedThing
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import Wallet
from sync.chain import signed_head
from sync.entry import GENESIS_HASH
from sync.messages import HoldReply, HoldRequest, PushReply, SignedHead
from sync.wallet_codec import read_wallet
from tests.hq_server.served import PushingTill, ServedHq, by_any_card


class ReservingTill:
    """`open` is what the till may still use; `requests` and `grants` its watermarks. A hold that was answered is open until it is used or dropped."""

    def __init__(self, hq: ServedHq, store_id: str = "S01", *, reports: bool = True) -> None:
        self.hq = hq
        self.pushing: PushingTill = hq.till(store_id)
        self.requests = 0
        self.grants = 0
        self.open: set[str] = set()
        if reports:
            self.report()

    @property
    def terminal_id(self) -> str:
        return self.pushing.terminal_id

    def request(self, member_id: MemberId, amount_minor: int, **things: int) -> HoldRequest:
        """Written down before it is sent: it is in the open set from now on."""
        self.requests += 1
        wanted = HoldRequest(
            hold_id=ReservationId(self.hq.new_id()),
            number=self.requests,
            member_id=member_id,
            amount_minor=amount_minor,
            things=tuple(ReservedThing(thing_id=LotId(thing), quantity=count) for thing, count in things.items()),
        )
        self.open.add(wanted.hold_id)
        return wanted

    def send(self, wanted: HoldRequest) -> HoldReply:
        return self.pushing.client.hold(wanted, deadline_s=30)

    def hold(self, member_id: MemberId, amount_minor: int) -> tuple[HoldRequest, HoldReply]:
        wanted = self.request(member_id, amount_minor)
        reply = self.send(wanted)
        if reply.refusal:
            self.open.discard(wanted.hold_id)
        return wanted, reply

    def follow_rulebook(self) -> None:
        with self.hq.database.read() as session:
            self.pushing.rulebook = self.hq.office.rulebooks.all(session).newest

    def pay(self, member_id: MemberId, amount_minor: int, *reservations: str, offline: bool = False) -> Redeemed:
        self.follow_rulebook()
        occasion = replace(
            self.pushing.occasion(offline=offline), reservations=tuple(ReservationId(each) for each in reservations)
        )
        event = Redeemed(
            occasion=occasion,
            member_id=member_id,
            amount_minor=amount_minor,
            lines=(OrderLine(line_no=1, name="菜品", total_minor=amount_minor),),
        )
        self.pushing.write(event)
        return event

    def reported_head(self, **changed: Any) -> SignedHead:
        entries = self.pushing.entries
        bare = SignedHead(
            terminal_id=self.pushing.terminal_id,
            incarnation=self.pushing.enrolment.incarnation,
            seq=len(entries),
            hash=entries[-1].hash if entries else GENESIS_HASH,
            signature="",
            grant_watermark=self.grants,
            request_watermark=self.requests,
            open_reservations=tuple(sorted(self.open)),
            is_report=True,
        )
        for name, value in changed.items():
            bare = SignedHead(**{each: getattr(bare, each) for each in bare.__struct_fields__} | {name: value})
        return signed_head(self.pushing.key, bare)

    def report(self, **changed: Any) -> PushReply:
        """Whatever HQ has not accepted, with a report of the journal's very head."""
        return self.pushing.push(head=self.reported_head(**changed))


def held_for(till: PushingTill, member_id: MemberId, amount_minor: int) -> ReservationId:
    """The first hold of a till that counts nothing else, for an entry that takes so much out."""
    hold_id = ReservationId(till.hq.new_id())
    reply = till.client.hold(
        HoldRequest(hold_id=hold_id, number=1, member_id=member_id, amount_minor=amount_minor), deadline_s=30
    )
    assert not reply.refusal
    return hold_id


def lease_policy(hq: ServedHq, policy: LeasePolicy, **offline: Any) -> None:
    """Published and in force from now on."""
    with hq.database.write() as session:
        newest = hq.office.rulebooks.all(session).newest
        book = rulebook(hq.clock.at)
        book = replace(
            book,
            version=newest + 1,
            offline=replace(OfflinePolicy(leases=policy), **offline),
            limits=by_any_card(book),
        )
        publish_rulebook(session, hq.office.keys, write_rulebook(book), by="test", now=hq.clock.at)


def member_with(till: ReservingTill, amount_minor: int) -> MemberId:
    till.follow_rulebook()
    member_id = till.pushing.enrol_member()
    first = min(amount_minor, 5_000)  # too little for the first top-up's bonus
    till.pushing.top_up(member_id, first)
    if amount_minor > first:
        till.pushing.top_up(member_id, amount_minor - first)
    till.pushing.push()
    return member_id


def wallet_of(hq: ServedHq, member_id: MemberId) -> Wallet:
    with hq.database.read() as session:
        return read_wallet(session.get_one(WalletRecord, member_id).state)


def kept(hq: ServedHq, member_id: MemberId) -> dict[str, int]:
    return {each.reservation_id: each.amount_minor for each in wallet_of(hq, member_id).reservations}


def only(hq: ServedHq, member_id: MemberId) -> Reservation:
    (reservation,) = wallet_of(hq, member_id).reservations
    return reservation


def state_of(hq: ServedHq, reservation_id: str) -> str:
    with hq.database.read() as session:
        return session.scalars(
            select(ReservationRecord.state).where(ReservationRecord.reservation_id == reservation_id)
        ).one()


def nothing_differs(hq: ServedHq) -> None:
    with hq.database.read() as session:
        assert list(differences(session)) == []
