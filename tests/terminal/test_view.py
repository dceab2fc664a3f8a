"""The view (L3) is a function of journal, replica and outcomes: whatever order things arrive in, and right after any crash, nothing is counted twice or left out."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stored_value.apply import apply, new_wallet
from stored_value.events import WalletEvent
from stored_value.events_reservation import LeaseAccepted, LeaseReturned
from stored_value.identity import EventId
from stored_value.reservation_records import ReservationId
from stored_value.rulebook import Rulebook
from stored_value.wallet import Purchase, Wallet
from sync.event_codec import event_of
from sync.messages import FeedRow, PurchaseRow
from terminal.clock import SimulatedClock
from terminal.journal import Journal, OwnEvent
from terminal.members import Members
from terminal.replica import Replica
from terminal.view import wallet_view
from tests.stored_value.miniature import BOOK, FIRST, MEMBER, NOON, PLAIN_BOOK, enrolled, redeem, refund, top_up
from tests.terminal.journal.test_append import LOCAL
from tests.terminal.miniature import (
    EPOCH,
    global_page,
    member_row,
    opened_journal,
    page,
    purchase_row,
    rulebook_row,
    settled,
)


def book_of(_: int) -> Rulebook:
    return BOOK


def own(seq: int, event: WalletEvent, landed_at: int | None = None) -> OwnEvent:
    return OwnEvent(seq=seq, event=event, landed_at=landed_at)


def test_a_pending_event_is_added_to_what_is_confirmed() -> None:
    held = apply(new_wallet(MEMBER, BOOK), top_up("t1", 5_000), BOOK).wallet
    view = wallet_view(held, [own(9, redeem("r1", 2_000))], book_of)
    assert view.principal_minor == 3_000
    assert [each.seq for each in view.pending] == [9]


def test_an_event_that_the_wallet_contains_is_not_added_again() -> None:
    held = replace(apply(new_wallet(MEMBER, BOOK), top_up("t1", 5_000), BOOK).wallet, version=4)
    assert wallet_view(held, [own(1, top_up("t1", 5_000), 4)], book_of).principal_minor == 5_000
    assert wallet_view(replace(held, version=3), [own(1, top_up("t9", 5_000), 4)], book_of).principal_minor == 10_000


def test_a_bonus_that_head_office_has_not_confirmed_is_shown_apart_and_not_drawn() -> None:
    view = wallet_view(
        new_wallet(MEMBER, BOOK),
        [own(2, top_up("t1", 20_000, promised={FIRST: 5_000})), own(3, redeem("r1", 4_000))],
        book_of,
    )
    assert (view.principal_minor, view.bonus_minor, view.provisional_bonus_minor) == (16_000, 0, 5_000)


def test_a_lease_that_was_taken_keeps_nobody_waiting_for_head_office_and_one_given_back_does() -> None:
    """A cash-out right after a top-up, whose lease the till has just taken, need not wait for the next push."""
    place, lease = enrolled().occasion, ReservationId("lease")
    taken = LeaseAccepted(occasion=place, member_id=MEMBER, lease_id=lease, number=1, amount_minor=1_000)
    back = LeaseReturned(occasion=place, member_id=MEMBER, lease_id=lease, amount_minor=1_000)
    held = apply(new_wallet(MEMBER, BOOK), top_up("t1", 5_000), BOOK).wallet
    assert wallet_view(held, [own(9, taken)], book_of).unconfirmed == ()
    assert [each.seq for each in wallet_view(held, [own(9, taken), own(10, back)], book_of).unconfirmed] == [10]


class World:
    """A till's files, and a head office in miniature that orders this till's events among those of others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened = opened_journal(folder)
        self.journal: Journal = self.opened.__enter__()
        self.replica = Replica.open(folder / "replica.db")
        self.replica.apply_page(global_page(rulebook_row(PLAIN_BOOK)))
        self.truth = new_wallet(MEMBER, PLAIN_BOOK)
        self.purchases: dict[str, tuple[Purchase, int]] = {}
        self.version = 0
        self.at_hq = 0
        self.landed: dict[int, int] = {}
        self.feed: list[FeedRow] = []

    def close(self) -> None:
        self.replica.close()
        self.opened.__exit__(None, None, None)

    def crash(self) -> None:
        self.close()
        self.opened = opened_journal(self.folder)
        self.journal = self.opened.__enter__()
        self.replica = Replica.open(self.folder / "replica.db")

    def sell(self, event: WalletEvent) -> None:
        self.journal.append(event, local_member=LOCAL if event.kind == "member_enrolled" else None)

    def hq_applies(self, event: WalletEvent) -> None:
        self.version += 1
        applied = apply(self.truth, event, PLAIN_BOOK)
        self.truth = applied.wallet
        for bought in applied.purchases:
            self.feed.append(purchase_row(bought, self.version))
        self.feed.append(member_row(self.truth, self.version))

    def send(self, *, reply_lost: bool) -> None:
        first, head = self.journal.outcomes.settled_through() + 1, self.journal.head().seq
        if first > head:
            return
        self.journal.outcomes.record_push(first, head)
        for seq in range(max(first, self.at_hq + 1), head + 1):
            entry = self.journal.entry(seq)
            assert entry is not None
            event = event_of(entry)
            self.hq_applies(event)  # type: ignore[arg-type]  # no shift is opened here
            self.landed[seq] = self.version
            self.at_hq = seq
        if not reply_lost:
            outcomes = tuple(settled(seq, self.landed[seq]) for seq in range(first, head + 1))
            self.journal.outcomes.settle(outcomes, head)

    def pull(self, most: int) -> None:
        held = self.replica.cursor("S01")
        after = held.cursor if held else 0
        rows = self.feed[after : after + most]
        in_doubt = self.journal.outcomes.members_in_doubt()
        if rows:
            self.replica.apply_page(page(*rows, after=after, head=len(self.feed)), in_doubt)
        if after + len(rows) == len(self.feed):
            self.replica.release_deferred(in_doubt)
            if self.replica.member(MEMBER) is not None:
                self.journal.local_members.came_by_feed((MEMBER,))

    def shown(self) -> Wallet:
        found = Members(self.journal, self.replica, SimulatedClock(NOON)).find(MEMBER)
        assert found is not None
        return found.view.wallet


