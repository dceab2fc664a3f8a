"""The spool on a real database file, with real printers on sockets and pseudo-terminals."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from printers.errors import DocumentUnprintable
from printers.profile import GENERIC_80, StatusSupport
from printers.simulated import SimulatedNetworkPrinter, SimulatedPrinter, SimulatedSerialPrinter
from printers.spool import (
    JobState,
    PrintJob,
    Readiness,
    RetryPolicy,
    SpoolWorker,
    enqueue,
    forget_printed,
    job,
    jobs_for_a_person,
    mark_failed,
    mark_printed,
    mark_sending,
    next_job,
    print_again,
    queued_count,
    recover,
    take_as_printed,
)
from printers.spool.jobs import BLIND_REPRINTS_MAX, StoredJob
from tests.printers.sample_receipts import MORNING, Journal, device, sale
from tests.waiting import until

LATER = MORNING + timedelta(minutes=1)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.db").create()


@pytest.fixture
def conn(journal: Journal) -> Iterator[sqlite3.Connection]:
    with closing(journal.connect()) as connection:
        yield connection


@contextmanager
def working(*workers: SpoolWorker) -> Iterator[None]:
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stopped = [worker.stop() for worker in workers]  # every one, also behind one that does not
        assert all(stopped)


def stored(conn: sqlite3.Connection, job_id: str) -> StoredJob:
    found = job(conn, job_id)
    assert found is not None
    return found


def numbers(printer: SimulatedPrinter) -> list[tuple[str, bool]]:
    """Receipt number and whether marked, of every job on paper that got that far."""
    found = []
    for output in printer.jobs():
        number = [line.removeprefix("小票号: ") for line in output.lines if line.startswith("小票号: ")]
        if number and output.cuts:
            found.append((number[0], "重打 REPRINT" in output.lines[0]))
    return found


# The table.


def test_the_same_job_twice_is_one_job(conn: sqlite3.Connection) -> None:
    first = PrintJob(job_id="a", kind="x", printer="front", document=sale(), created_at=MORNING)
    enqueue(conn, first)
    enqueue(conn, replace(first, kind="other"))
    assert queued_count(conn, "front") == 1
    assert stored(conn, "a").kind == "x"
    assert stored(conn, "a").document_to_print() == sale()


def test_a_job_of_a_rolled_back_sale_was_never_there(conn: sqlite3.Connection) -> None:
    enqueue(conn, PrintJob(job_id="a", kind="x", printer="front", document=sale(), created_at=MORNING))
    conn.rollback()
    assert next_job(conn, "front") is None


def test_a_naive_time_is_refused(conn: sqlite3.Connection) -> None:
    with pytest.raises(ValueError, match="aware"):
        enqueue(
            conn,
            PrintJob(job_id="a", kind="x", printer="front", document=sale(), created_at=datetime(2026, 1, 1)),  # noqa: DTZ001 - the naive time is what is tested
        )


def test_the_oldest_job_of_this_printer_comes_first(journal: Journal, conn: sqlite3.Connection) -> None:
    journal.enqueue("1", "2")
    journal.enqueue("3", printer="kitchen")
    first = next_job(conn, "front")
    assert first is not None
    assert first.job_id == "1"
    assert mark_sending(conn, "1")
    assert not mark_sending(conn, "1")
    assert [found.job_id for found in [next_job(conn, "front"), next_job(conn, "kitchen")] if found] == ["2", "3"]


def test_a_crash_while_sending_brings_the_job_back_marked_and_without_the_drawer(
    journal: Journal, conn: sqlite3.Connection
) -> None:
    journal.enqueue("1", "2", kick_drawer=True)
    mark_sending(conn, "1")
    assert recover(conn).queued_again == 1
    first, second = stored(conn, "1"), stored(conn, "2")
    assert (first.state, first.copies, first.kick_drawer) == (JobState.QUEUED, 1, False)
    assert (second.state, second.copies, second.kick_drawer) == (JobState.QUEUED, 0, True)
    assert first.document_to_print() != sale("1")
    assert recover(conn).queued_again == 0


def test_a_job_interrupted_too_often_is_left_to_a_person(journal: Journal, conn: sqlite3.Connection) -> None:
    journal.enqueue("1")
    for _ in range(BLIND_REPRINTS_MAX):
        mark_sending(conn, "1")
        assert recover(conn).queued_again == 1
    mark_sending(conn, "1")
    assert recover(conn).left_to_a_person == 1
    assert [found.job_id for found in jobs_for_a_person(conn)] == ["1"]


def test_blind_reprints_end(journal: Journal, conn: sqlite3.Connection) -> None:
    journal.enqueue("1")
    tries = 0
    while mark_sending(conn, "1"):
        mark_failed(conn, "1", error="cable", retry_at=LATER, may_have_printed=True)
        tries += 1
    assert tries == BLIND_REPRINTS_MAX + 1
    assert stored(conn, "1").state is JobState.UNCONFIRMED


def test_a_person_prints_again_or_takes_as_printed(journal: Journal, conn: sqlite3.Connection) -> None:
    journal.enqueue("1", "2")
    for job_id in ("1", "2"):
        mark_sending(conn, job_id)
        mark_printed(conn, job_id, at=LATER, confirmed=False)
    assert print_again(conn, "1")
    assert not print_again(conn, "1")
    assert take_as_printed(conn, "2")
    assert (stored(conn, "1").state, stored(conn, "1").copies) == (JobState.QUEUED, 1)
    assert stored(conn, "2").state is JobState.PRINTED
    assert forget_printed(conn, before=LATER) == 1
    assert job(conn, "2") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "state = 'lost'",
        "kick_drawer = 1, copies = 1",
        "attempts = -1",
    ],
)
def test_the_table_refuses_nonsense(journal: Journal, conn: sqlite3.Connection, wrong: str) -> None:
    journal.enqueue("1")
    with pytest.raises(sqlite3.IntegrityError):
        conn.execute(f"UPDATE print_jobs SET {wrong}")


def test_a_rotten_document_names_itself(journal: Journal, conn: sqlite3.Connection) -> None:
    journal.enqueue("1")
    conn.execute("UPDATE print_jobs SET document = substr(document, 1, 40)")
    with pytest.raises(DocumentUnprintable):
        stored(conn, "1").document_to_print()


# The worker.


@pytest.fixture(params=["network", "serial"])
def printer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimulatedPrinter]:
    made = SimulatedNetworkPrinter() if request.param == "network" else SimulatedSerialPrinter(tmp_path / "ttyPRN")
    with made:
        yield made


def test_receipts_come_out_once_and_in_order(journal: Journal, printer: SimulatedPrinter) -> None:
    journal.enqueue("1", "2", "3", kick_drawer=True)
    worker = journal.worker("front", printer.target)
    with working(worker):
        until(lambda: set(journal.states().values()) == {"printed"}, what="three printed jobs")
        until(lambda: worker.status().state is Readiness.READY, what="a printer that is ready again")
        journal.enqueue("4")
        worker.wake()
        until(lambda: journal.states()["4"] == "printed", what="the fourth job")
    assert numbers(printer) == [(str(n), False) for n in range(1, 5)]
    assert printer.mechanism.output().drawer_kicks == 3
    assert worker.status().state is Readiness.STOPPED


def test_a_dead_printer_does_not_hold_the_other(journal: Journal, printer: SimulatedPrinter) -> None:
    journal.enqueue("1", "2", printer="dead")
    journal.enqueue("3", "4")
    dead, front = journal.worker("dead", "tcp://127.0.0.1:1"), journal.worker("front", printer.target)
    with working(dead, front):
        until(lambda: len(numbers(printer)) == 2, what="the living printer's receipts")
        until(lambda: dead.status().state is Readiness.OFFLINE, what="the dead printer to be shown")
        assert dead.status().fault == "printer_unreachable"
        assert dead.status().queued == 2
    states = journal.states()
    assert (states["1"], states["2"]) == ("queued", "queued")


def test_paper_out_is_shown_and_printing_goes_on_when_it_is_loaded(journal: Journal, printer: SimulatedPrinter) -> None:
    printer.mechanism.run_out_of_paper()
    journal.enqueue("1")
    worker = journal.worker("front", printer.target)
    with working(worker):
        until(lambda: worker.status().state is Readiness.PAPER_OUT, what="paper out on the strip")
        printer.mechanism.load_paper()
        worker.wake()
        until(lambda: journal.states()["1"] == "printed", what="the receipt after the new roll")
    assert numbers(printer) == [("1", False)]


def test_an_empty_roll_shows_before_the_next_sale(journal: Journal, printer: SimulatedPrinter) -> None:
    printer.mechanism.run_out_of_paper()
    worker = journal.worker("front", printer.target)
    with working(worker):
        until(lambda: worker.status().fault == "paper_out", what="paper out without any job")


def test_a_plug_pulled_within_the_job_gives_a_marked_copy_and_no_second_kick(
    journal: Journal, printer: SimulatedPrinter
) -> None:
    printer.unplug_after(200)
    journal.enqueue("1", kick_drawer=True)
    worker = journal.worker("front", printer.target)
    with working(worker):
        until(lambda: worker.status().state is Readiness.OFFLINE, what="the pulled plug to be noticed")
        printer.plug_in()
        worker.wake()
        until(lambda: journal.states()["1"] == "printed", what="the job to end")
    assert numbers(printer) == [("1", True)]
    assert printer.mechanism.output().drawer_kicks == 1


def test_a_printer_that_never_answers_leaves_the_job_to_be_offered_again(
    journal: Journal, conn: sqlite3.Connection, printer: SimulatedPrinter
) -> None:
    one_way = replace(GENERIC_80, status=StatusSupport.NONE)
    journal.enqueue("1")
    with working(journal.worker("front", printer.target, one_way)):
        until(lambda: journal.states()["1"] == "unconfirmed", what="an unconfirmed job")
    until(lambda: numbers(printer) == [("1", False)], what="the receipt")
    with conn:
        print_again(conn, "1")
    with working(journal.worker("front", printer.target, one_way)):
        until(lambda: numbers(printer) == [("1", False), ("1", True)], what="the marked copy")


def test_the_drawer_stays_shut_for_a_sale_of_long_ago(journal: Journal, printer: SimulatedPrinter) -> None:
    journal.enqueue("1", kick_drawer=True)
    worker = SpoolWorker("front", device(printer.target), journal.connect, clock=lambda: MORNING + timedelta(hours=1))
    with working(worker):
        until(lambda: journal.states()["1"] == "printed", what="the receipt")
    assert numbers(printer) == [("1", False)]
    assert printer.mechanism.output().drawer_kicks == 0


def test_a_rotten_document_fails_alone(journal: Journal, conn: sqlite3.Connection, printer: SimulatedPrinter) -> None:
    journal.enqueue("1", "2")
    with conn:
        conn.execute("UPDATE print_jobs SET document = '{' WHERE job_id = '1'")
    with working(journal.worker("front", printer.target)):
        until(lambda: journal.states() == {"1": "failed", "2": "printed"}, what="the job behind the rotten one")
    assert "not JSON" in (stored(conn, "1").last_error or "")


def test_a_database_that_is_locked_for_long_costs_no_second_copy(
    journal: Journal, conn: sqlite3.Connection, printer: SimulatedPrinter
) -> None:
    printer.mechanism.print_slowly(lines_per_s=30)
    journal.enqueue("1")
    worker = SpoolWorker(
        "front",
        device(printer.target, replace(GENERIC_80, status=StatusSupport.IN_ORDER)),
        lambda: _impatient(journal),
        clock=lambda: MORNING,
        retry=RetryPolicy(first_s=0.05, most_s=0.1),
    )
    with working(worker):
        until(lambda: journal.states()["1"] == "sending", what="the job under way")
        conn.execute("BEGIN IMMEDIATE")
        until(lambda: worker.status().fault == "spool_storage", what="the locked database to be shown")
        conn.rollback()
        until(lambda: journal.states()["1"] == "printed", what="the end to be written after all")
    assert numbers(printer) == [("1", False)]


def _impatient(journal: Journal) -> sqlite3.Connection:
    conn = sqlite3.connect(journal.path, timeout=0.02)
    conn.execute("PRAGMA busy_timeout = 20")
    return conn


def test_waits_grow_to_a_bound_and_are_spread() -> None:
    chances = iter([0.0, 0.5, 1.0, 1.0])
    policy = RetryPolicy(first_s=1, most_s=30, chance=lambda: next(chances))
    assert [policy.wait_s(n) for n in (1, 2, 3, 5000)] == [0.5, 1.5, 4.0, 30.0]


def test_stopping_needs_no_printer_and_leaves_no_thread(journal: Journal) -> None:
    worker = journal.worker("front", "tcp://127.0.0.1:1")
    assert worker.stop()
    worker = journal.worker("front", "tcp://127.0.0.1:1")
    worker.start()
    assert worker.stop(timeout_s=5)
    assert not [thread for thread in threading.enumerate() if thread.name == "spool-front"]
