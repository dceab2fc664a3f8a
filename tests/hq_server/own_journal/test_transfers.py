"""Transfers and merges: two linked legs, each once, whatever crashes in between; what lands in a merged wallet afterwards follows the survivor."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from hq_server.database.models import OpenTransfer, PostingRecord
from hq_server.own_journal import transfers
from hq_server.own_journal.place import Moment
from hq_server.own_journal.transfers import TwoMembers, move
from stored_value.events import WalletEvent
from stored_value.events_money_out import TransferPurpose, TransferredIn
from stored_value.identity import EventId, MemberId, StaffId
from stored_value.postings import Account
from stored_value.refusals import Refusal, RefusalCode
from stored_value.wallet import ValueKind, WalletStatus
from sync.messages import GLOBAL_SCOPE, BlockRow
from tests.hq_server.own_journal.miniature import (
    books_are_right,
    own_events,
    own_kinds,
    run,
    till_under,
    unnoted,
    wallet_of,
)
from tests.hq_server.served import PushingTill, ServedHq

BOSS = StaffId("u-boss")


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    return till_under(hq)


@pytest.fixture
def two(till: PushingTill) -> tuple[MemberId, MemberId]:
    """The first with 100.00 and a bonus of 30.00, the second with nothing."""
    one, other = till.enrol_member(), till.enrol_member("李晓梅", "+8613900005678")
    till.plan_top_up(one, 10_000, "ends", 3_000)
    till.push()
    return one, other


def wish(hq: ServedHq, two: tuple[MemberId, MemberId], amount_minor: int | None = None) -> TwoMembers:
    return TwoMembers(transfer_id=EventId(hq.new_id()), giver=two[0], taker=two[1], amount_minor=amount_minor)


def moved(hq: ServedHq, wanted: TwoMembers) -> Refusal | None:
    return move(hq.office.desk, Moment.at(hq.clock.at, by=BOSS), wanted, unnoted)


def in_transit(hq: ServedHq) -> int:
    with hq.database.read() as session:
        return (
            session.scalar(select(func.sum(PostingRecord.amount_minor)).where(PostingRecord.account == Account.TRANSIT))
            or 0
        )


def open_transfers(hq: ServedHq) -> int:
    with hq.database.read() as session:
        return session.scalar(select(func.count()).select_from(OpenTransfer)) or 0


def balances(hq: ServedHq, member: MemberId) -> tuple[int, int]:
    wallet = wallet_of(hq, member)
    return wallet.balance_minor(ValueKind.PRINCIPAL), wallet.balance_minor(ValueKind.BONUS)


def test_a_transfer_takes_both_kinds_along_in_proportion_and_happens_once(
    hq: ServedHq, two: tuple[MemberId, MemberId]
) -> None:
    wanted = wish(hq, two, 2_600)
    assert [moved(hq, wanted) for _ in range(3)] == [None] * 3
    assert (balances(hq, two[0]), balances(hq, two[1])) == ((8_000, 2_400), (2_000, 600))
    assert own_kinds(hq) == ["transferred_out", "transferred_in"]
    assert {event.occasion.staff_id for event in own_events(hq)} == {BOSS}
    assert (in_transit(hq), open_transfers(hq)) == (0, 0)
    books_are_right(hq)


def test_the_same_transfer_sent_by_two_hands_at_once_happens_once(hq: ServedHq, two: tuple[MemberId, MemberId]) -> None:
    wanted = wish(hq, two, 2_600)
    gate = threading.Barrier(3)
    answers: list[Refusal | None] = []

    def one() -> None:
        gate.wait()
        answers.append(moved(hq, wanted))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None] * 3
    assert balances(hq, two[1]) == (2_000, 600)
    books_are_right(hq)


def test_a_name_used_for_something_else_is_refused(hq: ServedHq, two: tuple[MemberId, MemberId]) -> None:
    wanted = wish(hq, two, 2_600)
    assert moved(hq, wanted) is None
    other = TwoMembers(transfer_id=wanted.transfer_id, giver=two[0], taker=two[1], amount_minor=2_601)
    assert moved(hq, other) == Refusal(RefusalCode.ACTION_REUSED)
    assert balances(hq, two[1]) == (2_000, 600)


@pytest.mark.parametrize(
    ("amount_minor", "code"), [(13_001, RefusalCode.BALANCE_TOO_LOW), (0, RefusalCode.AMOUNT_NOT_POSITIVE)]
)
def test_what_may_not_move_is_refused_and_nothing_is_written(
    hq: ServedHq, two: tuple[MemberId, MemberId], amount_minor: int, code: RefusalCode
) -> None:
    refusal = moved(hq, wish(hq, two, amount_minor))
    assert refusal is not None
    assert refusal.code is code
    assert own_kinds(hq) == []


def test_nobody_gives_to_oneself_or_to_nobody(hq: ServedHq, two: tuple[MemberId, MemberId]) -> None:
    assert moved(hq, wish(hq, (two[0], two[0]), 100)) == Refusal(RefusalCode.SAME_MEMBER)
    assert moved(hq, wish(hq, (two[0], MemberId("nobody")), 100)) == Refusal(RefusalCode.MEMBER_UNKNOWN)


class Crash(BaseException):
    """kill -9 between the legs."""


def crash(*_: object) -> None:
    raise Crash


@pytest.mark.parametrize("amount_minor", [2_600, None])
def test_a_crash_between_the_legs_is_finished_by_the_next_run(
    hq: ServedHq, two: tuple[MemberId, MemberId], amount_minor: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = wish(hq, two, amount_minor)
    with monkeypatch.context() as patched:
        patched.setattr(transfers, "finish_transfer", crash)
        with pytest.raises(Crash):
            moved(hq, wanted)
    assert own_kinds(hq) == ["transferred_out"]
    assert (in_transit(hq) != 0, open_transfers(hq)) == (True, 1)
    books_are_right(hq)
    assert hq.office.schedule.look()
    assert run(hq).events.total() == 0
    assert moved(hq, wanted) is None
    assert own_kinds(hq) == ["transferred_out", "transferred_in"]
    assert (in_transit(hq), open_transfers(hq)) == (0, 0)
    assert wallet_of(hq, two[1]).total_minor == (amount_minor or 13_000)
    assert wallet_of(hq, two[1]).topped_up_minor == (0 if amount_minor else 10_000)
    books_are_right(hq)


def test_a_merge_takes_everything_with_its_history_and_every_till_hears_of_it(
    hq: ServedHq, two: tuple[MemberId, MemberId], till: PushingTill
) -> None:
    assert moved(hq, wish(hq, two)) is None
    merged, survivor = wallet_of(hq, two[0]), wallet_of(hq, two[1])
    assert (merged.total_minor, merged.status, merged.merged_into) == (0, WalletStatus.CLOSED, two[1])
    assert (survivor.total_minor, survivor.topped_up_minor, survivor.top_up_count) == (13_000, 10_000, 1)
    blocks = [each.row for each in till.feed(GLOBAL_SCOPE) if isinstance(each.row, BlockRow)]
    assert [(row.member_id, row.status, row.version) for row in blocks] == [(two[0], "closed", merged.version)]
    again = moved(hq, wish(hq, two))
    assert again is not None
    assert again.code is RefusalCode.WALLET_NOT_ACTIVE
    books_are_right(hq)


def test_what_lands_in_a_merged_wallet_later_is_swept_after_the_survivor_once(
    hq: ServedHq, two: tuple[MemberId, MemberId], till: PushingTill
) -> None:
    bought = till.redeem(two[0], 2_600)
    till.push()
    assert moved(hq, wish(hq, two)) is None
    till.refund(bought, 1, 1_300)
    till.push()
    assert wallet_of(hq, two[0]).total_minor == 1_300
    assert hq.office.schedule.look()
    assert run(hq).events.total() == 0
    assert (wallet_of(hq, two[0]).total_minor, wallet_of(hq, two[1]).total_minor) == (0, 11_700)
    till.redeem(two[0], 700)
    till.push()
    assert wallet_of(hq, two[0]).owed_minor == 700
    run(hq)
    assert (wallet_of(hq, two[0]).owed_minor, wallet_of(hq, two[1]).total_minor) == (0, 11_000)
    sweeps = [event for event in own_events(hq) if is_sweep(event)]
    assert len(sweeps) == 2
    books_are_right(hq)


def is_sweep(event: object) -> bool:
    return isinstance(event, TransferredIn) and event.purpose is TransferPurpose.SWEEP


def test_a_sweep_goes_on_to_whoever_the_survivor_was_merged_into(
    hq: ServedHq, two: tuple[MemberId, MemberId], till: PushingTill
) -> None:
    third = till.enrol_member("周丽华", "+8613700000001")
    bought = till.redeem(two[0], 2_600)
    till.push()
    assert moved(hq, wish(hq, two)) is None
    assert moved(hq, wish(hq, (two[1], third))) is None
    till.refund(bought, 1, 2_600)
    till.push()
    run(hq)
    assert [wallet_of(hq, each).total_minor for each in (*two, third)] == [0, 0, 13_000]
    books_are_right(hq)


def test_a_first_leg_that_names_what_is_not_there_is_never_written(
    hq: ServedHq, two: tuple[MemberId, MemberId], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planner gone wrong must not make money: the second leg is written from the first."""
    real: Callable[..., object] = transfers.plan

    def doubled(*args: object) -> object:
        found = real(*args)
        assert isinstance(found, transfers.Leaving)
        return transfers.Leaving(giver=found.giver, taker=found.taker, moved=found.moved * 9)

    monkeypatch.setattr(transfers, "plan", doubled)
    with pytest.raises(Exception, match="names what is not there"):
        moved(hq, wish(hq, two, 2_600))
    assert own_kinds(hq) == []


def test_every_leg_counts_once_even_when_its_entry_is_written_again(
    hq: ServedHq, two: tuple[MemberId, MemberId]
) -> None:
    wanted = wish(hq, two, 2_600)
    assert moved(hq, wanted) is None
    second = own_events(hq)[1]
    assert isinstance(second, WalletEvent)

    def again() -> tuple[WalletEvent, ...]:
        return hq.office.desk.write(
            hq.clock.at, lambda journal: (journal.wallets([two[1]]), journal.write([second]))[1]
        )

    assert again() == ()
    assert balances(hq, two[1]) == (2_000, 600)
