"""A deposit that a merge brought lies in a lot of another name, and is returned all the same (H11)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from stored_value.deposits import apply_deposit_returned, deposit, refuse_deposit_release
from stored_value.events_money_out import DepositReturned
from stored_value.identity import EventId, LotId, MemberId, ShiftId, StaffId, StoreId, TerminalId, TierId
from stored_value.occasion import EvidenceClass, Occasion, Tender, TenderKind
from stored_value.postings import Account, Posting
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Lot, ValueKind, Wallet

DEPOSIT, ON = EventId("d1"), date(2026, 11, 23)
HERE = Occasion(
    event_id=EventId("r1"),
    occurred_at=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
    terminal_id=TerminalId("HQ-00"),
    store_id=StoreId("HQ"),
    staff_id=StaffId("boss"),
    shift_id=ShiftId("s"),
    business_date=ON,
    local_time="2026-11-23 12:00:00",
    rulebook=1,
    evidence=EvidenceClass.NOT_NEEDED,
    offline=False,
)


def brought(name: str, left_minor: int) -> Lot:
    return Lot(
        lot_id=LotId(name),
        kind=ValueKind.DEPOSIT,
        store_id=StoreId("S01"),
        top_up_id=DEPOSIT,
        acquired_on=ON,
        rulebook=1,
        original_minor=5_000,
        remaining_minor=left_minor,
    )


@pytest.fixture
def survivor() -> Wallet:
    """Two merges on, what the first brought is gone."""
    lots = (brought("g1/t/0", 0), brought("g2/t/3", 5_000))
    return Wallet(member_id=MemberId("m"), tier_id=TierId("plain"), lots=lots)


def test_it_is_found_where_something_is_left(survivor: Wallet) -> None:
    found = deposit(survivor, DEPOSIT)
    assert found is not None
    assert (found.lot_id, found.remaining_minor) == ("g2/t/3", 5_000)
    assert deposit(survivor, EventId("d2")) is None
    own = brought("d1/d", 0)
    assert deposit(replace(survivor, lots=(*survivor.lots, own)), DEPOSIT) == own, "its own lot says it all"


def test_a_part_and_then_the_rest_of_it_is_returned(survivor: Wallet) -> None:
    assert refuse_deposit_release(survivor, DEPOSIT, 5_000, HERE) is None
    event = DepositReturned(
        occasion=HERE,
        member_id=survivor.member_id,
        deposit_id=DEPOSIT,
        amount_minor=2_000,
        tenders=(Tender(kind=TenderKind.TRANSFER, amount_minor=2_000),),
    )
    wallet, postings, findings = apply_deposit_returned(survivor, event)
    assert [lot.remaining_minor for lot in wallet.lots] == [0, 3_000]
    assert findings == []
    assert Posting(StoreId("S01"), Account.DEPOSIT_LIABILITY, 2_000) in postings
    assert sum(row.amount_minor for row in postings) == 0
    refusal = refuse_deposit_release(wallet, DEPOSIT, 3_001, HERE)
    assert refusal == Refusal(RefusalCode.DEPOSIT_EXCEEDED, {"left_minor": 3_000})
