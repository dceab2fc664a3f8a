"""A head office of the real program, with the sample franchise and many members, served by `tongchu hq serve` in a process of its own on loopback."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import httpx

from hq_server import franchise_data
from hq_server.config import HqConfig
from hq_server.database.engine import Database
from hq_server.database.models import Store
from hq_server.enrolment.codes import create_code
from hq_server.feed.sequencer import sequence_step
from hq_server.initialise import initialise
from hq_server.keys.key_files import load_keys
from hq_server.members.entering import enter_members
from hq_server.members.personal import NewMember
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.stores.service import StoreOwner, open_store
from stored_value.identity import MemberId, StoreId, TerminalId, member_no
from stored_value.money import MAX_MINOR
from stored_value.offline_policy import RiskAllowance
from stored_value.rulebook_document import write_rulebook
from sync.personal import Personal
from tests.hq_server.quick_secrets import quick_secrets

_START_S: Final = 30.0
_NAP_S: Final = 0.05
_FIRST_RUNNING_NO: Final = 500_000_000
_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadOffice:
    config: HqConfig
    config_file: Path
    members: tuple[MemberId, ...]
    enrolment_codes: dict[TerminalId, str]

    @property
    def url(self) -> str:
        return f"http://{self.config.host}:{self.config.port}"


def make(folder: Path, database_url: str, members: int) -> HeadOffice:
    """Everything in its tables, nothing serving yet."""
    config = HqConfig(data_dir=folder / "hq", database_url=database_url, port=_free_port())
    with quick_secrets():
        report = initialise(config, sample=True, now=datetime.now(UTC))
    assert report.sample is not None
    _let_tills_risk(config)
    file = folder / "hq.toml"
    file.write_text(f'data_dir = "{config.data_dir}"\ndatabase_url = "{database_url}"\nport = {config.port}\n', "utf-8")
    return HeadOffice(
        config=config,
        config_file=file,
        members=_enter(config, members),
        enrolment_codes={code.terminal_id: code.code for code in report.sample.codes},
    )


def enrolment_codes(office: HeadOffice, count: int, stores: int) -> list[str]:
    """Codes for so many new tills of so many stores, which are opened when they are not there yet."""
    now = datetime.now(UTC)
    database = Database(office.config.database)
    try:
        with database.write() as session:
            names = [StoreId(f"B{number:03d}") for number in range(1, stores + 1)]
            for name in names:
                if session.get(Store, name) is None:
                    open_store(session, name, name=name, zone="Asia/Shanghai", owner=StoreOwner.COMPANY, now=now)
            return [create_code(session, names[place % stores], now=now).code for place in range(count)]
    finally:
        database.close()


@contextlib.contextmanager
def serving(office: HeadOffice) -> Iterator[int]:
    """Gives the process id."""
    log = office.config_file.with_suffix(".log")
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tongchu", "hq", "serve", "--config", office.config_file],
            stdout=written,
            stderr=written,
        )
        try:
            _wait_until_it_answers(office, process, log)
            yield process.pid
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_START_S)
    except subprocess.TimeoutExpired:
        # It waits for answers that nobody reads any more: the run has failed, and must not leave it behind.
        process.kill()
        process.wait()


def _wait_until_it_answers(office: HeadOffice, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = monotonic() + _START_S
    while monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(office.url, timeout=1.0, trust_env=False)
        except httpx.TransportError:
            sleep(_NAP_S)
        else:
            return
    raise RuntimeError(f"head office did not start:\n{log.read_text('utf-8', 'replace')}")


def _let_tills_risk(config: HqConfig) -> None:
    """The pushing tills ask for no hold, have no lease and no member's PIN: whatever they take is at risk and by the card, and head office has nothing to say about it."""
    now = datetime.now(UTC)
    book = franchise_data.rulebook(now)
    risk = RiskAllowance(payment_minor=MAX_MINOR, member_minor=MAX_MINOR, till_minor=MAX_MINOR)
    wide = replace(
        book,
        version=book.version + 1,
        offline=replace(book.offline, risk=risk),
        limits=replace(book.limits, static_card_day_minor=MAX_MINOR),
    )
    database = Database(config.database)
    try:
        with database.write() as session:
            publish_rulebook(session, load_keys(config.keys), write_rulebook(wide), by="benchmark", now=now)
    finally:
        database.close()


def _enter(config: HqConfig, count: int) -> tuple[MemberId, ...]:
    now = datetime.now(UTC)
    keys = load_keys(config.keys)
    book = franchise_data.rulebook(now)
    people = [
        (
            NewMember(
                member_id=person.member_id,
                member_no=member_no(_FIRST_RUNNING_NO + place),
                home_store_id=person.home_store_id,
                enrolled_at=person.enrolled_at,
            ),
            Personal(person.name, person.phone),
        )
        for place, person in enumerate(franchise_data.members(count, until=now - timedelta(days=1), seed=5))
    ]
    database = Database(config.database)
    try:
        for start in range(0, count, _CHUNK):
            with database.write() as session:
                enter_members(session, keys, people[start : start + _CHUNK], book, now=now)
        while True:
            with database.write() as session:
                if not sequence_step(session, at=now):
                    break
    finally:
        database.close()
    return tuple(new.member_id for new, _ in people)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    assert isinstance(port, int)
    return port
