"""A till against a served head office: real enrolment, real files, real HTTP, and a cable that can be pulled at either end of a request."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
from sqlalchemy import select

from hq_server.database.models import WalletRecord
from hq_server.enrolment.codes import create_code
from hq_server.feed.publishing import publish
from stored_value.events import Event, MemberEnrolled, OrderLine, Redeemed, Tender, TenderKind, ToppedUp
from stored_value.identity import EventId, MemberId, StoreId, member_no
from stored_value.wallet import Wallet
from sync.client import HqClient
from sync.entry import Entry
from sync.messages import GLOBAL_SCOPE, StoreRow
from sync.personal import Personal, last4, mask_name, phone_tag, seal_personal
from terminal.clock import SimulatedClock, new_id
from terminal.enrol import enrol
from terminal.journal import Journal, LocalMember
from terminal.leasing import Leasing
from terminal.members import Members
from terminal.replica import Replica
from terminal.standing_told import ASK_NOTHING, Asked
from terminal.syncing import CycleReport, SyncCycle
from terminal.till_directory import TillDirectory
from tests.hq_server.served import NOON, ServedHq
from tests.stored_value.miniature import occasion


class Cable(httpx.BaseTransport):
    """`cut`: nothing reaches HQ. `lose_replies_to`: HQ hears such a request, and its answer is lost, so many times."""

    def __init__(self) -> None:
        self._wire = httpx.HTTPTransport(verify=False)  # plain HTTP: reading certificates would only take time
        self.cut = False
        self.lose_replies_to: dict[str, int] = {}
        self.paths: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("the cable is pulled", request=request)
        self.paths.append(request.url.path)
        response = self._wire.handle_request(request)
        for part, left in self.lose_replies_to.items():
            if part in request.url.path and left:
                self.lose_replies_to[part] = left - 1
                response.close()
                raise httpx.ReadError("the answer is lost", request=request)
        return response

    def close(self) -> None:
        self._wire.close()


class SyncedTill:
    def __init__(self, folder: Path, url: str, seed: int = 1) -> None:
        self.url = url
        self.place = TillDirectory(folder)
        self.clock = SimulatedClock(NOON, seed)
        self.cable = Cable()
        self.client = HqClient(url, transport=self.cable)
        self.start()

    def start(self, asked: Asked = ASK_NOTHING) -> None:
        self.journal = Journal.open(self.place.journal)
        self.replica = Replica.open(self.place.replica)
        self.members = Members(self.journal, self.replica, self.clock)
        self.leasing = Leasing(self.journal, self.replica, self.clock)
        self.cycle = SyncCycle(
            self.client,
            self.journal,
            self.replica,
            self.place,
            self.place.secrets().terminal_key,
            leasing=self.leasing,
            version="test",
            asked=asked,
        )

    def connect(self, cable: httpx.BaseTransport) -> None:
        """Another cable to the same head office."""
        self.client.close()
        self.client = HqClient(self.url, transport=cable)
        if isinstance(cable, Cable):
            self.cable = cable
        self.restart()

    def stop(self) -> None:
        self.journal.close()
        self.replica.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def sync(self) -> CycleReport:
        return self.cycle.run_once()

    def shown(self, member_id: MemberId) -> Wallet:
        found = self.members.find(member_id)
        assert found is not None, "the till does not know the member"
        return found.view.wallet

    # What a cashier does, without the counter's decisions

    def enrol_member(self, name: str = "王小丽", phone: str = "+8613800001234") -> MemberId:
        member_id = MemberId(new_id(self.clock))
        identity = self.journal.head_office.identity
        sealed, attachment = seal_personal(
            Personal(name=name, phone=phone),
            member_id=member_id,
            hq_seal_public_key=identity.seal_public_key,
            random=self.clock.random_bytes,
        )
        number = member_no(identity.member_no_from + self.journal.head().seq)
        local = LocalMember(
            member_id=member_id,
            member_no=number,
            card_issue=0,
            name_masked=mask_name(name),
            phone_last4=last4(phone),
            phone_tag=phone_tag(self.place.secrets().phone_tag_key, phone),
            home_store_id=identity.store_id,
        )
        event = MemberEnrolled(
            occasion=occasion("x"),
            member_id=member_id,
            member_no=number,
            home_store_id=identity.store_id,
            personal=sealed,
        )
        self.append(event, attachment, local)
        return member_id

    def top_up(self, member_id: MemberId, amount_minor: int) -> Entry:
        tender = Tender(kind=TenderKind.CASH, amount_minor=amount_minor)
        return self.append(
            ToppedUp(occasion=occasion("x"), member_id=member_id, amount_minor=amount_minor, tenders=(tender,))
        )

    def redeem(self, member_id: MemberId, amount_minor: int) -> Entry:
        line = OrderLine(line_no=1, name="面", total_minor=amount_minor)
        return self.append(
            Redeemed(occasion=occasion("x"), member_id=member_id, amount_minor=amount_minor, lines=(line,))
        )

    def append(self, event: Event, attachment: bytes = b"", local: LocalMember | None = None) -> Entry:
        identity = self.journal.head_office.identity
        here = replace(
            event.occasion,
            event_id=EventId(new_id(self.clock)),
            occurred_at=self.clock.now(),
            terminal_id=identity.terminal_id,
            store_id=identity.store_id,
            business_date=NOON.date(),
        )
        return self.journal.append(replace(event, occasion=here), attachment=attachment, local_member=local).entry


@contextlib.contextmanager
def synced_till(hq: ServedHq, folder: Path, store_id: str = "S01", seed: int = 1) -> Iterator[SyncedTill]:
    """Enrolled, with its first snapshot."""
    with hq.database.write() as session:
        code = create_code(session, StoreId(store_id), now=hq.clock.at).code
    enrol(hq.url, code, folder)
    till = SyncedTill(folder, hq.url, seed)
    try:
        yield till
    finally:
        till.client.close()
        till.stop()


def hq_balance(hq: ServedHq, member_id: MemberId) -> int:
    """As head office's own columns say it."""
    with hq.database.read() as session:
        row = session.execute(
            select(WalletRecord.principal_minor, WalletRecord.bonus_minor, WalletRecord.receivable_minor).where(
                WalletRecord.member_id == member_id
            )
        ).one()
    return int(row[0] + row[1] - row[2])


def move_global(hq: ServedHq) -> None:
    """Something that every till is told."""
    with hq.database.write() as session:
        publish(session, GLOBAL_SCOPE, StoreRow(store_id=StoreId("S09"), name="新店", zone="UTC"), at=hq.clock.at)
