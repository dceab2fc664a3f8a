"""A report that was under way when head office began a new epoch: its watermarks count what that epoch's grants are not (H1, H2)."""

from datetime import timedelta

import pytest

from hq_server.errors import ApiProblem
from hq_server.ingest.service import take_in
from hq_server.sessions.epochs import begin_epoch
from hq_server.sessions.tokens import TillToken
from stored_value.offline_policy import LeasePolicy
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
)
from tests.hq_server.served import ServedHq
from tests.waiting import until

POLICY = LeasePolicy(tills_max=1, amount_minor=3_000, share_percent=50, from_minor=1_000, valid_hours=72)


def test_h1_a_report_of_an_epoch_that_ended_while_it_was_read_closes_nothing_of_the_new_one(hq: ServedHq) -> None:
    """Its token was good when it was looked at; then its push waited for the till's row, longer than the till waited for the answer."""
    lease_policy(hq, LeasePolicy(tills_max=0))
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    till.report()
    pushing = till.pushing
    late = pushing.message(head=till.reported_head())
    token = TillToken(
        terminal_id=pushing.terminal_id, store_id=pushing.store_id, incarnation=1, epoch=pushing.epoch, until_s=2**40
    )
    with hq.database.write() as session:
        begin_epoch(session, pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    pushing.open_session()
    till.report()
    lease_policy(hq, POLICY)
    hq.office.leases.touched([member])
    hq.office.leases.drain()
    until(lambda: pushing.client.grants(0).grants, what="a grant of the new epoch")
    offered = kept(hq, member)
    assert list(offered.values()) == [3_000]
    with pytest.raises(ApiProblem) as refused:
        take_in(hq.office, token, late)
    assert refused.value.code == "epoch_over"
    assert kept(hq, member) == offered, "the till may be taking it at this very moment"
    nothing_differs(hq)
