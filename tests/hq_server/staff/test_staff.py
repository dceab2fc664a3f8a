"""Till staff: a verifier a store, known to that store's tills only, told to them at every change (H15)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from hq_server.database.models import Feed
from hq_server.staff.console_users import (
    ConsoleRole,
    LoginTaken,
    PasswordTooWeak,
    add_console_user,
    hash_for,
    user_with_password,
)
from hq_server.staff.service import NewStaff, PinTooWeak, StaffRole, add_staff, dismiss, set_pin, verifiers_for
from stored_value.identity import StaffId, StoreId
from sync.messages import FeedRow, StaffRow
from sync.pins import check_pin
from tests.hq_server.opened import NOW, OpenedHq, opened_hq

S01, S02 = StoreId("S01"), StoreId("S02")


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        yield opened


def hire(hq: OpenedHq, *store_ids: StoreId, pin: str = "482913") -> StaffId:
    new = NewStaff(name="李晓梅", role=StaffRole.CASHIER, pin=pin, store_ids=store_ids)
    verifiers = verifiers_for(hq.keys, store_ids, pin)
    with hq.database.write() as session:
        return add_staff(session, new, verifiers, now=NOW)


def told(hq: OpenedHq, store_id: StoreId) -> list[StaffRow]:
    with hq.database.read() as session:
        payloads = session.scalars(select(Feed.payload).where(Feed.feed_id == store_id).order_by(Feed.seq))
        rows = [msgspec.json.decode(payload, type=FeedRow) for payload in payloads]
    return [row for row in rows if isinstance(row, StaffRow)]


def test_h15_each_store_gets_a_verifier_that_is_worth_nothing_in_another(hq: OpenedHq) -> None:
    staff_id = hire(hq, S01, S02)
    (first,), (second,) = told(hq, S01), told(hq, S02)
    assert first.staff_id == second.staff_id == staff_id
    assert check_pin(first.verifier, "482913", hq.keys.staff_pepper("S01"))
    assert check_pin(second.verifier, "482913", hq.keys.staff_pepper("S02"))
    assert not check_pin(first.verifier, "482913", hq.keys.staff_pepper("S02"))
    assert told(hq, StoreId("S03")) == []
    assert told(hq, StoreId("global")) == []


def test_a_new_pin_reaches_the_tills_and_the_old_one_is_over(hq: OpenedHq) -> None:
    staff_id = hire(hq, S01)
    with hq.database.write() as session:
        set_pin(session, staff_id, verifiers_for(hq.keys, (S01,), "739264"), now=NOW)
    latest = told(hq, S01)[-1]
    assert check_pin(latest.verifier, "739264", hq.keys.staff_pepper("S01"))
    assert not check_pin(latest.verifier, "482913", hq.keys.staff_pepper("S01"))


def test_who_is_dismissed_is_inactive_in_every_store(hq: OpenedHq) -> None:
    staff_id = hire(hq, S01, S02)
    with hq.database.write() as session:
        dismiss(session, staff_id, now=NOW)
    assert [told(hq, store_id)[-1].active for store_id in (S01, S02)] == [False, False]


@pytest.mark.parametrize("pin", ["", "1234", "12345", "12345a"])
def test_a_pin_of_less_than_six_digits_is_refused(hq: OpenedHq, pin: str) -> None:
    with pytest.raises(PinTooWeak):
        verifiers_for(hq.keys, (S01,), pin)


def test_console_users_have_a_login_each_and_a_password_worth_the_name(hq: OpenedHq) -> None:
    with pytest.raises(PasswordTooWeak):
        hash_for("short")
    stored = hash_for("correct horse battery")
    with hq.database.write() as session:
        add_console_user(
            session, login="Anna", name="Anna", role=ConsoleRole.FRANCHISEE, password_hash=stored, store_id=S01, now=NOW
        )
        with pytest.raises(LoginTaken):
            add_console_user(session, login=" anna", name="A", role=ConsoleRole.ADMIN, password_hash=stored, now=NOW)
    with hq.database.read() as session:
        user = user_with_password(session, "ANNA", "correct horse battery")
        assert user is not None
        assert (user.login, user.store_id, user.role) == ("anna", "S01", "franchisee")
        assert user_with_password(session, "anna", "wrong horse battery") is None
    with hq.database.write() as session:
        user.active = False
        session.merge(user)
    with hq.database.read() as session:
        assert user_with_password(session, "anna", "correct horse battery") is None
