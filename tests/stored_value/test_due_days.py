"""On which days head office looks at a wallet by itself: none is missing, whatever is due."""

from dataclasses import replace
from datetime import date, timedelta

from stored_value.apply import apply
from stored_value.due_days import AT_ONCE, next_due_day
from stored_value.expiry import plan_expiry
from stored_value.identity import EventId, MemberId, TierId, named_id
from stored_value.instalments import due_instalments
from stored_value.loyalty import ActiveDay, Loyalty, TierGrant
from stored_value.loyalty_policy import TierPolicy
from stored_value.merging import sweep_id
from stored_value.tiers import review_due
from stored_value.wallet import LotEnd, Wallet, WalletStatus
from tests.stored_value.loyalty_cases import rulebook_of
from tests.stored_value.miniature import BOOK, DAY, top_up, wallet

ENDS = rulebook_of(
    {
        "promotions": [
            {"id": "p", "type": "fixed_plan", "pay_minor": 1_000, "bonus_minor": 200, "bonus_valid_days": 5}
            | {"terms": {"release": {"count": 2, "every": "week"}}}
        ]
    }
)


def days_of(held: Wallet, until: int = 40) -> list[int]:
    """By walking: the days, counted from the first, on which a look is asked for when each is taken."""
    found: list[int] = []
    after = None
    while (day := next_due_day(held, ENDS, after)) is not None and day <= DAY + timedelta(days=until):
        found.append((day - DAY).days)
        after = day
    return found


def test_a_lot_is_looked_at_on_the_day_after_its_last_and_an_instalment_on_its_own() -> None:
    held = apply(wallet(), top_up("t1", 1_000), ENDS).wallet
    assert days_of(held) == [6, 7]
    assert plan_expiry(held, DAY + timedelta(days=5)) == ()
    assert plan_expiry(held, DAY + timedelta(days=6))
    assert due_instalments(held, DAY + timedelta(days=6)) == ()
    assert due_instalments(held, DAY + timedelta(days=7))


def test_what_is_spent_or_cashed_out_asks_for_no_look() -> None:
    held = apply(wallet(), top_up("t1", 1_000), ENDS).wallet
    gone = replace(held, lots=tuple(replace(lot, remaining_minor=0, end=LotEnd.CASHED_OUT) for lot in held.lots))
    assert days_of(gone) == []
    assert next_due_day(wallet(), BOOK) is None


def test_a_merged_wallet_with_a_rest_waits_for_no_day() -> None:
    held = apply(wallet(), top_up("t1", 1_000), BOOK).wallet
    merged = replace(held, merged_into=MemberId("m2"), status=WalletStatus.CLOSED)
    assert next_due_day(merged, BOOK) == AT_ONCE
    assert next_due_day(replace(merged, lots=()), BOOK) is None


def test_kept_tiers_are_looked_at_on_the_review_day_only() -> None:
    book = replace(BOOK, tier_policy=TierPolicy(window_days=10, keep_days=30))
    held = replace(wallet(), loyalty=Loyalty(tier_review_on=DAY, active_days=(ActiveDay(on=DAY),)))
    assert next_due_day(held, book) == DAY
    assert next_due_day(held, book, DAY) is None


def test_a_tier_that_follows_its_figures_is_looked_at_when_one_of_them_passes() -> None:
    book = replace(BOOK, tier_policy=TierPolicy(window_days=10))
    grant = TierGrant(tier_id=TierId("gold"), source_id=EventId("g"), until=DAY + timedelta(days=3))
    active = (ActiveDay(on=DAY, topped_up_minor=100_000),)
    held = replace(wallet(), tier_id=TierId("gold"), loyalty=Loyalty(tier_grants=(grant,), active_days=active))
    first = next_due_day(held, book)
    assert first == DAY + timedelta(days=4)
    assert not review_due(held, book, DAY + timedelta(days=3))
    assert review_due(held, book, first)
    silver = replace(held, tier_id=TierId("silver"))
    second = next_due_day(silver, book, first)
    assert second == DAY + timedelta(days=10)
    assert not review_due(silver, book, second - timedelta(days=1))
    assert review_due(silver, book, second)


def test_an_id_follows_from_its_cause_and_from_all_of_it() -> None:
    assert named_id("a", "b") == named_id("a", "b") == "bf7ff81a-6bec-8a89-9e32-e943af7fb5fa"
    assert len({named_id("a", "b"), named_id("ab"), named_id("a", "b", ""), named_id("b", "a")}) == 4
    assert len(sweep_id(EventId("0192d5c0-0000-7000-8000-000000000001"))) == 36
    assert date.fromisoformat("0001-01-01") == AT_ONCE
