"""One entry that the database will not take is set aside and flagged, and those behind it go on (pain 16: one bad record stops the whole queue)."""

from sqlalchemy import select, text

from hq_server.database.models import ExceptionRecord, WalletRecord
from hq_server.ingest.rebuild import differences
from sync.messages import PushReply
from tests.hq_server.served import PushingTill, ServedHq

POISON = "\x00小丽"
"""PostgreSQL holds no NUL in a text; a JSON entry does."""


def as_strict_as_postgresql(hq: ServedHq) -> None:
    """SQLite would take it: this head office is given the same refusal."""
    if hq.database.is_sqlite:
        with hq.database.write() as session:
            session.execute(
                text(
                    "CREATE TRIGGER no_nul BEFORE INSERT ON members WHEN instr(NEW.name_masked, char(0))"
                    " BEGIN SELECT RAISE(ABORT, 'a NUL in a text'); END"
                )
            )


def statuses(reply: PushReply) -> list[str]:
    return [outcome.status for outcome in reply.outcomes]


def pushed_poison(hq: ServedHq) -> tuple[PushingTill, PushReply]:
    as_strict_as_postgresql(hq)
    till = hq.till()
    good = till.enrol_member("张伟", "+8613800005555")
    till.top_up(good, 30_000, first_50=5_000)
    till.enrol_member(POISON, "+8613800001111")
    till.redeem(good, 1_000)
    till.redeem(till.enrol_member("李强", "+8613800002222"), 500)
    return till, till.push()


def test_a_poisoned_entry_is_set_aside_and_those_behind_it_go_on(hq: ServedHq) -> None:
    till, reply = pushed_poison(hq)
    assert statuses(reply) == ["created", "created", "set_aside", "created", "created", "created"]
    assert reply.accepted_through == 6
    with hq.database.read() as session:
        (raised,) = session.scalars(select(ExceptionRecord).where(ExceptionRecord.seq == 3)).all()
        assert (raised.kind, raised.code) == ("unreadable", "unreadable_body")
        assert "cannot be stored" in raised.findings
        balances = sorted(row.principal_minor + row.bonus_minor for row in session.scalars(select(WalletRecord)))
        assert 34_000 in balances
        assert list(differences(session)) == []
    assert statuses(till.push(till.entries)) == ["exists"] * 6


def test_the_next_push_goes_on_behind_the_poison(hq: ServedHq) -> None:
    till, _ = pushed_poison(hq)
    till.enrol_member("Anna", "+8613800003333")
    assert statuses(till.push()) == ["created"]
