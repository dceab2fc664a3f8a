"""Leases on their way back: from a till whose disk failed when it should have given one back, not from a disk that may be a copy, and for a cash-out as for a payment
(L5, H5, H6)."""

import pytest

from hq_server.terminals.standing import Standing, confirm_machine
from stored_value.events import Tender, TenderKind
from stored_value.identity import MemberId, TerminalId
from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.views_money_out import CashOutQuote
from terminal.journal import DiskFault, DiskFull
from terminal.journal.reserve import Reserve
from tests.scenarios.franchise import Franchise
from tests.scenarios.reserving_tills import leased, listening
from tests.scenarios.test_reservations import LEASES, nothing_overspent, two_tills
from tests.scenarios.till import Till, done, refused
from tests.waiting import until

pytestmark = pytest.mark.slow
MORE_THAN_ANY_FILE = 2**60


def leasing(franchise: Franchise) -> tuple[Till, Till, MemberId]:
    """Of ￥100 the first till leases 50."""
    one, two, wang = two_tills(franchise, LEASES)
    until(lambda: leased(one, wang), what="the lease to come")
    return one, two, wang


def reserved(franchise: Franchise, member_id: MemberId) -> list[int]:
    return list(franchise.books.reserved(member_id)[member_id].values())


def starts_in(till: Till, machine: str, franchise: Franchise) -> None:
    """And tells head office."""
    till.restart(franchise.hq.url)
    till.journal.head_office.runs_on(machine)
    till.sync()


def test_l5_a_lease_that_a_failing_disk_kept_comes_back_when_it_works_again(franchise: Franchise) -> None:
    """A file system says of a file beyond all measure that it cannot be, or that the disk is full."""
    one, two, wang = leasing(franchise)
    assert refused(two.try_to_redeem(wang, 10_000)) is RefusalCode.RESERVED_ELSEWHERE
    franchise.hq.sequenced()
    sound = one.journal._database.reserve
    one.journal._database.reserve = Reserve(one.data_dir / "large.reserve", MORE_THAN_ANY_FILE)
    one.journal._database.reserve.release()
    with pytest.raises((DiskFault, DiskFull)):
        one.cycle.run_once()
    one.journal._database.reserve = sound
    one.sync()
    assert one.member(wang).leased_here_minor == 0
    two.redeem(wang, 10_000)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0


def test_h6_a_disk_that_may_be_a_copy_gives_back_no_lease_that_the_other_may_be_spending(franchise: Franchise) -> None:
    one, two, wang = leasing(franchise)
    starts_in(one, "machine-1", franchise)
    clone = one.cloned(franchise.folder / "clone", franchise.hq.url)
    franchise.stack.callback(clone.close)
    one.begin_shift()
    one.unplug()
    clone.journal.head_office.runs_on("machine-2")
    assert refused(two.try_to_redeem(wang, 10_000)) is RefusalCode.RESERVED_ELSEWHERE
    franchise.hq.sequenced()
    clone.sync()
    assert reserved(franchise, wang) == [5_000], "nobody knows yet which of the two machines is right"
    one.redeem(wang, 5_000)
    clone.close()
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 5_000


def test_h6_a_disk_that_was_moved_gives_back_what_was_asked_for_once_a_person_has_confirmed_it(
    franchise: Franchise,
) -> None:
    one, two, wang = leasing(franchise)
    starts_in(one, "machine-1", franchise)
    assert refused(two.try_to_redeem(wang, 10_000)) is RefusalCode.RESERVED_ELSEWHERE
    franchise.hq.sequenced()
    starts_in(one, "machine-2", franchise)
    assert reserved(franchise, wang) == [5_000]
    with franchise.hq.database.write() as session:
        assert confirm_machine(session, TerminalId(one.name)) is Standing.CHANGED
    starts_in(one, "machine-2", franchise)
    assert reserved(franchise, wang) == []
    one.begin_shift()
    two.redeem(wang, 10_000)
    nothing_overspent(franchise, one, two)


def cash_out(two: Till, quote: CashOutQuote) -> None:
    two.sync()  # what was held to ask leases back is let go
    asked = done(two.counter.request_cash_out(two.counter.new_action(), quote, "退卡"))
    two.sync()
    cash = Tender(kind=TenderKind.CASH, amount_minor=quote.refundable_minor)
    done(two.counter.pay_cash_out(two.counter.new_action(), quote.member_id, asked.event_id, (cash,)))


def test_h5_a_cash_out_asks_back_what_another_till_leases(franchise: Franchise) -> None:
    """Or a member could be paid out at one till of the chain alone: leases are renewed for ever."""
    one, two, wang = leasing(franchise)
    two.hold_wait_ms = 8_000
    with listening(one):
        quote = done(two.counter.quote_cash_out(wang))
    assert quote.refundable_minor == 10_000
    assert franchise.grant_leases() == 0, "nor is it leased again at once"
    cash_out(two, quote)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0


def test_h5_a_cash_out_that_has_to_wait_for_a_till_says_for_which_and_goes_once_it_has_come(
    franchise: Franchise,
) -> None:
    one, two, wang = leasing(franchise)
    one.unplug()
    answer = two.counter.quote_cash_out(wang)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    assert (answer.data["reserved_minor"], answer.data["terminal"]) == (5_000, one.name)
    franchise.hq.sequenced()
    one.sync()
    quote = done(two.counter.quote_cash_out(wang))
    cash_out(two, quote)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0


def test_l5_a_cash_out_uses_up_the_lease_that_it_rests_on(franchise: Franchise) -> None:
    """Before head office has heard of it, what comes in elsewhere is not covered by that lease once more."""
    one, two, wang = leasing(franchise)
    quote = done(one.counter.quote_cash_out(wang))
    done(one.counter.request_cash_out(one.counter.new_action(), quote, "退卡"))
    assert one.member(wang).leased_here_minor == 0
    two.top_up(wang, 10_000)
    two.sync()
    one.redeem(wang, 10_000)
    assert refused(two.try_to_redeem(wang, 5_000)) is RefusalCode.RESERVED_ELSEWHERE
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0