steps = st.lists(
    st.one_of(
        st.tuples(st.just("top_up"), st.integers(1, 500)),
        st.tuples(st.just("redeem"), st.integers(1, 50)),
        st.tuples(st.just("refund"), st.integers(0, 3)),
        st.tuples(st.just("elsewhere"), st.integers(1, 500)),
        st.tuples(st.just("send"), st.just(0)),
        st.tuples(st.just("send_reply_lost"), st.just(0)),
        st.tuples(st.just("pull"), st.integers(1, 3)),
        st.tuples(st.just("crash"), st.just(0)),
    ),
    min_size=4,
    max_size=22,
)


@pytest.mark.slow
@settings(max_examples=120, deadline=None)
@given(plan=steps)
@example(
    # The purchase's row has come and its member's has not: a page ends between them.
    plan=[
        ("send_reply_lost", 0),
        ("redeem", 1),
        ("elsewhere", 1),
        ("pull", 2),
        ("send", 0),
        ("refund", 0),
        ("pull", 1),
    ]
)
def test_whatever_the_order_nothing_is_counted_twice_or_left_out(
    plan: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = World(tmp_path_factory.mktemp("till"))
    try:
        live(world, plan)
        world.send(reply_lost=False)
        world.pull(len(world.feed))
        assert world.shown().total_minor == world.truth.total_minor, "all is known: the till shows HQ's wallet"
        assert world.journal.pending_count() == 0
    finally:
        world.close()


def live(world: World, plan: list[tuple[str, int]]) -> None:
    """After every step the till shows: all its own events, and of the others' those that a pull has brought."""
    own_total = 0
    sold: list[tuple[str, int]] = []
    world.sell(enrolled())
    for place, (step, amount) in enumerate(plan):
        name = f"{step}-{place}"
        match step:
            case "top_up":
                world.sell(top_up(name, amount))
                own_total += amount
            case "redeem":
                world.sell(redeem(name, amount))
                sold.append((name, amount))
                own_total -= amount
            case "refund" if amount < len(sold):
                purchase, paid = sold.pop(amount)
                world.sell(refund(name, purchase, {1: paid}))
                own_total += paid
            case "elsewhere" if world.at_hq:
                world.hq_applies(top_up(name, amount, store="S02"))
            case "send" | "send_reply_lost":
                world.send(reply_lost=step == "send_reply_lost")
            case "pull":
                world.pull(amount)
            case "crash":
                world.crash()
        assert world.shown().total_minor == own_total + brought(world), f"after {place}: {step}"


def brought(world: World) -> int:
    """What others paid in, as far as the member's row at the till says it; read from the feed, not from the view."""
    row = world.replica.member(MEMBER)
    if row is None:
        return 0
    return sum(lot.original_minor for lot in row.wallet.lots if lot.top_up_id.startswith("elsewhere"))


def test_a_member_enrolled_here_is_shown_before_head_office_knows(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        world.sell(enrolled())
        world.sell(top_up("t1", 5_000))
        assert world.shown().total_minor == 5_000
        members = Members(world.journal, world.replica, SimulatedClock(NOON))
        [found] = members.find_by_phone(77, "1234")
        assert not found.confirmed
        assert found.as_of is None
        world.send(reply_lost=False)
        assert world.shown().total_minor == 5_000, "settled, but the row has not come"
        world.pull(99)
        (found_again,) = members.find_by_no("0000000000")
        assert found_again is not None
        assert found_again.confirmed
        assert found_again.view.pending == ()
    finally:
        world.close()


def test_a_refund_that_the_members_row_contains_counts_while_the_purchases_row_is_older(tmp_path: Path) -> None:
    """A page ended between the two rows: shown as if it had not been refunded, the line would be given back twice."""
    world = World(tmp_path)
    try:
        for event in (enrolled(), top_up("t1", 5_000), redeem("r1", 3_000), refund("b1", "r1", {1: 1_000})):
            world.sell(event)
            world.send(reply_lost=False)
            world.feed[-2:] = sorted(world.feed[-2:], key=lambda row: isinstance(row, PurchaseRow))
        world.pull(len(world.feed) - 1)
        assert refunded_here(world) == 1_000
        world.sell(refund("b2", "r1", {1: 500}))
        assert refunded_here(world) == 1_500
        world.send(reply_lost=False)
        assert refunded_here(world) == 1_500
        world.pull(99)
        assert refunded_here(world) == 1_500
        assert world.shown().total_minor == 3_500
    finally:
        world.close()


def test_a_refund_counts_once_while_the_purchases_row_is_newer_than_the_members(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        for event in (enrolled(), top_up("t1", 5_000), redeem("r1", 3_000)):
            world.sell(event)
        world.send(reply_lost=False)
        world.pull(99)
        world.sell(refund("b1", "r1", {1: 3_000}))
        world.send(reply_lost=False)
        world.pull(1)
        assert refunded_here(world) == 3_000
        assert world.shown().total_minor == 5_000
    finally:
        world.close()


def refunded_here(world: World) -> int:
    found = Members(world.journal, world.replica, SimulatedClock(NOON)).find(MEMBER, with_purchases=(EventId("r1"),))
    assert found is not None
    purchase = found.view.wallet.purchase(EventId("r1"))
    assert purchase is not None
    return sum(line.refunded_minor for line in purchase.lines)


def test_a_row_of_an_epoch_that_is_over_is_not_shown(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        world.sell(enrolled())
        world.sell(top_up("t1", 5_000))
        world.send(reply_lost=False)
        world.pull(99)
        world.journal.outcomes.begin_epoch("epoch-2", hq_head=0)
        assert world.replica.epoch() == EPOCH
        assert world.shown().total_minor == 5_000, "both entries are pending again, on nothing"
    finally:
        world.close()
