"""A till's disk is put back to Friday (H6): what it printed since never reached head office, until a person decides that head office takes that branch over."""

import shutil
from pathlib import Path

import pytest

from hq_server.recovery.branches import adopt, take_back
from hq_server.terminals.standing import Standing, allow_again, confirm_machine, stop
from stored_value.identity import TerminalId
from stored_value.refusals import RefusalCode
from sync.errors import HqUnreachable
from terminal.journal.mirror import Mirror
from terminal.syncing import TillStopped
from tests.scenarios.franchise import Franchise, cashier_of, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.till import Till, refused
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow
TILL = "S01-T1"


def friday_and_saturday(franchise: Franchise, folder: Path) -> tuple[Till, Path]:
    """A till that head office followed through Saturday, and Friday's image of its disk."""
    till, friday = friday_and_an_unheard_saturday(franchise, folder)
    till.sync()
    return till, friday


def friday_and_an_unheard_saturday(franchise: Franchise, folder: Path) -> tuple[Till, Path]:
    """Head office has heard of nothing since Friday."""
    wang = member_of("S01")
    till = franchise.till(TILL)
    till.top_up(wang, 50_000)
    till.sync()
    till.close()
    friday = folder / "friday"
    shutil.copytree(till.data_dir, friday)
    till.restart(franchise.hq.url)
    till.begin_shift()
    till.redeem(wang, 1_000)
    till.redeem(wang, 2_000)
    return till, friday


def put_back(franchise: Franchise, image: Path, *amounts_minor: int) -> Till:
    """The image in a machine, selling before anybody notices."""
    till = Till(image, franchise.clocks[TILL], franchise.hq.url, cashier_of("S01"))
    franchise.stack.callback(till.close)
    till.begin_shift()
    for amount in amounts_minor:
        till.redeem(member_of("S01"), amount)
    return till


def decide(franchise: Franchise) -> Standing:
    with franchise.hq.database.write() as session:
        return adopt(session, TerminalId(TILL))


def test_h6_the_losing_branch_is_taken_over_after_a_persons_decision(franchise: Franchise, tmp_path: Path) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    saturday.close()
    till = put_back(franchise, friday, 3_000, 4_000)
    assert isinstance(till.sync_fails(), TillStopped)
    assert franchise.books.balances()[member_of("S01")] == 52_000, "printed, and not at head office"
    till.sync_fails()
    assert decide(franchise) is Standing.CHANGED
    till.sync()
    assert franchise.books.balances()[member_of("S01")] == 52_000 - 7_000, "both branches count"
    assert till.journal.head_office.identity.incarnation == 2
    assert till.journal.head_office.stopped_reason is None
    flagged = franchise.books.rows(
        "SELECT seq, raw, findings FROM journal_entries WHERE incarnation = 2 AND findings LIKE '%fork_adopted%' ORDER BY seq"
    )
    assert len(flagged) >= 2, "each entry of the branch is for a person"
    own = {entry.seq: entry.raw for entry in read_journal(till.data_dir).entries}
    assert [own[seq] for seq, _, _ in flagged] == [bytes(raw) for _, raw, _ in flagged], "byte for byte"
    assert {entry.body.get("amount_minor") for entry in read_journal(till.data_dir).entries} >= {3_000, 4_000}
    till.begin_shift()
    till.redeem(member_of("S01"), 500)
    till.sync()
    assert read_journal(till.data_dir).entries[-1].header["incarnation"] == 2
    newest = franchise.books.rows(
        "SELECT findings FROM journal_entries WHERE incarnation = 2 ORDER BY seq DESC LIMIT 1"
    )
    assert newest == [("[]",)], "what is written in the new life is as good as any"
    assert till.member(member_of("S01")).balance_minor == 44_500 == franchise.books.balances()[member_of("S01")]


def test_h6_the_copy_that_head_office_followed_is_told_that_it_is_over(franchise: Franchise, tmp_path: Path) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    till = put_back(franchise, friday, 3_000)
    till.sync_fails()
    decide(franchise)
    saturday.restart(franchise.hq.url)
    assert isinstance(saturday.sync_fails(), TillStopped), "also when it comes first"
    till.sync()
    assert isinstance(saturday.sync_fails(), TillStopped)
    assert saturday.counter.status().stopped_reason
    assert franchise.books.balances()[member_of("S01")] == 52_000 - 3_000


