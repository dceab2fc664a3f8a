"""Holds over real HTTP: money held once, the same request once, captured by its entry, given back by the till's report and by nothing else (L5, L6, H2)."""

import threading
from collections.abc import Callable
from random import Random

import pytest

from stored_value.offline_policy import LeasePolicy
from stored_value.refusals import RefusalCode
from stored_value.reservations import available_minor
from sync.client import HqClient
from sync.errors import HqRefused
from sync.messages import HoldReply, MemberRow
from sync.wallet_codec import read_wallet
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    kept,
    lease_policy,
    member_with,
    nothing_differs,
    only,
    state_of,
    wallet_of,
)
from tests.hq_server.served import TODAY, ServedHq


@pytest.fixture(autouse=True)
def no_leases(hq: ServedHq) -> None:
    lease_policy(hq, LeasePolicy(tills_max=0))


def test_what_one_till_holds_no_other_gets_and_its_entry_takes_it(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 10_000)
    wanted, reply = here.hold(member, 7_000)
    assert reply.refusal == ""
    assert reply.member is not None
    assert [each.amount_minor for each in read_wallet(reply.member.wallet).reservations] == [7_000]
    _, refused = there.hold(member, 4_000)
    assert refused.refusal == RefusalCode.RESERVED_ELSEWHERE
    assert (refused.data["available_minor"], refused.data["reserved_minor"]) == (3_000, 7_000)
    here.pay(member, 7_000, wanted.hold_id)
    outcome = here.pushing.push().outcomes[-1]
    assert [found.code for found in outcome.findings] == []
    assert (kept(hq, member), wallet_of(hq, member).total_minor) == ({}, 3_000)
    assert state_of(hq, wanted.hold_id) == "settled"
    _, held = there.hold(member, 3_000)
    assert held.refusal == ""
    nothing_differs(hq)


def test_a_refused_hold_says_the_balance_and_brings_the_member_to_the_store(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 5_000)
    _, reply = there.hold(member, 5_001)
    assert (reply.refusal, reply.data["short_minor"]) == (RefusalCode.BALANCE_TOO_LOW, 1)
    assert reply.member is not None
    rows = [each.row for each in there.pushing.feed() if isinstance(each.row, MemberRow)]
    assert [row.member_id for row in rows] == [member]
    _, unknown = there.hold(type(member)("nobody"), 1)
    assert unknown.refusal == RefusalCode.MEMBER_UNKNOWN


def test_every_store_that_knows_the_member_hears_of_a_hold(hq: ServedHq) -> None:
    here, there = ReservingTill(hq), ReservingTill(hq, "S02")
    member = member_with(here, 10_000)
    there.hold(member, 1_000)
    for till in (here, there):
        rows = [each.row for each in till.pushing.feed() if isinstance(each.row, MemberRow)]
        wallet = read_wallet(rows[-1].wallet)
        assert [each.terminal_id for each in wallet.reservations] == [there.terminal_id]
        assert rows[-1].version == wallet.version == wallet_of(hq, member).version


