"""Owns the making of a new head office: keys, schema, epoch, first console user, or the sample franchise. Called by `tongchu hq init` and tests; prints nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_bytes

from sqlalchemy import select

from hq_server import franchise, franchise_data
from hq_server.config import HqConfig
from hq_server.database import migrate
from hq_server.database.engine import Database, WriteSession
from hq_server.database.models import HqState
from hq_server.franchise import SampleFranchise
from hq_server.keys.key_files import HqKeys, init_keys, load_keys
from hq_server.sessions.epochs import STATE_KEY, first_epoch
from hq_server.staff.console_users import ConsoleRole, add_console_user, hash_for
from hq_server.staff.passwords import new_password

ADMIN_LOGIN = "admin"


class AlreadyInitialised(Exception):
    """There is a head office in this database; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitReport:
    """`admin_password` is shown once and stored nowhere; it is None with the sample, whose logins are in `sample`."""

    keys_dir: Path
    database_url: str
    epoch: str
    admin_login: str
    admin_password: str | None
    sample: SampleFranchise | None


def initialise(
    config: HqConfig, *, sample: bool, now: datetime, random: Callable[[int], bytes] = token_bytes
) -> InitReport:
    """`random` gives secret bytes. Raises `AlreadyInitialised`, `KeysUnusable`, `DatabaseUnfit`. What was interrupted may be started again."""
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(config.database)
    try:
        migrate.upgrade(database)
        _refuse_second(database)
        keys = _keys(config.keys, now, random)
        return _fill(config, database, keys, sample=sample, now=now)
    finally:
        database.close()


def _refuse_second(database: Database) -> None:
    with database.read() as session:
        if session.scalar(select(HqState.key)) is not None:
            raise AlreadyInitialised("this head office is initialised already; start it with `tongchu hq serve`")


def _keys(directory: Path, now: datetime, random: Callable[[int], bytes]) -> HqKeys:
    """Keys that are there belong to an initialisation that was interrupted, or were brought from elsewhere on purpose."""
    if directory.is_dir() and any(directory.iterdir()):
        return load_keys(directory, random=random)
    return init_keys(directory, now=now, random=random)


def _fill(config: HqConfig, database: Database, keys: HqKeys, *, sample: bool, now: datetime) -> InitReport:
    hashes = franchise.hash_secrets(keys) if sample else None
    password = None if sample else new_password()
    password_hash = hash_for(password) if password is not None else ""
    with database.write() as session:
        epoch = _begin(session, keys, franchise_data.FRANCHISE_NAME if sample else "", now)
        loaded = None
        if hashes is not None:
            loaded = franchise.load_franchise(session, keys, hashes, now=now)
        else:
            add_console_user(
                session,
                login=ADMIN_LOGIN,
                name=ADMIN_LOGIN,
                role=ConsoleRole.ADMIN,
                password_hash=password_hash,
                now=now,
            )
    return InitReport(
        keys_dir=config.keys,
        database_url=config.database,
        epoch=epoch,
        admin_login=ADMIN_LOGIN,
        admin_password=password,
        sample=loaded,
    )


def _begin(session: WriteSession, keys: HqKeys, franchise_name: str, now: datetime) -> str:
    epoch = first_epoch(now=now, random=keys.random)
    session.add(HqState(key=STATE_KEY, epoch=epoch, epoch_began_at=now, franchise_name=franchise_name))
    session.flush()
    return epoch
