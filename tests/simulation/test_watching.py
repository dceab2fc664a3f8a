"""What the watch hears on the wire."""

import json

import pytest
import zstandard

from tongchu.simulation.in_process import Answer, Call, Headers
from tongchu.simulation.watching import drawn_from
from tongchu.simulation.world import World
from tongchu.witness.journal import SeenEntry, seen_entry

WANTED = json.dumps({"hold_id": "h1", "amount_minor": 700, "things": ["a coupon"] * 50}).encode()


@pytest.mark.parametrize(
    ("headers", "body"), [((), WANTED), (((b"content-encoding", b"zstd"),), zstandard.compress(WANTED))]
)
def test_a_hold_is_heard_whether_or_not_its_request_was_compressed(world: World, headers: Headers, body: bytes) -> None:
    call = Call(method="POST", target=b"/v1/holds", headers=headers, body=body, patience_s=1.0)
    world.watch.heard("S01-T1", call, Answer(200, (), b'{"refusal": null}'))
    assert world.watch.holds == {"h1": 700}


def test_of_a_refund_only_what_goes_into_cashed_out_lots_may_stay_forfeited() -> None:
    draws = [{"lot_id": "t1/p", "amount_minor": 288}, {"lot_id": "t1/b/first-50", "amount_minor": 144}]
    refund = entry("purchase_refunded", expected_draw=[*draws, {"lot_id": "t2/p", "amount_minor": 900}])
    payment = entry("redeemed", expected_draw=draws)
    assert drawn_from([refund, payment], {"t1/p", "t1/b/first-50"}) == 432
    assert drawn_from([refund, payment], set()) == 0


def entry(kind: str, **body: object) -> SeenEntry:
    return seen_entry(1, json.dumps({"header": {"id": kind, "kind": kind}, "body": body}).encode())
