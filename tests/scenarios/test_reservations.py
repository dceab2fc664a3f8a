"""Two tills and one member: what one may spend, the other may not (L5, L6, H2, H3; pains 1, 5, 20 and 29 of the field)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy, OfflinePolicy, RiskAllowance
from stored_value.refusals import Refusal, RefusalCode
from sync.live import News
from terminal.syncing import LiveChannel
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.relay import LossyRelay
from tests.scenarios.reserving_tills import leased, listening
from tests.scenarios.test_offline_tills import card_number
from tests.scenarios.till import Till, done, refused
from tests.waiting import until

pytestmark = pytest.mark.slow
LEASES = LeasePolicy(tills_max=1, amount_minor=5_000, share_percent=50, from_minor=100)
NONE = LeasePolicy(tills_max=0)


def two_tills(franchise: Franchise, leases: LeasePolicy, url: str = "") -> tuple[Till, Till, MemberId]:
    """A member with ￥100 whom both know; nothing may be taken at risk. `url`: where they reach head office."""
    offline = OfflinePolicy(leases=leases, risk=RiskAllowance())
    franchise.rule(promotions=(), offline=offline)
    one, two, wang = franchise.till("S01-T1", url), franchise.till("S02-T1", url), member_of("S01")
    one.top_up(wang, 10_000)
    one.sync()
    franchise.hq.sequenced()
    done(two.counter.identify(card_number(franchise, wang)))
    two.sync()
    franchise.grant_leases()
    return one, two, wang


def nothing_overspent(franchise: Franchise, *tills: Till) -> None:
    for till in tills:
        till.sync()
    assert franchise.books.findings(tills[0].name) == franchise.books.findings(tills[1].name) == {}
    assert franchise.books.faults(*(till.name for till in tills)) == []


def test_pain_20_of_two_payments_at_once_at_two_tills_one_is_refused(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, NONE)
    start = Barrier(2)

    def pay(till: Till) -> object:
        start.wait(10)
        return till.try_to_redeem(wang, 8_000)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(pay, (one, two)))
    (no,) = [answer for answer in answers if isinstance(answer, Refusal)]
    assert no.code in (RefusalCode.RESERVED_ELSEWHERE, RefusalCode.BALANCE_TOO_LOW)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 2_000


def test_pains_1_and_29_a_lease_is_spent_offline_and_the_rest_online(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, LEASES)
    assert until(lambda: leased(one, wang), what="the lease to come") == 5_000
    one.unplug()
    one.redeem(wang, 4_000)
    answer = one.try_to_redeem(wang, 1_001)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.data["left_minor"]) == (RefusalCode.OFFLINE_LIMIT, 1_000)
    answer = two.try_to_redeem(wang, 6_000)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    assert (answer.data["reserved_minor"], answer.data["left_minor"]) == (5_000, 5_000)
    two.redeem(wang, 5_000)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 1_000


def test_l6_a_recall_brings_a_lease_back_from_a_connected_till_during_the_payment(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, LEASES)
    until(lambda: leased(one, wang), what="the lease to come")
    two.hold_wait_ms = 8_000
    with listening(one):
        two.redeem(wang, 10_000)
    assert one.member(wang).leased_here_minor == 0
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0


def test_l6_a_lease_at_a_disconnected_till_is_told_and_comes_back_with_it(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, LEASES)
    until(lambda: leased(one, wang), what="the lease to come")
    one.unplug()
    franchise.pass_time(minutes=90)
    answer = two.try_to_redeem(wang, 10_000)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.RESERVED_ELSEWHERE
    assert answer.data["left_minor"] == 5_000
    assert [answer.data[name] for name in ("terminal", "store_name", "unheard_s")] == ["S01-T1", "人民路店", 5_400]
    seen = two.member(wang).leased_elsewhere
    assert seen is not None
    assert (seen.amount_minor, seen.tills, seen.terminal_id, seen.store_name) == (5_000, 1, "S01-T1", "人民路店")
    assert seen.age_s == 5_400
    franchise.hq.sequenced()
    one.sync()
    assert one.member(wang).leased_here_minor == 0, "asked back, given back"
    two.redeem(wang, 10_000)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 0


def test_l6_a_recall_that_the_disk_does_not_take_is_given_back_by_the_next_cycle(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, LEASES)
    until(lambda: leased(one, wang), what="the lease to come")
    assert refused(two.try_to_redeem(wang, 10_000)) is RefusalCode.RESERVED_ELSEWHERE
    news: list[News] = []
    live = LiveChannel(
        one.client,
        one.cycle.token,
        one.journal,
        one.replica,
        one.leasing,
        one.clock,
        on_news=news.append,
        on_lost=lambda: None,
    )
    with one.journal._database.reading() as connection:
        connection.execute("PRAGMA query_only = ON")
    live.step(wait_s=0)
    with one.journal._database.reading() as connection:
        connection.execute("PRAGMA query_only = OFF")
    assert [len(each.recalls) for each in news] == [1], "the worker is told all the same"
    assert live.is_open()
    franchise.hq.sequenced()
    one.sync()
    assert one.member(wang).leased_here_minor == 0
    two.redeem(wang, 10_000)
    nothing_overspent(franchise, one, two)


def test_h2_a_report_that_crosses_a_hold_neither_loses_it_nor_makes_it_late(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, NONE)
    one.before_hold = one.push
    one.redeem(wang, 8_000)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 2_000


def test_h2_a_report_before_the_entry_that_uses_a_hold_frees_nothing(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, NONE)
    seen: list[object] = []

    def report_and_try_elsewhere() -> None:
        one.push()
        seen.append(refused(two.try_to_redeem(wang, 8_000)))

    one.after_hold = report_and_try_elsewhere
    one.redeem(wang, 8_000)
    assert seen == [RefusalCode.RESERVED_ELSEWHERE]
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 2_000


def test_h2_what_no_entry_used_is_free_after_the_report(franchise: Franchise) -> None:
    """The answer came too late for the payment: head office holds, the till does not know."""
    one, two, wang = two_tills(franchise, NONE)
    one.lose_hold_replies = True
    assert refused(one.try_to_redeem(wang, 8_000)) is RefusalCode.OFFLINE_LIMIT
    assert refused(two.try_to_redeem(wang, 8_000)) is RefusalCode.RESERVED_ELSEWHERE
    one.sync()
    two.redeem(wang, 8_000)
    nothing_overspent(franchise, one, two)


def test_h2_an_answer_that_comes_too_late_is_none_and_its_hold_is_free_after_the_report(franchise: Franchise) -> None:
    """A bad line: head office holds at once, its answer trickles in for many seconds. Each byte comes in time, the whole does not."""
    one, two, wang = two_tills(franchise, NONE)
    with LossyRelay(franchise.hq.url) as relay:
        one.restart(relay.url)
        one.sync()
        one.begin_shift()
        relay.trickle_replies_to("POST /v1/holds")
        one.hold_deadline_s = 0.5
        assert refused(one.try_to_redeem(wang, 8_000)) is RefusalCode.OFFLINE_LIMIT
        until(lambda: relay.trickled, what="head office's answer")
        assert refused(two.try_to_redeem(wang, 8_000)) is RefusalCode.RESERVED_ELSEWHERE
        one.sync()
        two.redeem(wang, 8_000)
        nothing_overspent(franchise, one, two)


def test_h3_an_offline_top_up_is_spent_where_it_was_taken_until_it_is_given_back(franchise: Franchise) -> None:
    one, two, wang = two_tills(franchise, NONE)
    one.unplug()
    one.top_up(wang, 20_000)
    one.push()  # and the till hears no answer: it still believes to be offline
    assert refused(two.try_to_redeem(wang, 12_000)) is RefusalCode.RESERVED_ELSEWHERE
    one.redeem(wang, 20_000)
    nothing_overspent(franchise, one, two)
    assert franchise.books.balances()[wang] == 10_000
    two.redeem(wang, 10_000)


class PaymentAbandoned(Exception):
    """Nothing comes of it, and nobody says so."""


def test_pain_5_of_two_open_payments_only_the_finished_one_takes_money(franchise: Franchise) -> None:
    """The first is held at head office and goes no further; while it is open the second, of another member, is held and finished. The program is started again."""
    one, two, wang = two_tills(franchise, NONE)
    zhao = member_of("S01", 1)
    one.top_up(zhao, 10_000)
    one.sync()

    def abandoned() -> None:
        raise PaymentAbandoned

    one.after_hold = abandoned
    with pytest.raises(PaymentAbandoned):
        one.redeem(wang, 3_000)
    open_payments: list[list[int]] = []

    def both_are_open() -> None:
        kept = franchise.books.reserved()
        open_payments.append([sum(kept[member].values()) for member in (wang, zhao)])

    one.after_hold = both_are_open
    one.redeem(zhao, 4_000)
    assert open_payments == [[3_000, 4_000]]
    one.restart(franchise.hq.url)
    one.journal.reservations.drop_open_holds()
    nothing_overspent(franchise, one, two)
    balances = franchise.books.balances()
    assert (balances[wang], balances[zhao]) == (10_000, 6_000)
    assert one.journal.reservations.report().open_reservations == ()
    assert [franchise.books.reserved(member)[member] for member in (wang, zhao)] == [{}, {}]
    two.redeem(wang, 10_000)


def owing_from_two(franchise: Franchise) -> tuple[Till, Till, MemberId]:
    """The member's ￥100 were spent at both tills: ￥100 are owed, and the first till has not heard of it."""
    one, two, wang = two_tills(franchise, NONE)
    franchise.rule(
        promotions=(),
        offline=OfflinePolicy(
            leases=NONE, risk=RiskAllowance(payment_minor=10**5, member_minor=10**5, till_minor=10**6)
        ),
    )
    one.sync()
    two.sync()
    two.unplug()
    two.redeem(wang, 10_000)
    one.redeem(wang, 10_000)
    one.sync()
    one.unplug()
    two.sync()
    assert franchise.books.balances()[wang] == -10_000
    return one, two, wang


