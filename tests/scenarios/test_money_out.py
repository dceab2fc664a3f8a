"""Money out through a real head office: 3000 + 1000 with 3594 used is 304.50, reserved at once, paid once by the original tender, the same at till, paper and books (H4, H5)."""

from dataclasses import replace
from datetime import date

import pytest

from hq_server import franchise_data
from hq_server.own_journal.place import Moment
from hq_server.own_journal.standing import StandingWish, change_status
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.settlement.service import day_settlement, recompute
from stored_value.events import Tender, TenderKind
from stored_value.identity import EventId, MemberId, PromotionId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy
from stored_value.policies import LifeCyclePolicy
from stored_value.refusals import RefusalCode
from stored_value.rulebook import FixedPlan, Limits, Words
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import WalletStatus
from tests.hq_server.own_journal.miniature import unnoted
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import FLOAT_MINOR, Till, done, refused
from tests.terminal.slip_rows import words_on

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 23)
PLAN = PromotionId("plan-3000")
PAID = (
    Tender(kind=TenderKind.CASH, amount_minor=200_000),
    Tender(kind=TenderKind.WECHAT, amount_minor=100_000),
)
BACK = (
    Tender(kind=TenderKind.CASH, amount_minor=20_300),
    Tender(kind=TenderKind.WECHAT, amount_minor=10_150),
)


@pytest.fixture
def saver(franchise: Franchise) -> tuple[Till, Till, MemberId]:
    """At S01: topped up 3,000 and given 1,000, two thirds in cash; 3,594 of it was spent, a part of it at another store."""
    at = franchise.hq.clock.at
    plan = FixedPlan(promotion_id=PLAN, name=Words(zh="充3000送1000", en="3000+1000"), pay_minor=300_000, bonus_minor=100_000)  # fmt: skip
    limits = Limits(static_card_day_minor=1_000_000)
    book = replace(franchise_data.rulebook(at), promotions=(plan,), limits=limits)
    with franchise.hq.database.write() as session:
        publish_rulebook(session, franchise.hq.office.keys, write_rulebook(book), by="test", now=at)
    franchise.hq.sequenced()
    till, other, wang = franchise.till("S01-T1"), franchise.till("S02-T1"), member_of("S01")
    done(till.counter.top_up(till.counter.new_action(), wang, 300_000, PAID, PLAN))
    till.sync()
    number = dict(franchise.books.rows("SELECT member_id, member_no FROM members"))[wang]
    done(other.counter.identify(number))
    other.redeem(wang, 200_000)
    other.sync()
    till.sync()
    till.redeem(wang, 159_400)
    till.sync()
    return till, other, wang


def postings(franchise: Franchise, kind: str) -> dict[tuple[str, str, str], int]:
    rows = franchise.books.rows(f"SELECT store_id, account, detail, amount_minor FROM postings WHERE kind = '{kind}'")
    return {(str(store), str(account), str(detail)): int(amount) for store, account, detail, amount in rows}


def test_h4_a_cash_out_is_reckoned_reserved_and_paid_once(
    franchise: Franchise, saver: tuple[Till, Till, MemberId]
) -> None:
    till, other, wang = saver
    counter = till.counter
    quote = done(counter.quote_cash_out(wang))
    assert (quote.refundable_minor, quote.reserved_minor, quote.goes_back) == (30_450, 40_600, BACK)
    asked = done(counter.request_cash_out(counter.new_action(), quote))
    assert "可退 ￥304.50" in words_on(asked.receipt)
    till.sync()
    assert refused(till.try_to_redeem(wang, 1)) is RefusalCode.BALANCE_TOO_LOW
    assert refused(other.try_to_redeem(wang, 1)) is RefusalCode.BALANCE_TOO_LOW
    waiting = done(other.counter.waiting_cash_out(wang))
    assert waiting is not None
    assert (waiting.here, waiting.asked.refundable_minor) == (False, 30_450)
    elsewhere = other.counter.pay_cash_out(other.counter.new_action(), wang, asked.event_id, BACK)
    assert refused(elsewhere) is RefusalCode.CASH_OUT_OF_ANOTHER_TILL
    assert postings(franchise, "cash_out_requested") == {
        ("S01", "principal_liability", ""): 30_450,
        ("S01", "bonus_liability", ""): 10_150,
        ("S01", "cash_out_pending", ""): -40_600,
    }
    paid = done(counter.pay_cash_out(counter.new_action(), wang, asked.event_id, BACK))
    assert "付出 现金 ￥203.00" in words_on(paid.receipt)
    assert f"申请单号 {asked.receipt_no}" in words_on(paid.receipt)
    till.sync()
    again = counter.pay_cash_out(counter.new_action(), wang, asked.event_id, BACK)
    assert refused(again) is RefusalCode.CASH_OUT_NOT_WAITING
    assert postings(franchise, "cash_out_paid") == {
        ("S01", "cash_out_pending", ""): 40_600,
        ("S01", "promotion_cost", PLAN): -10_150,
        ("S01", "tender", "cash"): -20_300,
        ("S01", "tender", "wechat"): -10_150,
    }
    assert (till.member(wang).balance_minor, till.member(wang).waiting_minor) == (0, 0)
    assert franchise.books.balances()[wang] == 0
    assert till.flagged() == {}
    report = done(counter.close_shift(50_000 + 200_000 - 20_300))
    assert (report.difference_minor, report.totals.cashed_out_minor) == (0, 30_450)
    assert franchise.books.imbalance() == {}


