"""What no till can be brought to do at will: slow answers, late answers, bugs, long names; over the counter in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stored_value.identity import TerminalId
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.views import KeptApart
from terminal.screens.enrolment_words import EnrolmentFailure
from terminal.screens.navigation import Home, Identify, Lock, MemberCard, Purpose, Redeem, Refund, Result, TopUp
from terminal.screens.words import NO_NOTICE
from tests.terminal.screens.desk import Bench
from tests.terminal.screens.stand_in import LI, LONG, NOW, OFFLINE, PURCHASE, WANG


def test_a_word_of_patience_appears_only_after_300_ms() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.press("10")
    bench.runner.hold = True
    bench.confirm()
    assert bench.view("redeem").pad.confirm == "扣款"
    assert not bench.view("redeem").pad.confirm_enabled
    bench.timer.wind(0.31)
    assert bench.view("redeem").pad.confirm == "请稍候…"
    bench.runner.release()
    assert bench.at(Result)


def test_an_answer_that_comes_after_one_has_left_changes_nothing() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.runner.hold = True
    bench.press("2000")
    bench.navigator.home()
    bench.runner.release()
    assert bench.view("redeem").notice == NO_NOTICE
    assert bench.at(Home)


def test_of_two_previews_the_later_one_counts_even_if_it_is_answered_first() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.runner.hold = True
    bench.press("12")
    held, bench.runner._held = bench.runner._held[::-1], []
    bench.runner.hold = False
    for call in held:
        call()
    assert bench.view("redeem").after == "￥1,026.40"


def test_a_bug_leaves_a_usable_screen_that_says_what_to_do() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.press("10")
    bench.runner.hold = True
    bench.confirm()
    bench.front.defect()
    view = bench.view("redeem")
    assert (view.notice.title, view.notice.remedy) == ("没有成功", "请先看小票记录，再决定是否重试。")
    assert view.pad.confirm_enabled


def test_the_same_amount_confirmed_again_after_a_refusal_is_the_same_action() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.press("10")
    bench.counter.refusal = Refusal(RefusalCode.DISK_FULL)
    bench.confirm()
    assert bench.view("redeem").notice.title == "收银机磁盘已满"
    bench.counter.refusal = None
    bench.confirm()
    actions = [asked[1] for asked in bench.counter.asked if asked[0] == "redeem"]
    assert len(actions) == 2
    assert len(set(actions)) == 1


def test_a_result_goes_home_by_itself_after_three_seconds() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.press("10")
    bench.confirm()
    bench.timer.wind(2.9)
    assert bench.at(Result)
    bench.timer.wind(0.2)
    assert bench.at(Home)


def test_leaving_a_result_early_does_not_throw_one_out_of_the_next_screen() -> None:
    bench = Bench(Redeem(WANG, True))
    bench.press("10")
    bench.confirm()
    bench.navigator.go(TopUp(WANG))
    bench.timer.wind(10)
    assert bench.at(TopUp)


def test_without_any_balance_the_notice_offers_a_top_up() -> None:
    bench = Bench()
    bench.counter.people[LI.member_id] = LI.__class__(
        **{name: getattr(LI, name) for name in LI.__slots__} | {"principal_minor": 0, "spendable_now_minor": 0}
    )
    bench.navigator.go(Redeem(LI, True))
    bench.press("10")
    assert bench.view("redeem").notice.action == "充值"
    bench.presenter("redeem").notice_action()
    assert bench.at(TopUp)


def test_lines_of_a_refund_are_chosen_left_out_and_taken_in_full() -> None:
    bench = Bench(Refund(PURCHASE))
    presenter = bench.presenter("refund")
    presenter.choose_line(3)
    assert not any(row.chosen for row in bench.view("refund").lines), "nothing of line 3 is left to refund"
    presenter.choose_line(1)
    presenter.choose_line(2)
    assert bench.view("refund").pad.confirm_amount == "￥98.00"
    presenter.choose_line(2)
    assert bench.view("refund").pad.confirm_amount == "￥68.00"
    bench.front.press("all")
    assert bench.view("refund").pad.confirm_amount == "￥98.00"


def test_a_member_who_is_not_active_can_neither_pay_nor_top_up() -> None:
    from stored_value.wallet import WalletStatus

    bench = Bench()
    frozen = replace(WANG, status=WalletStatus.FROZEN)
    bench.counter.people[WANG.member_id] = frozen
    bench.navigator.go(MemberCard(frozen, True))
    view = bench.view("member")
    assert (view.redeem_enabled, view.top_up_enabled) == (False, False)
    assert view.header.warning == "此卡已冻结，不能使用"


def test_what_can_be_spent_offline_is_told_beside_a_debt_and_loudly_only_while_nobody_can_be_asked() -> None:
    owing = replace(WANG, owed_minor=1_200, offline_now_minor=30_000)
    for offline, ink in ((False, "muted"), (True, "refund_ink")):
        bench = Bench()
        member = replace(owing, offline=offline, spendable_now_minor=30_000 if offline else 103_840)
        bench.counter.people[WANG.member_id] = member
        bench.navigator.go(MemberCard(member, True))
        header = bench.view("member").header
        assert header.warning.startswith("欠款 ￥12.00")
        assert (header.limit, header.limit_ink) == ("可离线支付 ￥300.00", ink)


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        (NOW - timedelta(seconds=20), "总部 14:02"),
        (NOW - timedelta(hours=14), "总部 00:02"),
        (NOW - timedelta(hours=15), "总部 2026-06-17"),
        (NOW - timedelta(days=3), "总部 2026-06-15"),
    ],
)
def test_what_head_office_said_on_another_day_is_shown_by_its_date(as_of: datetime, said: str) -> None:
    bench = Bench()
    member = replace(WANG, as_of=as_of)
    bench.counter.people[WANG.member_id] = member
    bench.navigator.go(MemberCard(member, True))
    assert bench.view("member").header.age == said


def kept_apart(amount_minor: int, age_s: int, tills: int = 1) -> KeptApart:
    return KeptApart(
        amount_minor=amount_minor,
        tills=tills,
        terminal_id=TerminalId("S02-T1"),
        store_name="建设路店",
        oldest_at=datetime(2026, 11, 22, tzinfo=UTC),
        age_s=age_s,
    )


def test_what_is_leased_and_held_is_told_apart_with_its_age_and_place() -> None:
    bench = Bench()
    bench.counter.people[WANG.member_id] = member = replace(
        WANG,
        leased_elsewhere=kept_apart(45_000, 7_300, tills=2),
        held_elsewhere=kept_apart(2_000, 200),
        held_here=kept_apart(1_000, 90_000),
    )
    bench.navigator.go(MemberCard(member, True))
    header = bench.view("member").header
    assert header.limit == "其他收银机占用 ￥470.00"
    assert header.kept.splitlines() == [
        "2 台收银机离线额度共 ￥450.00，最早 2小时前：S02-T1 建设路店",
        "S02-T1 建设路店付款预占 ￥20.00，3分前",
        "本机付款预占 ￥10.00，1天前",
    ]


def test_a_stopped_till_says_so_on_every_screen() -> None:
    bench = Bench()
    bench.counter.state = replace(OFFLINE, stopped_reason="journal_forked")
    bench.front.tick()
    assert bench.front.strip is not None
    assert bench.front.strip.build().alarm == "stopped"


def test_the_strip_asks_nothing_more_while_an_answer_is_under_way() -> None:
    bench = Bench()
    bench.runner.hold = True
    for _ in range(20):
        bench.front.tick()
    assert len(bench.runner._held) == 1


def test_a_machine_is_enrolled_with_address_and_code() -> None:
    bench = Bench()
    bench.before_enrolment()
    presenter = bench.presenter("enrol_till")
    assert not presenter.build().confirm_enabled
    presenter.type_code(" 7KQ2-M9XD ")
    bench.enrol_answer = EnrolmentFailure.UNREACHABLE
    presenter.confirm()
    assert (presenter.build().notice.title, presenter.build().confirm) == ("总部没有回应", "重试")
    enrolled_too_early = bench.is_till
    bench.enrol_answer = None
    presenter.confirm()
    assert (enrolled_too_early, bench.is_till) == (False, True)
    assert bench.enrolled == [("https://hq.example", "7KQ2-M9XD")] * 2


def test_a_locked_till_keeps_the_open_shift() -> None:
    bench = Bench()
    bench.presenter("home").lock()
    assert bench.at(Lock)
    bench.presenter("lock").choose("s1")
    bench.press("246810")
    bench.confirm()
    assert bench.at(Home)


def test_a_name_of_any_length_is_handed_on_whole_for_the_label_to_shorten() -> None:
    bench = Bench(MemberCard(LONG, True))
    assert bench.view("member").header.name == LONG.name_masked


def test_of_whom_nobody_knows_name_and_phone_the_number_is_shown() -> None:
    nameless = replace(WANG, name_masked=WANG.member_no, phone_last4="")
    bench = Bench()
    bench.counter.people[WANG.member_id] = nameless
    bench.navigator.go(MemberCard(nameless, True))
    header = bench.view("member").header
    assert (header.name, header.tail) == (WANG.member_no, "无姓名和手机")
    bench.navigator.go(Identify(Purpose.MEMBER))
    bench.press("13800138000")
    shown = {each.name: each.detail for each in bench.view("identify").candidates}
    assert shown[WANG.member_no] == "金卡 · 无姓名和手机"
    assert shown[LI.name_masked].endswith(f"尾号 {LI.phone_last4}")
