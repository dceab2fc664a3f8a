"""The simulated world: head office, tills, customers, the network, and the days that they live through. What goes wrong is drawn from the seed by `faults`; after the
last day `healing` puts everything right, and `verdict` judges.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from hq_server.app import create_app
from stored_value.refusals import Refusal, RefusalCode
from terminal.clock import SimulatedClock
from terminal.counter.views import Completed
from terminal.station import Station
from tongchu.simulation import at_rest, errands
from tongchu.simulation.dealing import Turns
from tongchu.simulation.head_office import HeadOffice, MakeApplication
from tongchu.simulation.network import Network, Wire
from tongchu.simulation.record import Record
from tongchu.simulation.rules import NO_RISK, RISK
from tongchu.simulation.scenario import (
    CLOSING,
    EVENTS_A_TILL,
    FIRST_MORNING,
    OPEN_FOR,
    RUSH_LASTS,
    RUSHES,
    Scenario,
    terminal_ids,
)
from tongchu.simulation.stated import Stated
from tongchu.simulation.till import Around, TillMachine
from tongchu.simulation.virtual_time import Agenda, VirtualTime
from tongchu.simulation.visits import Customer, Done, Errand, Visit
from tongchu.simulation.watching import Watch

BACKUP_EVERY: Final = timedelta(minutes=40)
_DAY: Final = timedelta(days=1)
_AFTER_A_COMMIT_S: Final = 90.0
_AT_ONCE: Final = timedelta(seconds=1)
_LAST_RUSH: Final = OPEN_FOR * 0.8
_A_MOMENT: Final = timedelta(seconds=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the machines are made of: the product's own, unless a test plants a fault in one."""

    make_application: MakeApplication = lambda config, clock, random: create_app(config, clock=clock, random=random)
    make_station: Callable[..., Station] = Station


PRODUCT: Final = Parts()


