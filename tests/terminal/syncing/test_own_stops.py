"""What only a till knows reaches head office's people with its next session: why it stopped by itself, that its mirror is not written, how it stands."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from hq_server.console.catalogues import Language, catalogue
from hq_server.console.tills.reads import tills
from hq_server.console.words import Words
from hq_server.database.models import ExceptionRecord
from hq_server.recovery.branches import adopt
from hq_server.terminals.standing import revoke, stop
from stored_value.identity import TerminalId
from sync.till_trouble import MIRROR_FAULT, MirrorFault, OwnStop, TillStanding, TillTrouble
from terminal.journal.mirror import Mirror
from terminal.standing_told import Asked
from terminal.stops import Stop, StopCode
from terminal.syncing import TillStopped
from tests.hq_server.console.franchise_day import add_people
from tests.hq_server.console.visiting import text_of, visit
from tests.hq_server.served import ServedHq
from tests.terminal.syncing.till import SyncedTill

pytestmark = pytest.mark.slow
TILL = TerminalId("S01-T1")


def told(hq: ServedHq) -> list[tuple[str, str]]:
    """Kind and findings of each exception about a stop."""
    with hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "stopped_here"))
        return [(each.kind, each.findings) for each in found]


def fails(till: SyncedTill) -> None:
    with pytest.raises(TillStopped):
        till.sync()


@contextmanager
def put_back(till: SyncedTill, hq: ServedHq, folder: Path) -> Iterator[SyncedTill]:
    """An older image of the till's disk, which has sold nothing since."""
    member = till.enrol_member()
    till.sync()
    till.stop()
    shutil.copytree(till.place.path, folder)
    till.start()
    till.top_up(member, 9_900)
    till.sync()
    old = SyncedTill(folder, hq.url)
    try:
        yield old
    finally:
        old.client.close()
        old.stop()


def rot(till: SyncedTill, seq: int) -> None:
    till.stop()
    with closing(sqlite3.connect(till.place.journal)) as connection, connection:
        connection.execute("DROP TRIGGER entries_never_change")
        connection.execute("UPDATE entries SET raw = CAST(raw || 'x' AS BLOB) WHERE seq = ?", (seq,))
    till.start()


def test_h6_an_image_that_has_sold_nothing_is_told_to_head_office(
    till: SyncedTill, hq: ServedHq, tmp_path: Path
) -> None:
    with put_back(till, hq, tmp_path / "image") as old:
        fails(old)
        assert told(hq) == [], "found after the session was opened"
        fails(old)
        assert old.journal.head_office.stopped is not None
        assert old.journal.head_office.stopped.code is StopCode.PUT_BACK
    ((kind, findings),) = told(hq)
    assert kind == "till"
    assert '"put_back"' in findings


def test_a_rotten_entry_is_told_until_it_is_mended_and_after_that_no_more(till: SyncedTill, hq: ServedHq) -> None:
    till.sync()
    till.enrol_member()
    rot(till, 1)
    fails(till)
    fails(till)
    ((_, findings),) = told(hq)
    assert '"entry_rotten"' in findings
    till.stop()
    with closing(sqlite3.connect(till.place.journal)) as connection, connection:
        connection.execute("UPDATE entries SET raw = CAST(substr(raw, 1, length(raw) - 1) AS BLOB) WHERE seq = 1")
    till.start()
    hq.clock.pass_(days=1)
    till.sync()
    till.sync()
    assert till.journal.head_office.stopped is None
    assert len(told(hq)) == 1


def test_h6_a_journal_behind_its_mirror_is_told_though_its_cycles_end_well(
    till: SyncedTill, hq: ServedHq, tmp_path: Path
) -> None:
    till.sync()
    till.stop()
    shutil.copytree(till.place.path, tmp_path / "image")
    till.start()
    till.enrol_member()
    Mirror(till.journal, tmp_path / "stick").copy()
    old = SyncedTill(tmp_path / "image", hq.url)
    Mirror(old.journal, tmp_path / "stick").compare()
    old.sync()
    ((_, findings),) = told(hq)
    assert '"behind_mirror"' in findings
    assert old.journal.head_office.stopped_reason
    old.client.close()
    old.stop()


def test_h6_a_machine_that_head_office_followed_tells_that_another_copy_is_waited_for(
    till: SyncedTill, hq: ServedHq
) -> None:
    till.enrol_member()
    till.sync()
    with hq.database.write() as session:
        stop(session, TILL, "looked at")
        adopt(session, TILL)
    till.restart()
    fails(till)
    fails(till)
    ((_, findings),) = told(hq)
    assert '"other_copy"' in findings


def test_a_mirror_that_is_not_written_is_told_to_head_office(till: SyncedTill, hq: ServedHq) -> None:
    troubles: list[TillTrouble | None] = [None]
    till.stop()
    till.start(Asked(mirror_trouble=lambda: troubles[0]))
    till.sync()
    troubles[0] = TillTrouble(code=MIRROR_FAULT, words="no such folder", reason=MirrorFault.MISSING)
    till.sync()
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.code == "mirror_fault"))
    assert (raised.kind, "mirror_missing" in raised.findings) == ("till", True)


def test_how_a_till_stands_is_on_head_offices_page_of_tills(till: SyncedTill, hq: ServedHq) -> None:
    """A busy till's session lasts for hours: when a printer stops meanwhile, that is told at once, and once."""
    printers = ["ready"]

    def standing() -> TillStanding:
        return TillStanding(journal_head=till.journal.head().seq, printer=printers[0], print_jobs=2)

    def line() -> tuple[int | None, str, int]:
        with hq.database.read() as session:
            (found,) = tills(session, None, now=hq.clock.at)
        return found.waiting, found.printer, found.print_jobs

    till.stop()
    till.start(Asked(standing=standing))
    till.enrol_member()
    till.sync()
    assert line() == (0, "ready", 2), "what it sent since it told does not wait"
    till.sync()
    printers[0] = "paper_out"
    sessions = till.cable.paths.count("/v1/sessions")
    for _ in range(3):
        till.sync()
        assert line() == (0, "paper_out", 2)
    assert till.cable.paths.count("/v1/sessions") == sessions + 1
    add_people(hq)
    page = text_of(visit(hq.url, "boss").page("/tills"))
    assert "Paper out" in page
    assert "2 to print" in page


def test_why_head_office_stopped_or_revoked_a_till_is_what_the_till_keeps(till: SyncedTill, hq: ServedHq) -> None:
    deeds: list[tuple[Callable[..., object], StopCode]] = [
        (stop, StopCode.BY_HEAD_OFFICE),
        (revoke, StopCode.REVOKED),
    ]
    for deed, code in deeds:
        with hq.database.write() as session:
            deed(session, TILL, "盘点，请勿使用")
        till.restart()
        fails(till)
        till.restart()
        assert till.journal.head_office.stopped == Stop(code, "盘点，请勿使用"), "remembered over a restart"
        assert till.journal.head_office.found_stop is None, "head office knows it"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", [*OwnStop, *MirrorFault])
def test_each_reason_has_words_at_head_office(code: str, language: Language) -> None:
    said = Words(catalogue(language)).found_here(code)
    assert said != code
    assert said.isascii() is (language is Language.EN)


def test_the_page_of_the_exception_says_why_and_what_helps(till: SyncedTill, hq: ServedHq, tmp_path: Path) -> None:
    with put_back(till, hq, tmp_path / "image") as old:
        fails(old)
        fails(old)
    add_people(hq)
    page = text_of(visit(hq.url, "boss").page("/exceptions?kind=till"))
    assert "Put the newer disk in again" in page
