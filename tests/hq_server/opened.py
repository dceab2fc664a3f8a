"""Owns a head office for tests: a migrated database with three stores, and real keys. No HTTP, no sample data."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hq_server.database.engine import Database
from hq_server.database.models import HqState, Store
from hq_server.enrolment.codes import create_code
from hq_server.enrolment.service import enrol
from hq_server.keys.key_files import HqKeys, init_keys
from hq_server.sessions.epochs import STATE_KEY, first_epoch
from hq_server.sessions.tokens import Tokens
from stored_value.identity import StoreId
from sync.enrolment import Enrolment, EnrolmentRequest
from sync.keys import public_key_text

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
STORES = {"S01": "人民路店", "S02": "建设路店", "S03": "滨江店"}


@dataclass(frozen=True, slots=True)
class OpenedHq:
    database: Database
    keys: HqKeys
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class EnrolledTill:
    key: Ed25519PrivateKey
    enrolment: Enrolment


@contextlib.contextmanager
def opened_hq(url: str, folder: Path) -> Iterator[OpenedHq]:
    """On a database with today's tables."""
    database = Database(url)
    with database.write() as session:
        session.add(HqState(key=STATE_KEY, epoch=first_epoch(now=NOW), epoch_began_at=NOW))
        for store_id, name in STORES.items():
            session.add(Store(store_id=store_id, name=name, zone="Asia/Shanghai", owner="company", created_at=NOW))
    keys = init_keys(folder / "keys", now=NOW)
    yield OpenedHq(database, keys, Tokens(keys.token_secret))
    database.close()


def enrolled_till(hq: OpenedHq, store_id: str = "S01") -> EnrolledTill:
    key = Ed25519PrivateKey.generate()
    with hq.database.write() as session:
        code = create_code(session, StoreId(store_id), now=NOW).code
    with hq.database.write() as session:
        request = EnrolmentRequest(code=code, public_key=public_key_text(key))
        return EnrolledTill(key, enrol(session, hq.keys, request, now=NOW))
