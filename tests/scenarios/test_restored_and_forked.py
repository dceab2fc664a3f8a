"""Head office comes back from a backup (H1); a till's disk is copied and both go on (H6)."""

import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from hq_server.config import HqConfig
from stored_value.refusals import RefusalCode
from terminal.syncing import TillStopped
from tests.hq_server.serving import serving
from tests.scenarios.franchise import Franchise, member_of, playing
from tests.scenarios.till import refused
from tongchu.witness.books import HqBooks, read_journal

pytestmark = pytest.mark.slow


def test_h1_a_restored_head_office_gets_again_what_it_lost_from_every_till(
    franchise_at_rest: Path, tmp_path: Path
) -> None:
    """Two tills, a backup at noon, sales after it, a fire. In the new epoch everything is there once and both tills agree with it."""
    with ExitStack() as tills:
        with playing(franchise_at_rest, tmp_path / "day") as before:
            one, two = before.till("S01-T1"), before.till("S02-T1")
            wang, zhao = member_of("S01"), member_of("S02")
            one.top_up(wang, 100_000, "plan-1000")
            two.top_up(zhao, 20_000)
            for till in (one, two):
                till.sync()
            epochs = {one.journal.head_office.epoch}
            backup = tmp_path / "backup"
            backup_of(before, backup)
            before.pass_time(hours=1)
            bought = one.redeem(wang, 5_000)
            newcomer = two.enrol("韩梅梅", "13712348888")
            two.top_up(newcomer, 10_000)
            for till in (one, two):
                till.sync()
            lost = before.books.balances()
            clock, clocks = before.hq.clock, dict(before.clocks)
            for till in (one, two):
                tills.callback(till.close)
                before.stack.pop_all()  # the tills outlive this head office
        clock.pass_(hours=1)
        config = HqConfig(data_dir=backup, sequencer_interval_s=0.05)
        with serving(config, clock) as restored:
            books = HqBooks(config.database)
            assert books.balances()[wang] == 125_000, "the restored head office knows nothing of the afternoon"
            for till in (one, two):
                till.restart(restored.url)
                till.sync()
                epochs.add(till.journal.head_office.epoch)
            assert len(epochs) == 2, "one new epoch, begun once"
            one.sync()
            assert {member: books.balances()[member] for member in lost} == lost
            assert books.faults("S01-T1", "S02-T1") == []
            for till in (one, two):
                journal = read_journal(till.data_dir)
                assert [entry.raw for entry in books.entries(till.name)] == [entry.raw for entry in journal.entries]
                till.begin_shift()
            assert one.member(wang).balance_minor == 120_000
            assert two.member(newcomer).balance_minor == 15_000
            one.refund(bought.event_id, 1, 1_000)
            one.sync()
            assert books.balances()[wang] == 121_000
            assert clocks


def backup_of(franchise: Franchise, target: Path) -> None:
    """A consistent copy of the SQLite file of a running head office, as its operator makes one, and of the keys."""
    target.mkdir()
    with closing(sqlite3.connect(franchise.config.data_dir / "hq.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(target / "hq.db"),))
    shutil.copytree(franchise.config.keys, target / "keys")


def test_h6_two_tills_of_one_disk_are_stopped_and_both_sides_are_told(franchise: Franchise) -> None:
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
