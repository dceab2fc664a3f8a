"""Using a pass without an order: online only, once an action, and only for what it covers."""

import pytest

from stored_value.cart_policy import PassType, Scope
from stored_value.events import PassUsed
from stored_value.identity import LotId
from stored_value.refusals import RefusalCode
from stored_value.rulebook import Words
from stored_value.wallet import HoldingKind
from sync.event_codec import event_of
from terminal.counter.pass_use import _item
from tests.terminal.counter.shop import TEA_COUPON, WASH, open_shop
from tests.terminal.counter.till import WANG, Till, done, refused


@pytest.fixture
def shop(till: Till) -> Till:
    return open_shop(till)


def test_uses_are_taken_and_what_is_left_is_known(shop: Till) -> None:
    completed = done(shop.counter.use_pass(shop.counter.new_action(), WANG, WASH, 2))
    assert (completed.kind, completed.amount_minor, completed.opens_drawer) == ("pass_used", 0, False)
    assert done(shop.counter.holdings(WANG)).passes[0].left == 1
    event = event_of(shop.journal.recent(1)[0])
    assert isinstance(event, PassUsed)
    assert (event.units, event.category, event.item_id, event.name) == (2, "wash", "", "wash")
    shop.settle_and_follow()
    assert done(shop.counter.holdings(WANG)).passes[0].left == 1


def test_the_same_action_uses_once(shop: Till) -> None:
    action = shop.counter.new_action()
    first = done(shop.counter.use_pass(action, WANG, WASH, 1))
    assert done(shop.counter.use_pass(action, WANG, WASH, 1)) == first
    assert refused(shop.counter.use_pass(action, WANG, WASH, 2)) is RefusalCode.ACTION_REUSED
    assert done(shop.counter.holdings(WANG)).passes[0].left == 2


def test_offline_a_pass_stays_where_it_is(shop: Till) -> None:
    shop.hq.online = False
    assert refused(shop.counter.use_pass(shop.counter.new_action(), WANG, WASH, 1)) is RefusalCode.ONLINE_ONLY
    assert done(shop.counter.holdings(WANG)).offline


@pytest.mark.parametrize(
    ("holding_id", "units", "use_for", "code"),
    [
        (WASH, 4, "", RefusalCode.PASS_TOO_FEW),
        (WASH, 0, "", RefusalCode.AMOUNT_NOT_POSITIVE),
        (WASH, 1, "care", RefusalCode.PASS_OUT_OF_SCOPE),
        (TEA_COUPON, 1, "", RefusalCode.PASS_UNKNOWN),
        (LotId("x"), 1, "", RefusalCode.PASS_UNKNOWN),
    ],
)
def test_what_the_pass_does_not_give_is_refused(
    shop: Till, holding_id: LotId, units: int, use_for: str, code: RefusalCode
) -> None:
    assert refused(shop.counter.use_pass(shop.counter.new_action(), WANG, holding_id, units, use_for)) is code
    assert done(shop.counter.holdings(WANG)).passes[0].left == 3


@pytest.mark.parametrize(
    ("scope", "use_for", "item_id", "category"),
    [
        (Scope(), "", "", ""),
        (Scope(items=("cut",)), "", "cut", ""),
        (Scope(categories=("care",)), "", "", "care"),
        (Scope(items=("cut",), categories=("care",)), "care", "", "care"),
        (Scope(items=("cut", "dye")), "dye", "dye", ""),
        (Scope(items=("cut", "dye")), "", "", ""),
    ],
)
def test_a_use_says_what_it_was_for_as_far_as_anybody_knows(
    scope: Scope, use_for: str, item_id: str, category: str
) -> None:
    known = PassType(pass_id="p", name=Words(zh="卡", en="Pass"), kind=HoldingKind.PASS_USES, scope=scope)
    item = _item(known, use_for)
    assert (item.item_id, item.category) == (item_id, category)
    assert item.name
