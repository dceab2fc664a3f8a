"""Head office's use cases, one after the other on PostgreSQL: everything that they send is heard, and what Citus would refuse of it is exactly what is listed."""

from pathlib import Path

import psycopg
import pytest

from hq_server.database.models import Member
from hq_server.exceptions.exposed import watch_exposure
from hq_server.feed.publishing import publish
from hq_server.ingest.rebuild import differences
from hq_server.initialise import initialise
from hq_server.own_journal.place import Moment
from hq_server.own_journal.runs import run_day
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.transfers import TwoMembers, move
from hq_server.recovery.approvals import approve
from hq_server.recovery.branches import adopt
from hq_server.reservations.write_off import WriteOffWish, write_off
from hq_server.terminals.standing import allow_again, confirm_machine, give_up, revoke, stop
from stored_value.identity import EventId, StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy
from stored_value.reservation_records import ReservationId
from stored_value.wallet import WalletStatus
from sync.live import LiveRequest
from sync.messages import GLOBAL_SCOPE, PAGE_ROWS, FindMember, StoreRow
from sync.recovery import RecoveryAsk
from tests.hq_server.console.franchise_day import FranchiseDay, live_a_day
from tests.hq_server.console.visiting import links, visit
from tests.hq_server.database.known_on_citus import KNOWN
from tests.hq_server.database.recording import Recorder
from tests.hq_server.database.statements_heard import PLACEMENTS, found
from tests.hq_server.furnished import config_of
from tests.hq_server.own_journal.miniature import unnoted
from tests.hq_server.reservations.reserving import ReservingTill, lease_policy, member_with
from tests.hq_server.served import NOON, ServedHq
from tests.postgres import Server
from tests.waiting import until

DAY = "from=2026-11-23&to=2026-11-23"


def reserve(hq: ServedHq) -> None:
    """Holds and leases: granted, asked back, reported, written off, renewed."""
    lease_policy(hq, LeasePolicy(tills_max=1, amount_minor=3_000, share_percent=50, from_minor=1_000, valid_hours=72))
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 10_000)
    here.report()
    hq.office.leases.touched([member])
    hq.office.leases.drain()
    until(lambda: here.pushing.client.grants(0).grants, what="a grant")
    here.pushing.client.live(LiveRequest(epoch=here.pushing.epoch, cursors={}))
    there.hold(member, 9_000)
    held, _ = there.hold(member, 2_000)
    there.pay(member, 1_500, held.hold_id)
    kept, _ = there.hold(member, 500)
    there.report()
    here.grants = 1
    here.report()
    wish = WriteOffWish(member_id=member, reservation_id=ReservationId(kept.hold_id), reason="lost")
    write_off(hq.office.desk, Moment.at(hq.clock.at), wish, unnoted)
    hq.clock.pass_(hours=40)
    hq.office.leases.look_for_renewals()
    hq.office.leases.drain()
    hq.office.presence.write_down(hq.database)
    watch_exposure(hq.database, hq.office.rulebooks, hq.office.clock)


def act_by_itself(hq: ServedHq, day: FranchiseDay) -> None:
    desk, moment = hq.office.desk, Moment.at(hq.clock.at)
    run_day(desk, moment)
    one, two, three, *_ = day.members.values()
    for status in (WalletStatus.FROZEN, WalletStatus.ACTIVE):
        wish = StandingWish(request_id=EventId(hq.new_id()), member_id=one, status=status, reason="asked")
        change_status(desk, moment, wish, unnoted)
    for amount in (100, None):
        move(
            desk,
            moment,
            TwoMembers(transfer_id=EventId(hq.new_id()), giver=two, taker=three, amount_minor=amount),
            unnoted,
        )


def tell(hq: ServedHq, day: FranchiseDay) -> None:
    """Feeds with a sealed page, a member from elsewhere, snapshots whole and renewed."""
    till = day.tills["S03-T1"]
    rows = [StoreRow(store_id=StoreId("S01"), name="人民路店", zone="Asia/Shanghai")] * PAGE_ROWS
    with hq.database.write() as session:
        publish(session, GLOBAL_SCOPE, *rows, at=hq.clock.at)
        number = session.get_one(Member, day.members["张伟"]).member_no
    till.open_session()
    till.feed(GLOBAL_SCOPE)
    till.feed()
    for wanted in (FindMember(member_no=number), FindMember(phone="+8613800001000")):
        till.client.find_member(wanted)
    till.client.snapshot_manifest("S03")
    hq.office.snapshots.build("S03")
    hq.office.snapshots.build("S03")
    hq.office.snapshots.stale()


