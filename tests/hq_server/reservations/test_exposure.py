"""What offline spending could cost: the figure by till and in all, its alert, and the write-off of a reservation by a named person."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from hq_server import franchise_data
from hq_server.audit.log import broken_rows
from hq_server.console.members.reads import member_view
from hq_server.database.models import AuditRecord, ExceptionRecord, Terminal
from hq_server.exceptions.exposed import watch_exposure
from hq_server.own_journal.place import Moment
from hq_server.reservations.allowances import risk_of_a_till
from hq_server.reservations.exposure import Exposure, exposure
from hq_server.reservations.write_off import WriteOff, WriteOffWish, write_off
from hq_server.sessions.epochs import begin_epoch
from hq_server.staff.console_users import ConsoleRole, add_console_user
from hq_server.terminals.standing import Standing, confirm_machine, give_up, revoke, stop
from stored_value.findings import FindingCode
from stored_value.identity import MemberId, StoreId, TerminalId
from stored_value.offline_policy import LeasePolicy, RiskAllowance
from stored_value.reservation_records import ReservationId
from tests.hq_server.console.franchise_day import PASSWORD
from tests.hq_server.console.visiting import Visit, text_of, visit
from tests.hq_server.quick_secrets import quick_hash
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
from tests.hq_server.served import NOON, ServedHq

RISK = RiskAllowance(payment_minor=5_000, member_minor=10_000, till_minor=40_000, hours=24)
NO_LEASES = LeasePolicy(tills_max=0)


def now_exposed(hq: ServedHq, store_id: str = "") -> Exposure:
    with hq.database.read() as session:
        rulebooks = hq.office.rulebooks.all(session)
        return exposure(session, rulebooks, hq.clock.at, store_id=StoreId(store_id) if store_id else None)


@pytest.mark.parametrize(
    ("risk", "worst"),
    [
        (RISK, 80_000),
        (RiskAllowance(), 0),
        (RiskAllowance(payment_minor=1, member_minor=1, till_minor=40_000, hours=0), 0),
        (RiskAllowance(payment_minor=0, member_minor=1, till_minor=40_000), 0),
    ],
)
def test_the_worst_case_is_every_tills_risk_allowance(hq: ServedHq, risk: RiskAllowance, worst: int) -> None:
    lease_policy(hq, NO_LEASES, risk=risk, exposure_alert_minor=79_999)
    for store_id in ("S01", "S02"):
        ReservingTill(hq, store_id)
    hq.clock.pass_(days=9)
    found = now_exposed(hq)
    assert (found.worst_minor, found.alert) == (worst, worst > 79_999)
    assert now_exposed(hq, "S02").worst_minor == worst // 2


def test_what_is_held_is_outstanding_with_its_age_and_no_risk(hq: ServedHq) -> None:
    lease_policy(hq, NO_LEASES)
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    since = hq.clock.at
    till.hold(member, 2_000)
    hq.clock.pass_(minutes=5)
    till.hold(member, 3_000)
    (line,) = now_exposed(hq).tills
    assert (line.held.amount_minor, line.held.count, line.held.oldest_at) == (5_000, 2, since)
    assert (line.worst_minor, now_exposed(hq).held_minor) == (0, 5_000)


def test_h1_until_every_till_has_reported_what_members_hold_may_be_spent_again(hq: ServedHq) -> None:
    till, other = ReservingTill(hq), ReservingTill(hq, "S02")
    lease_policy(hq, NO_LEASES)
    for amount in (10_000, 200):
        member_with(till, amount)
    member_with(other, 5_000)
    assert now_exposed(hq).forgotten_minor == 0
    with hq.database.write() as session:
        begin_epoch(session, till.pushing.epoch, now=hq.clock.at + timedelta(seconds=1))
    hq.clock.pass_(seconds=2)
    assert now_exposed(hq).worst_minor == now_exposed(hq).forgotten_minor == 15_200, "once, however many are silent"
    assert now_exposed(hq, "S01").forgotten_minor == 10_200
    till.pushing.open_session()
    till.report()
    assert [each.silent for each in now_exposed(hq).tills] == [False, True]
    assert now_exposed(hq).forgotten_minor == 15_200, "the other one may have sold to anybody"
    assert now_exposed(hq, "S01").forgotten_minor == 0
    revoke_till(hq, other.terminal_id)
    assert now_exposed(hq).worst_minor == 0


def revoke_till(hq: ServedHq, terminal_id: str) -> None:
    with hq.database.write() as session:
        revoke(session, TerminalId(terminal_id), "")


def test_a_lower_allowance_counts_once_the_till_has_sent_an_entry_under_it(hq: ServedHq) -> None:
    lease_policy(hq, NO_LEASES, risk=RISK)
    till = ReservingTill(hq)
    member_with(till, 100)
    hq.clock.pass_(hours=1)
    lease_policy(hq, NO_LEASES)
    till.pushing.open_session()
    till.report()
    assert now_exposed(hq).worst_minor == 40_000, "it has said nothing of the new one"
    member_with(till, 100)
    assert now_exposed(hq).worst_minor == 0
    lease_policy(hq, NO_LEASES, risk=RISK)
    assert now_exposed(hq).worst_minor == 40_000, "a higher one counts at once"


def test_a_rulebook_that_the_tills_time_may_fall_behind_again_is_not_believed(hq: ServedHq) -> None:
    """Its clock ran ahead of head office's signed time; set right, the older rulebook is in force again."""
    lease_policy(hq, NO_LEASES, risk=RISK)
    till = ReservingTill(hq)
    hq.clock.pass_(hours=1)
    lease_policy(hq, NO_LEASES)
    member_with(till, 100)
    assert now_exposed(hq).worst_minor == 40_000, "the entry's anchor is from before the new rulebook"


