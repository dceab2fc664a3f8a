"""Several holds of one member that a restored head office forgot, shown by one till (H8): the first covers what was held, all others what the wallet has to spare, since those that
were let go one after another were never held together."""

from dataclasses import replace

import pytest

from hq_server.database.models import WalletRecord
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from sync.signed_hold import read_hold
from sync.wallet_codec import read_wallet, write_wallet
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    lease_policy,
    member_with,
    nothing_differs,
    state_of,
    wallet_of,
)
from tests.hq_server.reservations.test_lost_grants import codes
from tests.hq_server.reservations.test_signed_holds import ForgottenTill, exceptions, left
from tests.hq_server.served import TODAY, ServedHq


@pytest.fixture
def visited(hq: ServedHq) -> tuple[ForgottenTill, MemberId]:
    """A till of S02 with a member of S01. Nothing is leased, nothing may be taken at risk."""
    lease_policy(hq, LeasePolicy(tills_max=0), risk=RiskAllowance())
    home, till = ReservingTill(hq), ForgottenTill(hq, "S02")
    member = member_with(home, 100_000)
    till.follow_rulebook()
    return till, member


@pytest.mark.parametrize("pushes", [1, 5])
def test_h8_holds_that_were_let_go_one_after_another_cover_together_what_the_wallet_has(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId], pushes: int
) -> None:
    """A restore to before them all forgets their releases as well; the absent member owes nothing by it."""
    till, member = visited
    signed = []
    for _ in range(5):
        signed.append(till.held(member, 70_000))
        till.open.clear()
        till.report()
    till.is_forgotten()
    told: list[list[int | str]] = []
    for part in [signed] if pushes == 1 else [[each] for each in signed]:
        for each in part:
            till.pay_from(member, 70_000, each)
        told += [[found.data["amount_minor"] for found in each.findings] for each in till.shows(*part).outcomes]
    assert told == [[], [40_000], [70_000], [70_000], [70_000]], "without evidence"
    assert (left(hq, member), wallet_of(hq, member).owed_minor) == (0, 0)
    assert exceptions(hq) == {"head_office_restored", "risk_exceeded"}
    assert {state_of(hq, read_hold(each).hold_id) for each in signed} == {"settled"}
    assert wallet_of(hq, member).reservations == ()
    nothing_differs(hq)


def test_h8_one_entry_that_names_several_takes_no_more(hq: ServedHq, visited: tuple[ForgottenTill, MemberId]) -> None:
    till, member = visited
    signed = [till.held(member, 60_000)]
    till.open.clear()
    till.report()
    signed.append(till.held(member, 60_000))
    till.pay_from(member, 120_000, *signed)
    till.is_forgotten()
    (outcome,) = till.shows(*signed).outcomes
    assert [(each.code, each.data["amount_minor"]) for each in outcome.findings] == [("risk_exceeded", 20_000)]
    assert (left(hq, member), wallet_of(hq, member).owed_minor) == (0, 0)
    nothing_differs(hq)


def test_h5_a_till_has_one_shown_hold_at_most_of_what_others_keep(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    first, second = till.held(member, 10_000), till.held(member, 60_000)
    till.pay_from(member, 10_000, first)
    till.pay_from(member, 60_000, second)
    till.is_forgotten()
    ReservingTill(hq).hold(member, 70_000)
    found = [
        [(each.code, each.data["amount_minor"]) for each in told.findings]
        for told in till.shows(first, second).outcomes
    ]
    assert found == [[], [("risk_exceeded", 40_000)]]
    assert left(hq, member) == 70_000
    nothing_differs(hq)


def test_h1_the_first_hold_that_is_shown_covers_all_its_payment_before_another_tills_top_up_has_come(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    """Head office had it when it held."""
    till, member = visited
    signed = till.held(member, 100_000)
    till.pay_from(member, 100_000, signed)
    till.is_forgotten()
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        wallet = read_wallet(row.state)
        lots = tuple(replace(lot, remaining_minor=lot.remaining_minor // 2) for lot in wallet.lots)
        row.state = write_wallet(replace(wallet, lots=lots))
    assert codes(till.shows(signed)) == [["overdraft"]]
    assert wallet_of(hq, member).owed_minor == 50_000


def test_h5_what_has_expired_since_the_day_of_a_payment_covers_a_shown_hold_too(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    signed = [till.held(member, 1), till.held(member, 8_000)]
    till.pay_from(member, 1, signed[0])
    till.pay_from(member, 8_000, signed[1])
    till.is_forgotten()
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        wallet = read_wallet(row.state)
        lots = tuple(
            replace(lot, expires_on=TODAY, expired_minor=lot.remaining_minor, remaining_minor=0) for lot in wallet.lots
        )
        row.state = write_wallet(replace(wallet, lots=lots))
    assert codes(till.shows(*signed)) == [["lot_revived"], ["lot_revived"]]
