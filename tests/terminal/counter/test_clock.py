"""A wrong clock at the counter: minutes off stop pay codes alone, and setting it back prolongs nothing that ends with time (H8, L5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.link import Equipment, Link
from terminal.counter.pay_codes import refuse_pay_codes
from terminal.counter.workplace import Workplace
from terminal.devices.scanner_state import ScannerState
from terminal.language import Language
from tests.terminal.counter.head_office import KEYS, START
from tests.terminal.counter.test_reserving import kept, lease, without_risk
from tests.terminal.counter.till import WANG, Till, done, member_row, refused, wallet_of


def workplace(till: Till) -> Workplace:
    return Workplace(
        till.journal,
        till.replica,
        till.clock,
        keys=KEYS,
        link=Link(state=till.hq.state, read_member=till.hq.read_member, hold=till.hq.hold),
        equipment=Equipment(
            receipt_printer=None,
            printers=lambda: (),
            wake_printers=lambda: None,
            scanner=lambda: ScannerState.ABSENT,
        ),
        language=lambda: Language.EN,
    )


@pytest.mark.parametrize(("off_s", "is_refused"), [(0, False), (299, False), (-299, False), (300, True), (-300, True)])
def test_pay_codes_are_refused_from_five_minutes_on_and_nothing_else_is(
    open_till: Till, off_s: int, is_refused: bool
) -> None:
    open_till.hq.clock_off_by = timedelta(seconds=off_s)
    expected = Refusal(RefusalCode.CLOCK_OFF, {"off_s": off_s}) if is_refused else None
    assert refuse_pay_codes(workplace(open_till)) == expected
    assert open_till.counter.status().pay_codes_blocked is is_refused
    done(open_till.redeem(1_000))


def test_a_lease_that_ran_out_is_not_revived_by_setting_the_clock_back(open_till: Till) -> None:
    without_risk(open_till)
    open_till.hq.rows[WANG] = member_row(wallet_of(50_000))
    ending = replace(kept("l1", 9_000, terminal="S01-T1"), expires_at=START + timedelta(hours=1))
    open_till.hq.keep(WANG, ending)
    lease(open_till, "l1", 9_000)
    assert open_till.wang().leased_here_minor == 9_000
    open_till.hq.time_at_least = START + timedelta(hours=1)
    assert open_till.wang().leased_here_minor == 0
    assert isinstance(open_till.redeem(1_000), Refusal)


def test_the_hours_of_the_risk_allowance_are_not_prolonged_by_setting_the_clock_back(open_till: Till) -> None:
    done(open_till.redeem(100))
    open_till.hq.time_at_least = START + timedelta(hours=24)
    assert refused(open_till.redeem(100)) is RefusalCode.OFFLINE_LIMIT