def test_h6_of_two_losing_copies_one_is_taken_over(franchise: Franchise, tmp_path: Path) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    saturday.close()
    shutil.copytree(friday, tmp_path / "again")
    first = put_back(franchise, friday, 3_000)
    second = put_back(franchise, tmp_path / "again", 4_000)
    first.sync_fails()
    decide(franchise)
    first.sync()
    assert isinstance(second.sync_fails(), TillStopped)
    assert second.journal.head_office.identity.incarnation == 1, "it claims nothing"
    assert franchise.books.balances()[member_of("S01")] == 52_000 - 3_000


def test_h6_a_decision_for_a_copy_that_there_is_not_is_taken_back_and_the_till_goes_on(franchise: Franchise) -> None:
    """Somebody pressed "Other copy" beside "Let go on"."""
    wang, till = member_of("S01"), franchise.till(TILL)
    till.top_up(wang, 50_000)
    till.sync()
    with franchise.hq.database.write() as session:
        assert take_back(session, TerminalId(TILL), "nothing to take back") is Standing.UNCHANGED
        stop(session, TerminalId(TILL), "看一下")
    assert decide(franchise) is Standing.CHANGED
    till.restart(franchise.hq.url)
    assert isinstance(till.sync_fails(), TillStopped)
    till.begin_shift()
    assert refused(till.try_to_redeem(wang, 100)) is RefusalCode.TILL_STOPPED
    with franchise.hq.database.write() as session:
        assert take_back(session, TerminalId(TILL), " ") is Standing.REASON_MISSING
        assert take_back(session, TerminalId(TILL), "没有另一份副本") is Standing.CHANGED
        assert take_back(session, TerminalId(TILL), "again") is Standing.UNCHANGED
    assert isinstance(till.sync_fails(), TillStopped), "until a person lets it go on"
    assert till.counter.status().stopped_reason == "没有另一份副本"
    with franchise.hq.database.write() as session:
        assert allow_again(session, TerminalId(TILL)) is Standing.CHANGED
    till.sync()
    till.begin_shift()
    till.redeem(wang, 1_000)
    till.sync()
    assert till.journal.head_office.identity.incarnation == 1
    assert franchise.books.balances()[wang] == 54_000
    assert franchise.books.faults(TILL) == []


def test_h6_a_claimed_branch_stays_and_a_second_decision_is_taken_back_into_the_life_that_it_had(
    franchise: Franchise, tmp_path: Path
) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    saturday.close()
    till = put_back(franchise, friday, 3_000)
    till.sync_fails()
    decide(franchise)
    till.sync()
    row = "SELECT incarnation, branch_from, branch_hash FROM terminals WHERE terminal_id = 'S01-T1'"
    claimed = franchise.books.rows(row)
    with franchise.hq.database.write() as session:
        assert take_back(session, TerminalId(TILL), "too late") is Standing.UNCHANGED
        stop(session, TerminalId(TILL), "看一下")
    decide(franchise)
    with franchise.hq.database.write() as session:
        assert take_back(session, TerminalId(TILL), "wrong till") is Standing.CHANGED
        allow_again(session, TerminalId(TILL))
    assert franchise.books.rows(row) == claimed
    till.sync()
    till.begin_shift()
    till.redeem(member_of("S01"), 500)
    till.sync()
    assert franchise.books.balances()[member_of("S01")] == 52_000 - 3_500
    assert franchise.books.faults(TILL) == []


def test_h6_a_claim_whose_answer_was_lost_is_made_again(franchise: Franchise, tmp_path: Path) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    saturday.close()
    till = put_back(franchise, friday, 3_000)
    till.sync_fails()
    decide(franchise)
    with LossyRelay(franchise.hq.url) as relay:
        till.restart(relay.url)
        relay.lose_replies_to("POST /v1/branches", times=None)
        for _ in range(3):
            assert isinstance(till.sync_fails(), HqUnreachable)
        relay.lose_nothing()
        till.sync()
        till.close()
    assert franchise.books.balances()[member_of("S01")] == 52_000 - 3_000


