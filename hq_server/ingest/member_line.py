"""Owns the line in which pushes stand for the members they have in common: who stands behind settles on what those before him made of the wallets, while they are still being
stored, and writes these wallets after them. So Python settles one push while PostgreSQL stores another.

One for the process; thread-safe; touches no database. It is for speed alone: what is built on a place that comes to nothing, or that anybody else overtook, is given up and done
again (`Overtaken`), and the versions in the tables guard every wallet. Called by the taking in of a push, which has not locked a wallet when it waits here.
"""

import contextlib
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from hq_server.database.engine import DatabaseBusy
from hq_server.ingest.wallet_batch import MemberBatch

WAIT_S: Final = 60.0
"""Longer than a full head office takes for all the pushes that it has room for."""


class Overtaken(Exception):
    """A wallet is not what this push was settled on: settle it again, on what the tables hold."""


class _Turn:
    """A push's place in the lines of its members: `before` stands directly before it in each. Over when its unit of work is, and then all before it are. `is_lost`: it came to
    nothing, or what it was built on did; whatever was built on it learns that at once."""

    def __init__(self, members: Collection[str], before: Mapping[str, "_Turn"]) -> None:
        self.members = members
        self.before = before
        self.built_on: tuple[_Turn, ...] = ()
        self.made: Mapping[str, MemberBatch] | None = None
        self.is_over = False
        self.is_lost = False
        self._builders: list[_Turn] = []

    @property
    def is_told(self) -> bool:
        """Others may go on: on what it made, or without it. What was built on nothing is nothing to build on."""
        return self.is_over or (self.made is not None and not self.is_lost)

    def build_on(self, turns: Collection["_Turn"]) -> None:
        self.built_on = tuple(turns)
        for each in turns:
            each._builders.append(self)
        if any(each.is_lost for each in turns):
            self.lose()

    def lose(self) -> None:
        """Each turn is told once, however many ways lead to it."""
        losing = [self]
        while losing:
            turn = losing.pop()
            if not turn.is_lost:
                turn.is_lost = True
                losing.extend(turn._builders)

    def end(self, *, kept: bool) -> None:
        self.is_over = True
        if not kept:
            self.lose()
        self.before, self.built_on, self._builders = {}, (), []


class LinePlace:
    """One unit of work's. Use from one thread."""

    def __init__(self, line: "MemberLine") -> None:
        self._line = line
        self._turn: _Turn | None = None
        self._members: frozenset[str] = frozenset()
        self._is_alone = False

    @property
    def is_behind(self) -> bool:
        """Whether others are before this one who have not committed: then no wallet may be locked before `come_first`."""
        return self._turn is not None and bool(self._turn.built_on)

    def stand(self, members: Collection[str]) -> None:
        """At the end of the members' lines, until the unit of work is over; returns when all before have told what they made. A second time, because the first came to
        nothing, it returns when all before are over. May raise `DatabaseBusy`."""
        if self._is_alone:
            return
        if self._turn is not None:
            self.stand_alone(members)
            return
        turn = self._enter(members)
        self._line.wait_for(lambda: all(each.is_told for each in turn.before.values()))
        self._line.build(turn)

    def stand_alone(self, members: Collection[str]) -> None:
        """As `stand`, but on nothing that is not committed, and nobody settles on it either. May raise `DatabaseBusy`."""
        if self._is_alone:
            return
        wanted = self._members | frozenset(members)
        if self._turn is not None:
            self._line.leave(self._turn, kept=False)
        self._is_alone = True
        turn = self._enter(wanted)
        self._line.wait_for(lambda: all(each.is_over for each in turn.before.values()))

    def made_before(self, member_id: str) -> Sequence[MemberBatch]:
        """What those before, who have not committed when this is asked, made of the member: the newest first."""
        made: list[MemberBatch] = []
        turn = None if self._turn is None else self._turn.before.get(member_id)
        while turn is not None and not turn.is_over:
            before = turn.before.get(member_id)
            if turn.made is not None and member_id in turn.made:
                made.append(turn.made[member_id])
            turn = before
        return made

    def tell(self, made: Mapping[str, MemberBatch]) -> None:
        """Those behind may settle on it from now on."""
        if self._turn is not None and not self._is_alone:
            self._line.tell(self._turn, made)

    def come_first(self) -> None:
        """Waits until all before are over. Raises `Overtaken` when one of them kept nothing; may raise `DatabaseBusy`."""
        built_on = () if self._turn is None else self._turn.built_on
        self._line.wait_for(lambda: all(each.is_over for each in built_on))
        if any(each.is_lost for each in built_on):
            raise Overtaken

    def leave(self, *, kept: bool) -> None:
        if self._turn is not None:
            self._line.leave(self._turn, kept=kept)

    def _enter(self, members: Collection[str]) -> _Turn:
        self._members = frozenset(members)
        self._turn = self._line.enter(self._members)
        return self._turn


class MemberLine:
    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._last: dict[str, _Turn] = {}

    @property
    def members(self) -> frozenset[str]:
        """Those in whose lines somebody stands."""
        with self._changed:
            return frozenset(self._last)

    @contextlib.contextmanager
    def place(self) -> Iterator[LinePlace]:
        """For one unit of work: put it around the session, so that it is over when the unit of work is committed or rolled back."""
        place = LinePlace(self)
        kept = False
        try:
            yield place
            kept = True
        finally:
            place.leave(kept=kept)

    def enter(self, members: Collection[str]) -> _Turn:
        """In all lines at once: whoever is before in one is before in each, and nobody waits in a circle."""
        with self._changed:
            before = {member_id: self._last[member_id] for member_id in members if member_id in self._last}
            turn = _Turn(members, before)
            self._last.update(dict.fromkeys(members, turn))
            return turn

    def build(self, turn: _Turn) -> None:
        """On all before it that are not over."""
        with self._changed:
            turn.build_on({id(each): each for each in turn.before.values() if not each.is_over}.values())

    def tell(self, turn: _Turn, made: Mapping[str, MemberBatch]) -> None:
        with self._changed:
            turn.made = made
            self._changed.notify_all()

    def leave(self, turn: _Turn, *, kept: bool) -> None:
        """One that comes to nothing stays until all before it are over: who comes behind looks no further than to it. Does nothing a second time."""
        if turn.is_over:
            return
        if not kept:
            with contextlib.suppress(DatabaseBusy):
                self.wait_for(lambda: all(each.is_over for each in turn.before.values()))
        with self._changed:
            turn.end(kept=kept)
            for member_id in turn.members:
                if self._last.get(member_id) is turn:
                    del self._last[member_id]
            self._changed.notify_all()

    def wait_for(self, come: Callable[[], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(come, self._wait_s):
                raise DatabaseBusy("pushes of the same members stand still before this one")
