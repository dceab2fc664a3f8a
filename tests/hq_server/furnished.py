"""Owns a head office with three stores and a rulebook: furnished once, at rest, to be copied for each test that serves one. Keys and epoch are those of the original."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from hq_server.config import HqConfig
from hq_server.database.engine import Database
from hq_server.franchise_data import rulebook
from hq_server.initialise import initialise
from hq_server.keys.key_files import load_keys
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.snapshots.builder import SnapshotBuilder
from hq_server.stores.service import StoreOwner, open_store
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import write_rulebook
from tests.hq_server.quick_secrets import quick_secrets
from tests.hq_server.served import NOON, STORES, ServedHq, StandingClock
from tests.hq_server.serving import serving

DATABASE = "hq.db"


def config_of(folder: Path, database_url: str | None = None) -> HqConfig:
    """Without a URL the database is a file of the folder, and copied with it."""
    return HqConfig(
        data_dir=folder / "hq",
        database_url=database_url or f"sqlite:///{folder / DATABASE}",
        port=0,
        sequencer_interval_s=0.05,
        run_interval_s=3600,
    )


def furnish(config: HqConfig, rules: Callable[[datetime], Rulebook] = rulebook) -> None:
    """The database may have its tables already."""
    with quick_secrets():
        initialise(config, sample=False, now=NOON)
    keys = load_keys(config.keys)
    database = Database(config.database)
    with database.write() as session:
        for store_id, name in STORES.items():
            open_store(session, store_id, name=name, zone="Asia/Shanghai", owner=StoreOwner.COMPANY, now=NOON)
        publish_rulebook(session, keys, write_rulebook(rules(NOON)), by="test", now=NOON)
    snapshots = SnapshotBuilder(database, keys, config.snapshots_dir, lambda: NOON)
    for store_id in STORES:
        snapshots.build(store_id)  # else each copy would begin with making them
    database.close()


@contextlib.contextmanager
def served_copy(at_rest: Path, folder: Path, database_url: str | None = None) -> Iterator[ServedHq]:
    """Listening on a free port of loopback, at noon."""
    shutil.copytree(at_rest, folder, dirs_exist_ok=True)
    with serving(config_of(folder, database_url), StandingClock()) as served:
        yield served


@contextlib.contextmanager
def served_hq(
    database_url: str | None, folder: Path, *, rules: Callable[[datetime], Rulebook] = rulebook
) -> Iterator[ServedHq]:
    """A fresh one. Where many tests want it, copy one at rest."""
    config = config_of(folder, database_url)
    furnish(config, rules)
    with serving(config, StandingClock()) as served:
        yield served
