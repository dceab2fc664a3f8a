"""Days on which a till is killed while it pushes, head office is put back to an older state, or its feed holds what nobody signed."""

import contextlib
import logging
import os
import shutil
import signal
from dataclasses import replace as changed
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from hq_server.database.models import ExceptionRecord
from hq_server.feed.publishing import publish
from stored_value.identity import MemberId
from sync.client import HqClient
from sync.errors import HqUnreachable
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE
from sync.rulebook_signature import sign_rulebook
from terminal import steps
from terminal.syncing.push import Batches
from tests.hq_server.served import NOON, ServedHq
from tests.hq_server.serving import serving
from tests.stored_value.miniature import BOOK
from tests.terminal.journal.test_kills import KillAt
from tests.terminal.miniature import rulebook_row
from tests.terminal.syncing.till import Cable, SyncedTill, hq_balance, synced_till

pytestmark = pytest.mark.slow


def sync_until_killed(folder: Path, url: str, step: str) -> None:
    """In a forked child, which ends at the step."""
    child = os.fork()
    if child == 0:
        try:
            log = logging.getLogger("terminal.steps")
            log.setLevel(logging.DEBUG)
            log.propagate = False
            log.addHandler(KillAt(step, 1))
            SyncedTill(folder, url).sync()
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the step {step} was not reached"
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("step", [steps.PUSH_RECORDED, steps.PUSH_SENT, steps.PUSH_SETTLED])
def test_a_till_killed_while_it_pushes_pushes_once(step: str, till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.sync()
    expected = 0
    for round_ in range(1, 11):
        till.top_up(member, 100 * round_)
        expected += 100 * round_
        till.stop()
        sync_until_killed(till.place.path, hq.url, step)
        till.start()
        assert (till.journal.outcomes.open_push() is None) == (step == steps.PUSH_SETTLED)
        assert till.shown(member).total_minor == expected
        till.sync()
        assert till.shown(member).total_minor == hq_balance(hq, member) == expected
        assert till.journal.pending_count() == 0


def test_head_office_restored_from_a_backup_gets_again_what_it_lost(
    hq: ServedHq, till: SyncedTill, tmp_path: Path
) -> None:
    """H1, with a real copy of its database file put back."""
    member = till.enrol_member()
    till.top_up(member, 1_000)
    till.sync()
    backup = tmp_path / "backup"
    with hq.database.write():
        shutil.copytree(hq.office.config.data_dir, backup / "hq")
        for suffix in ("", "-wal"):
            source = tmp_path / f"hq.db{suffix}"
            if source.exists():
                shutil.copy(source, backup / f"hq.db{suffix}")
    till.top_up(member, 2_000)
    hq.clock.pass_(minutes=5)
    lost_member = till.enrol_member("李雷", "+8613900001111")
    till.top_up(lost_member, 3_000)
    till.sync()
    old = till.journal.head_office.epoch
    url = f"sqlite:///{backup / 'hq.db'}"
    config = hq.office.config.model_copy(update={"data_dir": backup / "hq", "database_url": url})
    with serving(config, hq.clock) as restored:
        till.client.close()
        till.client = HqClient(restored.url)
        till.restart()
        till.redeem(member, 500)
        till.sync()
        assert till.journal.head_office.epoch != old
        assert till.replica.epoch() == till.journal.head_office.epoch
        assert till.shown(member).total_minor == hq_balance(restored, member) == 2_500
        assert till.shown(lost_member).total_minor == hq_balance(restored, lost_member) == 3_000
        assert till.journal.pending_count() == 0
        till.client.close()


def test_a_rulebook_that_nobody_signed_is_left_out_and_told(hq: ServedHq, till: SyncedTill) -> None:
    member = till.enrol_member()
    forged = rulebook_row(changed(BOOK, effective_at=hq.clock.at))
    with hq.database.write() as session:
        publish(session, GLOBAL_SCOPE, forged, at=hq.clock.at)
    before = till.replica.rulebook(forged.version)
    report = till.sync()
    assert len(report.rejected) == 1
    assert till.replica.rulebook(forged.version) == before
    assert till.replica.rulebook_in_force(NOON) is not None
    assert till.shown(member).total_minor == hq_balance(hq, member) == 0, "the rest of the cycle went on"
    assert till.sync().rejected == report.rejected, "said for as long as it is missing"
    with hq.database.read() as session:
        told = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "rows_not_trusted")).all()
    assert [(each.kind, each.terminal_id) for each in told] == [("till", "S01-T1")]
    with hq.database.write() as session:
        key = hq.office.keys.signing(KeyPurpose.RULEBOOK, hq.clock.at)
        signed = replace(forged, signature=sign_rulebook(key.private, forged.document), key_id=key.key_id)
        publish(session, GLOBAL_SCOPE, signed, at=hq.clock.at)
    assert till.sync().rejected == ()


def test_two_tills_take_turns_with_one_member(hq: ServedHq, till: SyncedTill, tmp_path: Path) -> None:
    with synced_till(hq, tmp_path / "second", "S01", seed=7) as second:
        member: MemberId = till.enrol_member()
        till.sync()
        for round_ in range(5):
            for each in (till, second):
                each.sync()
                each.top_up(member, 100 + round_)
                each.sync()
        till.sync()
        assert till.shown(member).total_minor == second.shown(member).total_minor == hq_balance(hq, member) == 1_020


class Breaking(Cable):
    """A line that breaks whenever so many bytes have gone up in one request."""

    def __init__(self, after_bytes: int) -> None:
        super().__init__()
        self.after_bytes = after_bytes
        self.broke = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if len(request.read()) > self.after_bytes:
            self.broke += 1
            raise httpx.WriteError("the line broke", request=request)
        return super().handle_request(request)


def test_a_line_that_breaks_under_every_large_push_lets_a_long_offline_day_through(
    hq: ServedHq, till: SyncedTill
) -> None:
    """Sent whole again and again it would never arrive, and the till would be offline for ever."""
    member = till.enrol_member()
    till.top_up(member, 9_900)
    till.sync()
    for _ in range(60):
        till.redeem(member, 100)
    cable = Breaking(after_bytes=4_000)
    till.connect(cable)
    for _ in range(20):
        if not till.journal.pending_count():
            break
        with contextlib.suppress(HqUnreachable):
            till.sync()
    assert cable.broke
    assert till.journal.pending_count() == 0
    assert till.shown(member).total_minor == hq_balance(hq, member) == 3_900


def test_a_push_grows_again_when_the_line_holds() -> None:
    batches = Batches()
    batches.unanswered()
    batches.unanswered()
    assert batches.most == 125
    for _ in range(9):
        batches.answered()
    assert batches.most == 500
    for _ in range(12):
        batches.unanswered()
    assert batches.most == 1
