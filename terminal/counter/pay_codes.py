"""Owns whether this till may take a pay code at all: both clocks must agree, since a code lives for seconds. Whoever takes pay codes asks here before looking at one."""

from stored_value.refusals import Refusal, RefusalCode
from terminal.counter.workplace import Workplace
from terminal.hq_time import BLOCK_AT


def refuse_pay_codes(place: Workplace) -> Refusal | None:
    off_by = place.link.state().clock_off_by
    if abs(off_by) < BLOCK_AT:
        return None
    return Refusal(RefusalCode.CLOCK_OFF, {"off_s": int(off_by.total_seconds())})