def test_a_payment_taken_back_waits_again_and_the_books_agree(
    franchise: Franchise, saver: tuple[Till, Till, MemberId]
) -> None:
    till, _other, wang = saver
    counter = till.counter
    asked = done(counter.request_cash_out(counter.new_action(), done(counter.quote_cash_out(wang))))
    till.sync()
    paid = done(counter.pay_cash_out(counter.new_action(), wang, asked.event_id, BACK))
    till.sync()
    shown = done(counter.last_entry())
    assert shown is not None
    assert (shown.by_kind, shown.tenders, shown.to_member) == ("cash_out_reversed", BACK, False)
    undone = done(counter.take_back(counter.new_action(), paid.event_id))
    assert f"撤销单号 {paid.receipt_no}" in words_on(undone.receipt)
    till.sync()
    paid_rows, undone_rows = postings(franchise, "cash_out_paid"), postings(franchise, "cash_out_reversed")
    assert undone_rows == {key: -amount for key, amount in paid_rows.items()}
    assert till.member(wang).waiting_minor == 30_450
    done(counter.reject_cash_out(counter.new_action(), wang, asked.event_id, "改主意"))
    till.sync()
    assert till.member(wang).balance_minor == 40_600
    till.redeem(wang, 40_600)
    till.sync()
    assert till.flagged() == {}
    assert franchise.books.imbalance() == {}
    with franchise.hq.database.read() as session:
        assert recompute(session, DAY, DAY) == day_settlement(session, DAY, DAY)


def test_deposits_and_a_lost_card_travel(franchise: Franchise, saver: tuple[Till, Till, MemberId]) -> None:
    till, other, wang = saver
    counter = till.counter
    cash = Tender(kind=TenderKind.CASH, amount_minor=30_000)
    taken = done(counter.take_deposit(counter.new_action(), wang, (cash,), "轮椅"))
    done(counter.keep_deposit(counter.new_action(), taken.event_id, 4_500, "损坏"))
    done(counter.return_deposit(counter.new_action(), taken.event_id, (replace(cash, amount_minor=25_500),)))
    till.unplug()
    done(counter.change_status(counter.new_action(), wang, WalletStatus.LOST))
    till.sync()
    assert refused(other.try_to_redeem(wang, 100)) is RefusalCode.WALLET_NOT_ACTIVE
    done(other.counter.replace_card(other.counter.new_action(), wang))
    other.sync()
    till.sync()
    assert (till.member(wang).status, till.member(wang).card_issue) == (WalletStatus.ACTIVE, 2)
    assert postings(franchise, "deposit_kept") == {
        ("S01", "deposit_liability", ""): 4_500,
        ("S01", "revenue", ""): -4_500,
    }
    assert till.flagged() | other.flagged() == {}
    assert franchise.books.imbalance() == {}


def paid_out(till: Till, member_id: MemberId) -> int:
    quote = done(till.counter.quote_cash_out(member_id))
    asked = done(till.counter.request_cash_out(till.counter.new_action(), quote, "退卡"))
    till.sync()
    cash = Tender(kind=TenderKind.CASH, amount_minor=quote.refundable_minor)
    done(till.counter.pay_cash_out(till.counter.new_action(), member_id, asked.event_id, (cash,)))
    till.sync()
    return quote.refundable_minor


def rules_without_gifts(franchise: Franchise, life_cycle: LifeCyclePolicy) -> None:
    leases = LeasePolicy(tills_max=0)
    franchise.rule(promotions=(), life_cycle=life_cycle, offline=OfflinePolicy(leases=leases))


def test_what_an_expired_account_holds_is_paid_out(franchise: Franchise) -> None:
    """It can be neither spent nor topped up; it is the member's all the same, and what is held for it at head office is held to be paid out."""
    rules_without_gifts(franchise, LifeCyclePolicy(card_valid_days=30))
    till = franchise.till("S01-T1")
    han = till.enrol("韩梅梅", "13712348888")
    till.top_up(han, 20_000)
    till.sync()
    done(till.counter.close_shift(FLOAT_MINOR + 20_000))
    franchise.pass_time(days=31)
    till.sync()
    till.begin_shift()
    assert refused(till.try_to_redeem(han, 100)) is RefusalCode.WALLET_EXPIRED
    assert paid_out(till, han) == 20_000
    assert franchise.books.balances()[han] == 0
    assert (till.flagged(), franchise.books.faults("S01-T1")) == ({}, [])


def test_what_comes_late_into_a_closed_account_is_paid_out(franchise: Franchise) -> None:
    rules_without_gifts(franchise, LifeCyclePolicy())
    till, wang = franchise.till("S01-T1"), member_of("S01")
    till.unplug()
    till.top_up(wang, 5_000)
    wish = StandingWish(
        request_id=EventId(franchise.hq.new_id()), member_id=wang, status=WalletStatus.CLOSED, reason="退会"
    )
    assert change_status(franchise.hq.office.desk, Moment.at(franchise.hq.clock.at), wish, unnoted) is None
    for _ in range(3):
        till.sync()
    assert paid_out(till, wang) == 5_000
    assert franchise.books.balances()[wang] == 0
