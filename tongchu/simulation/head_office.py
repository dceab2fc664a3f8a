"""Head office as a machine that can die and come back, also from an older backup. Its application is the product's; its process lives in ours.

Dead means: application, engine and everything in memory are gone, the database file stays as the last commit left it.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

from fastapi import FastAPI

from hq_server.config import HqConfig
from hq_server.database.engine import WriteSession
from hq_server.feed.publishing import current_epoch
from hq_server.office import Office
from hq_server.own_journal.place import Moment
from hq_server.recovery.branches import adopt
from hq_server.reservations.write_off import WriteOffWish, write_off
from hq_server.sessions.epochs import begin_epoch
from hq_server.terminals.standing import Standing, allow_again, confirm_machine, stop
from stored_value.identity import MemberId, TerminalId
from stored_value.reservation_records import ReservationId
from tongchu.simulation.in_process import Answer, Call, InProcess
from tongchu.simulation.record import Record
from tongchu.simulation.sudden_death import HQ_LOGGERS, SuddenDeath, dying_at
from tongchu.simulation.virtual_time import VirtualTime
from tongchu.witness.books import HqBooks
from tongchu.witness.forgotten import Forgotten

MakeApplication = Callable[[HqConfig, VirtualTime, Callable[[int], bytes]], FastAPI]
BACKUPS_KEPT = 4


class HeadOfficeDown(Exception):
    """Nobody listens, or the line broke because the machine died in the middle; `heard` says whether the request had arrived."""

    def __init__(self, *, heard: bool) -> None:
        super().__init__()
        self.heard = heard


class HeadOffice:
    """`doom`: the step at which the process dies next. `forgotten`: what it knew and lost with its database."""

    def __init__(
        self, folder: Path, time: VirtualTime, record: Record, chance: Random, make_application: MakeApplication
    ) -> None:
        self.config = HqConfig(data_dir=folder)
        self.doom: str | None = None
        self.on_death: Callable[[], None] = lambda: None
        self._time = time
        self._record = record
        self._chance = chance
        self._make_application = make_application
        self._server: InProcess | None = None
        self._office: Office | None = None
        self._backups: list[Path] = []
        self._forgotten = ""
        self.forgotten = Forgotten()

    @property
    def up(self) -> bool:
        return self._server is not None

    @property
    def office(self) -> Office:
        assert self._office is not None, "head office is down"
        return self._office

    def start(self) -> None:
        application = self._make_application(self.config, self._time, self._chance.randbytes)
        office = application.state.office
        assert isinstance(office, Office)
        self._office, self._server = office, InProcess(application)
        office.sequencer.drain()

    def died_meanwhile(self) -> bool:
        """A till that is let in may bring the death that waits for it."""
        return not self.up

    def stop(self) -> None:
        """Twice is harmless."""
        if self._server is not None:
            self._server.close()
        if self._office is not None:
            self._office.database.close()
        self._server = self._office = None

    def answer(self, call: Call) -> Answer:
        """Raises `HeadOfficeDown`."""
        if self._server is None:
            raise HeadOfficeDown(heard=False)
        if self.doom is None:
            return self._answer(self._server, call)
        doom = self.doom
        try:
            with dying_at(doom, HQ_LOGGERS, _nothing_more):
                return self._answer(self._server, call)
        except SuddenDeath as death:
            self.doom = None
            self._record.note(self._time(), f"head office dies at {doom}")
            self._record.count("hq crash")
            self._record.count(f"hq crash at {doom}")
            self.stop()
            self.on_death()
            raise HeadOfficeDown(heard=True) from death

    def _answer(self, server: InProcess, call: Call) -> Answer:
        """And what its background threads do afterwards."""
        answer = server.answer(call)
        if self.office.leases.drain():
            self.office.sequencer.drain()
        return answer

    def mind_its_own(self) -> None:
        """What its background threads do by the clock: leases past half their life, and the day's run."""
        self.office.leases.look_for_renewals()
        self.office.leases.drain()
        self.do_what_is_due()

    def do_what_is_due(self) -> bool:
        """Its day's run: expiries, instalments, and sweeps of what landed in merged wallets. False: there was nothing to do."""
        ran = self.office.schedule.look()
        if ran:
            self._record.count("days run by head office")
        self.office.sequencer.drain()
        return ran

    def back_up(self) -> None:
        """As its operator would, while it runs."""
        target = self.config.data_dir / f"backup-{len(self._backups)}.db"
        with closing(sqlite3.connect(self._database)) as connection, closing(sqlite3.connect(target)) as copy:
            connection.backup(copy)
        self._backups.append(target)

    def restore(self, *, as_documented: bool) -> bool:
        """Comes back from one of the newest backups. `as_documented`: the operator runs `tongchu hq new-epoch` before he serves. False: there is no backup."""
        if not self._backups:
            return False
        backup = self._chance.choice(self._backups[-BACKUPS_KEPT:])
        self.stop()
        self.forgotten.add(self._database, backup)
        for suffix in ("-wal", "-shm"):
            self._database.with_name(self._database.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(backup, self._database)
        self.start()
        self._forgotten = "" if as_documented else self._epoch()
        if as_documented:
            with self.office.database.write() as session:
                begin_epoch(session, current_epoch(session), now=self._time(), random=self._chance.randbytes)
        self._record.note(self._time(), f"head office comes back from {backup.name}, as documented: {as_documented}")
        return True

    def is_trustworthy(self, epoch: str) -> bool:
        """The epoch is head office's own, and not one in which it came back from a backup without saying so: its versions would mean two things."""
        return epoch == self._epoch() and epoch != self._forgotten

    def let_go_on(self, terminal_id: TerminalId) -> bool:
        """Head office's people looked at a stopped till and let it work again."""
        with self.office.database.write() as session:
            return allow_again(session, terminal_id) is Standing.CHANGED

    def told_of_copies(self, terminal_id: TerminalId) -> None:
        """Copies of a till's disk were taken out of use before their journals differed: what they had asked for is to come to nothing."""
        with self.office.database.write() as session:
            stop(session, terminal_id, "a copy was in use")
            allow_again(session, terminal_id)

    def confirm_machine(self, terminal_id: TerminalId) -> None:
        """The machine that goes on as this till is the one that they want."""
        with self.office.database.write() as session:
            confirm_machine(session, terminal_id)

    def take_branch_over(self, terminal_id: TerminalId) -> None:
        """They adopt the journal of a till that shows another one than head office holds, and wait no longer for what was reserved for the old one."""
        with self.office.database.write() as session:
            stop(session, terminal_id, "two journals")
            adopted = adopt(session, terminal_id) is Standing.CHANGED
        if not adopted:
            return
        self._record.count("branches taken over")
        self._record.note(self._time(), f"head office takes over a branch of {terminal_id}")
        books = HqBooks(self.config.database)
        for member_id, reservation_id in books.reserved_for_past_lives(terminal_id):
            wish = WriteOffWish(
                member_id=MemberId(member_id), reservation_id=ReservationId(reservation_id), reason="换机"
            )
            write_off(self.office.desk, Moment.at(self._time()), wish, _nothing_noted)

    def _epoch(self) -> str:
        with self.office.database.look() as session:
            return current_epoch(session)

    @property
    def _database(self) -> Path:
        return self.config.data_dir / "hq.db"


def _nothing_noted(_session: WriteSession) -> None:
    """The audit log is not what is looked at here."""


def _nothing_more() -> None:
    """What was not committed is rolled back by SQLite when the connection goes, as after a kill."""
