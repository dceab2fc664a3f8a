"""The replica: rows once and never backward, members in doubt put aside, swapped while others read, nothing lost when it is deleted."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from stored_value.apply import apply
from stored_value.identity import MemberId, StaffId
from stored_value.wallet import WalletStatus
from sync.errors import PageError
from sync.messages import BlockRow, MemberExitRow, StaffRow, StoreRow
from sync.payment_pins import PinRecipe, PinVerifier
from sync.replica_schema import REVISION
from terminal.replica import Replica, ReplicaOutdated
from tests.stored_value.miniature import BOOK, MEMBER, NOON, redeem, refund
from tests.terminal.miniature import EPOCH, STORE, T0, global_page, member_row, page, purchase_row, rulebook_row
from tests.terminal.replica.snapshots import KEY, balance, holding, snapshot_of


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    opened = Replica.open(tmp_path / "replica.db")
    yield opened
    opened.close()


def test_a_member_is_found_by_id_number_and_phone(replica: Replica) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    member = replica.member(MEMBER)
    assert member is not None
    assert (member.wallet.version, member.epoch, member.name_masked) == (3, EPOCH, "王*丽")
    assert replica.members_by_no("0000000000") == (member,)
    assert replica.members_by_phone(77, "1234") == (member,)
    assert replica.members_by_phone(77, "9999") == ()


def test_the_same_page_twice_changes_nothing(replica: Replica) -> None:
    rows = page(member_row(holding(500), 3), member_row(holding(700), 4))
    assert replica.apply_page(rows) == 2
    before = replica.member(MEMBER)
    assert replica.apply_page(rows) == 2
    assert replica.member(MEMBER) == before
    assert balance(replica) == 700


def test_a_page_that_overlaps_brings_only_what_is_new(replica: Replica) -> None:
    first, second = member_row(holding(500), 3), member_row(holding(700), 4)
    replica.apply_page(page(first))
    assert replica.apply_page(page(first, second)) == 2
    assert balance(replica) == 700


def test_a_gap_in_the_feed_is_refused_and_nothing_of_the_page_stays(replica: Replica) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    with pytest.raises(PageError, match="after 1 comes 3"):
        replica.apply_page(page(member_row(holding(900), 9), after=2))
    assert balance(replica) == 500
    cursor = replica.cursor(STORE)
    assert cursor is not None
    assert cursor.cursor == 1


def test_an_older_version_of_a_row_never_replaces_a_newer_one(replica: Replica) -> None:
    replica.apply_page(page(member_row(holding(700), 4), member_row(holding(500), 3)))
    assert balance(replica) == 700


def test_a_members_pin_comes_and_goes_with_the_row(replica: Replica) -> None:
    pin = PinVerifier(issue=1, recipe=PinRecipe(passes=1, memory_kib=8, lanes=1, salt="c2FsdA"), check="Y2hlY2s")
    row = member_row(holding(500), 3)
    replica.apply_page(page(msgspec.structs.replace(row, pin=pin)), frozenset({MEMBER}))
    assert replica.member(MEMBER) is None
    replica.release_deferred()
    found = replica.member(MEMBER)
    assert found is not None
    assert found.pin == pin, "also a row that had to wait"
    replica.take_ahead([member_row(holding(500), 4)], EPOCH)
    found = replica.member(MEMBER)
    assert found is not None
    assert found.pin is None


def test_a_till_that_knew_no_pins_takes_one_of_a_row_that_it_has(replica: Replica) -> None:
    """It left the field out before its update; nothing else of a row of the same version is taken."""
    pin = PinVerifier(issue=1, recipe=PinRecipe(passes=1, memory_kib=8, lanes=1, salt="c2FsdA"), check="Y2hlY2s")
    replica.apply_page(page(member_row(holding(500), 3)))
    replica.take_ahead([member_row(holding(900), 3)], EPOCH)
    assert balance(replica) == 500
    replica.take_ahead([msgspec.structs.replace(member_row(holding(500), 3), pin=pin)], EPOCH)
    found = replica.member(MEMBER)
    assert found is not None
    assert found.pin == pin


def test_a_page_of_another_epoch_is_refused(replica: Replica) -> None:
    replica.apply_page(page(member_row(holding(700), 4)))
    with pytest.raises(ReplicaOutdated):
        replica.apply_page(page(member_row(holding(1), 5), after=1, epoch="epoch-2"))
    replica.clear()
    replica.apply_page(page(member_row(holding(1), 1), epoch="epoch-2"))
    assert balance(replica) == 1


def test_rows_of_members_in_doubt_wait_and_the_others_do_not(replica: Replica) -> None:
    other = replace(holding(10), member_id=MemberId("m2"))
    replica.apply_page(page(member_row(holding(500), 3)))
    replica.apply_page(
        page(member_row(holding(700), 4), member_row(other, 1, number="1111111116"), after=1), frozenset({MEMBER})
    )
    assert balance(replica) == 500
    assert replica.member(other.member_id) is not None
    assert replica.deferred_count() == 1
    assert replica.release_deferred(frozenset({MEMBER})) == 0
    assert replica.release_deferred() == 1
    assert balance(replica) == 700
    assert replica.deferred_count() == 0


def test_the_newest_of_several_deferred_rows_is_released(replica: Replica, tmp_path: Path) -> None:
    doubt = frozenset({MEMBER})
    replica.apply_page(page(member_row(holding(700), 5), member_row(holding(600), 4)), doubt)
    replica.close()
    again = Replica.open(tmp_path / "replica.db")
    again.release_deferred()
    assert balance(again) == 700
    again.close()


def test_a_block_is_heeded_though_the_members_row_is_deferred(replica: Replica) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    frozen = BlockRow(member_id=MEMBER, status="frozen", version=4, updated_at=T0)
    replica.apply_page(global_page(frozen), frozenset({MEMBER}))
    member = replica.member(MEMBER)
    assert member is not None
    assert member.wallet.status is WalletStatus.FROZEN
    replica.apply_page(page(member_row(replace(holding(500), status=WalletStatus.ACTIVE), 5), after=1))
    member = replica.member(MEMBER)
    assert member is not None
    assert member.wallet.status is WalletStatus.ACTIVE, "the row is newer than the block"


def test_a_member_who_leaves_the_scope_leaves_no_row(replica: Replica) -> None:
    bought = apply(holding(500), redeem("r1", 200), BOOK)
    replica.apply_page(page(purchase_row(bought.purchases[0], 4), member_row(bought.wallet, 4)))
    assert len(replica.purchases_of(MEMBER)) == 1
    replica.apply_page(page(MemberExitRow(member_id=MEMBER, version=3), after=2))
    assert replica.member(MEMBER) is not None, "an older exit is past"
    replica.apply_page(page(MemberExitRow(member_id=MEMBER, version=5), after=3))
    assert replica.member(MEMBER) is None
    assert replica.purchases_of(MEMBER) == ()


def test_a_purchase_never_runs_ahead_of_its_wallet(replica: Replica) -> None:
    bought = apply(holding(500), redeem("r1", 200), BOOK)
    returned = apply(bought.wallet, refund("f1", "r1", {1: 200}), BOOK)
    replica.apply_page(page(purchase_row(bought.purchases[0], 4), member_row(bought.wallet, 4)))
    replica.apply_page(page(purchase_row(returned.purchases[0], 5), after=2))
    held = replica.purchase_by_receipt("S01-T1-r1")
    assert held is not None
    assert held.purchase.refundable_minor == 200, "the wallet does not show the refund yet"
    replica.apply_page(page(member_row(returned.wallet, 5), after=3))
    held = replica.purchase(bought.purchases[0].purchase_id)
    assert held is not None
    assert held.purchase.refundable_minor == 0
    assert balance(replica) == 500


def test_two_purchases_under_one_receipt_stop_nothing(replica: Replica) -> None:
    """As two branches of a forked till print them: both are kept, the receipt finds the newer, and the feed goes on."""
    one = apply(holding(500), redeem("r1", 200), BOOK)
    other = apply(one.wallet, redeem("r2", 100), BOOK)
    rows = [
        msgspec.structs.replace(purchase_row(each.purchases[0], 5), receipt_no="S01-T1-000007") for each in (one, other)
    ]
    replica.apply_page(page(member_row(other.wallet, 5), *rows))
    held = replica.purchase_by_receipt("S01-T1-000007")
    assert held is not None
    assert held.purchase_id == other.purchases[0].purchase_id
    assert len(replica.purchases_of(MEMBER)) == 2


def test_two_members_under_one_number_stop_nothing(replica: Replica) -> None:
    """As two copies of a till's disk give it out (H6): both are kept and found."""
    other = MemberId("019ab000-0000-7000-8000-0000000000ff")
    replica.apply_page(page(member_row(holding(500), 5)))
    first = replica.members_by_no("0000000000")
    twice = msgspec.structs.replace(member_row(holding(700), 6), member_id=other)
    replica.apply_page(page(twice, after=1))
    found = replica.members_by_no("0000000000")
    assert {each.member_id for each in found} == {first[0].member_id, other}