def test_h6_an_image_that_has_sold_nothing_goes_on_too_and_only_a_stopped_till_is_adopted(
    franchise: Franchise, tmp_path: Path
) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    saturday.close()
    assert decide(franchise) is Standing.UNCHANGED
    till = put_back(franchise, friday)
    assert isinstance(till.sync_fails(), TillStopped)
    with franchise.hq.database.write() as session:
        stop(session, TerminalId(TILL), "磁盘已还原")
    assert decide(franchise) is Standing.CHANGED
    till.sync()
    assert franchise.books.balances()[member_of("S01")] == 52_000
    assert till.journal.head_office.identity.incarnation == 2


def test_h6_a_till_in_another_machine_spends_no_lease_until_a_person_confirms_it(franchise: Franchise) -> None:
    till = franchise.till(TILL)
    office = till.journal.head_office
    office.runs_on("machine-1")
    till.restart(franchise.hq.url)
    till.journal.head_office.runs_on("machine-1")
    till.sync()
    assert till.journal.head_office.lease_doubt is None
    till.restart(franchise.hq.url)
    office = till.journal.head_office
    office.runs_on("machine-2")
    assert office.lease_doubt, "before any contact"
    till.sync()
    assert office.lease_doubt, "head office alone does not know which machine is right"
    assert office.stopped_reason is None, "it sells"
    with franchise.hq.database.write() as session:
        assert confirm_machine(session, TerminalId(TILL)) is Standing.CHANGED
        assert confirm_machine(session, TerminalId(TILL)) is Standing.UNCHANGED
    till.restart(franchise.hq.url)
    office = till.journal.head_office
    office.runs_on("machine-2")
    till.sync()
    assert office.lease_doubt is None
    till.restart(franchise.hq.url)
    till.journal.head_office.runs_on("machine-2")
    assert till.journal.head_office.lease_doubt is None, "remembered"


def test_h6_a_disk_in_a_machine_whose_marks_cannot_be_read_is_in_doubt_as_well(franchise: Franchise) -> None:
    till = franchise.till(TILL)

    def starts_on(machine: str) -> tuple[bool, bool]:
        """Whether it is in doubt before any contact, and after one."""
        till.restart(franchise.hq.url)
        office = till.journal.head_office
        office.runs_on(machine)
        before = office.lease_doubt is not None
        till.sync()
        return before, office.lease_doubt is not None

    assert starts_on("machine-1") == (False, False)
    assert starts_on("") == (True, True), "it may be a copy"
    with franchise.hq.database.write() as session:
        assert confirm_machine(session, TerminalId(TILL)) is Standing.CHANGED
    assert starts_on("") == (True, False), "a person knows of it"
    assert starts_on("") == (False, False), "remembered"
    assert starts_on("machine-1") == (True, True), "both may be in use"


def test_h6_a_journal_behind_its_mirror_is_stopped_before_it_sells(franchise: Franchise, tmp_path: Path) -> None:
    saturday, friday = friday_and_saturday(franchise, tmp_path)
    Mirror(saturday.journal, tmp_path / "stick").copy()
    saturday.close()
    till = put_back(franchise, friday)
    Mirror(till.journal, tmp_path / "stick").compare()
    assert "put back" in (till.journal.head_office.stopped_reason or "")
    assert refused(till.try_to_redeem(member_of("S01"), 100)) is RefusalCode.TILL_STOPPED


def test_h6_what_only_the_mirror_holds_keeps_the_till_stopped_though_head_office_lets_it_go_on(
    franchise: Franchise, tmp_path: Path
) -> None:
    """Printed offline and mirrored, then the disk was put back: head office never heard of it, and must not be told other entries in its place."""
    till, friday = friday_and_an_unheard_saturday(franchise, tmp_path)
    Mirror(till.journal, tmp_path / "stick").copy()
    till.close()
    again = put_back(franchise, friday)
    Mirror(again.journal, tmp_path / "stick").compare()
    again.sync()
    assert "put back" in (again.journal.head_office.stopped_reason or "")
    assert refused(again.try_to_redeem(member_of("S01"), 100)) is RefusalCode.TILL_STOPPED
