"""What head office and other tills do with money that a till keeps (H5): each waits, is refused with the reason, or acts on the rest; and the till spends what is its own,
rightly, and no more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from hq_server.own_journal.place import Moment
from hq_server.own_journal.runs import run_day
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.own_journal.transfers import TwoMembers, move
from stored_value.identity import EventId, MemberId, PromotionId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.refusals import Refusal, RefusalCode
from stored_value.rulebook import FixedPlan, Words
from stored_value.wallet import WalletStatus
from terminal.counter.views_money_out import TakingBack
from tests.hq_server.own_journal.miniature import unnoted
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.reserving_tills import leased
from tests.scenarios.test_reservations import LEASES, NONE, two_tills
from tests.scenarios.till import Till, refused
from tests.waiting import until

pytestmark = pytest.mark.slow
KEPT = 5_000
"""Of ￥100."""


@dataclass
class Kept:
    """￥50 of Wang's ￥100 are the first till's: a lease of a till that nobody reaches, or a hold for a payment that is being made."""

    franchise: Franchise
    one: Till
    two: Till
    wang: MemberId
    is_lease: bool

    def spent_after(self, act: Callable[[], object]) -> None:
        """The act comes first, the payment of what is kept right after it."""
        if self.is_lease:
            self.one.unplug()
            act()
            self.one.redeem(self.wang, KEPT)
            return
        self.one.after_hold = act
        self.one.redeem(self.wang, KEPT)
        self.one.after_hold = lambda: None

    def balance(self, member_id: MemberId | None = None) -> int:
        return self.franchise.books.balances()[member_id or self.wang]

    def all_is_well(self) -> None:
        for till in (self.one, self.two, self.one):
            till.sync()
        assert (self.one.flagged(), self.two.flagged()) == ({}, {})
        assert self.franchise.books.findings("HQ-00") == {}
        assert self.franchise.books.faults(self.one.name, self.two.name) == []


@pytest.fixture(params=[True, False], ids=["leased", "held"])
def kept(franchise: Franchise, request: pytest.FixtureRequest) -> Kept:
    one, two, wang = two_tills(franchise, LEASES if request.param else NONE)
    if request.param:
        until(lambda: leased(one, wang), what="the lease to come")
    return Kept(franchise, one, two, wang, is_lease=request.param)


def moment(franchise: Franchise, days: int = 0) -> Moment:
    return Moment.at(franchise.hq.clock.at + timedelta(days=days))


def moving(kept: Kept, taker: MemberId, amount_minor: int | None) -> Refusal | None:
    """A transfer, or a merge when no amount is named."""
    name = EventId(kept.franchise.hq.new_id())
    wish = TwoMembers(transfer_id=name, giver=kept.wang, taker=taker, amount_minor=amount_minor)
    return move(kept.franchise.hq.office.desk, moment(kept.franchise), wish, unnoted)


def standing(kept: Kept, status: WalletStatus) -> Refusal | None:
    wish = StandingWish(
        request_id=EventId(kept.franchise.hq.new_id()), member_id=kept.wang, status=status, reason="测试"
    )
    return change_status(kept.franchise.hq.office.desk, moment(kept.franchise), wish, unnoted)


def test_h5_a_transfer_takes_what_nobody_keeps_and_no_more(kept: Kept) -> None:
    zhao, refusals = member_of("S01", 1), []

    def act() -> None:
        refusals.append(moving(kept, zhao, KEPT + 1))
        assert moving(kept, zhao, KEPT) is None

    kept.spent_after(act)
    (refusal,) = refusals
    assert refusal is not None
    assert (refusal.code, refusal.data["balance_minor"]) == (RefusalCode.BALANCE_TOO_LOW, 10_000 - KEPT)
    kept.all_is_well()
    assert (kept.balance(), kept.balance(zhao)) == (0, KEPT)


def test_h5_a_merge_leaves_what_a_till_keeps_where_the_till_spends_it(kept: Kept) -> None:
    zhao = member_of("S01", 1)

    def act() -> None:
        assert moving(kept, zhao, None) is None
        assert (kept.balance(), kept.balance(zhao)) == (KEPT, 10_000 - KEPT)
        run_day(kept.franchise.hq.office.desk, moment(kept.franchise, 1))
        assert kept.balance() == KEPT, "nor does a sweep take it"

    kept.spent_after(act)
    for till in (kept.one, kept.two, kept.one):
        till.sync()
    assert (kept.balance(), kept.balance(zhao)) == (0, 10_000 - KEPT)
    assert refused(kept.one.try_to_redeem(kept.wang, 1)) is RefusalCode.WALLET_NOT_ACTIVE
    assert kept.franchise.books.faults("S01-T1", "S02-T1") == []


def test_h5_what_a_report_lets_go_of_a_merged_member_is_swept_on_the_same_day(franchise: Franchise) -> None:
    """No entry comes with it: nothing else would make head office look at him before tomorrow."""
    one, two, wang = two_tills(franchise, NONE)
    kept, zhao = Kept(franchise, one, two, wang, is_lease=False), member_of("S01", 1)
    one.after_hold, one.lose_hold_replies = lambda: moving(kept, zhao, None), True
    refused(one.try_to_redeem(wang, KEPT))
    run_day(franchise.hq.office.desk, moment(franchise))
    assert (kept.balance(), kept.balance(zhao)) == (KEPT, 10_000 - KEPT)
    one.sync()
    assert franchise.hq.office.schedule.look()
    assert (kept.balance(), kept.balance(zhao)) == (0, 10_000)
    kept.all_is_well()


def test_h5_closing_waits_for_what_a_till_keeps(kept: Kept) -> None:
    refusals = []
    kept.spent_after(lambda: refusals.append(standing(kept, WalletStatus.CLOSED)))
    (refusal,) = refusals
    assert refusal is not None
    assert (refusal.code, refusal.data["reserved_minor"]) == (RefusalCode.RESERVED_ELSEWHERE, KEPT)
    kept.all_is_well()
    kept.two.redeem(kept.wang, 10_000 - KEPT)
    kept.all_is_well()
    assert standing(kept, WalletStatus.CLOSED) is None


def test_h5_a_freeze_holds_at_once_where_it_is_heard_and_takes_nothing_that_a_till_spent_before(kept: Kept) -> None:
    """What was paid before the till heard of it is taken in and told; afterwards nothing leaves, and the lease is given back like any other."""
    kept.spent_after(lambda: standing(kept, WalletStatus.FROZEN))
    for till in (kept.one, kept.two, kept.one):
        till.sync()
    assert set(kept.one.flagged().values()) == {("wallet_not_active",)}
    assert kept.balance() == 10_000 - KEPT
    for till in (kept.one, kept.two):
        assert refused(till.try_to_redeem(kept.wang, 1)) is RefusalCode.WALLET_NOT_ACTIVE
    assert kept.franchise.books.faults("S01-T1", "S02-T1") == []


def test_h5_a_cash_out_pays_nothing_that_another_till_keeps(kept: Kept) -> None:
    answers: list[object] = []

    def act() -> None:
        kept.two.sync()
        quote = kept.two.counter.quote_cash_out(kept.wang)
        if isinstance(quote, Refusal):
            answers.append(quote)
        else:
            answers.append(kept.two.counter.request_cash_out(kept.two.counter.new_action(), quote, "退卡"))

    kept.spent_after(act)
    (answer,) = answers
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    kept.all_is_well()
    assert kept.balance() == 10_000 - KEPT


def test_h5_a_top_up_is_not_taken_back_while_another_till_keeps_some_of_it(franchise: Franchise) -> None:
    """The cash would leave by one door and the goods by the other."""
    one, two, wang = two_tills(franchise, NONE)
    last = one.counter.last_entry()
    assert isinstance(last, TakingBack)
    answers: list[object] = []
    two.after_hold = lambda: answers.append(one.counter.take_back(one.counter.new_action(), last.event_id))
    two.redeem(wang, KEPT)
    assert refused(answers[0]) is RefusalCode.RESERVED_ELSEWHERE
    assert one.journal.reservations.report().open_reservations == ()
    Kept(franchise, one, two, wang, is_lease=False).all_is_well()
    assert franchise.books.balances()[wang] == 10_000 - KEPT


def test_h5_a_refund_is_not_taken_back_while_another_till_keeps_what_it_brought(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, NONE)
    one.refund(one.redeem(wang, 9_000).event_id, 1, 9_000)
    one.sync()
    last = one.counter.last_entry()
    assert isinstance(last, TakingBack)
    answers: list[object] = []
    two.after_hold = lambda: answers.append(one.counter.take_back(one.counter.new_action(), last.event_id))
    two.redeem(wang, KEPT)
    assert refused(answers[0]) is RefusalCode.RESERVED_ELSEWHERE
    Kept(franchise, one, two, wang, is_lease=False).all_is_well()
    assert franchise.books.balances()[wang] == 10_000 - KEPT


def test_h5_bonus_that_ends_while_it_is_leased_waits_for_the_till(franchise: Franchise) -> None:
    """Paid on its last day, told two days later: nothing had to be revived. What comes back ends."""
    one = two_tills(franchise, NONE)[0]
    leases = LeasePolicy(tills_max=1, amount_minor=20_000, share_percent=100)
    plan = FixedPlan(
        promotion_id=PromotionId("ends"),
        name=Words(zh="充100送100", en="Pay 100 get 100"),
        pay_minor=10_000,
        bonus_minor=10_000,
        bonus_valid_days=1,
    )
    franchise.rule(version=3, promotions=(plan,), offline=OfflinePolicy(leases=leases, risk=RiskAllowance()))
    one.sync()
    zhao, desk = member_of("S01", 1), franchise.hq.office.desk
    one.top_up(zhao, 10_000, "ends")
    one.sync()
    franchise.grant_leases()
    assert until(lambda: leased(one, zhao), what="the lease to come") == 20_000
    one.unplug()
    one.redeem(zhao, 15_000)
    run_day(desk, moment(franchise, 2))
    assert franchise.books.balances()[zhao] == 20_000
    franchise.pass_time(days=2)
    one.sync()
    assert (franchise.books.balances()[zhao], one.flagged()) == (5_000, {})
    franchise.pass_time(days=2)
    one.sync()
    run_day(desk, moment(franchise, 1))
    assert franchise.books.balances()[zhao] == 2_500
    assert franchise.books.faults("S01-T1", "S02-T1") == []
