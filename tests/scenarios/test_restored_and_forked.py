"""Head office comes back from a backup (H1); a till's disk is copied and both go on (H6)."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from hq_server.config import HqConfig
from hq_server.database.models import ExceptionRecord
from hq_server.feed.publishing import current_epoch, publish
from hq_server.sessions.epochs import begin_epoch
from stored_value.identity import EventId, MemberId
from stored_value.refusals import RefusalCode
from sync.messages import MemberExitRow
from terminal.syncing import SyncWorker, TillStopped
from terminal.troubles import Trouble
from tests.hq_server.served import NOON, ServedHq, StandingClock
from tests.hq_server.serving import serving
from tests.postgres import Server, chosen_binaries
from tests.scenarios.franchise import Franchise, make_franchise, member_of, playing
from tests.scenarios.till import Till, refused
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow


def test_h1_a_restored_head_office_gets_again_what_it_lost_from_every_till(
    franchise_at_rest: Path, tmp_path: Path
) -> None:
    """One SQLite file, copied while it is in use."""

    def backed_up(franchise: Franchise) -> HqConfig:
        backup = tmp_path / "backup"
        backup_of(franchise, backup)
        return HqConfig(data_dir=backup, sequencer_interval_s=0.05)

    with ExitStack() as tills:
        with playing(franchise_at_rest, tmp_path / "day") as before:
            config, story = an_afternoon_is_lost(before, tills, backed_up)
        with serving(config, story.clock) as restored:
            everything_comes_back(restored, config, story)


def test_h1_a_postgresql_restored_from_a_dump_gets_again_what_it_lost(postgres: Server, tmp_path: Path) -> None:
    with postgres.database() as url, postgres.database() as again, ExitStack() as tills:
        config = make_franchise(tmp_path, url)

        def backed_up(_: Franchise) -> HqConfig:
            dumped(url, again)
            return config.model_copy(update={"database_url": again})

        with serving(config, StandingClock(NOON)) as hq, ExitStack() as stack:
            restored_config, story = an_afternoon_is_lost(Franchise(tmp_path, config, hq, stack), tills, backed_up)
        with serving(restored_config, story.clock) as restored:
            everything_comes_back(restored, restored_config, story)


@dataclass(frozen=True)
class Story:
    """Two tills that outlived their head office, and what it had known."""

    tills: tuple[Till, Till]
    wang: MemberId
    newcomer: MemberId
    bought: EventId
    lost: dict[str, int]
    epoch: str
    clock: StandingClock


def an_afternoon_is_lost(
    before: Franchise, tills: ExitStack, backed_up: Callable[[Franchise], HqConfig]
) -> tuple[HqConfig, Story]:
    """Two tills, a backup at noon, sales after it, a fire."""
    one, two = before.till("S01-T1"), before.till("S02-T1")
    wang, zhao = member_of("S01"), member_of("S02")
    one.top_up(wang, 100_000, "plan-1000")
    two.top_up(zhao, 20_000)
    for till in (one, two):
        till.sync()
    epoch = one.journal.head_office.epoch
    config = backed_up(before)
    before.pass_time(hours=1)
    bought = one.redeem(wang, 5_000)
    newcomer = two.enrol("韩梅梅", "13712348888")
    two.top_up(newcomer, 10_000)
    for till in (one, two):
        till.sync()
    lost = before.books.balances()
    for till in (one, two):
        tills.callback(till.close)
    before.stack.pop_all()  # the tills outlive this head office
    clock = before.hq.clock
    clock.pass_(hours=1)
    return config, Story((one, two), wang, newcomer, bought.event_id, lost, epoch, clock)


def everything_comes_back(restored: ServedHq, config: HqConfig, story: Story) -> None:
    """In one new epoch, begun by the first till that comes; everything is there once and both tills agree with it."""
    one, two = story.tills
    books = HqBooks(config.database)
    assert books.balances()[story.wang] == 125_000, "the restored head office knows nothing of the afternoon"
    epochs = {story.epoch}
    for till in (one, two):
        till.restart(restored.url)
        till.sync()
        epochs.add(till.journal.head_office.epoch)
    assert len(epochs) == 2, "one new epoch, begun once"
    one.sync()
    assert {member: books.balances()[member] for member in story.lost} == story.lost
    assert books.faults("S01-T1", "S02-T1") == []
    for till in (one, two):
        journal = read_journal(till.data_dir)
        assert [entry.raw for entry in books.entries(till.name)] == [entry.raw for entry in journal.entries]
        till.begin_shift()
    assert one.member(story.wang).balance_minor == 120_000
    assert two.member(story.newcomer).balance_minor == 15_000
    one.refund(story.bought, 1, 1_000)
    one.sync()
    assert books.balances()[story.wang] == 121_000


def dumped(url: str, target: str) -> None:
    """As an operator does it: pg_dump while head office is being used, psql into an empty database."""
    binaries = chosen_binaries()
    names = [
        make_url(each).set(drivername="postgresql").render_as_string(hide_password=False) for each in (url, target)
    ]
    dump = subprocess.run([binaries / "pg_dump", names[0]], capture_output=True, check=True).stdout
    subprocess.run(
        [binaries / "psql", "-q", "-v", "ON_ERROR_STOP=1", names[1]], input=dump, capture_output=True, check=True
    )


def test_h1_a_till_that_has_only_read_is_refused_until_a_person_begins_the_epoch(
    franchise_at_rest: Path, tmp_path: Path
) -> None:
    """What it read was head office's own doing, and nobody's signature tells of it. Were it let in, new rows would take numbers that the till has passed already."""
    wang = member_of("S01")
    with ExitStack() as tills:
        with playing(franchise_at_rest, tmp_path / "day") as before:
            before.lease_nothing()
            till = before.till("S01-T1")
            till.top_up(wang, 100_000, "plan-1000")
            till.sync()
            backup = tmp_path / "backup"
            backup_of(before, backup)
            with before.hq.database.write() as session:
                publish(session, "S01", MemberExitRow(member_id=MemberId("nobody"), version=1), at=before.hq.clock.at)
            till.sync()
            tills.callback(till.close)
            before.stack.pop_all()
            clock = before.hq.clock
        config = HqConfig(data_dir=backup, sequencer_interval_s=0.05)
        with serving(config, clock) as restored:
            till.restart(restored.url)
            worker = SyncWorker(till.cycle.run_once, till.clock)
            worker.step()
            assert worker.status().code == Trouble.HQ_RESTORED, "the cashier is told"
            assert "epoch_behind" in str(till.sync_fails())
            with restored.database.read() as session:
                (told,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "epoch_behind"))
            assert (told.kind, told.store_id) == ("till", "HQ"), "and head office's people, once"
            till.begin_shift()
            till.redeem(wang, 1_000)
            assert "new-epoch" in str(till.sync_fails()), "also with something to say"
            with restored.database.write() as session:
                begin_epoch(session, current_epoch(session), now=clock.at)
            till.sync()
            assert HqBooks(config.database).balances()[wang] == 124_000
            assert till.member(wang).balance_minor == 124_000


def backup_of(franchise: Franchise, target: Path) -> None:
    """A consistent copy of the SQLite file of a running head office, as its operator makes one, and of the keys."""
    target.mkdir()
    with closing(sqlite3.connect(franchise.config.data_dir / "hq.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(target / "hq.db"),))
    shutil.copytree(franchise.config.keys, target / "keys")


def test_h6_two_tills_of_one_disk_are_stopped_and_both_sides_are_told(franchise: Franchise) -> None:
    franchise.lease_nothing()
    wang = member_of("S01")
    till = franchise.till("S01-T1")
    till.top_up(wang, 50_000)
    till.sync()
    clone = till.cloned(franchise.folder / "clone", franchise.hq.url)
    franchise.stack.callback(clone.close)
    for each in (till, clone):
        each.unplug()
        each.begin_shift()
    till.redeem(wang, 1_000)
    clone.redeem(wang, 2_000)
    till.sync()
    assert isinstance(clone.sync_fails(), TillStopped)
    status, reason = franchise.books.till_status("S01-T1")
    assert (status, bool(reason)) == ("stopped", True), "head office's people are told"
    till.sync_fails()
    assert isinstance(till.sync_fails(), TillStopped), (
        "nobody knows which is right; the next session tells the first too"
    )
    for each in (till, clone):
        assert each.counter.status().stopped_reason, "the cashier is told"
        assert refused(each.try_to_redeem(wang, 100)) is RefusalCode.TILL_STOPPED
        assert read_journal(each.data_dir).entries[-1].body["amount_minor"] in {1_000, 2_000}, "no entry is lost"
    assert franchise.books.balances()[wang] == 55_000 - 1_000, "the losing branch moved nothing"
    assert franchise.books.faults("S01-T1") == []
    healthy = franchise.till("S01-T2")
    healthy.redeem(wang, 500)
    healthy.sync()
    assert franchise.books.balances()[wang] == 53_500, "the other tills go on"
