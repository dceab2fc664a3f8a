"""Taking back the last entry: whatever the kind, an answer. The cases stand in cases/taking_back.toml and cases/money_out.toml."""

from typing import get_args

import pytest

from stored_value.events import WalletEvent
from stored_value.refusals import Refusal, RefusalCode
from stored_value.taking_back import REMEDIES, undone_by
from tests.stored_value.miniature import MEMBER, occasion, wallet
from tests.sync.miniature import every_kind

KINDS = [event for event in every_kind() if isinstance(event, get_args(WalletEvent))]


@pytest.mark.parametrize("event", KINDS, ids=lambda event: event.kind)
def test_every_kind_has_an_event_or_a_remedy(event: WalletEvent) -> None:
    """Of a wallet that knows nothing of it: never an error, and a refusal says what to do or that the thing is unknown."""
    answer = undone_by(event, wallet(), occasion("u1"))
    if not isinstance(answer, Refusal):
        assert answer.occasion.event_id == "u1"
        assert answer.member_id == MEMBER
    elif answer.code is RefusalCode.ENTRY_NOT_REVERSIBLE:
        assert answer.data["kind"] == event.kind
        assert answer.data["remedy"]
    if type(event) in REMEDIES:
        assert isinstance(answer, Refusal)
        assert answer.data == {"kind": event.kind, "remedy": REMEDIES[type(event)]}


def test_every_kind_of_wallet_event_was_asked() -> None:
    assert {type(event) for event in KINDS} == set(get_args(WalletEvent))