def test_a_member_read_online_is_taken_unless_in_doubt_or_of_another_epoch(replica: Replica) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    replica.take_ahead([member_row(holding(600), 4)], EPOCH)
    assert balance(replica) == 600
    replica.take_ahead([member_row(holding(700), 5)], EPOCH, frozenset({MEMBER}))
    assert balance(replica) == 600
    replica.take_ahead([member_row(holding(900), 9)], "epoch-2")
    assert balance(replica) == 600


def test_the_rulebook_in_force_changes_at_its_time_without_a_connection(replica: Replica) -> None:
    tomorrow = replace(BOOK, version=2, effective_at=NOON + timedelta(days=1))
    replica.apply_page(global_page(rulebook_row(BOOK), rulebook_row(tomorrow)))
    assert replica.rulebook_in_force(NOON) == BOOK
    assert replica.rulebook_in_force(NOON + timedelta(days=1)) == tomorrow
    assert replica.rulebook_in_force(BOOK.effective_at - timedelta(seconds=1)) is None
    assert replica.rulebook(3) is None


def test_a_row_that_is_not_trusted_is_left_out_and_the_rest_goes_on(replica: Replica) -> None:
    rows = global_page(rulebook_row(BOOK), StoreRow(store_id=STORE, name="人民路店", zone="Asia/Shanghai"))
    assert replica.apply_page(rows, is_trusted=lambda row: isinstance(row, StoreRow)) == 2
    assert replica.rulebook(1) is None
    store = replica.store(STORE)
    assert store is not None
    assert store.name == "人民路店"