def test_the_sample_franchise_warns_of_what_is_unusual_only() -> None:
    """An alarm that always shows is one that nobody reads."""
    policy = franchise_data.rulebook(NOON).offline
    tills, limit = sum(len(store.tills) for store in franchise_data.STORES), policy.exposure_alert_minor
    one = risk_of_a_till(policy.risk)
    assert one
    assert (tills + 1) * one <= limit, "one more till may be enrolled"
    assert (tills + 1) * one + policy.leases.amount_minor > limit, "a till of which there is a copy, with a lease"


def test_a_till_that_may_be_two_machines_counts_twice_until_a_person_has_decided(hq: ServedHq) -> None:
    lease_policy(hq, NO_LEASES, risk=RISK)
    till = ReservingTill(hq)
    with hq.database.write() as session:
        session.get_one(Terminal, (StoreId("S01"), till.terminal_id)).machine_seen = "another"
    (line,) = now_exposed(hq).tills
    assert (line.machines, line.second_minor, line.worst_minor) == (2, 40_000, 80_000)
    with hq.database.write() as session:
        confirm_machine(session, TerminalId(till.terminal_id))
    assert now_exposed(hq).worst_minor == 40_000


def test_leases_that_a_second_machine_may_spend_count_once_more(hq: ServedHq) -> None:
    till = ReservingTill(hq)
    lease_policy(hq, LeasePolicy(amount_minor=3_000, from_minor=100))
    hq.office.leases.look_at([member_with(till, 10_000)])
    assert (now_exposed(hq).leased_minor, now_exposed(hq).worst_minor) == (3_000, 0)
    with hq.database.write() as session:
        stop(session, TerminalId(till.terminal_id), "磁盘有副本")
    (line,) = now_exposed(hq).tills
    assert (line.copied_minor, line.worst_minor) == (3_000, 3_000)


def test_a_revoked_till_counts_until_a_person_gives_it_up(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES, risk=RISK)
    till = ReservingTill(hq)
    page = f"/tills/{till.terminal_id}/give-up"
    with hq.database.write() as session:
        assert give_up(session, TerminalId(till.terminal_id), "还在用", now=hq.clock.at) is Standing.UNCHANGED
    revoke_till(hq, till.terminal_id)
    assert now_exposed(hq).worst_minor == 40_000
    assert boss.send(page, page, reason="  ").headers["location"].endswith("done=reason_missing")
    assert now_exposed(hq).worst_minor == 40_000
    assert boss.send(page, page, reason="磁盘已读完").headers["location"].endswith("done=given_up")
    assert (now_exposed(hq).worst_minor, now_exposed(hq).tills) == (0, ())
    with hq.database.read() as session:
        (row,) = session.scalars(select(AuditRecord).where(AuditRecord.action == "terminal_given_up"))
        assert "磁盘已读完" in row.data


