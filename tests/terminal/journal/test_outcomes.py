"""Pushes and outcomes: written down before sending, settled in one commit, the members in doubt meanwhile, and a new epoch (H1, H9)."""

from pathlib import Path

import pytest

from stored_value.identity import MemberId
from sync.errors import PageError
from sync.messages import Outcome, OutcomeFinding
from terminal.journal import Journal, LocalMember, OpenPush
from terminal.stops import StopCode
from tests.stored_value.miniature import MEMBER, enrolled, redeem, top_up
from tests.terminal.miniature import EPOCH, STORE, append_all, opened_journal, opened_shift, settled


def pending_seqs(journal: Journal, version: int, epoch: str = EPOCH) -> list[int]:
    return [own.seq for own in journal.outcomes.own_events(MEMBER, epoch, version)]


def test_a_push_is_written_down_before_it_is_sent_and_survives_a_restart(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [opened_shift(), top_up("t1", 100), top_up("t2", 100)])
        assert journal.outcomes.members_in_doubt() == frozenset()
        journal.outcomes.record_push(1, 2)
    with opened_journal(tmp_path) as journal:
        assert journal.outcomes.open_push() == OpenPush(EPOCH, 1, 2)
        assert journal.outcomes.members_in_doubt() == {MEMBER}
        assert journal.outcomes.record_push(1, 3) == OpenPush(EPOCH, 1, 3)
        assert journal.outcomes.record_push(2, 2) == OpenPush(EPOCH, 1, 3), "what may be at HQ is never forgotten"


def test_an_outcome_settles_once_and_ends_the_doubt(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 100), top_up("t2", 100)])
        journal.outcomes.record_push(1, 2)
        for _ in range(2):
            journal.outcomes.settle((settled(1, 4),), accepted_through=1)
        assert journal.outcomes.settled_through() == 1
        assert journal.outcomes.members_in_doubt() == {MEMBER}, "entry 2 was sent as well"
        journal.outcomes.settle((settled(1, 4), settled(2, 5)), accepted_through=2)
        assert journal.outcomes.open_push() is None
        assert journal.outcomes.members_in_doubt() == frozenset()
        assert journal.pending_count() == 0


def test_an_event_is_pending_until_the_wallet_has_reached_its_version(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 100), top_up("t2", 100), top_up("t3", 100)])
        assert pending_seqs(journal, 3) == [1, 2, 3]
        journal.outcomes.settle((settled(1, 4), settled(2, 6)), accepted_through=2)
        assert pending_seqs(journal, 3) == [1, 2, 3]
        assert pending_seqs(journal, 4) == [2, 3]
        assert pending_seqs(journal, 5) == [2, 3]
        assert pending_seqs(journal, 6) == [3]


def test_an_outcome_without_a_version_settles_the_entry(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.append(top_up("t1", 100))
        journal.outcomes.settle((Outcome(seq=1, status="set_aside"),), accepted_through=1)
        assert pending_seqs(journal, 0) == []


def test_outcomes_with_a_gap_are_refused(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 100), top_up("t2", 100)])
        with pytest.raises(PageError, match="leave out entry 1"):
            journal.outcomes.settle((settled(2, 1),), accepted_through=2)
        assert journal.outcomes.settled_through() == 0


def test_a_new_epoch_keeps_what_head_office_still_has_and_unsettles_the_rest(tmp_path: Path) -> None:
    local = LocalMember(
        member_id=MEMBER, member_no="0000000000", card_issue=1, name_masked="王*", phone_last4="1", phone_tag=1,
        home_store_id=STORE,
    )  # fmt: skip
    with opened_journal(tmp_path) as journal:
        journal.append(enrolled(), local_member=local)
        append_all(journal, [top_up("t1", 100), top_up("t2", 100)])
        journal.outcomes.settle((settled(1, 1), settled(2, 7), settled(3, 8)), accepted_through=3)
        journal.local_members.came_by_feed((MEMBER,))
        journal.head_office.raise_high_water({STORE: 50})
        journal.outcomes.begin_epoch("epoch-2", hq_head=2)
        assert journal.outcomes.settled_through() == 2
        assert pending_seqs(journal, 0, "epoch-2") == [3], "entries 1 and 2 are in every wallet of the new epoch"
        assert journal.local_members.awaited() == (local,)
        assert journal.head_office.high_water(STORE) == 0
        assert journal.head_office.anchor is None
    with opened_journal(tmp_path) as journal:
        assert journal.head_office.epoch == "epoch-2"


def test_a_new_epoch_settles_entries_whose_reply_was_lost_in_the_old_one(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 100), top_up("t2", 100)])
        journal.outcomes.record_push(1, 2)
        journal.outcomes.begin_epoch("epoch-2", hq_head=1)
        assert journal.outcomes.settled_through() == 1
        assert journal.outcomes.members_in_doubt() == frozenset()
        assert pending_seqs(journal, 0, "epoch-2") == [2]


def test_the_cursor_never_goes_back_within_an_epoch(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.head_office.raise_high_water({STORE: 50})
        journal.head_office.raise_high_water({STORE: 40})
    with opened_journal(tmp_path) as journal:
        assert journal.head_office.high_water(STORE) == 50


def test_flagged_entries_are_listed_with_their_codes(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 100), redeem("r1", 500), top_up("t2", 1)])
        overdrawn = Outcome(
            seq=2, status="created", findings=(OutcomeFinding(code="overdraft", data={"amount_minor": 400}),)
        )
        journal.outcomes.settle((settled(1, 1), overdrawn, settled(3, 3)), accepted_through=3)
        [flagged] = journal.outcomes.flagged()
    assert (flagged.seq, flagged.event_id, flagged.codes) == (2, "r1", ("overdraft",))


def test_to_push_is_bounded_by_number_and_by_bytes(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up(f"t{number}", 100) for number in range(5)])
        entries, last = journal.outcomes.to_push(1, entries_max=3, bytes_max=10**6)
        assert last is not None
        assert (len(entries), last.seq) == (3, 4)
        entries, last = journal.outcomes.to_push(0, entries_max=3, bytes_max=1)
        assert last is not None
        assert (len(entries), last.seq) == (1, 1)
        assert journal.outcomes.to_push(5, entries_max=3, bytes_max=1) == ((), None)


def test_members_of_other_entries_are_not_in_doubt(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        append_all(journal, [top_up("t1", 100)])
        journal.outcomes.record_push(1, 1)
        assert MemberId("another") not in journal.outcomes.members_in_doubt()


def test_a_stop_is_remembered(tmp_path: Path) -> None:
    with opened_journal(tmp_path) as journal:
        journal.head_office.stop(StopCode.FORKED, "forked")
    with opened_journal(tmp_path) as journal:
        assert journal.head_office.stopped_reason == "forked"
        journal.head_office.resume()
    with opened_journal(tmp_path) as journal:
        assert journal.head_office.stopped_reason is None