def test_staff_come_and_go(replica: Replica) -> None:
    staff = StaffRow(staff_id=StaffId("a"), name="李", role="cashier", verifier="v", active=True, updated_at=T0)
    gone = StaffRow(staff_id=StaffId("a"), name="李", role="cashier", verifier="v", active=False, updated_at=T0)
    replica.apply_page(global_page(staff))
    assert [each.active for each in replica.staff()] == [True]
    replica.apply_page(global_page(staff, gone))
    assert [each.active for each in replica.staff()] == [False]


def test_as_of_is_the_time_at_which_everything_was_current(replica: Replica) -> None:
    assert replica.as_of() is None
    later = T0 + timedelta(minutes=5)
    replica.apply_page(page(member_row(holding(1), 1), as_of=T0))
    replica.apply_page(page(member_row(holding(2), 2), after=1, head=9, as_of=later))
    assert replica.as_of() == T0, "there is more in the feed"
    replica.apply_page(page(member_row(holding(3), 3), after=2, as_of=later))
    assert replica.as_of() == later


def test_a_snapshot_takes_the_replicas_place_with_its_cursors(replica: Replica, tmp_path: Path) -> None:
    staged = replica.stage(*snapshot_of(tmp_path, 800, 7, cursor=20), KEY, "global")
    staged.apply_page(page(member_row(holding(900), 8), after=20))
    replica.become(staged)
    assert balance(replica) == 900
    cursors = {scope: held.cursor for scope in ("global", STORE) if (held := replica.cursor(scope)) is not None}
    assert cursors == {"global": 2, STORE: 21}
    assert sorted(path.name for path in tmp_path.iterdir() if "staged" in path.name) == []


def test_a_snapshot_with_a_flipped_byte_is_refused_and_the_replica_stays(replica: Replica, tmp_path: Path) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    packed, manifest = snapshot_of(tmp_path, 800, 7, cursor=20)
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 1
    packed.write_bytes(bytes(data))
    with pytest.raises(PageError):
        replica.stage(packed, manifest, KEY, "global")
    assert balance(replica) == 500


