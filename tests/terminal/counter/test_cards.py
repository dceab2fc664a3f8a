"""Loss reports, freezing and new cards: what forbids is taken down at once, what allows again needs head office."""

import pytest

from printers.document import Qr
from stored_value.events_money_out import CardReplaced, StatusChanged
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import Identity, WalletStatus
from sync.cards import CARD_ISSUE_MAX, card_text, read_card
from sync.event_codec import event_of
from terminal.counter.views import Completed
from tests.terminal.counter.till import (
    CASHIER,
    MANAGER,
    WANG,
    WANG_CARD,
    WANG_NO,
    Till,
    done,
    member_row,
    refused,
    wallet_of,
)
from tests.terminal.slip_rows import words_on


def change(till: Till, status: WalletStatus) -> Completed | Refusal:
    return till.counter.change_status(till.counter.new_action(), WANG, status, "会员来电")


def connect(till: Till) -> None:
    till.settle_and_follow()
    till.hq.online = True


def test_a_loss_report_holds_at_once_offline_too(open_till: Till) -> None:
    reported = done(change(open_till, WalletStatus.LOST))
    assert refused(open_till.redeem(1)) is RefusalCode.WALLET_NOT_ACTIVE
    event = event_of(open_till.journal.recent(1)[0])
    assert isinstance(event, StatusChanged)
    assert (event.before, event.status, event.occasion.offline) == (WalletStatus.ACTIVE, WalletStatus.LOST, True)
    paper = words_on(reported.receipt)
    for row in ("会员卡挂失", "原状态 正常", "现状态 挂失", "原因 会员来电"):
        assert row in paper
    assert refused(change(open_till, WalletStatus.LOST)) is RefusalCode.STATUS_UNREACHABLE


def test_a_found_card_counts_again_online_only(open_till: Till) -> None:
    done(change(open_till, WalletStatus.LOST))
    assert refused(change(open_till, WalletStatus.ACTIVE)) is RefusalCode.ONLINE_ONLY
    connect(open_till)
    done(change(open_till, WalletStatus.ACTIVE))
    done(open_till.redeem(1))


def test_freezing_and_its_end_are_a_managers(open_till: Till) -> None:
    assert refused(change(open_till, WalletStatus.FROZEN)) is RefusalCode.NOT_PERMITTED
    open_till.sign_in(MANAGER)
    done(change(open_till, WalletStatus.FROZEN))
    connect(open_till)
    open_till.sign_in(CASHIER)
    assert refused(change(open_till, WalletStatus.ACTIVE)) is RefusalCode.NOT_PERMITTED
    open_till.sign_in(MANAGER)
    done(change(open_till, WalletStatus.ACTIVE))


def test_a_double_tap_is_one_report(open_till: Till) -> None:
    action = open_till.counter.new_action()
    first = done(open_till.counter.change_status(action, WANG, WalletStatus.LOST))
    assert done(open_till.counter.change_status(action, WANG, WalletStatus.LOST)) == first
    other = open_till.counter.change_status(action, WANG, WalletStatus.FROZEN)
    assert refused(other) is RefusalCode.ACTION_REUSED


def test_a_new_card_ends_the_loss_report_and_the_old_card(open_till: Till) -> None:
    done(change(open_till, WalletStatus.LOST))
    counter = open_till.counter
    assert refused(counter.replace_card(counter.new_action(), WANG)) is RefusalCode.ONLINE_ONLY
    connect(open_till)
    action = counter.new_action()
    replaced = done(counter.replace_card(action, WANG))
    assert done(counter.replace_card(action, WANG)) == replaced
    event = event_of(open_till.journal.recent(1)[0])
    assert isinstance(event, CardReplaced)
    assert event.card_issue == 2
    [code] = [block for block in replaced.receipt.blocks if isinstance(block, Qr)]
    assert code.data == card_text(WANG_NO, 2)
    assert refused(counter.identify(WANG_CARD)) is RefusalCode.CARD_REPLACED
    assert done(counter.identify(code.data)) == open_till.wang()
    open_till.settle_and_follow()  # head office's row still bears the issue of the enrolment; the wallet knows better
    assert refused(counter.identify(WANG_CARD)) is RefusalCode.CARD_REPLACED
    view = open_till.wang()
    assert (view.status, view.card_issue) == (WalletStatus.ACTIVE, 2)
    done(counter.replace_card(counter.new_action(), WANG))
    assert open_till.wang().card_issue == 3


def test_a_card_code_has_room_for_so_many_issues(open_till: Till) -> None:
    open_till.feed(member_row(wallet_of(1_000, version=9), card_issue=CARD_ISSUE_MAX))
    connect(open_till)
    answer = open_till.counter.replace_card(open_till.counter.new_action(), WANG)
    assert refused(answer) is RefusalCode.CARD_ISSUES_USED_UP
    last = read_card(card_text(WANG_NO, CARD_ISSUE_MAX))
    assert last is not None
    assert last.issue == CARD_ISSUE_MAX
    with pytest.raises(ValueError, match="does not fit"):
        card_text(WANG_NO, CARD_ISSUE_MAX + 1)


def test_a_frozen_member_gets_no_new_card(open_till: Till) -> None:
    open_till.sign_in(MANAGER)
    done(change(open_till, WalletStatus.FROZEN))
    connect(open_till)
    answer = open_till.counter.replace_card(open_till.counter.new_action(), WANG)
    assert refused(answer) is RefusalCode.WALLET_NOT_ACTIVE


def test_papers_that_were_seen_are_recorded_without_what_they_say(open_till: Till) -> None:
    counter = open_till.counter
    recorded = done(counter.record_identity(counter.new_action(), WANG, Identity.VERIFIED))
    assert open_till.wang().identity is Identity.VERIFIED
    assert "证件登记 证件已核对" in words_on(recorded.receipt)