def show(hq: ServedHq, day: FranchiseDay) -> None:
    boss = visit(hq.url, "boss")
    member = f"/members/{day.members['王小丽']}"
    figures = [
        f"/settlement/receipts?figure={kind}&{DAY}" for kind in ("collected", "redeemed", "net_due", "unexplained")
    ]
    pages = (
        "/",
        f"/settlement?{DAY}",
        *figures,
        "/tills",
        "/exceptions",
        "/promotions",
        "/members",
        "/members?q=王",
        "/exposure",
    )
    for page in (
        *pages,
        "/members?q=13800001000",
        "/members?csv=1",
        member,
        f"{member}/standing?status=frozen",
        f"{member}/transfer",
    ):
        boss.page(page)
    for page in list(links(boss.page("/exceptions"), "/exceptions/S"))[:2]:
        boss.page(page)
    boss.page("/receipts/S02-T1/1/4")
    boss.page("/tills/S01-T1/takeover")
    boss.get("/find?q=S02-T1-000004")
    boss.send(member, f"{member}/personal")


def decide_on_tills(hq: ServedHq) -> None:
    dead, alive = hq.till("S02"), hq.till("S02")
    name = TerminalId(dead.terminal_id)
    alive.client.ask_recovery(name, RecoveryAsk(technician="李师傅", copy_through=5))
    with hq.database.write() as session:
        approve(session, name, by="boss", now=hq.clock.at)
        stop(session, name, "looked at")
        allow_again(session, name)
        confirm_machine(session, name)
        stop(session, name, "forked")
        adopt(session, name)
        revoke(session, name, "gone")
        give_up(session, name, "sold", now=hq.clock.at)


@pytest.fixture(scope="module")
def heard(postgres_hq: ServedHq, statements: Recorder) -> Recorder:
    hq = postgres_hq
    day = live_a_day(hq)
    reserve(hq)
    act_by_itself(hq, day)
    tell(hq, day)
    show(hq, day)
    decide_on_tills(hq)
    hq.sequenced()
    with hq.database.read() as session:
        assert list(differences(session)) == []
    return statements


def test_what_citus_would_refuse_of_it_is_what_is_listed(heard: Recorder) -> None:
    assert {each: KNOWN.get(each, "nobody has said what to do") for each in found(heard)} == KNOWN


def test_the_making_of_tables_is_no_use(postgres: Server, tmp_path: Path) -> None:
    """Another test may set a head office up while the ears are open."""
    with Recorder().listening() as recorder, postgres.database() as url:
        initialise(config_of(tmp_path, url), sample=False, now=NOON)
    assert recorder.heard
    assert found(recorder) <= KNOWN.keys()


def test_the_ears_hear_every_way_in_which_a_statement_goes(heard: Recorder) -> None:
    """Silence proves nothing: each table is read or written, by SQLAlchemy, round it, by COPY, by a cursor of the server's, and a row at a time."""
    texts = [statement.text for statement in heard.heard]
    assert len(texts) > 200
    assert {table for table in PLACEMENTS if not any(table in text for text in texts)} == set()
    for way in ("COPY ", "SAVEPOINT", "FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "ON CONFLICT", "unnest("):
        assert any(way in text for text in texts), way
    assert any(statement.many for statement in heard.heard)
    origins = {statement.origin.split("/")[1] for statement in heard.heard}
    assert origins >= {
        "ingest", "reservations", "feed", "snapshots", "own_journal", "console", "settlement", "sessions", "enrolment", "members", "recovery",
    }  # fmt: skip


def test_nothing_relies_on_what_citus_has_not(heard: Recorder) -> None:
    assert psycopg.IsolationLevel.SERIALIZABLE not in heard.isolation_levels
    assert psycopg.IsolationLevel.REPEATABLE_READ in heard.isolation_levels, "it is heard at all"