def test_a_snapshot_defers_the_rows_of_members_in_doubt(replica: Replica, tmp_path: Path) -> None:
    replica.apply_page(page(member_row(holding(500), 3)))
    staged = replica.stage(*snapshot_of(tmp_path, 800, 7, cursor=20), KEY, "global")
    replica.become(staged, frozenset({MEMBER}))
    assert balance(replica) == 500
    replica.release_deferred()
    assert balance(replica) == 800


def test_readers_go_on_while_a_snapshot_is_swapped_in(replica: Replica, tmp_path: Path) -> None:
    replica.apply_page(page(member_row(holding(100), 1)))
    stop = threading.Event()
    seen: list[list[int]] = [[], [], []]
    failures: list[BaseException] = []

    def read(seen: list[int]) -> None:
        while not stop.is_set():
            try:
                seen.append(balance(replica))
            except BaseException as error:  # the assertion below shows it
                failures.append(error)
                raise

    readers = [threading.Thread(target=read, args=(each,)) for each in seen]
    for reader in readers:
        reader.start()
    for version in range(2, 8):
        replica.become(replica.stage(*snapshot_of(tmp_path, version * 100, version, cursor=version), KEY, "global"))
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert balance(replica) == 700
    assert {balance for each in seen for balance in each} <= {100 * version for version in range(1, 8)}
    assert all(each == sorted(each) for each in seen), "nobody sees an older state after a newer one"


def test_a_replica_deleted_under_the_running_till_is_noticed(replica: Replica, tmp_path: Path) -> None:
    replica.apply_page(page(member_row(holding(100), 1)))
    assert not replica.was_deleted()
    (tmp_path / "replica.db").unlink()
    assert balance(replica) == 100, "what is open can still be read"
    assert replica.was_deleted()
    replica.reopen()
    assert replica.member(MEMBER) is None
    assert replica.cursor(STORE) is None


@pytest.mark.parametrize("content", [b"", b"not a database at all " * 500])
def test_a_damaged_replica_is_made_anew_and_empty(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    path.write_bytes(content)
    opened = Replica.open(path)
    assert opened.epoch() is None
    opened.apply_page(page(member_row(holding(100), 1)))
    opened.close()


def test_the_newest_revision_is_the_one_that_opening_looks_for(replica: Replica, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "replica.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISION,)]


def test_what_was_read_while_a_page_came_in_is_not_kept_as_current(replica: Replica) -> None:
    """A block sees the state that it began with; asked again after it, the newer row is there."""
    replica.apply_page(page(member_row(holding(500), 3)))
    replica.apply_page(global_page(rulebook_row()))
    with replica.one_state():
        assert replica.rulebook_rows()
        replica.apply_page(page(member_row(holding(900), 4), after=1))
        assert balance(replica) == 500
        assert balance(replica) == 500
    assert balance(replica) == 900


def test_the_same_question_after_a_page_a_block_or_a_new_file_is_answered_anew(replica: Replica) -> None:
    assert (replica.member(MEMBER), replica.as_of(), replica.store(STORE)) == (None, None, None)
    replica.apply_page(page(member_row(holding(500), 3)))
    replica.apply_page(global_page(StoreRow(store_id=STORE, name="人民路店", zone="Asia/Shanghai")))
    assert balance(replica) == 500
    assert replica.as_of() is not None
    assert replica.store(STORE) is not None
    replica.apply_page(page(BlockRow(member_id=MEMBER, status=WalletStatus.FROZEN, version=4, updated_at=T0), after=1))
    blocked = replica.member(MEMBER)
    assert blocked is not None
    assert blocked.wallet.status is WalletStatus.FROZEN
    replica.clear()
    assert (replica.member(MEMBER), replica.as_of(), replica.store(STORE)) == (None, None, None)


def test_a_file_of_a_newer_program_is_used_as_it_is(tmp_path: Path) -> None:
    """A newer head office's snapshot, or a till that was put back to its former program: shapes only grow."""
    path = tmp_path / "replica.db"
    Replica.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE stores ADD COLUMN colour TEXT")
        connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    opened = Replica.open(path)
    opened.apply_page(page(member_row(holding(500), 3)))
    assert balance(opened) == 500
    opened.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("r9999",)]
