"""Laws of promotions, instalments, points and tiers, for any rulebook and any amount."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from stored_value.apply import apply
from stored_value.eligibility import TopUpContext
from stored_value.events import InstalmentReleased, ToppedUp
from stored_value.identity import EventId, PromotionId, TierId
from stored_value.instalments import due_dates, due_instalments
from stored_value.loyalty_policy import PointsPolicy, Tier, TierPolicy
from stored_value.points import earned_points, points_needed, points_worth_minor
from stored_value.postings import imbalance
from stored_value.promotions import (
    Benefits,
    Cap,
    Caps,
    Conditions,
    FixedPlan,
    FromAmount,
    Ladder,
    PerStep,
    Promotion,
    Release,
    ReleaseUnit,
    Rung,
    Terms,
)
from stored_value.quote import quote, reward_for_facts
from stored_value.topup import promise_of
from stored_value.wallet import HoldingKind, ValueKind
from tests.stored_value.miniature import BOOK, DAY, MEMBER, occasion, redeem, refund, reverse, top_up, wallet, words

AMOUNTS = st.integers(1, 400_000)
MONEY = st.integers(0, 50_000)
BENEFITS = st.builds(
    Benefits, bonus_minor=st.integers(1, 50_000), bonus_basis_points=st.integers(0, 3_000), points=st.integers(0, 500)
)
RELEASES = st.builds(Release, count=st.integers(2, 24), every=st.sampled_from(ReleaseUnit), first_at_once=st.booleans())
CAPS = st.builds(
    Caps,
    member=st.builds(Cap, times=st.none() | st.integers(1, 3), bonus_minor=st.none() | st.integers(1, 60_000)),
    member_day=st.builds(Cap, times=st.none() | st.integers(1, 2)),
)
CONDITIONS = st.builds(
    Conditions, first_only=st.booleans(), tiers=st.sampled_from([(), (TierId("silver"),), (TierId("gold"),)])
)
GROUPS = st.lists(st.sampled_from("ab"), max_size=2, unique=True).map(tuple)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    starts = draw(st.lists(st.integers(1, 300_000), min_size=1, max_size=6, unique=True).map(sorted))
    gifts = draw(st.lists(MONEY, min_size=len(starts), max_size=len(starts)).map(sorted))
    rungs = tuple(
        Rung(from_minor=start, gives=Benefits(bonus_minor=gift, points=1))
        for start, gift in zip(starts, gifts, strict=True)
    )
    return Ladder(promotion_id=PromotionId("ladder"), name=words("ladder"), rungs=rungs)


@st.composite
def rulebook_promotions(draw: st.DrawFn) -> tuple[Promotion, ...]:
    """Any shapes under any terms; priorities differ, as the lint asks."""
    found: list[Promotion] = []
    for place in range(draw(st.integers(1, 6))):
        name, terms = (
            PromotionId(f"p{place}"),
            Terms(
                conditions=draw(CONDITIONS),
                caps=draw(CAPS),
                release=draw(st.none() | RELEASES),
                groups=draw(GROUPS),
                priority=place,
            ),
        )
        gives = draw(BENEFITS)
        least = draw(st.integers(1, 200_000))
        shape = draw(st.sampled_from(["plan", "step", "from"]))
        if shape == "plan":
            found.append(FixedPlan(promotion_id=name, name=words(name), pay_minor=least, bonus_minor=1, terms=terms))
        elif shape == "step":
            found.append(PerStep(promotion_id=name, name=words(name), step_minor=least, each=gives, terms=terms))
        else:
            found.append(FromAmount(promotion_id=name, name=words(name), from_minor=least, gives=gives, terms=terms))
    return tuple(draw(st.permutations(found)))


CONTEXT = TopUpContext(on=DAY)


@given(ladder=ladders(), amounts=st.lists(AMOUNTS, min_size=2, max_size=2).map(sorted))
def test_a_ladder_of_rising_rungs_never_gives_less_for_more(ladder: Ladder, amounts: list[int]) -> None:
    less, more = (reward_for_facts(ladder, amount, None, CONTEXT) for amount in amounts)
    assert less is None or (more is not None and less.bonus_minor <= more.bonus_minor)


@given(each=BENEFITS, step=st.integers(1, 100_000), amounts=st.lists(AMOUNTS, min_size=2, max_size=2))
def test_steps_never_give_more_for_parts_than_for_the_whole(each: Benefits, step: int, amounts: list[int]) -> None:
    rule = PerStep(promotion_id=PromotionId("p"), name=words("p"), step_minor=step, each=each)

    def bonus(amount: int) -> int:
        reward = reward_for_facts(rule, amount, None, CONTEXT)
        return 0 if reward is None else reward.bonus_minor

    assert bonus(amounts[0]) + bonus(amounts[1]) <= bonus(sum(amounts))


@given(promotions=rulebook_promotions(), amount=AMOUNTS, data=st.data())
def test_the_order_of_listing_never_matters(
    promotions: tuple[Promotion, ...], amount: int, data: st.DataObject
) -> None:
    shuffled = tuple(data.draw(st.permutations(promotions)))
    quotes = [
        quote(wallet(), amount, None, replace(BOOK, promotions=listed), CONTEXT) for listed in (promotions, shuffled)
    ]
    by_id = [{reason.promotion_id: (reason.code, reason.data) for reason in each.reasons} for each in quotes]
    assert by_id[0] == by_id[1]
    assert {each.promotion_id: each for each in quotes[0].rewards} == {
        each.promotion_id: each for each in quotes[1].rewards
    }


@given(promotions=rulebook_promotions(), amount=AMOUNTS)
def test_of_a_group_at_most_one_gives_and_every_rule_has_one_reason(
    promotions: tuple[Promotion, ...], amount: int
) -> None:
    book = replace(BOOK, promotions=promotions)
    quoted = quote(wallet(), amount, None, book, CONTEXT)
    assert [reason.promotion_id for reason in quoted.reasons] == [each.promotion_id for each in promotions]
    assert [reason.promotion_id for reason in quoted.reasons if reason.given] == [
        reward.promotion_id for reward in quoted.rewards
    ]
    taken: list[str] = []
    for reward in quoted.rewards:
        promotion = book.promotion(reward.promotion_id)
        assert promotion is not None
        taken += promotion.terms.groups
    assert len(taken) == len(set(taken))


@given(promotions=rulebook_promotions(), amount=AMOUNTS, start=st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_instalments_sum_to_the_reward_and_their_days_only_rise(
    promotions: tuple[Promotion, ...], amount: int, start: date
) -> None:
    context = TopUpContext(on=start)
    for promotion in promotions:
        plan_id = promotion.promotion_id
        whole = reward_for_facts(
            replace(promotion, terms=replace(promotion.terms, release=None)), amount, plan_id, context
        )
        parts = reward_for_facts(promotion, amount, plan_id, context)
        assert (whole is None) == (parts is None)
        if whole is None or parts is None:
            continue
        assert parts.whole_bonus_minor == whole.bonus_minor
        days = [part.due_on for part in parts.later]
        assert days == sorted(set(days))
        assert all(day > start for day in days)
        if promotion.terms.release is not None and parts.later:
            sizes = [part.amount_minor for part in parts.later]
            assert max(sizes) - min(sizes) <= 1


@given(
    release=RELEASES.filter(lambda release: release.every is ReleaseUnit.MONTH),
    start=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_monthly_parts_fall_on_the_same_day_or_the_last_of_a_shorter_month(release: Release, start: date) -> None:
    for due_on in due_dates(start, release):
        assert due_on.day == start.day or (due_on.day < start.day and (due_on + timedelta(days=1)).day == 1)


@settings(max_examples=60, deadline=None)
@given(promotions=rulebook_promotions(), amounts=st.lists(AMOUNTS, min_size=1, max_size=4))
def test_what_an_online_till_promises_is_what_head_office_gives_and_every_release_adds_up(
    promotions: tuple[Promotion, ...], amounts: list[int]
) -> None:
    book = replace(BOOK, promotions=promotions)
    held, promised_minor = wallet(), 0
    for number, amount in enumerate(amounts):
        context = TopUpContext(on=DAY, store_id=occasion("t").store_id)
        quoted = quote(held, amount, None, book, context)
        event = replace(
            top_up(f"t{number}", amount, plan=quoted.plan_id),
            promised=tuple(promise_of(reward) for reward in quoted.rewards),
        )
        done = apply(held, event, book)
        assert not [found for found in done.findings if found.code.value.startswith(("promise", "first"))]
        assert imbalance(done.postings) == {}
        held = done.wallet
        promised_minor += sum(reward.whole_bonus_minor for reward in quoted.rewards)
    for part in due_instalments(held, date.max):
        release = InstalmentReleased(
            occasion=occasion(f"r{part.top_up_id}{part.promotion_id}{part.number}", day=(part.due_on - DAY).days),
            member_id=MEMBER,
            top_up_id=part.top_up_id,
            promotion_id=part.promotion_id,
            number=part.number,
            amount_minor=part.amount_minor,
        )
        done = apply(held, release, book)
        assert done.findings == ()
        assert imbalance(done.postings) == {}
        held = done.wallet
    assert held.balance_minor(ValueKind.BONUS) == promised_minor
    assert held.loyalty.pending == ()


@settings(max_examples=60, deadline=None)
@given(promotions=rulebook_promotions(), before=AMOUNTS, amount=AMOUNTS)
def test_a_reversal_undoes_every_reward(promotions: tuple[Promotion, ...], before: int, amount: int) -> None:
    book = replace(
        BOOK,
        promotions=promotions,
        points=PointsPolicy(top_up_points=1),
        tier_policy=TierPolicy(window_days=9, keep_days=9),
    )
    held = apply(wallet(), top_up("t0", before), book).wallet
    done = apply(held, top_up("t1", amount), book).wallet
    undone = apply(done, reverse("v1", "t1", amount), book)
    assert not undone.findings
    after = undone.wallet
    assert (after.total_minor, after.quantity(HoldingKind.POINTS)) == (
        held.total_minor,
        held.quantity(HoldingKind.POINTS),
    )
    assert after.loyalty.pending == held.loyalty.pending
    assert sorted(after.loyalty.uses, key=str) == sorted(held.loyalty.uses, key=str)
    assert after.loyalty.active_days == held.loyalty.active_days
    assert (after.topped_up_minor, after.top_up_count) == (held.topped_up_minor, held.top_up_count)


@given(
    amount=st.integers(0, 10**9),
    more=st.integers(0, 10**6),
    points=st.integers(0, 100),
    per=st.integers(1, 10_000),
    percent=st.integers(0, 500),
)
def test_points_are_a_floor_and_never_shrink_with_the_amount(
    amount: int, more: int, points: int, per: int, percent: int
) -> None:
    earned = earned_points(amount, points, per, percent)
    exact = amount * points * percent
    assert earned * per * 100 <= exact < (earned + 1) * per * 100
    assert earned <= earned_points(amount + more, points, per, percent)
    assert earned_points(amount, points, per, percent) + earned_points(more, points, per, percent) <= earned_points(
        amount + more, points, per, percent
    )


@given(amount=st.integers(1, 10**7), worth_points=st.integers(1, 1_000), worth=st.integers(1, 1_000))
def test_the_points_that_are_needed_pay_and_one_less_does_not(amount: int, worth_points: int, worth: int) -> None:
    policy = PointsPolicy(worth_points=worth_points, worth_minor=worth)
    needed = points_needed(amount, policy)
    assert needed is not None
    assert points_worth_minor(needed, policy) >= amount > points_worth_minor(needed - 1, policy)


@settings(max_examples=80, deadline=None)
@given(spent=st.integers(1, 90_000), parts=st.lists(st.integers(1, 40_000), max_size=5))
def test_any_split_of_a_refund_takes_back_the_points_of_the_whole(spent: int, parts: list[int]) -> None:
    book = replace(BOOK, points=PointsPolicy(spend_points=3, spend_per_minor=700))
    start = apply(wallet(), top_up("t1", 90_000), book).wallet
    bought = apply(start, redeem("b1", spent), book).wallet
    held, back = bought, 0
    for number, part in enumerate(parts):
        amount = min(part, spent - back)
        if amount:
            held = apply(held, refund(f"f{number}", "b1", {1: amount}), book).wallet
            back += amount
    earned = bought.quantity(HoldingKind.POINTS)
    assert held.quantity(HoldingKind.POINTS) == earned * (spent - back) // spent
    assert held.spent_minor == spent - back


@given(figures=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 90_000)), min_size=1, max_size=8))
def test_a_rolling_tier_equals_a_plain_sum_over_the_window(figures: list[tuple[int, int]]) -> None:
    tiers = tuple(
        Tier(tier_id=TierId(name), name=words(name), top_up_from_minor=least)
        for name, least in (("a", 0), ("b", 50_000), ("c", 120_000))
    )
    book = replace(BOOK, tiers=tiers, promotions=(), tier_policy=TierPolicy(window_days=10))
    held = replace(wallet(), tier_id=TierId("a"))
    seen: list[tuple[int, int]] = []
    for number, (day, amount) in enumerate(sorted(figures)):
        event: ToppedUp = top_up(f"t{number}", amount, day=day)
        held = apply(held, event, book).wallet
        seen.append((day, amount))
        total = sum(paid for on, paid in seen if day - 10 < on <= day)
        assert held.tier_id == ("c" if total >= 120_000 else "b" if total >= 50_000 else "a")
    assert held.top_up_count == len(figures)
    assert EventId("t0") in {lot.top_up_id for lot in held.lots}
