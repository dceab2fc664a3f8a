"""What PostgreSQL itself can do on this machine, for ingest to stand beside: pgbench's TPC-B, one small unit of work a commit, and a set-based double-entry batch in plain SQL.

Both run on the cluster that head office has just used, with its settings.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final
from uuid import UUID

import psycopg

from tests.postgres import Server, chosen_binaries

PGBENCH_SETTINGS: Final = "TPC-B (sort of), scale 10, 8 clients, 2 threads, simple protocol"
LEDGER_SETTINGS: Final = (
    "500 transfers a commit, COPY to a staging table, one insert-net-update statement, 1 connection"
)
_CLIENTS, _THREADS, _SCALE = 8, 2, 10
_ACCOUNTS: Final = 20_000
_BATCH: Final = 500
_OPENING_MINOR: Final = 1_000_000
_TPS = re.compile(r"tps = ([0-9.]+) \(without initial connection time\)")
_TABLES: Final = """
CREATE TABLE ledger_accounts (account_id integer PRIMARY KEY, balance_minor bigint NOT NULL CHECK (balance_minor >= 0));
CREATE TABLE ledger_transfers (
    transfer_id uuid PRIMARY KEY, debited integer NOT NULL, credited integer NOT NULL, amount_minor bigint NOT NULL
);
CREATE TEMPORARY TABLE staged_transfers (LIKE ledger_transfers) ON COMMIT DELETE ROWS;
INSERT INTO ledger_accounts SELECT number, {opening} FROM generate_series(1, {accounts}) AS number;
"""
_SETTLE: Final = """
WITH fresh AS (
    INSERT INTO ledger_transfers SELECT * FROM staged_transfers ON CONFLICT DO NOTHING
    RETURNING debited, credited, amount_minor
), moves AS (
    SELECT debited AS account_id, -amount_minor AS amount_minor FROM fresh
    UNION ALL SELECT credited, amount_minor FROM fresh
), net AS (
    SELECT account_id, sum(amount_minor) AS amount_minor FROM moves GROUP BY account_id
), held AS (
    SELECT account_id FROM ledger_accounts WHERE account_id IN (SELECT account_id FROM net)
    ORDER BY account_id FOR UPDATE
)
UPDATE ledger_accounts SET balance_minor = balance_minor + net.amount_minor
FROM net JOIN held USING (account_id) WHERE ledger_accounts.account_id = net.account_id
"""
Transfer = tuple[UUID, int, int, int]


def pgbench_rate(server: Server, *, seconds: int) -> float:
    """TPC-B units of work a second, as pgbench counts them."""
    server.execute("CREATE DATABASE pgbench")
    program = chosen_binaries() / "pgbench"
    where = ["-h", str(server.socket_folder), "-U", "tongchu", "pgbench"]
    _output(program, "-i", "-q", "-s", str(_SCALE), *where)
    said = _output(program, "-n", "-c", str(_CLIENTS), "-j", str(_THREADS), "-T", str(seconds), *where)
    found = _TPS.search(said)
    assert found is not None, said
    return float(found[1])


def _output(program: Path, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ledger_rate(server: Server, *, batches: int) -> float:
    """Transfers a second: idempotent, both balances kept, none below zero. The first batch again changes nothing."""
    server.execute("CREATE DATABASE plain_ledger")
    with psycopg.connect(f"host={server.socket_folder} user=tongchu dbname=plain_ledger") as connection:
        connection.execute(_TABLES.format(opening=_OPENING_MINOR, accounts=_ACCOUNTS).encode())
        connection.commit()
        made = list(_transfers(batches))
        began = perf_counter()
        for batch in made:
            _settle(connection, batch)
        took_s = perf_counter() - began
        _settle(connection, made[0])
        kept = connection.execute(
            "SELECT (SELECT sum(balance_minor) FROM ledger_accounts), (SELECT count(*) FROM ledger_transfers)"
        ).fetchone()
    assert kept == (_ACCOUNTS * _OPENING_MINOR, batches * _BATCH), kept
    return batches * _BATCH / took_s


def _settle(connection: "psycopg.Connection[tuple[object, ...]]", batch: Sequence[Transfer]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("COPY staged_transfers FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["uuid", "int4", "int4", "int8"])
            for row in batch:
                copy.write_row(row)
        cursor.execute(_SETTLE.encode())
    connection.commit()


def _transfers(batches: int) -> Iterator[list[Transfer]]:
    random = Random(11)
    for _ in range(batches):
        batch: list[Transfer] = []
        for _ in range(_BATCH):
            debited, credited = random.sample(range(1, _ACCOUNTS + 1), 2)
            batch.append((UUID(int=random.getrandbits(128)), debited, credited, random.randrange(1, 500)))
        yield batch
