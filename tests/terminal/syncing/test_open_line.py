"""The line on which the till asks before a payment stands open before it is needed."""

from sync.client import HqClient
from sync.messages import FindMember
from terminal.clock import SimulatedClock
from terminal.syncing import OnlineReader, OpenLine
from tests.hq_server.served import NOON, ServedHq
from tests.sync.test_lines import ANSWER, DEADLINE_S, serving

CLOCK = SimulatedClock(NOON)
ANYBODY = FindMember(member_no="0001000017")


def test_a_question_goes_out_on_the_line_that_stands_open() -> None:
    with serving() as server, HqClient(server.url) as client:
        line, reader = OpenLine(client, CLOCK), OnlineReader(client, lambda: "token", deadline_s=5)
        line.step()
        assert server.lines == 1
        assert reader.read(ANYBODY) is not None
        line.step()
        assert reader.read(ANYBODY) is not None
        assert server.lines == 1, "none was made for a payment"


def test_a_question_without_an_answer_has_the_line_made_anew_at_once() -> None:
    """What came of it is gone with its line. The next payment must not be the one that makes the next."""
    with serving(ANSWER) as server, HqClient(server.url) as client:
        missed: list[bool] = []
        reader = OnlineReader(client, lambda: "token", deadline_s=DEADLINE_S, on_missed=lambda: missed.append(True))
        assert reader.read(ANYBODY) is None
        assert missed == [True]


def test_a_line_that_cannot_be_made_is_tried_again_soon() -> None:
    with HqClient("http://127.0.0.1:1") as client:
        line = OpenLine(client, CLOCK)
        pauses = [line.step() for _ in range(9)]
    assert pauses[0] <= 5
    assert 30 <= pauses[-1] <= 60
    assert len(set(pauses)) == len(pauses), "not in step with other tills"


def test_head_office_answers_who_asks_nothing(hq: ServedHq) -> None:
    """Without a token: before the first session, too."""
    with HqClient(hq.url) as client:
        assert OpenLine(client, CLOCK).step() == 45
