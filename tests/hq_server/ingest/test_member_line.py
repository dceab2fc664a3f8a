"""The line of pushes that have members in common, by itself: who may settle on whose work, who waits for whom, and what becomes of work that was built on nothing."""

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from hq_server.database.engine import DatabaseBusy
from hq_server.ingest.member_line import LinePlace, MemberLine, Overtaken
from hq_server.ingest.wallet_batch import MemberBatch
from stored_value.identity import MemberId, TierId
from stored_value.wallet import Wallet

TIER = TierId("standard")
ANNA, BO, CHEN = MemberId("anna"), MemberId("bo"), MemberId("chen")


def made(*members: MemberId, version: int = 1) -> Mapping[str, MemberBatch]:
    return {member: MemberBatch(after=Wallet(member_id=member, tier_id=TIER, version=version)) for member in members}


def versions_before(place: LinePlace, member: MemberId) -> list[int]:
    return [batch.after.version for batch in place.made_before(member) if batch.after is not None]


class Beside:
    """Does it in a thread, and tells whether it is done."""

    def __init__(self, work: Callable[[], object]) -> None:
        pool = ThreadPoolExecutor(1)
        self._doing = pool.submit(work)
        pool.shutdown(wait=False)

    @property
    def is_waiting(self) -> bool:
        return not self._doing.done()

    def done(self) -> None:
        """Raises what it raised."""
        self._doing.result(10)


def test_who_stands_behind_settles_on_what_those_before_made_the_newest_first() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as second, line.place() as third:
        first.stand([ANNA])
        first.tell(made(ANNA, version=5))
        second.stand([ANNA, BO])
        second.tell(made(ANNA, BO, version=7))
        third.stand([ANNA, BO, CHEN])
        assert (first.is_behind, second.is_behind, third.is_behind) == (False, True, True)
        assert versions_before(third, ANNA) == [7, 5]
        assert versions_before(third, BO) == [7]
        assert versions_before(third, CHEN) == []
        first.leave(kept=True)
        assert versions_before(third, ANNA) == [7], "what is committed stands in the tables"
        second.leave(kept=True)
        third.come_first()


def test_who_stands_behind_waits_until_it_is_told_and_writes_when_all_before_have_committed() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as second:
        first.stand([ANNA])
        standing = Beside(lambda: second.stand([ANNA]))
        assert standing.is_waiting
        first.tell(made(ANNA))
        standing.done()
        coming = Beside(second.come_first)
        assert coming.is_waiting
        first.leave(kept=True)
        coming.done()


def test_what_was_built_on_work_that_came_to_nothing_is_given_up_and_so_is_what_was_built_on_that() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as second, line.place() as third:
        first.stand([ANNA])
        first.tell(made(ANNA))
        second.stand([ANNA])
        second.tell(made(ANNA, version=2))
        third.stand([ANNA])
        first.leave(kept=False)
        with pytest.raises(Overtaken):
            second.come_first()
        again = Beside(lambda: second.stand([ANNA]))
        with pytest.raises(Overtaken):
            third.come_first()
        third.leave(kept=False)
        again.done()
        assert not second.is_behind
        assert versions_before(second, ANNA) == []
        second.come_first()


def test_nobody_settles_on_what_was_built_on_nothing() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as second, line.place() as third:
        first.stand([ANNA])
        first.tell(made(ANNA))
        second.stand([ANNA])
        second.tell(made(ANNA, version=2))
        first.leave(kept=False)
        standing = Beside(lambda: third.stand([ANNA]))
        assert standing.is_waiting
        second.leave(kept=False)
        standing.done()
        assert not third.is_behind


def test_nobody_settles_on_one_who_stands_alone_and_he_settles_on_nobody() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as alone, line.place() as behind:
        first.stand([ANNA])
        first.tell(made(ANNA))
        standing = Beside(lambda: alone.stand_alone([ANNA, BO]))
        assert standing.is_waiting, "what he stands on is committed"
        first.leave(kept=True)
        standing.done()
        assert not alone.is_behind
        alone.stand([ANNA])
        alone.tell(made(ANNA, BO))
        waiting = Beside(lambda: behind.stand([BO]))
        assert waiting.is_waiting, "he tells nobody"
        alone.leave(kept=True)
        waiting.done()
        assert not behind.is_behind


def test_two_who_name_the_same_members_in_another_order_do_not_wait_for_each_other() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as second:
        first.stand([ANNA, BO])
        second_stands = Beside(lambda: second.stand([BO, ANNA]))
        first.tell(made(ANNA, BO))
        second_stands.done()
        second.tell(made(ANNA, BO, version=2))
        first.leave(kept=True)
        second.come_first()


def test_who_fails_leaves_the_line() -> None:
    line = MemberLine()

    def fail() -> None:
        with line.place() as place:
            place.stand([ANNA])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not line.members


def test_a_wait_that_does_not_end_is_given_up_as_a_busy_database() -> None:
    line = MemberLine(wait_s=0.01)
    with line.place() as first, line.place() as second:
        first.stand([ANNA])
        with pytest.raises(DatabaseBusy):
            second.stand([ANNA])
        first.leave(kept=True)


def test_nothing_is_left_of_a_line_that_is_over() -> None:
    line = MemberLine()
    with line.place() as first, line.place() as second:
        first.stand([ANNA, BO])
        first.tell(made(ANNA, BO))
        second.stand([BO, CHEN])
        second.tell(made(BO, CHEN))
    assert not line.members


@pytest.mark.timeout(60)
def test_a_look_at_a_long_line_of_partly_common_members_is_short_and_a_loss_reaches_its_end() -> None:
    """Each stands behind several, who stand behind several: the ways back from the last are more than anybody could walk."""
    line = MemberLine()
    places: list[LinePlace] = []
    with contextlib.ExitStack() as entered:
        for number in range(64):
            place = entered.enter_context(line.place())
            members = [
                MemberId(f"{min(number, other)}-{max(number, other)}") for other in range(number - 3, number + 4)
            ]
            place.stand(members)
            place.tell(made(*members))
            places.append(place)
        places[0].leave(kept=False)
        for place in places[1:]:
            with pytest.raises(Overtaken):
                place.come_first()
            place.leave(kept=False)
