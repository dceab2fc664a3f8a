"""One till takes only so much of head office at once: what is more is told to come back, and other tills do not notice."""

import pytest

from hq_server.ingest.turns import PUSHES_OF_A_TILL_MAX
from sync.errors import HqBusy
from tests.hq_server.served import ServedHq


def test_a_till_with_too_many_pushes_under_way_is_asked_to_come_back_and_loses_nothing(hq: ServedHq) -> None:
    till, other = hq.till(), hq.till()
    till.top_up(till.enrol_member(), 1_000)
    other.enrol_member("张伟", "+8613800005555")
    turns = hq.office.turns
    with turns.taken(till.terminal_id):
        assert till.push().accepted_through == 2, "a second one waits its turn, as after a lost reply"
        with turns.taken(till.terminal_id):
            assert PUSHES_OF_A_TILL_MAX == 2
            with pytest.raises(HqBusy) as refused:
                till.push()
            assert refused.value.http_status == 429
            assert refused.value.retry_after_s >= 2
            assert other.push().accepted_through == 1
    assert {each.status for each in till.push(till.entries).outcomes} == {"exists"}


def test_a_push_that_fails_gives_its_turn_back(hq: ServedHq) -> None:
    till = hq.till()
    till.enrol_member()
    for _ in range(PUSHES_OF_A_TILL_MAX + 1):
        with pytest.raises(ValueError, match="stop"), hq.office.turns.taken(till.terminal_id):
            raise ValueError("stop")
    assert till.push().accepted_through == 1
