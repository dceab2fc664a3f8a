"""Reading a member at head office just before deciding on his money, so that what was spent elsewhere is known. Short and
bounded: when no answer comes, the till goes on offline, under its limits. Owns how long a cashier may be kept waiting for head office in all.
"""

from collections.abc import Callable, Iterable
from typing import Final

from stored_value.identity import MemberId
from sync.messages import FindMember, MemberRow
from terminal.clock import Clock
from terminal.counter.workplace import Workplace

BEGINS_WITHIN_S: Final = 0.8
_SETTLING_NAPS: Final = 25
_NAP_S: Final = 0.02


class Patience:
    """How long one action of the cashier's goes on asking: what it waits for and asks begins within `BEGINS_WITHIN_S`, and no question lasts longer than the link's own
    deadline. So he waits for both at most, however much there is to wait for; then the action is decided offline."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_s = clock.monotonic_s() + BEGINS_WITHIN_S

    def is_over(self) -> bool:
        return self._clock.monotonic_s() >= self._ends_s


def read_online(place: Workplace, wanted: FindMember) -> bool:
    """Head office answered, and what it said is in the replica (rows of members in doubt wait there, H9)."""
    if not place.link.state().online:
        return False
    found = place.link.read_member(wanted)
    if found is None or found.epoch != place.journal.head_office.epoch:
        return False
    take_rows(place, found.members, found.epoch)
    return True


def take_rows(place: Workplace, rows: Iterable[MemberRow], epoch: str) -> None:
    doubted = place.journal.outcomes.members_in_doubt()
    for row in rows:
        place.replica.take_ahead([row], epoch, doubted)


def is_fresh(place: Workplace, member_id: MemberId, patience: Patience | None = None) -> bool:
    """The replica now holds head office's newest word on the member. False means that the offline rules apply. `patience` is the action's, when it asks for more than this."""
    patience = patience or Patience(place.clock)
    if not place.link.state().online or not _settled(place, member_id, patience) or patience.is_over():
        return False
    return read_online(place, FindMember(member_id=member_id)) and not in_doubt(place, member_id)


def is_confirmed(place: Workplace, member_id: MemberId, patience: Patience | None = None) -> bool:
    """Fresh, and nothing of this till's waits for head office: what the replica holds is all that happened to the member."""
    if not place.link.state().online:
        return False
    patience = patience or Patience(place.clock)
    all_sent(place, member_id, patience)
    if not is_fresh(place, member_id, patience):
        return False
    member = place.members.find(member_id)
    return member is not None and not member.view.unconfirmed


def all_sent(place: Workplace, member_id: MemberId, patience: Patience) -> bool:
    """Head office has every entry of his that was made here; the push that it takes is given a moment."""
    return _comes_true(place, lambda: not _unsent(place, member_id), patience)


def _unsent(place: Workplace, member_id: MemberId) -> bool:
    member = place.members.find(member_id)
    return member is not None and any(own.landed_at is None for own in member.view.unconfirmed)


def _settled(place: Workplace, member_id: MemberId, patience: Patience) -> bool:
    """No push of his is under way; one that is gets the moment that it needs."""
    return _comes_true(place, lambda: not in_doubt(place, member_id), patience)


def _comes_true(place: Workplace, is_so: Callable[[], bool], patience: Patience) -> bool:
    for _ in range(_SETTLING_NAPS):
        if is_so():
            return True
        if patience.is_over():
            return False
        place.clock.wait(_NAP_S)
    return False


def in_doubt(place: Workplace, member_id: MemberId) -> bool:
    return member_id in place.journal.outcomes.members_in_doubt()
