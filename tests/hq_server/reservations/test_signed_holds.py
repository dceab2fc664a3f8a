"""A hold that a restored head office forgot is shown to it by its own signature (H1, H8): it covers what it was granted for, once; nothing else that a till says of it counts."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import delete, select

from hq_server.database.models import ExceptionRecord, ReservationRecord, WalletRecord
from stored_value.events import PassUsed, PointsRedeemed
from stored_value.identity import LotId, MemberId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.wallet import HoldingKind
from sync.errors import HqRefused
from sync.messages import PUSH_ENTRIES_MAX, PushReply
from sync.signed_hold import SignedHold, read_hold
from sync.wallet_codec import read_wallet, write_wallet
from tests.hq_server.ingest.test_money_out_judged import ask_cash_out
from tests.hq_server.reservations.reserving import (
    ReservingTill,
    lease_policy,
    member_with,
    nothing_differs,
    state_of,
    wallet_of,
)
from tests.hq_server.reservations.test_lost_grants import codes, restored
from tests.hq_server.reservations.test_silence import held_by
from tests.hq_server.served import ServedHq

LEFT = ["risk_exceeded", "reservation_forgotten"]
"""What nothing covers."""


class ForgottenTill(ReservingTill):
    """Head office loses what it held for it, and meets it again in the next epoch."""

    def held(self, member: MemberId, amount_minor: int, **things: int) -> SignedHold:
        wanted = self.request(member, amount_minor, **things)
        reply = self.send(wanted)
        assert reply.signed is not None, reply.refusal
        return reply.signed

    def pay_from(self, member: MemberId, amount_minor: int, *signed: SignedHold) -> None:
        self.pay(member, amount_minor, *(read_hold(each).hold_id for each in signed))

    def is_forgotten(self) -> None:
        """As by a backup from before the holds; what it wrote since keeps the anchor of then."""
        forget(self.hq)
        old = self.pushing.anchor
        restored(self.hq)
        self.pushing.open_session()
        self.pushing.anchor = old

    def shows(self, *signed: SignedHold) -> PushReply:
        """By a head that is no report; what it writes afterwards keeps the old anchor."""
        self.pushing.signed_holds, old = list(signed), self.pushing.anchor
        reply = self.pushing.push()
        self.pushing.anchor = old
        return reply


def forget(hq: ServedHq) -> None:
    with hq.database.write() as session:
        session.execute(delete(ReservationRecord))
        for row in session.scalars(select(WalletRecord)):
            row.state = write_wallet(replace(read_wallet(row.state), reservations=()))


@pytest.fixture
def visited(hq: ServedHq) -> tuple[ForgottenTill, MemberId]:
    """A till of S02 with a member of S01. Nothing is leased, nothing may be taken at risk."""
    lease_policy(hq, LeasePolicy(tills_max=0), risk=RiskAllowance())
    home, till = ReservingTill(hq), ForgottenTill(hq, "S02")
    member = member_with(home, 100_000)
    till.follow_rulebook()
    return till, member


def left(hq: ServedHq, member: MemberId) -> int:
    return wallet_of(hq, member).total_minor


def exceptions(hq: ServedHq) -> set[str]:
    with hq.database.read() as session:
        return set(session.scalars(select(ExceptionRecord.code)))


def test_h1_a_payment_whose_hold_was_forgotten_is_covered_by_its_signature_without_any_exception(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    till.pay_from(member, 8_000, signed)
    till.is_forgotten()
    assert codes(till.shows(signed)) == [[]]
    assert (left(hq, member), exceptions(hq)) == (92_000, {"head_office_restored"})
    assert state_of(hq, read_hold(signed).hold_id) == "settled"
    till.report()
    nothing_differs(hq)


def test_h8_the_same_signed_hold_covers_one_payment(hq: ServedHq, visited: tuple[ForgottenTill, MemberId]) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    for _ in range(2):
        till.pay_from(member, 8_000, signed)
    till.is_forgotten()
    assert codes(till.shows(signed, signed)) == [[], LEFT], "in one push"
    till.pay_from(member, 8_000, signed)
    assert codes(till.shows(signed))[-1] == LEFT, "nor in another"
    assert left(hq, member) == 92_000
    nothing_differs(hq)


def test_h8_a_signed_hold_covers_what_was_granted_and_no_more(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    till.pay_from(member, 10_000, signed)
    till.is_forgotten()
    (outcome,) = till.shows(signed).outcomes
    assert [(each.code, each.data["amount_minor"]) for each in outcome.findings] == [("risk_exceeded", 2_000)]
    assert left(hq, member) == 92_000
    nothing_differs(hq)


def test_h1_a_hold_of_which_a_part_was_used_ends_with_its_entry(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    till.pay_from(member, 5_000, signed)
    till.pay_from(member, 3_000, signed)
    till.is_forgotten()
    assert codes(till.shows(signed)) == [[], LEFT]
    assert (left(hq, member), wallet_of(hq, member).reservations) == (95_000, ())
    nothing_differs(hq)


def test_h8_without_its_signature_a_forgotten_hold_covers_nothing(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    """As an older till does it; and one in strange hands, that never reports and invents what it names."""
    till, member = visited
    till.pay_from(member, 8_000, till.held(member, 8_000))
    till.pay(member, 2_000, "never-was")
    till.is_forgotten()
    assert codes(till.shows()) == [LEFT, LEFT]
    assert left(hq, member) == 100_000
    nothing_differs(hq)


def changed(what: str, said: object) -> Callable[[SignedHold], SignedHold]:
    """The document says something else than was signed."""

    def forge(signed: SignedHold) -> SignedHold:
        document = msgspec.json.decode(signed.document) | {what: said}
        return msgspec.structs.replace(signed, document=msgspec.json.encode(document, order="sorted").decode())

    return forge


FORGED: dict[str, Callable[[SignedHold], SignedHold]] = {
    "more": changed("amount_minor", 10_000),
    "of another member": changed("member_id", "somebody"),
    "of another till": changed("terminal_id", "S01-T9"),
    "of a naive time": changed("granted_at", "2026-11-23T04:00:00"),
    "no amount": changed("amount_minor", "10"),
    "of no shape": lambda signed: msgspec.structs.replace(signed, document="{}"),
    "no JSON": lambda signed: msgspec.structs.replace(signed, document="[" * 100_000),
    "unsigned": lambda signed: msgspec.structs.replace(signed, signature=""),
    "signed by nobody": lambda signed: msgspec.structs.replace(signed, signature="钱"),
    "by an unknown key": lambda signed: msgspec.structs.replace(signed, key_id="0" * 16),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_h8_what_head_office_did_not_sign_covers_nothing(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId], forge: Callable[[SignedHold], SignedHold]
) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    till.pay_from(member, 8_000, signed)
    till.is_forgotten()
    assert codes(till.shows(forge(signed))) == [LEFT]
    assert left(hq, member) == 100_000
    nothing_differs(hq)


def test_h8_a_hold_signed_for_another_till_or_another_member_covers_nothing(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    other_till = ForgottenTill(hq)
    other = member_with(other_till, 50_000)
    theirs, of_another = other_till.held(member, 8_000), till.held(other, 8_000)
    till.pay_from(member, 8_000, theirs)
    till.pay_from(member, 8_000, of_another)
    till.is_forgotten()
    assert codes(till.shows(theirs, of_another)) == [LEFT, LEFT]
    assert (left(hq, member), left(hq, other)) == (100_000, 50_000)
    nothing_differs(hq)


def test_h8_a_hold_that_head_office_knows_is_no_forgotten_one(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    """It was used, or released by a report, before the backup."""
    till, member = visited
    used, dropped = till.held(member, 8_000), till.held(member, 5_000)
    till.pay_from(member, 8_000, used)
    till.open.clear()
    till.report()
    till.pay_from(member, 8_000, used)
    till.pay_from(member, 5_000, dropped)
    old = till.pushing.anchor
    restored(hq)
    till.pushing.open_session()
    till.pushing.anchor = old
    assert codes(till.shows(used, dropped)) == [LEFT, LEFT]
    assert left(hq, member) == 92_000
    nothing_differs(hq)


def test_h1_a_signed_hold_pays_only_within_its_epoch(hq: ServedHq, visited: tuple[ForgottenTill, MemberId]) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    till.is_forgotten()
    till.pushing.open_session()
    till.pay_from(member, 8_000, signed)
    assert codes(till.shows(signed)) == [["risk_exceeded", "reservation_unknown"]]
    till.pay_from(member, 8_000, signed)
    till.is_forgotten()
    assert codes(till.shows(signed)) == [LEFT], "nor in a later one, when its own is over as well"
    assert left(hq, member) == 100_000


def test_h8_nor_after_the_tills_first_report(hq: ServedHq, visited: tuple[ForgottenTill, MemberId]) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    till.open.clear()
    till.is_forgotten()
    old = till.pushing.anchor
    till.report()
    till.pushing.anchor = old
    till.pay_from(member, 8_000, signed)
    assert codes(till.shows(signed))[-1][0] == "risk_exceeded"
    assert left(hq, member) == 100_000


def test_h8_what_is_taken_at_risk_by_one_old_anchor_is_added_up(hq: ServedHq) -> None:
    """A till in strange hands never reports after a restore, and takes no more so than once the allowance."""
    risk = RiskAllowance(payment_minor=5_000, member_minor=5_000, till_minor=8_000, hours=48)
    lease_policy(hq, LeasePolicy(tills_max=0), risk=risk)
    home, till = ReservingTill(hq), ForgottenTill(hq, "S02")
    members = [member_with(home, 50_000) for _ in range(4)]
    till.is_forgotten()
    for member in members[:2]:
        till.pay(member, 4_000)
    assert codes(till.shows()) == [[], []]
    for member in members:
        till.pay(member, 4_000)
    assert codes(till.shows()) == [["risk_exceeded"]] * 4
    assert [left(hq, member) for member in members] == [46_000, 46_000, 50_000, 50_000]
    nothing_differs(hq)


def test_h1_a_cash_out_and_what_a_hold_keeps_of_things_are_shown_alike(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        row.state = write_wallet(replace(read_wallet(row.state), holdings=held_by(member)))
    paid_out, washed = till.held(member, 100_000), till.held(member, 0, wash=2)
    ask_cash_out(till, member, 100_000, read_hold(paid_out).hold_id)
    occasion = replace(till.pushing.occasion(), reservations=(read_hold(washed).hold_id,))
    till.pushing.write(PassUsed(occasion=occasion, member_id=member, holding_id=LotId("wash"), units=2, name="洗车"))
    till.is_forgotten()
    assert codes(till.shows(paid_out, washed)) == [[], ["order_against_policy"]], "no rulebook sells this pass"
    assert (left(hq, member), wallet_of(hq, member).reservations) == (0, ())


def test_h1_points_held_in_a_lot_that_was_forgotten_with_the_hold_are_shown_alike(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    """The till whose order earned them has yet to come back; the exchange takes those that are there."""
    till, member = visited
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        row.state = write_wallet(replace(read_wallet(row.state), holdings=held_by(member)))
        (there,) = (each for each in held_by(member) if each.kind is HoldingKind.POINTS)
        earned = replace(there, holding_id=LotId("order/points"), original=20, remaining=20)
        wallet = read_wallet(row.state)
        row.state = write_wallet(replace(wallet, holdings=(*wallet.holdings, earned)))
    held = till.held(member, 0, **{"order/points": 20})
    names = (read_hold(held).hold_id,)
    for occasion in (replace(till.pushing.occasion(), reservations=names) for _ in range(2)):
        till.pushing.write(PointsRedeemed(occasion=occasion, member_id=member, points=20, reward_id="cup"))
    till.is_forgotten()
    with hq.database.write() as session:
        row = session.get_one(WalletRecord, member)
        wallet = read_wallet(row.state)
        row.state = write_wallet(replace(wallet, holdings=tuple(each for each in wallet.holdings if each != earned)))
    first, second = codes(till.shows(held))
    assert "thing_uncovered" not in first
    assert second[0] == "thing_uncovered", "one hold covers one exchange"
    wallet = wallet_of(hq, member)
    assert (wallet.holding(there.holding_id), wallet.reservations) == (
        replace(there, remaining=there.remaining - 20),
        (),
    )


def test_what_is_set_aside_uses_no_hold(hq: ServedHq, visited: tuple[ForgottenTill, MemberId]) -> None:
    till, member = visited
    signed = till.held(member, 8_000)
    ask_cash_out(till, member, 100_000, read_hold(signed).hold_id)
    till.pushing.top_up(member, 25)
    till.is_forgotten()
    assert codes(till.shows(signed)) == [["cash_out_uncovered"], []]
    assert wallet_of(hq, member).reservations == ()
    till.pay_from(member, 8_000, signed)
    assert codes(till.shows(signed))[-1] == []
    assert left(hq, member) == 92_025
    nothing_differs(hq)


def test_a_push_shows_no_more_holds_than_it_has_entries_at_most(
    hq: ServedHq, visited: tuple[ForgottenTill, MemberId]
) -> None:
    till, member = visited
    till.pushing.signed_holds = [till.held(member, 1)] * (PUSH_ENTRIES_MAX + 1)
    with pytest.raises(HqRefused, match="signed holds"):
        till.pushing.push()


def test_the_same_hold_asked_for_again_is_signed_alike(hq: ServedHq, visited: tuple[ForgottenTill, MemberId]) -> None:
    till, member = visited
    wanted = till.request(member, 8_000)
    first = till.send(wanted)
    hq.clock.pass_(hours=1)
    again = till.send(wanted)
    assert first.signed is not None
    assert first.signed == again.signed
    too_much = till.send(till.request(member, 10**8))
    assert (too_much.refusal, too_much.signed) == ("balance_too_low", None)