def test_the_same_request_again_gets_the_same_answer(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    wanted, first = till.hold(member, 6_000)
    version = wallet_of(hq, member).version
    again = till.send(wanted)
    assert (again.refusal, first.refusal) == ("", "")
    assert (kept(hq, member), wallet_of(hq, member).version) == ({wanted.hold_id: 6_000}, version)
    too_much, refused = till.hold(member, 6_000)
    till.pay(member, 6_000, wanted.hold_id)
    till.pushing.top_up(member, 50_000)
    till.pushing.push()
    assert till.send(too_much).refusal == refused.refusal == RefusalCode.RESERVED_ELSEWHERE
    assert till.send(wanted).refusal == ""
    assert kept(hq, member) == {}
    nothing_differs(hq)


def test_an_id_that_stands_for_something_else_is_an_error(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    wanted, _ = till.hold(member, 1_000)
    other = till.request(member, 2_000)
    changed = type(other)(hold_id=wanted.hold_id, number=other.number, member_id=member, amount_minor=2_000)
    with pytest.raises(HqRefused) as refused:
        till.send(changed)
    assert (refused.value.code, refused.value.http_status) == ("hold_differs", 409)
    for bad in (
        type(other)(hold_id=other.hold_id, number=0, member_id=member, amount_minor=1),
        type(other)(hold_id=other.hold_id, number=9, member_id=member, amount_minor=-1),
        type(other)(hold_id=other.hold_id, number=9, member_id=member),
    ):
        with pytest.raises(HqRefused) as invalid:
            till.send(bad)
        assert invalid.value.code == "request_invalid"


def test_a_hold_is_given_back_by_the_report_and_never_by_time(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    wanted, _ = till.hold(member, 6_000)
    hq.clock.pass_(days=30)
    till.pushing.open_session()
    till.report()
    assert kept(hq, member) == {wanted.hold_id: 6_000}, "it is in the open set"
    till.open.clear()
    till.pushing.push(head=till.reported_head(is_report=False))
    assert kept(hq, member) == {wanted.hold_id: 6_000}, "a head that is no report closes nothing"
    till.report()
    assert kept(hq, member) == {}
    assert state_of(hq, wanted.hold_id) == "released"
    rows = [each.row for each in till.pushing.feed() if isinstance(each.row, MemberRow)]
    assert rows[-1].version == wallet_of(hq, member).version
    nothing_differs(hq)


def test_h2_a_request_that_arrives_after_the_report_that_passed_it_is_refused(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    slow = till.request(member, 6_000)
    till.open.discard(slow.hold_id)  # no answer in time: the till gave it up and paid by other means
    till.report()
    with pytest.raises(HqRefused) as late:
        till.send(slow)
    assert (late.value.code, late.value.http_status) == ("hold_too_late", 409)
    assert kept(hq, member) == {}


def test_h2_a_hold_made_beyond_the_watermark_of_a_report_on_its_way_stays(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    crossing = till.reported_head()
    wanted, _ = till.hold(member, 6_000)
    till.pushing.push(head=crossing)
    assert kept(hq, member) == {wanted.hold_id: 6_000}


def test_h2_a_report_before_the_entry_that_uses_a_hold_frees_nothing(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    wanted, _ = till.hold(member, 6_000)
    till.pay(member, 6_000, wanted.hold_id)
    till.open.discard(wanted.hold_id)
    report = till.reported_head()
    till.pushing.push([], head=report)
    assert kept(hq, member) == {wanted.hold_id: 6_000}, "head office does not hold every entry up to the report's head"
    till.report()
    assert (kept(hq, member), state_of(hq, wanted.hold_id)) == ({}, "settled")
    nothing_differs(hq)


def test_a_report_whose_reply_was_lost_is_answered_again_and_an_older_one_changes_nothing(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    older = till.reported_head()
    wanted, _ = till.hold(member, 6_000)
    till.pay(member, 2_000)
    message = till.pushing.message(head=till.reported_head())
    first = till.pushing.client.push(till.pushing.terminal_id, message)
    again = till.pushing.client.push(till.pushing.terminal_id, message)
    assert [each.status for each in again.outcomes] == ["exists"]
    assert first.accepted_through == again.accepted_through
    till.pushing.accepted = again.accepted_through
    till.pushing.push(head=older)
    assert kept(hq, member) == {wanted.hold_id: 6_000}
    assert only(hq, member).number == 1


def test_a_report_alone_that_repeats_known_entries_still_closes(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    wanted, _ = till.hold(member, 6_000)
    till.pushing.push(till.pushing.entries, head=till.reported_head())
    till.open.discard(wanted.hold_id)
    till.pushing.push(till.pushing.entries, head=till.reported_head())
    assert kept(hq, member) == {}


def test_holds_on_one_member_at_once_never_keep_more_than_there_is(hq: ServedHq) -> None:
    tills = [ReservingTill(hq, store) for store in ("S01", "S02", "S03", "S01") * 2]
    member = member_with(tills[0], 10_000)
    chance = Random(8)
    asked = [[till.request(member, chance.randrange(500, 3_000)) for _ in range(5)] for till in tills]
    replies: list[tuple[int, HoldReply]] = []

    def asking(place: int) -> Callable[[], None]:
        def run() -> None:
            with HqClient(hq.url, timeout_s=60) as client:
                client.token = tills[place].pushing.client.token
                replies.extend((wanted.amount_minor, client.hold(wanted)) for wanted in asked[place])

        return run

    threads = [threading.Thread(target=asking(place)) for place in range(len(tills))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = sum(amount for amount, reply in replies if not reply.refusal)
    wallet = wallet_of(hq, member)
    assert len(replies) == 40
    assert available_minor(wallet, TODAY) >= 0
    assert sum(each.amount_minor for each in wallet.reservations) == held <= 10_000
    assert held > 7_000, "as long as there is money, somebody gets it"
    nothing_differs(hq)


def test_a_refusal_names_the_till_that_keeps_the_very_thing_and_when_it_was_heard(hq: ServedHq) -> None:
    asking, rich, keeper = (ReservingTill(hq, store_id) for store_id in ("S01", "S02", "S03"))
    member = member_with(asking, 10_000)
    lot_id = wallet_of(hq, member).lots[0].lot_id
    assert not rich.hold(member, 6_000)[1].refusal
    assert not keeper.send(keeper.request(member, 0, **{lot_id: 5_000})).refusal
    heard = hq.clock.at
    hq.clock.pass_(hours=2)
    reply = asking.send(asking.request(member, 0, **{lot_id: 1}))
    assert (reply.refusal, reply.data["terminal"], reply.data["last_seen"]) == (
        RefusalCode.RESERVED_ELSEWHERE,
        keeper.terminal_id,
        heard.isoformat(),
    )
    reply = asking.hold(member, 6_000)[1]
    assert (reply.data["terminal"], reply.data["store"]) == (rich.terminal_id, "S02")
