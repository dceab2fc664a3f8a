"""A disk at fault is a refusal at the counter, whatever was being done."""

import inspect

from stored_value.refusals import RefusalCode
from terminal.counter import Counter
from tests.terminal.counter.till import Till, cash, refused


def test_every_action_that_may_refuse_also_refuses_for_the_disk() -> None:
    actions = {
        name: method
        for name, method in inspect.getmembers(Counter, inspect.isfunction)
        if not name.startswith("_") and "Refusal" in str(inspect.signature(method).return_annotation)
    }
    assert len(actions) > 15
    open_to_the_disk = [name for name, method in actions.items() if not hasattr(method, "__wrapped__")]
    assert open_to_the_disk == []


def test_a_disk_that_went_read_only_is_a_refusal_and_records_nothing(open_till: Till) -> None:
    counter, before = open_till.counter, open_till.journal.head()
    with open_till.journal._database.reading() as connection:
        connection.execute("PRAGMA query_only = ON")
    action = counter.new_action()
    member_id = open_till.wang().member_id
    assert refused(counter.top_up(action, member_id, 100, (cash(100),), None)) is RefusalCode.DISK_FAULT
    with open_till.journal._database.reading() as connection:
        connection.execute("PRAGMA query_only = OFF")
    assert open_till.journal.head() == before
    assert open_till.woken == 1, "only the shift's slip was printed"
    counter.top_up(action, member_id, 100, (cash(100),), None)
    assert open_till.journal.head().seq == before.seq + 1
