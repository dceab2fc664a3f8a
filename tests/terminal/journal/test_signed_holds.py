"""What head office signed of a hold is kept with the entry that used it, in the journal and in its mirror, and sent with it once its epoch is over (H1)."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from stored_value.reservation_records import ReservationId
from sync.signed_hold import SignedHold
from terminal.journal import Journal
from terminal.journal.mirror import Mirror, mirror_file
from terminal.recovery import read_copy
from tests.stored_value.miniature import redeem
from tests.terminal.journal.test_hold_requests import ask
from tests.terminal.miniature import opened_journal


def word(name: str) -> SignedHold:
    return SignedHold(document=f'{{"hold_id":"{name}"}}', key_id="k", signature="s")


def hold(journal: Journal, name: str) -> None:
    ask(journal, name)
    journal.reservations.answered(ReservationId(name), held=True, signed=word(name))


def pay(journal: Journal, name: str, *holds: str) -> int:
    event = redeem(name, 100)
    named = tuple(map(ReservationId, holds))
    return journal.append(replace(event, occasion=replace(event.occasion, reservations=named))).entry.header.seq


def kept(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return {row[0] for row in connection.execute("SELECT hold_id FROM signed_holds")}


def test_it_is_sent_with_its_entry_when_the_epoch_is_over_and_not_before(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        for name in ("a", "b", "c"):
            hold(journal, name)
        first, second = pay(journal, "p1", "a"), pay(journal, "p2", "b")
        signed_of = journal.reservations.signed_of
        assert signed_of(1, second) == ()
        journal.outcomes.begin_epoch("epoch-2", 0)
        hold(journal, "d")
        third = pay(journal, "p3", "d")
        assert signed_of(1, third) == (word("a"), word("b"))
        assert (signed_of(first, first), signed_of(second, third)) == ((word("a"),), (word("b"),))
    with opened_journal(tmp_path) as journal:
        assert journal.reservations.signed_of(1, third) == (word("a"), word("b")), "after a restart too"


def test_what_no_entry_used_is_forgotten_with_its_request_and_what_one_used_never(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        for name in ("used", "dropped", "open", "newest"):
            hold(journal, name)
        pay(journal, "p1", "used")
        journal.reservations.drop(ReservationId("dropped"))
        journal.reservations.drop(ReservationId("newest"))
        journal.reservations.acknowledged(journal.reservations.report())
        assert kept(tmp_path) == {"used", "open", "newest"}
        journal.reservations.answered(ReservationId("open"), held=True, signed=word("open"))
        assert kept(tmp_path) == {"used", "open", "newest"}, "the same answer again changes nothing"


def test_what_the_disk_has_changed_holds_up_nothing(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        hold(journal, "a")
        hold(journal, "b")
        last = pay(journal, "p1", "a", "b")
        journal.outcomes.begin_epoch("epoch-2", 0)
        with closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
            connection.execute("UPDATE signed_holds SET signed = substr(signed, 3) WHERE hold_id = 'a'")
        assert journal.reservations.signed_of(1, last) == (word("b"),)


def test_the_mirror_holds_it_as_well_and_a_recovery_reads_it_from_either(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        pay(journal, "p0")
        mirror = Mirror(journal, tmp_path / "stick")
        mirror.copy()
        hold(journal, "a")
        pay(journal, "p1", "a")
        mirror.copy()
        mirror.copy()
    for copy in (tmp_path / "till", tmp_path / "stick"):
        (signed,) = read_copy(copy).signed
        assert (signed.seq, signed.epoch, signed.hold) == (2, "epoch-1", word("a"))


def test_a_mirror_by_an_older_program_is_read_and_written_on(tmp_path: Path) -> None:
    with opened_journal(tmp_path / "till") as journal:
        pay(journal, "p0")
        mirror = Mirror(journal, tmp_path / "stick")
        mirror.copy()
        path = mirror_file(tmp_path / "stick", "S01-T1")
        with closing(sqlite3.connect(path)) as older, older:
            older.execute("DROP TABLE signed_holds")
        assert read_copy(path).signed == ()
        hold(journal, "a")
        pay(journal, "p1", "a")
        mirror.copy()
        assert len(read_copy(path).signed) == 1
