"""Everything but the journals is a projection: done again from them, it is the same; and a changed figure is found."""

from random import Random

import pytest
from sqlalchemy import delete, select, update

from hq_server.database.models import PostingRecord, Rollup, WalletRecord
from hq_server.database.schema import Table
from hq_server.ingest.rebuild import Difference, differences
from hq_server.wallets.scope import enter_scope
from tests.hq_server.served import PushingTill, ServedHq


def found(hq: ServedHq) -> list[Difference]:
    with hq.database.read() as session:
        return list(differences(session))


def a_busy_day(hq: ServedHq, chance: Random) -> list[PushingTill]:
    """Top-ups, redemptions at other stores, refunds and overdrafts, pushed late and in pieces."""
    tills = [hq.till("S01"), hq.till("S01"), hq.till("S02"), hq.till("S03")]
    members = [tills[0].enrol_member(phone=f"+86139000000{place:02d}") for place in range(8)]
    tills[0].push()
    for _ in range(120):
        till, member = chance.choice(tills), chance.choice(members)
        hq.clock.pass_(seconds=30)
        match chance.randrange(4):
            case 0:
                till.top_up(member, chance.choice([5_000, 10_000, 100_000]))
            case 1 | 2:
                bought = till.redeem(member, chance.randrange(1, 9_000), chance.randrange(1, 9_000))
                if chance.random() < 0.4:
                    till.refund(bought, 1, chance.randrange(1, 6_000))
            case _:
                till.push()
    for till in tills:
        till.push()
    with hq.database.write() as session:
        enter_scope(session, members[0], tills[3].store_id, at=hq.clock.at)
    hq.sequenced()
    return tills


@pytest.mark.parametrize("seed", [1, 2])
def test_wallets_postings_and_rollups_are_what_the_journals_say(hq: ServedHq, seed: int) -> None:
    a_busy_day(hq, Random(seed))
    with hq.database.read() as session:
        assert session.scalars(select(WalletRecord.member_id).where(WalletRecord.receivable_minor > 0)).all()
        sums = session.scalars(select(PostingRecord.amount_minor)).all()
        assert len(sums) > 100
        assert sum(sums) == 0
    assert found(hq) == []


@pytest.mark.parametrize(
    ("table", "what"),
    [(WalletRecord.bonus_minor, "amounts"), (PostingRecord.amount_minor, "postings"), (Rollup.amount_minor, "rollup")],
)
def test_a_changed_figure_is_found(hq: ServedHq, table: object, what: str) -> None:
    till = hq.till()
    till.top_up(till.enrol_member(), 10_000)
    till.push()
    hq.sequenced()
    assert found(hq) == []
    owner: type[Table] = table.class_  # type: ignore[attr-defined]  # a mapped column knows its class
    with hq.database.write() as session:
        session.execute(update(owner).values({table: table + 1}))  # type: ignore[operator]  # a column of integers
    assert {difference.what for difference in found(hq)} == {what}


def test_a_lost_posting_is_found(hq: ServedHq) -> None:
    till = hq.till()
    till.top_up(till.enrol_member(), 10_000)
    till.push()
    with hq.database.write() as session:
        session.execute(delete(PostingRecord).where(PostingRecord.line_no == 1))
    assert [difference.what for difference in found(hq)] == ["postings"]
