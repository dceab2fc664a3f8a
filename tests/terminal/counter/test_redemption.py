"""Redeeming: draws, the limits offline and of a printed card, head office read first, double taps."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stored_value.events import EvidenceClass, OrderLine, Redeemed
from stored_value.identity import MemberId
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import WalletStatus
from sync.event_codec import event_of
from sync.messages import BlockRow
from terminal.counter.redemption import LINES_MAX, NAME_CHARS_MAX
from terminal.stops import StopCode
from tests.terminal.counter.head_office import START
from tests.terminal.counter.till import WANG, Till, done, lines, member_row, refused, wallet_of


def test_a_payment_draws_proportionally_and_the_answer_says_so(open_till: Till) -> None:
    preview = done(open_till.counter.preview_redemption(WANG, 12_000))
    completed = done(open_till.redeem(9_000, 3_000))
    assert (preview.principal_minor, preview.bonus_minor) == (10_000, 2_000)
    assert (completed.principal_minor, completed.bonus_minor) == (10_000, 2_000)
    assert (completed.principal_after_minor, completed.bonus_after_minor) == (40_000, 8_000)
    assert preview.balance_after_minor == open_till.wang().balance_minor == 48_000
    assert completed.provisional
    assert not completed.opens_drawer


def test_the_entry_says_what_showed_that_the_member_was_there(open_till: Till) -> None:
    completed = done(open_till.redeem(1_000))
    entry = open_till.journal.entry(completed.seq)
    assert entry is not None
    event = event_of(entry)
    assert isinstance(event, Redeemed)
    assert event.occasion.evidence is EvidenceClass.STATIC_CARD
    assert event.occasion.offline
    assert event.occasion.local_time == "2026-11-23 08:02:00"


def test_offline_a_member_spends_up_to_the_limit_between_two_syncs(open_till: Till) -> None:
    done(open_till.redeem(15_000))
    answer = open_till.redeem(5_001)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.OFFLINE_LIMIT
    assert answer.data == {"left_minor": 5_000, "leased_minor": 0, "reserved_minor": 0}
    assert open_till.wang().spendable_now_minor == 5_000
    done(open_till.redeem(5_000))
    open_till.settle_and_follow()
    done(open_till.redeem(10_000))


def test_the_offline_limit_survives_a_restart(open_till: Till) -> None:
    done(open_till.redeem(20_000))
    open_till.restart()
    open_till.sign_in()
    assert refused(open_till.redeem(1)) is RefusalCode.OFFLINE_LIMIT


def test_a_printed_card_pays_up_to_its_limit_of_the_day(open_till: Till) -> None:
    open_till.hq.online = True
    open_till.hq.rows[WANG] = member_row(wallet_of(50_000, 10_000))
    done(open_till.redeem(25_000))
    answer = open_till.redeem(5_001)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["left_minor"]) == (RefusalCode.STATIC_CARD_LIMIT, 5_000)
    done(open_till.redeem(5_000))
    assert refused(open_till.redeem(1)) is RefusalCode.STATIC_CARD_LIMIT


def test_online_what_was_spent_elsewhere_is_known_before_the_decision(open_till: Till) -> None:
    open_till.hq.online = True
    open_till.hq.rows[WANG] = member_row(wallet_of(1_000, version=9))
    answer = open_till.redeem(2_000)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["balance_minor"]) == (RefusalCode.BALANCE_TOO_LOW, 1_000)
    assert not done(open_till.redeem(1_000)).provisional


def test_a_head_office_that_does_not_answer_leaves_the_offline_limit(open_till: Till) -> None:
    open_till.hq.online = True
    open_till.hq.answers = False
    assert refused(open_till.redeem(20_001)) is RefusalCode.OFFLINE_LIMIT
    assert done(open_till.redeem(20_000)).provisional


def test_a_member_whose_push_is_under_way_counts_as_offline(open_till: Till) -> None:
    done(open_till.redeem(1_000))
    head = open_till.journal.head().seq
    open_till.journal.outcomes.record_push(1, head)
    open_till.hq.online = True
    open_till.hq.rows[WANG] = member_row(wallet_of(49_000, 9_000, version=4))
    assert refused(open_till.redeem(19_001)) is RefusalCode.OFFLINE_LIMIT
    assert open_till.wang().balance_minor == 59_000, "the row of a member in doubt waits"


def test_offline_only_the_card_itself_will_do(open_till: Till) -> None:
    counter = open_till.counter
    assert refused(counter.redeem(counter.new_action(), WANG, lines(100), False)) is RefusalCode.CARD_NEEDED
    open_till.hq.online = True
    open_till.hq.rows[WANG] = member_row(wallet_of(50_000, 10_000))
    done(counter.redeem(counter.new_action(), WANG, lines(100), False))


def test_a_double_tap_is_one_payment_with_one_answer(open_till: Till) -> None:
    action = open_till.counter.new_action()
    first = done(open_till.counter.redeem(action, WANG, lines(5_000, 1_000), True))
    assert done(open_till.counter.redeem(action, WANG, lines(5_000, 1_000), True)) == first
    open_till.settle_and_follow()
    again = done(open_till.counter.redeem(action, WANG, lines(5_000, 1_000), True))
    assert (again.principal_minor, again.bonus_minor) == (first.principal_minor, first.bonus_minor)
    assert again.receipt == first.receipt
    assert open_till.wang().balance_minor == 54_000
    assert refused(open_till.counter.redeem(action, WANG, lines(6_000), True)) is RefusalCode.ACTION_REUSED


def test_a_block_stops_the_payment_as_soon_as_the_till_hears_of_it(open_till: Till) -> None:
    open_till.feed(BlockRow(member_id=WANG, status=WalletStatus.LOST, version=4, updated_at=START))
    answer = open_till.redeem(100)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.WALLET_NOT_ACTIVE
    assert answer.data == {"status": "lost", "deed": "redeem", "remedy": "replace_card"}
    assert open_till.wang().spendable_now_minor == 0


def test_refusals_name_their_reason_and_write_nothing(open_till: Till) -> None:
    counter = open_till.counter
    seq = open_till.journal.head().seq
    twice = (OrderLine(line_no=1, name="a", total_minor=1), OrderLine(line_no=1, name="b", total_minor=1))
    below = (OrderLine(line_no=1, name="a", total_minor=-5), OrderLine(line_no=2, name="b", total_minor=10))
    assert refused(open_till.redeem(0)) is RefusalCode.AMOUNT_NOT_POSITIVE
    assert refused(open_till.redeem()) is RefusalCode.LINES_DISAGREE
    assert refused(counter.redeem(counter.new_action(), WANG, twice, True)) is RefusalCode.LINES_DISAGREE
    assert refused(counter.redeem(counter.new_action(), WANG, below, True)) is RefusalCode.LINES_DISAGREE
    assert refused(open_till.redeem(60_001)) is RefusalCode.BALANCE_TOO_LOW
    assert refused(open_till.redeem(1, member_id=MemberId("nobody"))) is RefusalCode.MEMBER_UNKNOWN
    assert open_till.journal.head().seq == seq


def test_without_a_shift_or_a_person_nothing_is_paid(till: Till) -> None:
    till.know_wang()
    assert refused(till.redeem(100)) is RefusalCode.NOT_SIGNED_IN
    till.sign_in()
    assert refused(till.redeem(100)) is RefusalCode.SHIFT_NOT_OPEN


def test_a_stopped_till_takes_nothing_and_says_why(open_till: Till) -> None:
    open_till.journal.head_office.stop(StopCode.FORKED, "forked at 12")
    answer = open_till.redeem(100)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data) == (RefusalCode.TILL_STOPPED, {"why": "journal_forked", "reason": "forked at 12"})
    assert open_till.counter.status().stopped_reason == "forked at 12"


@pytest.mark.parametrize(("count", "name"), [(LINES_MAX + 1, "茶"), (1, "茶" * (NAME_CHARS_MAX + 1))])
def test_no_payment_is_so_long_that_its_entry_could_not_be_sent(open_till: Till, count: int, name: str) -> None:
    lines = tuple(OrderLine(line_no=place, name=name, total_minor=1) for place in range(1, count + 1))
    counter = open_till.counter
    assert refused(counter.redeem(counter.new_action(), WANG, lines, True)) is RefusalCode.LINES_DISAGREE


@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=NAME_CHARS_MAX), min_size=1, max_size=LINES_MAX
    ),
    notes=st.integers(0, 10**6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@example(names=["\x00𠮷" * (NAME_CHARS_MAX // 2)] * LINES_MAX, notes=10**6)
def test_the_longest_payment_there_can_be_is_an_entry_of_a_tenth_of_what_a_proxy_lets_through(
    open_till: Till, names: list[str], notes: int
) -> None:
    lines = tuple(OrderLine(line_no=notes + place, name=name, total_minor=1) for place, name in enumerate(names, 1))
    counter = open_till.counter
    done(counter.redeem(counter.new_action(), WANG, lines, True))
    entry = open_till.journal.entry(open_till.journal.head().seq)
    assert entry is not None
    assert len(entry.raw) < 100 * 1024
