"""What was bought at a till that died is refunded at head office (H4); what the till had refunded itself, and a recovery brings later, does not go back twice."""

from pathlib import Path

import pytest

from hq_server.own_journal.dead_tills import RefundWish, refund_for_dead_till
from hq_server.own_journal.place import Moment
from hq_server.terminals.standing import revoke
from stored_value.events_order import OrderRefundLine
from stored_value.identity import EventId, TerminalId
from stored_value.refusals import Refusal, RefusalCode
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.test_recovered import DEAD, RESCUER, code_for, mirrored, rescue
from tests.scenarios.till import Till

pytestmark = pytest.mark.slow


def bought_and_refunded_offline(franchise: Franchise, folder: Path) -> tuple[EventId, Path]:
    """￥100 at the till that dies; of it ￥40 was refunded offline, which only the mirror holds."""
    wang, till = member_of("S01"), franchise.till(DEAD)
    till.top_up(wang, 50_000)
    till.push()
    franchise.hq.sequenced()
    till.sync()
    meal = till.redeem(wang, 10_000).event_id
    till.push()
    till.unplug()
    till.refund(meal, 1, 4_000)
    mirror = mirrored(till, folder / "mirror")
    till.close()
    return meal, mirror


def revoke_till(franchise: Franchise) -> None:
    with franchise.hq.database.write() as session:
        revoke(session, TerminalId(DEAD), "主板烧毁")


def refunded_at_head_office(franchise: Franchise, meal: EventId, amount_minor: int) -> Refusal | None:
    wish = RefundWish(
        wish_id=EventId(franchise.hq.new_id()),
        member_id=member_of("S01"),
        purchase_id=meal,
        lines=(OrderRefundLine(line_no=1, amount_minor=amount_minor),),
        reason="收银机已坏",
    )
    return refund_for_dead_till(franchise.hq.office.desk, Moment.at(franchise.hq.clock.at), wish, lambda _: None)


def balance(franchise: Franchise) -> int:
    return franchise.books.balances()[member_of("S01")]


@pytest.mark.parametrize(
    ("at_head_office", "in_all", "late"), [(6_000, 55_000, ()), (10_000, 55_000, ("refund_exceeds_purchase",))]
)
def test_h4_a_dead_tills_purchase_goes_back_once_whoever_refunded_it(
    franchise: Franchise, tmp_path: Path, at_head_office: int, in_all: int, late: tuple[str, ...]
) -> None:
    meal, mirror = bought_and_refunded_offline(franchise, tmp_path)
    refused = refunded_at_head_office(franchise, meal, at_head_office)
    assert refused == Refusal(RefusalCode.PURCHASE_OF_ANOTHER_TILL, {"terminal_id": DEAD}), "it may come back"
    revoke_till(franchise)
    assert refunded_at_head_office(franchise, meal, at_head_office) is None
    assert balance(franchise) == 45_000 + at_head_office
    report = rescue(franchise, mirror, code_for(franchise))
    assert len(report.tail.entries) == 1
    assert balance(franchise) == in_all
    (found,) = franchise.books.findings(DEAD).values()
    assert set(found) - {"recovered"} == set(late)
    assert franchise.books.faults(DEAD) == []


def test_h4_another_till_still_refuses_and_sees_what_head_office_gave_back(
    franchise: Franchise, tmp_path: Path
) -> None:
    meal, _ = bought_and_refunded_offline(franchise, tmp_path)
    revoke_till(franchise)
    assert refunded_at_head_office(franchise, meal, 10_000) is None
    franchise.hq.sequenced()
    other: Till = franchise.till(RESCUER)
    other.sync()
    assert other.member(member_of("S01")).balance_minor == 55_000
    refusal = other.counter.purchase(f"{DEAD}-{4:06d}")
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.PURCHASE_OF_ANOTHER_TILL
    other.close()
