"""Owns the loading of the sample franchise: everything by the services that a real one uses. Called by `initialise` only, in its unit of work."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from hq_server import franchise_data as sample
from hq_server.database.engine import WriteSession
from hq_server.enrolment.codes import NewCode, create_code
from hq_server.franchise_data import SampleConsoleUser, SampleMember, SampleStaff
from hq_server.keys.key_files import HqKeys
from hq_server.members.entering import enter_members
from hq_server.members.personal import NewMember
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.staff.console_users import ConsoleRole, add_console_user, hash_for
from hq_server.staff.service import NewStaff, StaffRole, Verifiers, add_staff, verifiers_for
from hq_server.stores.service import StoreOwner, open_store
from stored_value.identity import StaffId
from stored_value.rulebook_document import write_rulebook
from sync.personal import Personal

BY = "sample"
_HASHERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowHashes:
    """argon2id results, made before the unit of work begins."""

    staff: tuple[tuple[SampleStaff, Verifiers], ...]
    console: tuple[tuple[SampleConsoleUser, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFranchise:
    """What a demo shows: who may sign in where, and the codes by which tills enrol."""

    codes: tuple[NewCode, ...]
    staff: tuple[tuple[StaffId, SampleStaff], ...]
    console_users: tuple[SampleConsoleUser, ...]
    members: int


def hash_secrets(keys: HqKeys) -> SlowHashes:
    with ThreadPoolExecutor(_HASHERS) as pool:
        staff = pool.map(lambda person: (person, verifiers_for(keys, (person.store_id,), person.pin)), sample.STAFF)
        console = pool.map(lambda user: (user, hash_for(user.password)), sample.CONSOLE_USERS)
        return SlowHashes(staff=tuple(staff), console=tuple(console))


def load_franchise(session: WriteSession, keys: HqKeys, hashes: SlowHashes, *, now: datetime) -> SampleFranchise:
    for store in sample.STORES:
        owner = StoreOwner.FRANCHISEE if store.franchised else StoreOwner.COMPANY
        open_store(session, store.store_id, name=store.name, zone=sample.ZONE, owner=owner, now=now)
    book = publish_rulebook(session, keys, write_rulebook(sample.rulebook(now)), by=BY, now=now)
    staff = tuple(
        (add_staff(session, _new_staff(person), verifiers, now=now), person) for person, verifiers in hashes.staff
    )
    for user, password_hash in hashes.console:
        add_console_user(
            session,
            login=user.login,
            name=user.name,
            role=ConsoleRole(user.role),
            password_hash=password_hash,
            store_id=user.store_id,
            now=now,
        )
    people = [(_new_member(person), Personal(person.name, person.phone)) for person in sample.members(until=now)]
    count = enter_members(session, keys, people, book, now=now)
    tills = [(store.store_id, terminal_id) for store in sample.STORES for terminal_id in store.tills]
    codes = tuple(create_code(session, store_id, terminal_id, now=now) for store_id, terminal_id in tills)
    return SampleFranchise(codes=codes, staff=staff, console_users=sample.CONSOLE_USERS, members=count)


def _new_staff(person: SampleStaff) -> NewStaff:
    role = StaffRole.MANAGER if person.manager else StaffRole.CASHIER
    return NewStaff(name=person.name, role=role, pin=person.pin, store_ids=(person.store_id,))


def _new_member(person: SampleMember) -> NewMember:
    return NewMember(
        member_id=person.member_id,
        member_no=person.member_no,
        home_store_id=person.home_store_id,
        enrolled_at=person.enrolled_at,
    )
