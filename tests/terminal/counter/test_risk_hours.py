"""After the hours of the risk allowance without head office nothing more goes at risk (L5): by head office's signed time, by which it judges."""

from stored_value.refusals import RefusalCode
from tests.terminal.counter.till import Till, done, refused


def test_after_its_hours_without_head_office_nothing_more_goes_at_risk(open_till: Till) -> None:
    done(open_till.redeem(100))
    open_till.pass_time(hours=24)
    assert refused(open_till.redeem(100)) is RefusalCode.OFFLINE_LIMIT


def test_a_feed_that_goes_on_is_not_head_offices_word_on_the_hours(open_till: Till) -> None:
    """Pages come while no push is answered: the entry would carry a signed time by which head office blames this till."""
    done(open_till.redeem(100))
    signed = open_till.journal.head_office.anchor
    assert signed is not None
    for _ in range(3):
        open_till.pass_time(hours=8)
        open_till.replica.unmoved(open_till.replica.cursors(), open_till.clock.now())
    assert open_till.replica.as_of() == open_till.clock.now()
    assert refused(open_till.redeem(100)) is RefusalCode.OFFLINE_LIMIT
    open_till.hear()
    done(open_till.redeem(100))