class World:
    """`folder` holds a copy of a franchise at rest."""

    def __init__(self, scenario: Scenario, folder: Path, record: Record, parts: Parts = PRODUCT) -> None:
        self.scenario = scenario
        self.folder = folder
        self.record = record
        self.time = VirtualTime(FIRST_MORNING - timedelta(hours=1))
        self.agenda = Agenda()
        self.plan = self._chance("plan")
        self.fate = self._chance("fate")
        self.publishing = self._chance("rulebooks")
        self.turns = Turns(scenario.seed)
        self._errands = errands.pack(self.plan, pins=scenario.pins)
        self.head_office = HeadOffice(
            at_rest.hq_folder(folder), self.time, record, self._chance("head office"), parts.make_application
        )
        self.head_office.start()
        self.watch = Watch(self.head_office, record, risk=RISK if scenario.takes_risk else NO_RISK)
        self.stated = Stated(self.head_office, self.time, record, self.watch)
        self.network = Network(self.head_office, self.time, record, self._chance("network"))
        self.network.on_answer = self.watch.heard
        self.customers = [
            Customer(person.member_no, person.home_store_id) for person in at_rest.people(scenario.members)
        ]
        self.phones: list[int] = []
        self.acknowledged: list[tuple[str, str]] = []
        self._around = Around(time=self.time, record=record, make_station=parts.make_station)
        self.tills: list[TillMachine] = []
        self._next_sync: dict[str, int] = {}
        self._seen_in_doubt: dict[str, object] = {}
        self.closing = self.time()
        for terminal_id in terminal_ids(scenario.tills):
            till = at_rest.till_folder(folder, terminal_id)
            self.employ(TillMachine(terminal_id, till, self._around, self._clock(), Wire(self.network, terminal_id)))

    def live(self, happenings_of_the_day: Callable[[], None]) -> None:
        """Every day of the scenario. `happenings_of_the_day` enters into the agenda what is to happen beside business."""
        for day in range(self.scenario.days):
            morning = FIRST_MORNING + day * _DAY
            self.closing = morning + OPEN_FOR + CLOSING
            self.time.pass_until(morning)
            for till in self.tills:
                self.sync_soon(till)
            rushes = [(self._some_time(morning, OPEN_FOR - RUSH_LASTS), visits) for visits in RUSHES]
            for till in self.tills:
                for begins, visits in rushes:
                    self._enter_rush(till, begins, visits)
                self.agenda.enter(self.closing - timedelta(minutes=5), lambda till=till: self._close(till))  # type: ignore[misc]  # a lambda that binds now
            for number in range(1, OPEN_FOR // BACKUP_EVERY + 1):
                self.agenda.enter(morning + number * BACKUP_EVERY, self._back_up)
            happenings_of_the_day()
            if day == self.scenario.days - 1:
                self.agenda.enter(morning + _LAST_RUSH, self._make_up)
            self._run_until(self.closing)
            self.stated.look(self.in_service)

    def close(self) -> None:
        for till in self.tills:
            if not till.scrapped:
                till.close()
        self.head_office.stop()

    @property
    def in_service(self) -> list[TillMachine]:
        return [till for till in self.tills if not till.scrapped]

    @property
    def copied(self) -> frozenset[str]:
        """The tills that went on in two machines at any time."""
        return frozenset(till.terminal_id for till in self.tills if till.label != till.terminal_id)

    def after(self, span: timedelta, happening: Callable[[], None]) -> None:
        self.agenda.enter(self.time() + span, happening)

    def employ(self, till: TillMachine) -> None:
        """From now on the machine is part of the franchise."""
        self.tills.append(till)
        till.on_commit(lambda: self._wake(till))

    def clone(self, till: TillMachine) -> TillMachine:
        label = f"{till.terminal_id}'{len(self.tills)}"
        clone = till.clone(label, self._clock(), Wire(self.network, label))
        self.watch.copied(clone)
        self.employ(clone)
        self._enter_rush(clone, self._some_time(self.time(), OPEN_FOR), max(RUSHES))
        self.sync_soon(clone)
        return clone

    def scrap(self, till: TillMachine) -> None:
        self.stated.last(till)
        till.close()
        till.scrapped = True

    def sync_soon(self, till: TillMachine, *, within_s: float = 20.0) -> None:
        """Instead of whatever was planned for this till."""
        number = self._next_sync[till.label] = self._next_sync.get(till.label, 0) + 1
        self.after(timedelta(seconds=self.plan.uniform(0, within_s)), lambda: self._sync(till, number))

    def _chance(self, purpose: str) -> Random:
        return Random(f"{self.scenario.seed} {purpose}")  # noqa: S311 - repeatable on purpose

    def _clock(self) -> SimulatedClock:
        return self.time.clock(self._chance(f"till {len(self.tills)}").randrange(2**32))

    def _run_until(self, end: datetime) -> None:
        while (due := self.agenda.next_before(end)) is not None:
            at, happening = due
            self.time.pass_until(at)
            happening()

    def _wake(self, till: TillMachine) -> None:
        """As the worker is woken by a commit: not during a back-off."""
        if till.online:
            self.sync_soon(till, within_s=_AFTER_A_COMMIT_S)

    def _sync(self, till: TillMachine, number: int) -> None:
        if till.scrapped or number != self._next_sync[till.label]:
            return
        wait_s = till.sync()
        self.record.count("cycles" if till.online else "cycles failed")
        self.watch.synced(till)
        if till.online:
            self.stated.reported(till)
        if not till.online and not till.scrapped:
            self._look_at_doubts(till)
        if number == self._next_sync[till.label]:
            self.after(timedelta(seconds=wait_s), lambda: self._sync(till, number))

    def _look_at_doubts(self, till: TillMachine) -> None:
        """Once for each state of the till while head office can be compared with: its views are made of nothing else."""
        state = (till.state(), self.head_office.up)
        if self._seen_in_doubt.get(till.label) != state:
            self._seen_in_doubt[till.label] = state
            self.watch.in_doubt(till)

    def _back_up(self) -> None:
        if self.head_office.up:
            self.head_office.mind_its_own()
            self.head_office.back_up()

    def _some_time(self, since: datetime, within: timedelta) -> datetime:
        return since + within * self.plan.random()

    def _enter_rush(self, till: TillMachine, begins: datetime, visits: int) -> None:
        for _ in range(visits):
            self.agenda.enter(self._some_time(begins, RUSH_LASTS), lambda: self._visit(till))

    def _make_up(self) -> None:
        """Where little has happened, through stopped tills for instance, more customers come in the end."""
        wanted = EVENTS_A_TILL * len(self.in_service) * self.scenario.days
        short = wanted - sum(till.station.journal.head().seq for till in self.in_service)
        for till in self.in_service:
            self._enter_rush(till, self.time(), max(0, math.ceil(short / len(self.in_service))))

    def _visit(self, till: TillMachine) -> None:
        if till.scrapped or not till.at_work():
            return
        errand = self._errands.deal()
        before = till.station.journal.head().seq
        visit = Visit(till, self.plan, self.customers, self.watch, self.phones)
        answer = errand(visit)
        self._tell(till, errand.__name__, answer)
        if isinstance(answer, Refusal) and answer.code is RefusalCode.RESERVED_ELSEWHERE:
            self._ask_back(till, visit)
        till.print_out()
        if till.station.journal.head().seq > before:
            self.record.count("entries")

    def _ask_back(self, till: TillMachine, visit: Visit) -> None:
        """The others hear at once that their leases are needed; the customer waits a moment and asks again."""
        for other in self.in_service:
            if other is not till:
                self.after(_AT_ONCE, lambda other=other: self._listen(other))  # type: ignore[misc]  # a lambda that binds now
        again = visit.again
        if again is not None:
            self.after(_A_MOMENT, lambda: self._try_again(till, visit, again))

    def _listen(self, till: TillMachine) -> None:
        if till.scrapped or not till.online:
            return
        before = till.station.journal.head().seq
        till.listen()
        if till.station.journal.head().seq > before:
            self.record.count("recalls heard on the live channel")
            self.sync_soon(till, within_s=1.0)

    def _try_again(self, till: TillMachine, visit: Visit, again: Errand) -> None:
        if till.scrapped or not till.at_work():
            return
        answer = again(visit)
        self._tell(till, "asked again", answer)
        if isinstance(answer, Completed):
            self.record.count("paid after a recall")
        till.print_out()

    def _tell(self, till: TillMachine, errand: str, answer: Done) -> None:
        match answer:
            case Refusal():
                self.record.count(f"refused {answer.code.value}")
                till.note(f"{errand}: refused {answer.code.value}")
            case Completed():
                self.acknowledged.append((till.label, answer.event_id))
                how = "offline" if answer.provisional else "online"
                self.record.count(f"{answer.kind} {how}")
                till.note(f"{errand}: {answer.receipt_no} {answer.amount_minor} {how}")
            case _:
                till.note(f"{errand}: nothing")

    def _close(self, till: TillMachine) -> None:
        if not till.scrapped:
            till.close_shift(self.plan)
