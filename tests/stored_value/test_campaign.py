"""Caps over the whole franchise: head office counts what each top-up gave and reports what went beyond."""

from stored_value.apply import apply
from stored_value.campaign import Given, beyond_cap, count, given_by
from stored_value.eligibility import CampaignUse
from stored_value.findings import FindingCode
from stored_value.identity import EventId, PromotionId
from stored_value.promotions import Promotion
from tests.stored_value.loyalty_cases import Table, rulebook_of
from tests.stored_value.miniature import top_up, wallet


def promotion(**cap: int) -> Promotion:
    row: Table = {"id": "p", "type": "from_amount", "from_minor": 100, "gives": {"bonus_minor": 300}}
    return rulebook_of({"promotions": [row | {"terms": {"caps": {"campaign": cap}}}]}).promotions[0]


GIVEN = Given(promotion_id=PromotionId("p"), bonus_minor=300)


def test_what_a_top_up_gave_is_read_from_the_wallet_instalments_and_gifts_included() -> None:
    book = rulebook_of(
        {
            "promotions": [
                {
                    "id": "parts",
                    "type": "from_amount",
                    "from_minor": 100,
                    "gives": {"bonus_minor": 300},
                    "terms": {"release": {"count": 3}},
                },
                {"id": "gift", "type": "from_amount", "from_minor": 100, "gives": {"points": 5}},
            ]
        }
    )
    after = apply(apply(wallet(), top_up("t0", 100), book).wallet, top_up("t1", 100), book).wallet
    assert {each.promotion_id: each.bonus_minor for each in given_by(after, EventId("t1"))} == {"parts": 300, "gift": 0}


def test_within_its_cap_a_campaign_is_counted_in_silence() -> None:
    capped = promotion(times=2, bonus_minor=600)
    first = count(CampaignUse(), GIVEN)
    assert first == CampaignUse(times=1, bonus_minor=300)
    assert beyond_cap(capped, CampaignUse(), GIVEN) is None
    assert beyond_cap(capped, first, GIVEN) is None
    assert beyond_cap(promotion(), CampaignUse(times=10**6), GIVEN) is None


def test_what_went_beyond_the_times_costs_all_and_beyond_the_money_the_rest() -> None:
    by_times = beyond_cap(promotion(times=2), CampaignUse(times=2, bonus_minor=600), GIVEN)
    by_money = beyond_cap(promotion(bonus_minor=700), CampaignUse(times=2, bonus_minor=600), GIVEN)
    assert by_times is not None
    assert by_money is not None
    assert (by_times.code, by_times.data["bonus_minor"]) == (FindingCode.CAMPAIGN_BEYOND_CAP, 300)
    assert by_money.data["bonus_minor"] == 200
    assert by_money.needs_a_person