@pytest.fixture
def boss(hq: ServedHq) -> Visit:
    with hq.database.write() as session:
        add_console_user(
            session,
            login="boss",
            name="总部 管理员",
            role=ConsoleRole.ADMIN,
            password_hash=quick_hash(PASSWORD),
            store_id=None,
            now=hq.clock.at,
        )
    return visit(hq.url, "boss")


def held_by(till: ReservingTill) -> tuple[MemberId, str]:
    member = member_with(till, 10_000)
    wanted, _ = till.hold(member, 6_000)
    return member, wanted.hold_id


def test_the_pages_show_what_is_kept_and_what_it_could_cost(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES, risk=RISK, exposure_alert_minor=10_000)
    member, _ = held_by(ReservingTill(hq))
    said = text_of(boss.page("/exposure"))
    assert "Worst case ￥400.00" in said
    assert "above the limit of ￥100.00" in said
    assert "Offline spending could cost ￥400.00" in text_of(boss.page("/"))
    figures = boss.get("/exposure.json").json()
    assert (figures["worst_minor"], figures["held_minor"], figures["alert"]) == (40_000, 6_000, True)
    assert figures["tills"][0]["held"]["count"] == 1
    assert figures["policy"]["risk"]["till_minor"] == 40_000
    assert figures["formula"].keys() >= {"worst_minor", "forgotten_minor"}
    assert figures["worst_minor"] == sum(each["worst_minor"] for each in figures["tills"]) + figures["forgotten_minor"]
    of_member = text_of(boss.page(f"/members/{member}"))
    assert "Held ￥60.00 Available everywhere ￥40.00" in of_member


def raised(hq: ServedHq) -> list[tuple[str, str, str]]:
    with hq.database.read() as session:
        found = session.scalars(select(ExceptionRecord).order_by(ExceptionRecord.subject))
        return [(each.subject, each.kind, each.state) for each in found]


def watched(hq: ServedHq) -> bool:
    return watch_exposure(hq.database, hq.office.rulebooks, hq.clock)


def test_exposure_above_its_limit_waits_for_a_person_once_a_day_at_most(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES, risk=RISK, exposure_alert_minor=40_000)
    ReservingTill(hq)
    assert (watched(hq), raised(hq)) == (False, []), "the limit itself is allowed"
    lease_policy(hq, NO_LEASES, risk=RISK, exposure_alert_minor=39_999)
    assert (watched(hq), watched(hq)) == (True, False)
    (subject,) = [subject for subject, *_ in raised(hq)]
    page = f"/exceptions/HQ/{subject}/exposure_above_limit"
    assert page in boss.page("/exposure")
    said = text_of(boss.page(page))
    assert "Offline spending could cost more than the limit" in said
    assert "worst case ￥400.00" in said
    assert "Finance" in said
    hq.clock.pass_(days=1)
    assert not watched(hq), "one that is open is enough"
    boss = visit(hq.url, "boss")
    assert boss.send(page, f"{page}/resolution", resolution="两台收银机已恢复联网").status_code == 303
    assert raised(hq) == [(subject, "limit", "resolved")]
    assert watched(hq), "another day"
    again = raised(hq)[-1][0]
    assert again > subject
    assert (
        boss.send(
            page.replace(subject, again), f"{page.replace(subject, again)}/resolution", resolution="是"
        ).status_code
        == 303
    )
    assert not watched(hq), "settled today"
    assert page not in boss.page("/exposure")


def test_a_write_off_without_a_reason_is_refused_by_the_rule(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES)
    member, hold_id = held_by(ReservingTill(hq))
    page = f"/members/{member}/reservations/{hold_id}"
    wish = WriteOffWish(member_id=member, reservation_id=ReservationId(hold_id), reason=" ")
    assert write_off(hq.office.desk, Moment.at(hq.clock.at), wish, lambda _: None) is WriteOff.REASON_MISSING
    for said in ({"reason": "  "}, {}):
        answer = boss.send(page, page, **said)
        assert answer.headers["location"].endswith(f"{page}?done=reason_missing")
    assert "Give a reason" in text_of(boss.page(f"{page}?done=reason_missing"))
    assert (kept(hq, member), state_of(hq, hold_id)) == ({hold_id: 6_000}, "open")


