"""Statements that the driver runs itself say and write what SQLAlchemy would, on both engines."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from hq_server.database import migrate
from hq_server.database.among import among_given, pair_among_given
from hq_server.database.engine import POOL_SIZE, Database, is_unstorable
from hq_server.database.models import FeedHead, HqState, Outbox, Rollup
from hq_server.database.prepared import Prepared, PreparedChange

AT = datetime(2026, 11, 23, 8, 0, 0, 123_456, tzinfo=UTC)
_STATE = Prepared(select(HqState.epoch, HqState.epoch_began_at).where(HqState.key == "hq"))
_BEGUN = Prepared(select(HqState.key).where(HqState.epoch_began_at <= bindparam("at")))
_HEADS = Prepared(select(FeedHead.feed_id).where(among_given(FeedHead.feed_id, "feeds")).order_by(FeedHead.feed_id))
_PAIRS = Prepared(select(FeedHead.seq).where(pair_among_given(FeedHead.feed_id, FeedHead.epoch, "heads")))
_ADVANCE = Prepared(
    lambda insert: (
        (adding := insert(FeedHead).values(feed_id=bindparam("feed"), epoch="e", seq=bindparam("more")))
        .on_conflict_do_update(
            index_elements=[FeedHead.feed_id, FeedHead.epoch], set_={"seq": FeedHead.seq + adding.excluded.seq}
        )
        .returning(FeedHead.seq)
    )
)
_LEAVE = PreparedChange(
    insert(Outbox).values(member_id=bindparam("member"), event_id=bindparam("event"), payload=bindparam("bytes"))
)
_MOVE = PreparedChange(update(HqState).where(HqState.key == "hq").values(epoch=bindparam("to")))
_TAKE = Prepared(delete(Outbox).returning(Outbox.member_id, Outbox.payload))


@pytest.fixture
def database(hq_database_url: str) -> Iterator[Database]:
    opened = Database(hq_database_url)
    migrate.upgrade(opened)
    with opened.write() as session:
        session.add(HqState(key="hq", epoch="e1", epoch_began_at=AT))
    yield opened
    opened.close()


def test_values_come_back_as_their_columns_types(database: Database) -> None:
    with database.read() as session:
        assert _STATE.row(session) == ("e1", AT)
        assert _STATE.rows(session) == session.execute(select(HqState.epoch, HqState.epoch_began_at)).all()


def test_a_time_of_another_zone_is_compared_as_the_moment_it_is(database: Database) -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))
    with database.read() as session:
        assert _BEGUN.rows(session, at=shanghai) == [("hq",)]
        assert _BEGUN.rows(session, at=shanghai - timedelta(microseconds=1)) == []
        with pytest.raises(ValueError, match="without a zone"):
            _BEGUN.rows(session, at=datetime(2026, 11, 23))  # noqa: DTZ001  the mistake that is to be refused


def test_an_upsert_answers_what_it_made(database: Database) -> None:
    with database.write() as session:
        assert _ADVANCE.row(session, feed="S01", more=2) == (2,)
        assert _ADVANCE.row(session, feed="S01", more=3) == (5,)
    with database.read() as session:
        assert _PAIRS.rows(session, heads=[("S01", "e"), ("S02", "e")]) == [(5,)]


def test_any_number_of_keys_may_be_given(database: Database) -> None:
    with database.write() as session:
        for feed in ("S01", "S02", 'S"3'):
            _ADVANCE.rows(session, feed=feed, more=1)
        assert _HEADS.rows(session, feeds=["S02", 'S"3', "S09"]) == [('S"3',), ("S02",)]
        assert _HEADS.rows(session, feeds=[]) == []


def test_what_the_session_changed_is_seen_and_what_is_written_here_is_committed(database: Database) -> None:
    with database.write() as session:
        session.get_one(HqState, "hq").epoch = "e2"
        assert _STATE.row(session) == ("e2", AT)
        assert _MOVE.run(session, to="e3") == 1
        _LEAVE.run_each(session, [{"member": "m1", "event": each, "bytes": b"\x00\xff"} for each in "ab"])
    with database.write() as session:
        assert _STATE.row(session) == ("e3", AT)
        assert _TAKE.rows(session) == [("m1", b"\x00\xff")] * 2


def test_what_is_written_here_is_undone_with_the_unit_of_work(database: Database) -> None:
    def spoilt() -> None:
        with database.write() as session:
            assert _MOVE.run(session, to="e3") == 1
            raise LookupError

    with pytest.raises(LookupError):
        spoilt()
    with database.read() as session:
        assert _STATE.row(session) == ("e1", AT)


def test_a_look_sees_one_state_and_leaves_the_connection_as_it_was(database: Database) -> None:
    with database.look() as look:
        assert _STATE.row(look) == ("e1", AT)
        with database.write() as session:
            _MOVE.run(session, to="e2")
        assert _STATE.row(look) == ("e1", AT)
    with database.write() as session:
        assert _STATE.row(session) == ("e2", AT)
        _MOVE.run(session, to="e3")
    with database.look() as look:
        assert _STATE.row(look) == ("e3", AT)
    for connection in [database.engine.connect() for _ in range(2)]:
        with connection:
            assert connection.get_isolation_level() in ("SERIALIZABLE", "READ COMMITTED")


def test_a_look_that_fails_keeps_nothing_locked(database: Database) -> None:
    broken = Prepared(select(text("nothing_of_the_kind")).select_from(HqState))
    for _ in range(POOL_SIZE + 1):
        with pytest.raises((psycopg.Error, sqlite3.Error)), database.look() as look:
            broken.rows(look)
    with database.write() as session:
        assert _MOVE.run(session, to="e2") == 1


def test_what_the_database_will_not_take_is_known_as_such(database: Database) -> None:
    with pytest.raises((DBAPIError, psycopg.Error, sqlite3.Error)) as refused, database.write() as session:
        _ADVANCE.rows(session, feed="S01", more=-1)
    assert is_unstorable(refused.value)


def test_a_value_that_is_missing_is_a_mistake(database: Database) -> None:
    with database.read() as session, pytest.raises(KeyError, match="feeds"):
        _HEADS.rows(session)


def test_a_statement_of_no_fixed_shape_is_refused(database: Database) -> None:
    shapeless = Prepared(select(Rollup.count).where(Rollup.business_date.in_([date(2026, 11, 23)])))
    with database.read() as session, pytest.raises(AssertionError, match="no fixed shape"):
        shapeless.rows(session)


def test_a_session_that_goes_on_after_a_rollback_asks_by_the_connection_that_it_has_then(database: Database) -> None:
    with database.read() as session, database.read() as other:
        assert session.driver() is session.driver()
        session.rollback()
        others = other.driver()  # the one that was given back
        assert session.driver() is not others
