"""What the watch hears on the wire."""

import json

import pytest
import zstandard

from tongchu.simulation.in_process import Answer, Call, Headers
from tongchu.simulation.world import World

WANTED = json.dumps({"hold_id": "h1", "amount_minor": 700, "things": ["a coupon"] * 50}).encode()


@pytest.mark.parametrize(
    ("headers", "body"), [((), WANTED), (((b"content-encoding", b"zstd"),), zstandard.compress(WANTED))]
)
def test_a_hold_is_heard_whether_or_not_its_request_was_compressed(world: World, headers: Headers, body: bytes) -> None:
    call = Call(method="POST", target=b"/v1/holds", headers=headers, body=body, patience_s=1.0)
    world.watch.heard("S01-T1", call, Answer(200, (), b'{"refusal": null}'))
    assert world.watch.holds == {"h1": 700}
