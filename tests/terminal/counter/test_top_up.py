"""Topping up: the bonus before the money, tenders, double taps, limits, and what happens without head office."""

from dataclasses import replace

from stored_value.events import ToppedUp
from stored_value.identity import PromotionId
from stored_value.promotions import Cap, Caps, Terms
from stored_value.refusals import RefusalCode
from sync.event_codec import event_of
from sync.messages import CampaignRow, UnknownRow
from tests.terminal.counter.till import (
    PLAN,
    RULEBOOK,
    WANG,
    Till,
    cash,
    done,
    lines,
    member_row,
    refused,
    rulebook_row,
    wallet_of,
    wechat,
)


def test_the_bonus_is_shown_with_its_reasons_before_the_money_is_taken(open_till: Till) -> None:
    quote = done(open_till.counter.quote_top_up(WANG, 100_000, PLAN))
    assert quote.bonus_minor == 20_000
    assert quote.balance_after_minor == 50_000 + 10_000 + 120_000
    assert {reason.promotion_id: reason.code for reason in quote.reasons} == {
        "plan-1000": "given",
        "first-50": "not_first",
    }
    assert quote.provisional


def test_plan_and_first_top_up_stack_for_a_new_member(open_till: Till) -> None:
    open_till.feed(member_row(wallet_of(0, version=4)))
    quote = done(open_till.counter.quote_top_up(WANG, 100_000, PLAN))
    assert quote.bonus_minor == 25_000
    assert len(quote.rewards) == 2


def test_a_top_up_is_in_the_journal_and_in_the_view(open_till: Till) -> None:
    completed = open_till.top_up(100_000, cash(60_000), wechat(40_000))
    assert (completed.amount_minor, completed.bonus_minor) == (100_000, 20_000)
    assert (completed.principal_after_minor, completed.bonus_after_minor) == (150_000, 30_000)
    assert completed.provisional
    entry = open_till.journal.entry(completed.seq)
    assert entry is not None
    event = event_of(entry)
    assert isinstance(event, ToppedUp)
    assert event.plan_id == PLAN
    assert [promise.promotion_id for promise in event.promised] == [PLAN]
    view = open_till.wang()
    assert (view.principal_minor, view.bonus_minor, view.provisional_bonus_minor) == (150_000, 10_000, 20_000)
    assert view.pending
    assert view.recent[0].amount_minor == 120_000


def test_an_offline_bonus_can_be_spent_only_when_head_office_has_it(open_till: Till) -> None:
    open_till.feed(member_row(wallet_of(0, version=4)))
    open_till.top_up(10_000)
    assert refused(open_till.counter.preview_redemption(WANG, 15_000)) is RefusalCode.BALANCE_TOO_LOW
    open_till.settle_and_follow()
    assert done(open_till.counter.preview_redemption(WANG, 15_000)).bonus_minor == 5_000


def test_a_double_tap_is_one_top_up_with_one_answer(open_till: Till) -> None:
    action = open_till.counter.new_action()
    first = done(open_till.counter.top_up(action, WANG, 100_000, (cash(100_000),), PLAN))
    again = done(open_till.counter.top_up(action, WANG, 100_000, (cash(100_000),), PLAN))
    assert again == first
    assert open_till.wang().principal_minor == 150_000
    open_till.restart()
    open_till.sign_in()
    assert done(open_till.counter.top_up(action, WANG, 100_000, (cash(100_000),), PLAN)) == first


def test_the_same_action_with_another_amount_is_refused(open_till: Till) -> None:
    action = open_till.counter.new_action()
    done(open_till.counter.top_up(action, WANG, 10_000, (cash(10_000),), None))
    answer = open_till.counter.top_up(action, WANG, 20_000, (cash(20_000),), None)
    assert refused(answer) is RefusalCode.ACTION_REUSED
    assert refused(open_till.counter.redeem(action, WANG, lines(100), True)) is RefusalCode.ACTION_REUSED
    assert open_till.wang().principal_minor == 60_000


def test_refusals_name_their_reason_and_write_nothing(open_till: Till) -> None:
    counter = open_till.counter
    seq = open_till.journal.head().seq
    tries = {
        RefusalCode.AMOUNT_NOT_POSITIVE: (0, (cash(0),), None),
        RefusalCode.TENDERS_DISAGREE: (10_000, (cash(9_000),), None),
        RefusalCode.PLAN_UNKNOWN: (10_000, (cash(10_000),), PromotionId("plan-9")),
        RefusalCode.WALLET_LIMIT: (450_000, (cash(450_000),), None),
    }
    for code, (amount, tenders, plan_id) in tries.items():
        assert refused(counter.top_up(counter.new_action(), WANG, amount, tenders, plan_id)) is code
    assert refused(counter.top_up(counter.new_action(), WANG, 10_000, (), None)) is RefusalCode.TENDERS_DISAGREE
    assert open_till.journal.head().seq == seq


def test_online_the_member_is_read_at_head_office_before_the_bonus_is_promised(open_till: Till) -> None:
    """He topped up for the first time elsewhere a minute ago: no second first bonus."""
    open_till.feed(member_row(wallet_of(0, version=4)))
    open_till.hq.online = True
    open_till.hq.rows[WANG] = member_row(wallet_of(10_000, 5_000, version=5))
    completed = open_till.top_up(10_000)
    assert completed.bonus_minor == 0
    assert not completed.provisional
    assert completed.principal_after_minor == 20_000
    assert [asked.member_id for asked in open_till.hq.asked] == [WANG]


def test_only_cash_opens_the_drawer(open_till: Till) -> None:
    assert open_till.top_up(10_000, wechat(9_900), cash(100)).opens_drawer
    assert not open_till.top_up(10_000, wechat(10_000)).opens_drawer


def test_a_campaign_that_head_office_counted_to_its_cap_gives_nothing_more(open_till: Till) -> None:
    capped = tuple(
        replace(each, terms=Terms(caps=Caps(campaign=Cap(times=2)))) if each.promotion_id == PLAN else each
        for each in RULEBOOK.promotions
    )
    open_till.feed(rulebook_row(replace(RULEBOOK, version=2, promotions=capped)), UnknownRow(kind="horoscope"))
    open_till.feed(CampaignRow(promotion_id=PLAN, times=1, bonus_minor=20_000))
    assert done(open_till.counter.quote_top_up(WANG, 100_000, PLAN)).bonus_minor == 20_000
    open_till.feed(CampaignRow(promotion_id=PLAN, times=2, bonus_minor=40_000))
    open_till.feed(CampaignRow(promotion_id=PLAN, times=1, bonus_minor=20_000))
    quote = done(open_till.counter.quote_top_up(WANG, 100_000, PLAN))
    assert quote.bonus_minor == 0
    assert {reason.promotion_id: reason.code for reason in quote.reasons}[PLAN] == "campaign_cap"
    completed = open_till.top_up(100_000, cash(100_000))
    assert completed.bonus_minor == 0
    assert open_till.wang().bonus_minor == 10_000
