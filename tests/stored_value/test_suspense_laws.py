"""Laws of suspense under any sequence of payments proved in part, decisions, refunds and refunds taken back: the books say what the wallet holds, owes and leaves undecided."""

from collections import Counter
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stored_value.apply import Applied, apply
from stored_value.draw import LIABILITY
from stored_value.events import WalletEvent
from stored_value.events_money_out import (
    RefundReversed,
    SuspenseDecided,
    SuspenseVerdict,
    TakenBackLine,
    TransferPurpose,
    TransferredIn,
    TransferredOut,
)
from stored_value.identity import EventId, MemberId
from stored_value.merging import everything
from stored_value.postings import Account, imbalance
from stored_value.suspense import refuse_decision, suspended_minor
from stored_value.transfer import moved_minor, really_left
from stored_value.wallet import Purchase, Wallet
from tests.stored_value.miniature import BOOK, DAY, MEMBER, PLAIN_BOOK, occasion, redeem, refund, top_up, wallet

STORES = st.sampled_from(["S01", "S02"])
AMOUNTS = st.integers(1, 30_000)


class SuspenseLaws(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.held: Wallet = wallet()
        self.books: Counter[Account] = Counter()
        self.count = 0
        self.refunded: dict[str, tuple[Purchase, dict[int, int]]] = {}

    def happen(self, event: WalletEvent, unproved_minor: int = 0) -> Applied:
        done = apply(self.held, event, BOOK, unproved_minor=unproved_minor)
        assert imbalance(done.postings) == {}
        for row in done.postings:
            self.books[row.account] += row.amount_minor
        self.held = done.wallet
        return done

    def new_id(self) -> str:
        self.count += 1
        return f"e{self.count:03d}"

    @rule(amount=AMOUNTS, store=STORES)
    def tops_up(self, amount: int, store: str) -> None:
        self.happen(top_up(self.new_id(), amount, store))

    @rule(amounts=st.lists(AMOUNTS, min_size=1, max_size=3), store=STORES, data=st.data())
    def pays_with_a_part_unproved(self, amounts: list[int], store: str, data: st.DataObject) -> None:
        whole = sum(amounts)
        unproved = data.draw(st.one_of(st.just(0), st.just(whole), st.integers(0, whole)))
        self.happen(redeem(self.new_id(), *amounts, store=store), unproved)

    @precondition(lambda self: any(suspended_minor(bought) for bought in self.held.purchases))
    @rule(data=st.data(), verdict=st.sampled_from(SuspenseVerdict))
    def is_decided(self, data: st.DataObject, verdict: SuspenseVerdict) -> None:
        bought = data.draw(st.sampled_from([each for each in self.held.purchases if suspended_minor(each)]))
        amount = suspended_minor(bought)
        assert refuse_decision(self.held, amount, verdict, DAY) is None, "nothing is kept for any till here"
        self.happen(decision(self.new_id(), bought, amount, verdict))
        after = self.held.purchase(bought.purchase_id)
        assert after is not None
        assert suspended_minor(after) == 0

    @precondition(lambda self: self.held.purchases)
    @rule(data=st.data())
    def refunds_a_part(self, data: st.DataObject) -> None:
        bought = data.draw(st.sampled_from(self.held.purchases))
        line = data.draw(st.sampled_from(bought.lines))
        if line.refundable_minor:
            amount = data.draw(st.integers(1, line.refundable_minor))
            event_id = self.new_id()
            self.happen(refund(event_id, bought.purchase_id, {line.line_no: amount}, store=bought.store_id))
            self.refunded[event_id] = bought, {line.line_no: amount}

    @precondition(lambda self: self.refunded)
    @rule(data=st.data())
    def takes_a_refund_back(self, data: st.DataObject) -> None:
        refund_id = data.draw(st.sampled_from(sorted(self.refunded)))
        bought, lines = self.refunded.pop(refund_id)
        self.happen(taken_back(self.new_id(), refund_id, bought, lines))

    @invariant()
    def the_books_say_what_the_wallet_holds(self) -> None:
        for kind, account in LIABILITY.items():
            assert -self.books[account] == sum(lot.remaining_minor for lot in self.held.lots if lot.kind is kind)

    @invariant()
    def the_books_say_what_the_member_owes_in_one_row_a_debt(self) -> None:
        rows = Counter((row.source_id, row.store_id) for row in self.held.receivables)
        assert max(rows.values(), default=1) == 1
        assert self.books[Account.OVERDRAFT_RECEIVABLE] == self.held.owed_minor

    @invariant()
    def the_books_say_what_nobody_has_decided(self) -> None:
        assert self.books[Account.SUSPENSE] == sum(suspended_minor(bought) for bought in self.held.purchases)

    @invariant()
    def lines_are_drawn_in_full(self) -> None:
        for bought in self.held.purchases:
            for line in bought.lines:
                assert sum(part.drawn_minor for part in line.parts) == line.total_minor
                assert 0 <= line.refundable_minor <= line.total_minor


SuspenseLaws.TestCase.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestSuspenseLaws = SuspenseLaws.TestCase


def decision(event_id: str, bought: Purchase, amount_minor: int, verdict: SuspenseVerdict) -> SuspenseDecided:
    return SuspenseDecided(
        occasion=occasion(event_id, "HQ"),
        member_id=MEMBER,
        payment_id=bought.purchase_id,
        serving_store=bought.store_id,
        verdict=verdict,
        amount_minor=amount_minor,
        reason="查过监控",
    )


def taken_back(event_id: str, refund_id: str, bought: Purchase, lines: dict[int, int]) -> RefundReversed:
    return RefundReversed(
        occasion=occasion(event_id, bought.store_id),
        member_id=MEMBER,
        refund_id=EventId(refund_id),
        purchase_id=bought.purchase_id,
        amount_minor=sum(lines.values()),
        lines=tuple(TakenBackLine(line_no=number, amount_minor=amount) for number, amount in lines.items()),
    )


def owing_in_part(held: Wallet) -> Wallet:
    """60 of a payment of 100 are owed, 40 wait for a decision."""
    return apply(held, redeem("r1", 100_00, store="S02"), PLAIN_BOOK, unproved_minor=40_00).wallet


def charged(held: Wallet) -> Wallet:
    event = decision("d1", held.purchases[0], 40_00, SuspenseVerdict.MEMBER)
    return apply(held, event, PLAIN_BOOK).wallet


def left(held: Wallet, to: str, transfer_id: str, purpose: TransferPurpose) -> tuple[Wallet, TransferredOut]:
    """Everything goes; nothing of what the leg names may be missing."""
    moved, holdings = everything(held, DAY, {})
    leg = TransferredOut(
        occasion=occasion(f"{transfer_id}-out", "HQ"),
        member_id=held.member_id,
        transfer_id=EventId(transfer_id),
        to_member_id=MemberId(to),
        purpose=purpose,
        amount_minor=moved_minor(moved),
        moved=moved,
        holdings=holdings,
    )
    assert really_left(held, leg) == (leg.moved, leg.holdings)
    return apply(held, leg, PLAIN_BOOK).wallet, leg


def arrived(held: Wallet, leg: TransferredOut) -> Wallet:
    event = TransferredIn(
        occasion=occasion(f"{leg.transfer_id}-in", "HQ"),
        member_id=held.member_id,
        transfer_id=leg.transfer_id,
        from_member_id=leg.member_id,
        purpose=leg.purpose,
        amount_minor=leg.amount_minor,
        moved=leg.moved,
        holdings=leg.holdings,
    )
    return apply(held, event, PLAIN_BOOK).wallet


def test_a_debt_that_a_decision_made_larger_moves_whole() -> None:
    source, leg = left(charged(owing_in_part(wallet())), "m2", "g1", TransferPurpose.MERGE)
    survivor = arrived(replace(wallet(), member_id=MemberId("m2")), leg)
    assert (source.owed_minor, survivor.owed_minor) == (0, 100_00)


def test_two_sweeps_of_one_debt_are_one_debt_that_moves_on() -> None:
    """The payment comes after the merge, the decision after the first sweep."""
    source, _ = left(wallet(), "m2", "g1", TransferPurpose.MERGE)
    survivor = replace(wallet(), member_id=MemberId("m2"))
    source, first = left(owing_in_part(source), "m2", "s1", TransferPurpose.SWEEP)
    survivor = arrived(survivor, first)
    source, second = left(charged(source), "m2", "s2", TransferPurpose.SWEEP)
    survivor = arrived(survivor, second)
    assert [row.remaining_minor for row in survivor.receivables] == [100_00]
    survivor, third = left(survivor, "m3", "g2", TransferPurpose.MERGE)
    last = arrived(replace(wallet(), member_id=MemberId("m3")), third)
    assert (source.owed_minor, survivor.owed_minor, last.owed_minor) == (0, 0, 100_00)