def test_what_was_written_off_is_at_large_until_a_report_lists_it_no_more(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES)
    till = ReservingTill(hq)
    member, hold_id = held_by(till)
    page = f"/members/{member}/reservations/{hold_id}"
    boss.send(page, page, reason="收银机被水淹")
    assert now_exposed(hq).worst_minor == now_exposed(hq).written_off_minor == 6_000
    till.report()
    assert now_exposed(hq).worst_minor == 6_000, "it says that it may use it"
    till.open.clear()
    till.report(request_watermark=0)
    assert now_exposed(hq).worst_minor == 6_000, "its report has not come as far"
    till.report()
    assert now_exposed(hq).worst_minor == 0


def test_a_named_person_writes_off_and_what_comes_late_is_told(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES)
    till = ReservingTill(hq)
    member, hold_id = held_by(till)
    page = f"/members/{member}/reservations/{hold_id}"
    assert boss.send(page, page, reason="收银机被水淹").status_code == 303
    assert boss.get(page).status_code == 404
    assert (kept(hq, member), state_of(hq, hold_id)) == ({}, "written_off")
    with hq.database.read() as session:
        (row,) = session.scalars(select(AuditRecord).where(AuditRecord.action == "reservation_written_off"))
        assert (row.actor, row.subject) == ("boss", member)
        assert "收银机被水淹" in row.data
        assert list(broken_rows(session)) == []
    till.pay(member, 6_000, hold_id)
    assert [found.code for found in till.report().outcomes[-1].findings] == [FindingCode.RESERVATION_UNKNOWN]
    nothing_differs(hq)


def test_a_members_page_always_tells_what_is_in_the_books_and_what_is_available(hq: ServedHq, boss: Visit) -> None:
    lease_policy(hq, NO_LEASES)
    member = member_with(ReservingTill(hq), 10_000)
    said = text_of(boss.page(f"/members/{member}"))
    assert "In the books ￥100.00 Leased ￥0.00 Held ￥0.00 Available everywhere ￥100.00" in said


@pytest.mark.parametrize(
    ("over", "held", "available"),
    [(0, 6_000, 4_000), (5_000, 0, 5_000), (5_000, 2_000, 3_000), (5_000, 6_000, 0), (0, 11_000, -1_000)],
)
def test_what_is_past_its_last_day_stays_for_reservations_and_is_not_available(
    hq: ServedHq, over: int, held: int, available: int
) -> None:
    """A member with two lots of ￥50; below zero only when an entry from the past took what was kept."""
    lease_policy(hq, NO_LEASES)
    till = ReservingTill(hq)
    member = member_with(till, 10_000)
    wallet = wallet_of(hq, member)
    till.hold(member, 1)
    first, *rest = wallet.lots
    day = hq.clock.at.date()
    if over:
        first = replace(first, expires_on=day - timedelta(days=1))
    kept_for = replace(only(hq, member), amount_minor=held)
    changed = replace(wallet, lots=(first, *rest), reservations=(kept_for,) if held else ())
    with hq.database.read() as session:
        view = member_view(session, member, store_id=None, today=day)
    assert view is not None
    shown = replace(view, wallet=changed)
    assert (shown.ledger_minor, shown.over_minor, shown.available_minor) == (10_000, over, available)


def test_an_administrator_asks_leases_back_and_moves_all_of_a_balance_once_they_have_come(
    hq: ServedHq, boss: Visit
) -> None:
    """Leases are renewed for ever: nobody would ever get the last of it else."""
    lease_policy(hq, LeasePolicy(amount_minor=3_000, from_minor=1_000))
    here = ReservingTill(hq)
    member = member_with(here, 10_000)
    here.report()
    hq.office.leases.look_at([member])
    (lease,) = kept(hq, member)
    page = f"/members/{member}"
    assert "Ask leases back" in boss.page(page)
    back = boss.send(page, f"{page}/recalls")
    assert (back.status_code, "done=asked_back" in back.headers["location"]) == (303, True)
    with hq.database.read() as session:
        assert wallet_of(hq, member).reservations[0].recalled
        (row,) = session.scalars(select(AuditRecord).where(AuditRecord.action == "leases_recalled"))
        assert (row.actor, row.subject) == ("boss", member)
    here.grants = 1
    here.report()
    hq.office.leases.look_at([member])
    assert kept(hq, member) == {}, "nor is it leased again at once"
    assert state_of(hq, lease) == "released"
    assert "Ask leases back" not in boss.page(page)
    assert "done=nothing_kept" in boss.send(page, f"{page}/recalls").headers["location"]
    nothing_differs(hq)
