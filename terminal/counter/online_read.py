"""Reading a member at head office just before deciding on his money, so that what was spent elsewhere is known. Short and
bounded: when no answer comes, the till goes on offline, under its limits.
"""

from typing import Final

from stored_value.identity import MemberId
from sync.messages import FindMember
from terminal.counter.workplace import Workplace

_SETTLING_NAPS: Final = 25
_NAP_S: Final = 0.02


def read_online(place: Workplace, wanted: FindMember) -> bool:
    """Head office answered, and what it said is in the replica (rows of members in doubt wait there, H9)."""
    if not place.link.state().online:
        return False
    found = place.link.read_member(wanted)
    if found is None or found.epoch != place.journal.head_office.epoch:
        return False
    in_doubt = place.journal.outcomes.members_in_doubt()
    for row in found.members:
        place.replica.take_member(row, found.epoch, in_doubt)
    return True


def is_fresh(place: Workplace, member_id: MemberId) -> bool:
    """The replica now holds head office's newest word on the member. A member in doubt is given the moment that a push
    needs to settle; False means that the offline limits apply."""
    if not place.link.state().online or not _settled(place, member_id):
        return False
    return read_online(place, FindMember(member_id=member_id)) and not _in_doubt(place, member_id)


def is_confirmed(place: Workplace, member_id: MemberId) -> bool:
    """Fresh, and nothing of this till's waits for head office: what the replica holds is all that happened to the member."""
    if not place.link.state().online:
        return False
    for _ in range(_SETTLING_NAPS):
        if not _unsent(place, member_id):
            break
        place.clock.wait(_NAP_S)
    if not is_fresh(place, member_id):
        return False
    member = place.members.find(member_id)
    return member is not None and not member.view.pending


def _unsent(place: Workplace, member_id: MemberId) -> bool:
    member = place.members.find(member_id)
    return member is not None and any(own.landed_at is None for own in member.view.pending)


def _settled(place: Workplace, member_id: MemberId) -> bool:
    for _ in range(_SETTLING_NAPS):
        if not _in_doubt(place, member_id):
            return True
        place.clock.wait(_NAP_S)
    return False


def _in_doubt(place: Workplace, member_id: MemberId) -> bool:
    return member_id in place.journal.outcomes.members_in_doubt()
