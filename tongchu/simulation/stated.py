"""Owns what head office said, at some moments of a run, of what could be lost by each till (L5), and whether what the till then took stayed within it.

Asked are head office's own figures, as its page *Exposure* shows them. Called by faults and by the world; the arithmetic of what was taken is the witness's.
"""

from collections import defaultdict
from dataclasses import dataclass

from hq_server.reservations.exposure import exposure
from tongchu.simulation.head_office import HeadOffice
from tongchu.simulation.record import Record
from tongchu.simulation.till import TillMachine
from tongchu.simulation.virtual_time import VirtualTime
from tongchu.simulation.watching import Watch


@dataclass(frozen=True, slots=True)
class _Figure:
    """What one machine takes after the entry `since` and before its next report is at most `most_minor`."""

    since: int
    most_minor: int


class Stated:
    """`found` says where more was taken than head office had said."""

    def __init__(self, office: HeadOffice, time: VirtualTime, record: Record, watch: Watch) -> None:
        self.found: list[str] = []
        self._office = office
        self._time = time
        self._record = record
        self._watch = watch
        self._open: defaultdict[str, set[_Figure]] = defaultdict(set)

    def look(self, machines: list[TillMachine]) -> None:
        """Asks for the figures of now. They hold until each till's next report: what it took since the last one is in them, known or not. Of a till that may be in two machines
        the figure for one: a copy that nobody has noticed is in none."""
        if not self._office.up:
            return
        office = self._office.office
        with office.database.read() as session:
            said = exposure(session, office.rulebooks.all(session), self._time())
        most = {str(till.terminal_id): till.worst_minor - till.second_minor for till in said.tills}
        for machine in machines:
            self._open[machine.label].add(_Figure(self._watch.settled(machine), most[machine.terminal_id]))
        self._record.count("exposure asked for")

    def reported(self, machine: TillMachine) -> None:
        """After a cycle that came through: what the till took until then is measured."""
        if self._open[machine.label]:
            self._measure(machine, through=self._watch.settled(machine))

    def last(self, machine: TillMachine) -> None:
        """When a machine takes nothing more, or has told everything."""
        if self._open[machine.label]:
            self._measure(machine, through=None)

    def _measure(self, machine: TillMachine, *, through: int | None) -> None:
        payments = (self._watch.last_book if machine.scrapped else self._watch.book)(machine).payments
        for figure in self._open.pop(machine.label):
            taken = sum(
                payment.uncovered_minor
                for payment in payments
                if figure.since < payment.seq and (through is None or payment.seq <= through)
            )
            self._record.count("exposure figures compared")
            self._record.count("exposure figures of which something was taken", bool(taken))
            if taken > figure.most_minor:
                self.found.append(
                    f"{machine.label}: took {taken} that nothing covered, of which head office had said {figure.most_minor} at most"
                )
