"""Laws of the wallet under any sequence of events, held against a naive model that keeps one number a kind and imports no rule."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stored_value.apply import Applied, apply
from stored_value.events import EvidenceClass, WalletEvent
from stored_value.identity import EventId
from stored_value.postings import Account, imbalance
from stored_value.redemption import refuse_redemption
from stored_value.refund import refuse_refund
from stored_value.wallet import ValueKind, Wallet
from tests.stored_value.miniature import BOOK, FIRST, PLAN, redeem, refund, reverse, top_up, wallet

STORES = st.sampled_from(["S01", "S02", "S03"])
AMOUNTS = st.integers(1, 120_000)


class WalletLaws(RuleBasedStateMachine):
    """Events of any kind in any order, refused ones included: HQ applies the past whatever it is."""

    def __init__(self) -> None:
        super().__init__()
        self.held: Wallet = wallet()
        self.events: list[WalletEvent] = []
        self.snapshots: list[Wallet] = [self.held]
        self.given = 0  # the naive model: all that came in, less all that went out
        self.accounts: dict[tuple[str, Account], int] = {}

    def happen(self, event: WalletEvent) -> Applied:
        done = apply(self.held, event, BOOK)
        assert imbalance(done.postings) == {}
        for row in done.postings:
            key = row.store_id, row.account
            self.accounts[key] = self.accounts.get(key, 0) + row.amount_minor
        self.held = done.wallet
        self.events.append(event)
        self.snapshots.append(self.held)
        return done

    def new_id(self) -> str:
        return f"e{len(self.events):03d}"

    @rule(amount=st.one_of(AMOUNTS, st.just(100_000)), store=STORES, honest=st.booleans())
    def tops_up(self, amount: int, store: str, honest: bool) -> None:
        promised = {PLAN: 20_000, FIRST: 5_000} if honest else {}
        before = self.held.balance_minor(ValueKind.BONUS) - self.held.owed_minor
        done = self.happen(top_up(self.new_id(), amount, store, promised=promised))
        bonus = (
            sum(lot.original_minor for lot in done.wallet.lots if lot.top_up_id == self.events[-1].occasion.event_id)
            - amount
        )
        assert bonus in (0, 5_000, 20_000, 25_000), before
        self.given += amount + bonus

    @rule(
        amounts=st.lists(AMOUNTS, min_size=1, max_size=4),
        store=STORES,
        evidence=st.sampled_from([EvidenceClass.PIN, EvidenceClass.STATIC_CARD]),
    )
    def redeems(self, amounts: list[int], store: str, evidence: EvidenceClass) -> None:
        done = self.happen(redeem(self.new_id(), *amounts, store=store, evidence=evidence))
        assert sum(draw.amount_minor for draw in done.draws) == sum(amounts)
        self.given -= sum(amounts)

    @rule(amount=AMOUNTS)
    def redeems_only_what_is_allowed(self, amount: int) -> None:
        event = redeem(self.new_id(), amount)
        on = event.occasion.business_date
        if refuse_redemption(self.held, amount, BOOK, on, static_card=False) is None:
            owed = self.held.owed_minor
            done = self.happen(event)
            assert done.wallet.owed_minor == owed
            assert done.findings == ()
            self.given -= amount

    @precondition(lambda self: self.held.purchases)
    @rule(data=st.data(), amount=AMOUNTS)
    def refunds_part_of_a_line(self, data: st.DataObject, amount: int) -> None:
        purchase = data.draw(st.sampled_from(self.held.purchases))
        line = data.draw(st.sampled_from(purchase.lines))
        wanted = refund(self.new_id(), purchase.purchase_id, {line.line_no: amount}, store=purchase.store_id)
        allowed = refuse_refund(purchase, wanted.lines, BOOK, wanted.occasion.business_date) is None
        assert allowed == (amount <= line.refundable_minor)
        done = self.happen(wanted)
        back = sum(draw.amount_minor for draw in done.draws)
        assert back == min(amount, line.refundable_minor)
        # Bonus of a top-up that was taken back stays forfeited (H10).
        gone = {getattr(event, "top_up_id", None) for event in self.events}
        forfeited = sum(
            draw.amount_minor
            for draw in done.draws
            if draw.kind is ValueKind.BONUS and str(draw.lot_id).split("/")[0] in gone
        )
        self.given += back - forfeited

    @precondition(lambda self: self.held.lots)
    @rule(data=st.data())
    def reverses_a_top_up(self, data: st.DataObject) -> None:
        lot = data.draw(st.sampled_from([lot for lot in self.held.lots if lot.kind is ValueKind.PRINCIPAL]))
        already = any(getattr(event, "top_up_id", None) == lot.top_up_id for event in self.events)
        if already:
            return
        bonus = sum(
            held.remaining_minor
            for held in self.held.lots
            if held.top_up_id == lot.top_up_id and held.kind is ValueKind.BONUS
        )
        self.happen(reverse(self.new_id(), lot.top_up_id, lot.original_minor, store=lot.store_id))
        self.given -= lot.original_minor + bonus

    @invariant()
    def no_lot_is_negative_or_over_full(self) -> None:
        for lot in self.held.lots:
            assert 0 <= lot.remaining_minor <= lot.original_minor

    @invariant()
    def every_yuan_is_accounted_for(self) -> None:
        assert self.held.total_minor == self.given

    @invariant()
    def the_books_owe_what_the_lots_hold(self) -> None:
        for kind, account in (
            (ValueKind.PRINCIPAL, Account.PRINCIPAL_LIABILITY),
            (ValueKind.BONUS, Account.BONUS_LIABILITY),
        ):
            for store in ("S01", "S02", "S03"):
                held = sum(lot.remaining_minor for lot in self.held.lots if lot.store_id == store and lot.kind is kind)
                assert -self.accounts.get((store, account), 0) == held
        owed = sum(amount for (_, account), amount in self.accounts.items() if account is Account.OVERDRAFT_RECEIVABLE)
        assert owed == self.held.owed_minor

    @invariant()
    def clearing_between_stores_is_zero_in_total(self) -> None:
        assert sum(amount for (_, account), amount in self.accounts.items() if account is Account.CLEARING) == 0

    @invariant()
    def who_owes_holds_nothing(self) -> None:
        if self.held.owed_minor:
            assert all(lot.remaining_minor == 0 for lot in self.held.lots)

    def teardown(self) -> None:
        held = wallet()
        for event, stored in zip(self.events, self.snapshots[1:], strict=True):
            held = apply(held, event, BOOK).wallet
            assert held == stored
        for earlier, later in pairwise(self.snapshots):
            assert len(later.lots) >= len(earlier.lots)
        self.refund_of_everything_restores_everything()

    def refund_of_everything_restores_everything(self) -> None:
        for purchase in self.held.purchases:
            lines = {line.line_no: line.refundable_minor for line in purchase.lines if line.refundable_minor}
            if lines:
                event = refund(f"z{purchase.purchase_id}", purchase.purchase_id, lines, store=purchase.store_id)
                self.held = apply(self.held, event, BOOK).wallet
        reversed_ids = {EventId(str(getattr(event, "top_up_id", ""))) for event in self.events}
        if not reversed_ids & {lot.top_up_id for lot in self.held.lots}:
            assert self.held.owed_minor == 0
            assert all(lot.remaining_minor == lot.original_minor for lot in self.held.lots)


WalletLaws.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestWalletLaws = WalletLaws.TestCase


def test_any_split_of_a_refund_equals_the_whole() -> None:
    held = apply(replace(wallet(), top_up_count=1), top_up("t1", 100_000, promised={PLAN: 20_000}), BOOK).wallet
    held = apply(held, redeem("r1", 7_001, 2_999), BOOK).wallet
    whole = apply(held, refund("f0", "r1", {1: 7_001}), BOOK).wallet
    for first in (1, 2, 3_500, 6_999, 7_000):
        parts = apply(held, refund("f1", "r1", {1: first}), BOOK).wallet
        parts = apply(parts, refund("f2", "r1", {1: 7_001 - first}), BOOK).wallet
        assert parts == whole