def test_h5_what_an_offline_top_up_keeps_for_its_till_pays_no_debt_that_the_till_does_not_know(
    franchise: Franchise,
) -> None:
    one, two, wang = owing_from_two(franchise)
    one.top_up(wang, 20_000)
    one.redeem(wang, 8_000)
    one.push()
    assert refused(two.try_to_redeem(wang, 1)) is RefusalCode.RESERVED_ELSEWHERE
    one.redeem(wang, 7_000)
    assert one.member(wang).owed_minor == 0, "not heard of yet"
    one.sync()
    one.sync()
    seen = one.member(wang)
    assert (seen.owed_minor, seen.principal_minor, seen.leased_here_minor) == (5_000, 0, 0), (
        "the rest came back and paid"
    )
    assert franchise.books.balances()[wang] == -5_000
    assert franchise.books.faults(one.name, two.name) == []


def test_h5_a_till_that_knows_of_a_debt_keeps_only_what_it_leaves(franchise: Franchise) -> None:
    one, two, wang = owing_from_two(franchise)
    one.sync()
    assert one.member(wang).owed_minor == 10_000
    one.unplug()
    one.top_up(wang, 12_000)
    assert (one.member(wang).leased_here_minor, one.member(wang).owed_minor) == (2_000, 0)
    assert refused(one.try_to_redeem(wang, 2_001)) is RefusalCode.BALANCE_TOO_LOW
    one.redeem(wang, 2_000)
    one.sync()
    assert franchise.books.balances()[wang] == 0
    assert franchise.books.faults(one.name, two.name) == []
