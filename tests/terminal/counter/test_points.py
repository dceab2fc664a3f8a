"""Exchanging points for what the rulebook offers: online only, once an action."""

import pytest

from stored_value.events import PointsRedeemed
from stored_value.refusals import RefusalCode
from sync.event_codec import event_of
from tests.terminal.counter.shop import open_shop
from tests.terminal.counter.till import WANG, Till, done, refused


@pytest.fixture
def shop(till: Till) -> Till:
    return open_shop(till)


def test_what_points_buy_is_listed_with_what_is_missing(shop: Till) -> None:
    held = done(shop.counter.holdings(WANG))
    assert (held.points, held.points_worth_minor) == (1_500, 1_500)
    rewards = {each.reward_id: each for each in held.rewards}
    assert [rewards[name].missing for name in ("mug", "tea", "bike")] == [0, 0, 88_500]
    assert [gift.zh for gift in rewards["tea"].gifts] == ["优惠券 满100减20 1 张"]


def test_points_become_goods(shop: Till) -> None:
    completed = done(shop.counter.exchange_points(shop.counter.new_action(), WANG, "mug"))
    assert (completed.kind, completed.points_after) == ("points_redeemed", 1_000)
    event = event_of(shop.journal.recent(1)[0])
    assert isinstance(event, PointsRedeemed)
    assert (event.points, event.worth_minor) == (500, 3_000)
    shop.settle_and_follow()
    assert done(shop.counter.holdings(WANG)).points == 1_000


def test_points_become_a_coupon_that_can_be_used(shop: Till) -> None:
    done(shop.counter.exchange_points(shop.counter.new_action(), WANG, "tea"))
    held = done(shop.counter.holdings(WANG))
    assert [each.name.zh for each in held.coupons].count("满100减20") == 2
    assert held.points == 1_300


def test_the_same_action_exchanges_once(shop: Till) -> None:
    action = shop.counter.new_action()
    first = done(shop.counter.exchange_points(action, WANG, "mug"))
    assert done(shop.counter.exchange_points(action, WANG, "mug")) == first
    assert refused(shop.counter.exchange_points(action, WANG, "tea")) is RefusalCode.ACTION_REUSED
    assert done(shop.counter.holdings(WANG)).points == 1_000


def test_refused_with_a_reason_and_offline_always(shop: Till) -> None:
    counter = shop.counter
    assert refused(counter.exchange_points(counter.new_action(), WANG, "bike")) is RefusalCode.POINTS_TOO_FEW
    assert refused(counter.exchange_points(counter.new_action(), WANG, "car")) is RefusalCode.REWARD_UNKNOWN
    shop.hq.online = False
    assert refused(counter.exchange_points(counter.new_action(), WANG, "mug")) is RefusalCode.ONLINE_ONLY
    assert done(counter.holdings(WANG)).points == 1_500
