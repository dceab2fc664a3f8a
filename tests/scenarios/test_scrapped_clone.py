"""A till's disk was copied, the copy sold for a while and is no more (H6): what head office had held for it is given back by the till that goes on, and nobody writes it off."""

import shutil
from pathlib import Path

import pytest

from hq_server.terminals.standing import Standing, allow_again, stop
from stored_value.identity import TerminalId
from stored_value.refusals import RefusalCode
from tests.scenarios.franchise import Franchise, cashier_of, member_of
from tests.scenarios.test_adopted import decide, friday_and_saturday, put_back
from tests.scenarios.test_reservations import NONE, nothing_overspent, two_tills
from tests.scenarios.till import Till, refused

pytestmark = pytest.mark.slow


def reserved(franchise: Franchise, member_id: str) -> list[int]:
    return sorted(franchise.books.reserved(member_id)[member_id].values())


def a_person_lets_it_go_on(franchise: Franchise) -> None:
    """Whoever does that has taken the copy out of use."""
    with franchise.hq.database.write() as session:
        assert stop(session, TerminalId("S01-T1"), "磁盘有副本") is Standing.CHANGED
        assert allow_again(session, TerminalId("S01-T1")) is Standing.CHANGED


def test_h6_a_hold_of_a_scrapped_clone_is_released_by_the_report_of_the_till_that_goes_on(franchise: Franchise) -> None:
    """The copy had counted its requests further than the till will for a long while."""
    one, two, wang = two_tills(franchise, NONE)
    clone = one.cloned(franchise.folder / "clone", franchise.hq.url)
    franchise.stack.callback(clone.close)
    one.begin_shift()
    clone.begin_shift()
    clone.sync()
    clone.lose_hold_replies = True
    for _ in range(3):
        refused(clone.try_to_redeem(wang, 3_000))
    clone.close()
    franchise.pass_time(minutes=10)
    one.sync()
    assert reserved(franchise, wang) == [3_000, 3_000, 3_000], "the copy may have been paid with them"
    a_person_lets_it_go_on(franchise)
    franchise.pass_time(minutes=10)
    one.sync()  # at its end the till opens the session that tells it
    one.sync()
    assert reserved(franchise, wang) == []
    seen: list[RefusalCode] = []

    def decided_and_reported_meanwhile() -> None:
        a_person_lets_it_go_on(franchise)
        one.push()
        seen.append(refused(two.try_to_redeem(wang, 7_000)))

    one.after_hold = decided_and_reported_meanwhile
    one.redeem(wang, 4_000)
    assert seen == [RefusalCode.RESERVED_ELSEWHERE], "what the till that goes on is being paid with stays held"
    two.redeem(wang, 6_000)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0


def test_h6_a_till_put_back_to_an_older_image_can_ask_for_holds_at_once(franchise: Franchise, tmp_path: Path) -> None:
    """Its count of requests is behind what it reported; nothing that it wrote is missing at head office."""
    one, two, wang = two_tills(franchise, NONE)
    one.close()
    shutil.copytree(one.data_dir, tmp_path / "image")
    one.restart(franchise.hq.url)
    one.begin_shift()
    one.sync()
    for _ in range(3):
        assert refused(one.try_to_redeem(wang, 10_001)) is RefusalCode.BALANCE_TOO_LOW
    one.lose_hold_replies = True
    for _ in range(3):
        refused(one.try_to_redeem(wang, 1_000))
    one.sync()
    one.close()
    again = Till(tmp_path / "image", franchise.clocks["S01-T1"], franchise.hq.url, cashier_of("S01"))
    franchise.stack.callback(again.close)
    again.sync()
    again.begin_shift()
    again.redeem(wang, 10_000)
    nothing_overspent(franchise, again, two)
    assert franchise.books.balances()[wang] == 0


def test_h6_holds_of_the_branch_that_is_over_end_with_the_first_report_of_the_branch_that_was_taken_over(
    franchise: Franchise, tmp_path: Path
) -> None:
    franchise.lease_nothing()
    wang = member_of("S01")
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    saturday.lose_hold_replies = True
    saturday.try_to_redeem(wang, 5_000)
    saturday.close()
    till = put_back(franchise, friday, 3_000)
    till.sync_fails()
    till.sync_fails()
    assert reserved(franchise, wang) == [5_000], "until a person has decided"
    decide(franchise)
    till.sync()
    assert till.journal.head_office.identity.incarnation == 2
    assert reserved(franchise, wang) == []
    till.begin_shift()
    till.redeem(wang, 5_000)
    till.sync()
    assert franchise.books.faults("S01-T1") == []
