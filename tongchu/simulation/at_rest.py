"""A franchise at rest on disk: head office with stores, staff, rulebook and members, and every till enrolled. Made once for its shape by the product's own services,
then copied for each seed. The same shape gives the same secrets: nothing here is for money that is real.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hq_server import franchise_data
from hq_server.app import create_app
from hq_server.config import HqConfig
from hq_server.database.engine import WriteSession
from hq_server.enrolment.codes import NewCode, create_code
from hq_server.franchise_data import SampleMember
from hq_server.initialise import initialise
from hq_server.keys.key_files import HqKeys
from hq_server.members.entering import enter_members
from hq_server.members.personal import NewMember
from hq_server.office import Office
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.staff.service import NewStaff, StaffRole, add_staff, verifiers_for
from hq_server.stores.service import StoreOwner, open_store
from stored_value.identity import StoreId
from stored_value.rulebook_document import write_rulebook
from sync.personal import Personal
from sync.pins import PinCost
from terminal.enrol import enrol
from tongchu.simulation.in_process import Direct, InProcess
from tongchu.simulation.rules import rulebook
from tongchu.simulation.scenario import FOUNDED, HQ_URL, terminal_ids

PIN = "314159"
CASHIER = "收银员"
QUICK = PinCost(passes=1, memory_kib=8, lanes=1)
"""Of the cashiers' PINs and the members': a simulated day has no second for each."""
"""These PINs open nothing but a simulation."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a franchise at rest depends on."""

    tills: int
    members: int
    risk: bool


def hq_folder(folder: Path) -> Path:
    return folder / "hq"


def till_folder(folder: Path, terminal_id: str) -> Path:
    return folder / "tills" / terminal_id


def people(members: int) -> tuple[SampleMember, ...]:
    return tuple(franchise_data.members(members, until=FOUNDED))


def make(shape: Shape, folder: Path) -> None:
    """Takes about a second."""
    chance = Random(f"{shape.tills} tills, {shape.members} members, risk {shape.risk}")  # noqa: S311 - repeatable on purpose
    config = HqConfig(data_dir=hq_folder(folder))
    initialise(config, sample=False, now=FOUNDED, random=chance.randbytes)
    application = create_app(config, clock=lambda: FOUNDED, random=chance.randbytes)
    office = application.state.office
    assert isinstance(office, Office)
    with office.database.write() as session:
        _fill(session, office.keys, shape)
        codes = _codes(session, shape, chance.randbytes)
    office.sequencer.drain()

    def make_key() -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))

    with InProcess(application) as server:
        for code in codes:
            target = till_folder(folder, code.terminal_id)
            enrol(HQ_URL, code.code, target, transport=Direct(server), make_key=make_key)
    office.database.close()


def copy(at_rest: Path, folder: Path) -> None:
    shutil.copytree(at_rest, folder, ignore=shutil.ignore_patterns("*.lock", "*.reserve"))


def _fill(session: WriteSession, keys: HqKeys, shape: Shape) -> None:
    for store in franchise_data.STORES:
        owner = StoreOwner.FRANCHISEE if store.franchised else StoreOwner.COMPANY
        open_store(session, store.store_id, name=store.name, zone=franchise_data.ZONE, owner=owner, now=FOUNDED)
    book = rulebook(FOUNDED, risk=shape.risk)
    book = publish_rulebook(session, keys, write_rulebook(book), by="simulation", now=FOUNDED)
    for store in franchise_data.STORES:
        new = NewStaff(name=CASHIER, role=StaffRole.MANAGER, pin=PIN, store_ids=(store.store_id,))
        verifiers = verifiers_for(keys, new.store_ids, PIN, cost=QUICK)
        add_staff(session, new, verifiers, now=FOUNDED, random=keys.random)
    entered = [(_new_member(person), Personal(person.name, person.phone)) for person in people(shape.members)]
    enter_members(session, keys, entered, book, now=FOUNDED)


def _codes(session: WriteSession, shape: Shape, random: Callable[[int], bytes]) -> list[NewCode]:
    return [
        create_code(session, StoreId(terminal_id.partition("-")[0]), terminal_id, now=FOUNDED, random=random)
        for terminal_id in terminal_ids(shape.tills)
    ]


def _new_member(person: SampleMember) -> NewMember:
    return NewMember(
        member_id=person.member_id,
        member_no=person.member_no,
        home_store_id=person.home_store_id,
        enrolled_at=person.enrolled_at,
    )
