"""The deadline of a question before a payment is that of the whole of it."""

import pytest

from stored_value.identity import MemberId
from stored_value.reservation_records import ReservationId
from sync.client import HqClient
from sync.messages import FindMember, HoldRequest
from terminal.syncing import OnlineReader
from tests.sync.test_lines import ANSWER, DEADLINE_S, serving

HELD = HoldRequest(hold_id=ReservationId("h"), number=1, member_id=MemberId("m"), amount_minor=1)


@pytest.mark.parametrize("trickling", [ANSWER, b""], ids=["trickles", "comes at once"])
def test_an_answer_that_trickles_is_none(trickling: bytes) -> None:
    with serving(trickling) as server, HqClient(server.url) as client:
        reader = OnlineReader(client, lambda: "token", deadline_s=DEADLINE_S if trickling else 5)
        found = reader.read(FindMember(member_no="0001000017"))
        assert (found is None) is bool(trickling)


def test_value_that_is_held_too_late_is_as_if_nobody_had_answered() -> None:
    answer = b'{"epoch":"e","as_of":"2026-11-23T04:00:00Z","member":null,"refusal":"","data":{}}'
    with serving(answer, answer=answer) as server, HqClient(server.url) as client:
        assert OnlineReader(client, lambda: "token", deadline_s=DEADLINE_S).hold(HELD) is None
