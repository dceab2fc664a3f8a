"""Laws of money out under any sequence of steps: books and wallet agree account by account, nothing is minted, what is taken back leaves no trace."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stored_value.apply import Applied, apply
from stored_value.cash_out import plan_cash_out, refundable
from stored_value.cash_out_records import CashOutState
from stored_value.events import WalletEvent
from stored_value.events_money_out import (
    CashOutPaid,
    CashOutRejected,
    CashOutRequested,
    DepositKept,
    DepositReturned,
    DepositTaken,
    LotExpired,
    TransferPurpose,
    TransferredIn,
    TransferredOut,
)
from stored_value.expiry import plan_expiry
from stored_value.identity import EventId, MemberId
from stored_value.merging import everything
from stored_value.occasion import Tender, TenderKind
from stored_value.policies import CashOutMethod, CashOutPolicy, LifeCyclePolicy, RefundIntoExpired
from stored_value.postings import Account, imbalance
from stored_value.refusals import Refusal
from stored_value.rulebook import DrawOrder, FixedPlan, Rulebook
from stored_value.taking_back import undone_by
from stored_value.transfer import plan_transfer, really_left
from stored_value.wallet import ValueKind, Wallet
from sync.wallet_codec import read_wallet, write_wallet
from tests.stored_value.miniature import BOOK, MEMBER, PLAN, occasion, redeem, refund, reverse, top_up, wallet, words

STORES = st.sampled_from(["S01", "S02"])
AMOUNTS = st.one_of(st.integers(1, 120_000), st.sampled_from([10_000, 30_000, 60_000]))
DAYS = st.integers(0, 60)
HELD_IN = {
    Account.PRINCIPAL_LIABILITY: ValueKind.PRINCIPAL,
    Account.BONUS_LIABILITY: ValueKind.BONUS,
    Account.DEPOSIT_LIABILITY: ValueKind.DEPOSIT,
}


def cash(amount: int) -> tuple[Tender, ...]:
    return (Tender(kind=TenderKind.CASH, amount_minor=amount),)


def fixed_plan(pay_minor: int, bonus_minor: int, valid_days: int | None = None) -> FixedPlan:
    return FixedPlan(
        promotion_id=PLAN,
        name=words("充送"),
        pay_minor=pay_minor,
        bonus_minor=bonus_minor,
        bonus_valid_days=valid_days,
    )


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    plan = fixed_plan(100_000, 20_000, draw(st.sampled_from([None, 5])))
    return replace(
        BOOK,
        promotions=(plan,),
        draw_order=draw(st.sampled_from(DrawOrder)),
        cash_out=CashOutPolicy(
            method=draw(st.sampled_from(CashOutMethod)), cooling_off_days=draw(st.sampled_from([0, 7]))
        ),
        life_cycle=LifeCyclePolicy(refund_into_expired=draw(st.sampled_from(RefundIntoExpired))),
    )


class MoneyOutLaws(RuleBasedStateMachine):
    """Whatever happens in whatever order, breaches included: head office applies the past."""

    def __init__(self) -> None:
        super().__init__()
        self.book = BOOK
        self.held: Wallet = wallet()
        self.events: list[tuple[WalletEvent, Rulebook]] = []
        self.accounts: dict[tuple[str, Account], int] = {}
        self.day = 0

    def happen(self, event: WalletEvent) -> Applied:
        done = apply(self.held, event, self.book)
        assert imbalance(done.postings) == {}
        for row in done.postings:
            key = row.store_id, row.account
            self.accounts[key] = self.accounts.get(key, 0) + row.amount_minor
        self.held = done.wallet
        self.events.append((event, self.book))
        return done

    def new_id(self) -> str:
        return f"e{len(self.events):03d}"

    def total(self, account: Account) -> int:
        return sum(amount for (_, name), amount in self.accounts.items() if name is account)

    @initialize(book=rulebooks(), spent=st.integers(1, 120_000))
    def has_topped_up_and_spent(self, book: Rulebook, spent: int) -> None:
        self.book = book
        self.tops_up(100_000, True, "S01")
        self.redeems(spent, "S01", 0)

    @rule(days=st.sampled_from([1, 6, 12]))
    def days_pass(self, days: int) -> None:
        self.day += days

    @rule(amount=AMOUNTS, plan=st.booleans(), store=STORES)
    def tops_up(self, amount: int, plan: bool, store: str) -> None:
        amount = 100_000 if plan else amount
        promised = {PLAN: 20_000} if plan else {}
        self.happen(top_up(self.new_id(), amount, store, promised=promised, day=self.day))

    @rule(amount=AMOUNTS, store=STORES, late=st.integers(0, 6))
    def redeems(self, amount: int, store: str, late: int) -> None:
        self.happen(redeem(self.new_id(), amount, store=store, day=max(0, self.day - late)))

    @precondition(lambda self: self.held.purchases)
    @rule(data=st.data(), part=AMOUNTS, whole=st.booleans())
    def refunds(self, data: st.DataObject, part: int, whole: bool) -> None:
        purchase = data.draw(st.sampled_from(self.held.purchases))
        amount = max(1, purchase.refundable_minor) if whole else part
        self.happen(refund(self.new_id(), purchase.purchase_id, {1: amount}, store=purchase.store_id, day=self.day))

    @precondition(lambda self: any(lot.kind is ValueKind.PRINCIPAL for lot in self.held.lots))
    @rule(data=st.data())
    def reverses_a_top_up(self, data: st.DataObject) -> None:
        made = [event for event, _ in self.events if event.kind == "topped_up"]
        gone = {getattr(event, "top_up_id", None) for event, _ in self.events}
        made = [event for event in made if event.occasion.event_id not in gone]
        if len(made) > 2:
            event = data.draw(st.sampled_from(made))
            assert event.kind == "topped_up"
            self.happen(reverse(self.new_id(), event.occasion.event_id, event.amount_minor, event.occasion.store_id))

    @rule(store=STORES)
    def asks_for_a_cash_out(self, store: str) -> None:
        place = occasion(self.new_id(), store, day=self.day)
        plan = plan_cash_out(self.held, self.book, place.business_date)
        for line in plan.lines:
            assert 0 < line.refundable_minor <= line.paid_minor
        before = self.held.total_minor
        done = self.happen(
            CashOutRequested(
                occasion=place,
                member_id=MEMBER,
                method=plan.method,
                refundable_minor=plan.refundable_minor,
                reserved_minor=plan.reserved_minor,
            )
        )
        assert done.wallet.total_minor == before - plan.reserved_minor

    @precondition(lambda self: any(asked.state is CashOutState.WAITING for asked in self.held.cash_outs))
    @rule(data=st.data(), store=STORES, pays=st.booleans())
    def settles_a_cash_out(self, data: st.DataObject, store: str, pays: bool) -> None:
        waiting = [asked for asked in self.held.cash_outs if asked.state is CashOutState.WAITING]
        asked = data.draw(st.sampled_from(waiting))
        place = occasion(self.new_id(), store, day=self.day)
        amount = asked.refundable_minor
        if pays:
            paid = CashOutPaid(
                occasion=place,
                member_id=MEMBER,
                request_id=asked.request_id,
                amount_minor=amount,
                tenders=cash(amount),
            )
            self.happen(paid)
        else:
            rejected = CashOutRejected(
                occasion=place,
                member_id=MEMBER,
                request_id=asked.request_id,
                restored_minor=asked.reserved_minor,
            )
            self.happen(rejected)

    @rule()
    def head_office_expires(self) -> None:
        place = occasion("q", "HQ", day=self.day)
        for lapse in plan_expiry(self.held, place.business_date):
            self.happen(
                LotExpired(
                    occasion=occasion(self.new_id(), "HQ", day=self.day),
                    member_id=MEMBER,
                    lot_id=lapse.lot_id,
                    amount_minor=lapse.amount_minor,
                )
            )

    @rule(amount=AMOUNTS, store=STORES)
    def leaves_a_deposit(self, amount: int, store: str) -> None:
        place = occasion(self.new_id(), store, day=self.day)
        self.happen(DepositTaken(occasion=place, member_id=MEMBER, amount_minor=amount, tenders=cash(amount)))

    @precondition(lambda self: self.held.balance_minor(ValueKind.DEPOSIT))
    @rule(data=st.data(), amount=AMOUNTS, store=STORES, keeps=st.booleans())
    def settles_a_deposit(self, data: st.DataObject, amount: int, store: str, keeps: bool) -> None:
        lots = [lot for lot in self.held.lots if lot.kind is ValueKind.DEPOSIT]
        deposit_id = EventId(data.draw(st.sampled_from(lots)).top_up_id)
        place = occasion(self.new_id(), store, day=self.day)
        kept = DepositKept(occasion=place, member_id=MEMBER, deposit_id=deposit_id, amount_minor=amount)
        returned = DepositReturned(
            occasion=place, member_id=MEMBER, deposit_id=deposit_id, amount_minor=amount, tenders=cash(amount)
        )
        self.happen(kept if keeps else returned)

    @rule(amount=AMOUNTS, store=STORES)
    def gives(self, amount: int, store: str) -> None:
        place = occasion(self.new_id(), store, day=self.day)
        moved = plan_transfer(self.held, amount, self.book, place.business_date)
        self.leave(place.event_id, store, TransferPurpose.MEMBER, moved)

    @rule(store=STORES)
    def takes_back_the_last_entry(self, store: str) -> None:
        if not self.events:
            return
        event, book = self.events[-1]
        place = replace(event.occasion, event_id=EventId(self.new_id()))
        self.book = book
        undone = undone_by(event, self.held, place)
        if not isinstance(undone, Refusal):
            self.happen(undone)

    def leave(self, event_id: str, store: str, purpose: TransferPurpose, moved: tuple[object, ...]) -> None:
        event = TransferredOut(
            occasion=occasion(event_id, store, day=self.day),
            member_id=MEMBER,
            transfer_id=EventId(event_id),
            to_member_id=MemberId("m2"),
            purpose=purpose,
            amount_minor=0,
            moved=moved,  # type: ignore[arg-type] # parts of a plan
        )
        self.happen(event)

    @invariant()
    def lots_hold_between_nothing_and_what_they_were(self) -> None:
        for lot in self.held.lots:
            assert 0 <= lot.remaining_minor <= lot.original_minor
            assert 0 <= lot.expired_minor <= lot.original_minor - lot.remaining_minor

    @invariant()
    def the_books_owe_what_the_wallet_holds(self) -> None:
        for account, kind in HELD_IN.items():
            for store in ("S01", "S02"):
                held = sum(lot.remaining_minor for lot in self.held.lots if lot.store_id == store and lot.kind is kind)
                assert -self.accounts.get((store, account), 0) == held, (account, store)
        assert self.total(Account.OVERDRAFT_RECEIVABLE) == self.held.owed_minor
        assert -self.total(Account.CASH_OUT_PENDING) == self.held.reserved_minor
        assert self.total(Account.CLEARING) == 0

    @invariant()
    def stored_wallets_read_back(self) -> None:
        assert read_wallet(write_wallet(self.held)) == replace(self.held, purchases=())

    def teardown(self) -> None:
        held = wallet()
        for event, book in self.events:
            held = apply(held, event, book).wallet
        assert held == self.held


MoneyOutLaws.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestMoneyOutLaws = MoneyOutLaws.TestCase


@given(
    paid=st.integers(1, 10**7),
    gift=st.integers(0, 10**7),
    share=st.fractions(0, 1),
    more=st.fractions(0, 1),
    method=st.sampled_from([CashOutMethod.PROPORTIONAL, CashOutMethod.UNDISCOUNTED]),
)
def test_who_used_more_never_gets_more(paid: int, gift: int, share, more, method: CashOutMethod) -> None:  # type: ignore[no-untyped-def] # fractions
    most = int((paid + gift) * share)
    less = int(most * more)
    figures = {"paid_minor": paid, "gift_minor": gift, "principal_used_minor": 0, "discount_minor": 0}
    after_most = refundable(method, False, used_minor=most, **figures)
    after_less = refundable(method, False, used_minor=less, **figures)
    assert 0 <= after_most <= after_less <= paid
    if method is CashOutMethod.PROPORTIONAL:
        exact = paid - most * paid / (paid + gift)
        assert -0.5 < after_most - exact < 1.5


@given(amount=AMOUNTS, spent=AMOUNTS, store=STORES, given_away=AMOUNTS)
def test_both_legs_of_a_transfer_leave_no_trace_in_transit(
    amount: int, spent: int, store: str, given_away: int
) -> None:
    sender = apply(wallet(), top_up("t1", amount, store), BOOK).wallet
    sender = apply(sender, redeem("r1", min(spent, amount), store=store), BOOK).wallet
    place = occasion("g1", "S03")
    moved = plan_transfer(sender, given_away, BOOK, place.business_date)
    out = TransferredOut(
        occasion=place,
        member_id=MEMBER,
        transfer_id=EventId("g1"),
        to_member_id=MemberId("m2"),
        purpose=TransferPurpose.MEMBER,
        amount_minor=sum(part.amount_minor for part in moved),
        moved=moved,
    )
    arrived = arrival(sender, out)
    first, second = apply(sender, out, BOOK), apply(replace(wallet(), member_id=MemberId("m2")), arrived, BOOK)
    rows = [*first.postings, *second.postings]
    assert sum(row.amount_minor for row in rows if row.account is Account.TRANSIT) == 0
    assert first.wallet.total_minor + second.wallet.total_minor == sender.total_minor
    assert apply(second.wallet, arrived, BOOK).wallet == second.wallet
    assert apply(first.wallet, out, BOOK).wallet == first.wallet


@given(topped=AMOUNTS, spent=AMOUNTS, back=AMOUNTS)
def test_a_merged_wallet_is_empty_after_every_sweep(topped: int, spent: int, back: int) -> None:
    """Overdrafts move as well; what a later refund leaves is swept, and the two wallets hold what one would have held."""
    one = apply(apply(wallet(), top_up("t1", topped), BOOK).wallet, redeem("r1", spent), BOOK).wallet
    merged, survivor = one, replace(wallet(), member_id=MemberId("m2"))
    for number, event in enumerate((None, refund("f1", "r1", {1: min(back, spent)}))):
        if event is not None:
            merged = apply(merged, event, BOOK).wallet
            one = apply(one, event, BOOK).wallet
        moved, holdings = everything(merged, occasion("q").business_date)
        out = TransferredOut(
            occasion=occasion(f"g{number}"),
            member_id=MEMBER,
            transfer_id=EventId(f"g{number}"),
            to_member_id=MemberId("m2"),
            purpose=TransferPurpose.MERGE if event is None else TransferPurpose.SWEEP,
            amount_minor=0,
            moved=moved,
            holdings=holdings,
        )
        arrived = arrival(merged, out)
        merged = apply(merged, out, BOOK).wallet
        survivor = apply(survivor, arrived, BOOK).wallet
        assert (merged.total_minor, merged.owed_minor) == (0, 0)
        assert survivor.total_minor == one.total_minor


def arrival(sender: Wallet, out: TransferredOut) -> TransferredIn:
    left, holdings = really_left(sender, out)
    return TransferredIn(
        occasion=replace(out.occasion, event_id=EventId(f"{out.transfer_id}-in")),
        member_id=out.to_member_id,
        transfer_id=out.transfer_id,
        from_member_id=out.member_id,
        purpose=out.purpose,
        amount_minor=sum(part.amount_minor for part in left if part.lot_id is not None),
        moved=left,
        holdings=holdings,
    )


@pytest.mark.parametrize("halves", [(1, 359_399), (179_700, 179_700), (359_399, 1)])
def test_any_split_of_a_refund_after_a_cash_out_credits_the_same(halves: tuple[int, int]) -> None:
    plan = fixed_plan(300_000, 100_000)
    book = replace(BOOK, promotions=(plan,))
    held = apply(wallet(), top_up("t1", 300_000, promised={PLAN: 100_000}), book).wallet
    held = apply(held, redeem("r1", 359_400), book).wallet
    place = occasion("c1", day=30)
    asked = CashOutRequested(
        occasion=place,
        member_id=MEMBER,
        method=CashOutMethod.PROPORTIONAL,
        refundable_minor=30_450,
        reserved_minor=40_600,
    )
    held = apply(held, asked, book).wallet
    paid = CashOutPaid(
        occasion=occasion("c2", day=30),
        member_id=MEMBER,
        request_id=EventId("c1"),
        amount_minor=30_450,
        tenders=cash(30_450),
    )
    held = apply(held, paid, book).wallet
    for number, amount in enumerate(halves):
        held = apply(held, refund(f"f{number}", "r1", {1: amount}, day=31), book).wallet
    assert held.balance_minor(ValueKind.PRINCIPAL) == 269_550
    assert held.balance_minor(ValueKind.BONUS) == 0
