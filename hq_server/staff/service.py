"""Owns till staff: who works in which stores, with a PIN verifier a store (H15). Called by initialisation and the console; the caller commits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import token_bytes

from sqlalchemy import select

from hq_server.database.engine import WriteSession
from hq_server.database.models import Staff, StaffVerifier
from hq_server.feed.publishing import publish
from hq_server.keys.key_files import HqKeys
from stored_value.identity import StaffId, StoreId, uuid7
from sync.messages import StaffRow
from sync.pins import FULL_COST, PIN_DIGITS_MIN, PinCost, is_pin, make_verifier

_SALT_BYTES = 16


class StaffRole(StrEnum):
    CASHIER = "cashier"
    MANAGER = "manager"


class PinTooWeak(Exception):
    """Not six digits or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """`store_ids`: where the person may sign in."""

    name: str
    role: StaffRole
    pin: str
    store_ids: tuple[StoreId, ...]


Verifiers = dict[StoreId, str]


def verifiers_for(keys: HqKeys, store_ids: Iterable[StoreId], pin: str, *, cost: PinCost = FULL_COST) -> Verifiers:
    """Slow on purpose; make them before a unit of work begins, so that none waits for it. Raises `PinTooWeak`."""
    if not is_pin(pin):
        raise PinTooWeak(f"a PIN has {PIN_DIGITS_MIN} digits or more")
    return {
        store_id: make_verifier(pin, keys.staff_pepper(store_id), salt=keys.random(_SALT_BYTES), cost=cost)
        for store_id in store_ids
    }


def add_staff(
    session: WriteSession,
    new: NewStaff,
    verifiers: Verifiers,
    *,
    now: datetime,
    random: Callable[[int], bytes] = token_bytes,
) -> StaffId:
    """`verifiers` is `verifiers_for` the same stores and PIN. Every till of those stores learns of it by the feed."""
    staff_id = StaffId(uuid7(now, random(10)))
    person = Staff(staff_id=staff_id, name=new.name, role=new.role, active=True, updated_at=now)
    session.add(person)
    session.flush()
    _set_verifiers(session, person, verifiers, now)
    return staff_id


def set_pin(session: WriteSession, staff_id: StaffId, verifiers: Verifiers, *, now: datetime) -> None:
    """A new PIN in the stores named; elsewhere the old one stays."""
    _set_verifiers(session, session.get_one(Staff, staff_id), verifiers, now)


def dismiss(session: WriteSession, staff_id: StaffId, *, now: datetime) -> None:
    """Every till that hears of it refuses the PIN; a till that is offline cannot (H15)."""
    person = session.get_one(Staff, staff_id)
    person.active, person.updated_at = False, now
    for held in session.scalars(select(StaffVerifier).where(StaffVerifier.staff_id == staff_id)):
        held.active, held.updated_at = False, now
        _publish(session, person, held)
    session.flush()


def _set_verifiers(session: WriteSession, person: Staff, verifiers: Verifiers, now: datetime) -> None:
    for store_id, verifier in sorted(verifiers.items()):
        held = session.get(StaffVerifier, (store_id, person.staff_id))
        if held is None:
            held = StaffVerifier(store_id=store_id, staff_id=person.staff_id)
            session.add(held)
        held.verifier, held.active, held.updated_at = verifier, person.active, now
        session.flush()
        _publish(session, person, held)


def _publish(session: WriteSession, person: Staff, held: StaffVerifier) -> None:
    row = StaffRow(
        staff_id=StaffId(person.staff_id),
        name=person.name,
        role=person.role,
        verifier=held.verifier,
        active=person.active and held.active,
        updated_at=held.updated_at,
    )
    publish(session, held.store_id, row, at=held.updated_at)
