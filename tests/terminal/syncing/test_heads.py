"""A cycle asks for what has moved: the answer to a push, and the live channel, say how far the feeds and grants are. An older head office does not, and is asked for all."""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from sync.messages import GLOBAL_SCOPE, Heads
from terminal.replica import ReplicaOutdated
from tests.hq_server.served import ServedHq
from tests.terminal.syncing.till import Cable, SyncedTill, hq_balance, move_global, synced_till

pytestmark = pytest.mark.slow
STORE = "S01"


def asked(till: SyncedTill) -> list[str]:
    """One cycle's requests but for its session, feeds by their scope."""
    before = len(till.cable.paths)
    till.sync()
    parts = [path.split("/") for path in till.cable.paths[before:]]
    named = [part[3] if part[2] == "feed" else part[2] for part in parts]
    return [each for each in named if each not in {"challenges", "sessions"}]


def held(till: SyncedTill, hq: ServedHq, **moved: int) -> Heads:
    """What head office would say: the till's own cursors, but for what moved."""
    epoch = till.journal.head_office.epoch
    return Heads(epoch=epoch, heads=till.replica.cursors() | moved, grants=0, as_of=hq.clock.at)


def test_after_a_push_only_the_feeds_that_moved_are_asked_for(till: SyncedTill, hq: ServedHq) -> None:
    member = till.enrol_member()
    till.top_up(member, 9_900)
    assert asked(till) == ["journals", STORE]
    till.redeem(member, 900)
    move_global(hq)
    assert asked(till) == ["journals", GLOBAL_SCOPE, STORE]
    assert till.shown(member).total_minor == hq_balance(hq, member) == 9_000


def test_what_has_not_moved_is_known_to_be_of_now(till: SyncedTill, hq: ServedHq) -> None:
    """A receipt says as of when the balance is head office's: quiet feeds must not make it old."""
    hq.clock.at += timedelta(hours=1)
    till.top_up(till.enrol_member(), 9_900)
    till.sync()
    assert till.replica.as_of() == hq.clock.at


def test_without_anything_to_push_a_till_that_was_told_asks_for_that_and_no_more(
    till: SyncedTill, hq: ServedHq
) -> None:
    till.sync()
    till.cycle.heard(held(till, hq))
    assert asked(till) == []
    move_global(hq)
    till.cycle.heard(held(till, hq, **{GLOBAL_SCOPE: till.replica.cursors()[GLOBAL_SCOPE] + 1}))
    assert asked(till) == [GLOBAL_SCOPE]
    assert asked(till) == [GLOBAL_SCOPE, STORE, "grants"], "what was told serves one cycle"


def test_h1_heads_below_what_this_till_has_shown_are_no_reason_to_be_content(till: SyncedTill, hq: ServedHq) -> None:
    till.sync()
    cursors = till.replica.cursors()
    till.journal.head_office.raise_high_water({STORE: cursors[STORE] + 3})
    till.cycle.heard(held(till, hq))
    with pytest.raises(ReplicaOutdated):
        till.sync()


def test_heads_of_another_epoch_say_nothing(till: SyncedTill, hq: ServedHq) -> None:
    till.sync()
    till.cycle.heard(Heads(epoch="another", heads=till.replica.cursors(), grants=0, as_of=hq.clock.at))
    assert asked(till) == [GLOBAL_SCOPE, STORE, "grants"]


class OlderHeadOffice(Cable):
    """Its answers to a push name no heads."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if "/journals/" not in request.url.path:
            return response
        told = json.loads(response.read())
        del told["heads"]
        return httpx.Response(200, json=told)


def test_an_older_head_office_is_asked_for_everything(hq: ServedHq, tmp_path: Path) -> None:
    with synced_till(hq, tmp_path / "older") as till:
        till.connect(OlderHeadOffice())
        member = till.enrol_member()
        till.top_up(member, 9_900)
        assert asked(till) == ["journals", GLOBAL_SCOPE, STORE, "grants"]
        assert till.shown(member).total_minor == hq_balance(hq, member) == 9_900
