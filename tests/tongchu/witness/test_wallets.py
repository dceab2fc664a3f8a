"""The witness reads wallets as head office keeps them: what a wallet has none of it does not name."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tongchu.witness.books import HqBooks


def test_a_wallet_without_lots_and_reservations_is_read_like_any_other(tmp_path: Path) -> None:
    full = {
        "lots": [{"lot_id": "t1/p", "end": "cashed_out"}, {"lot_id": "t2/p"}],
        "reservations": [{"reservation_id": "r1", "amount_minor": 300}],
    }
    with closing(sqlite3.connect(tmp_path / "hq.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE wallets (member_id TEXT, state BLOB)")
        for member_id, wallet in (("full", full), ("empty", {})):
            connection.execute("INSERT INTO wallets VALUES (?, ?)", (member_id, json.dumps(wallet).encode()))
    books = HqBooks(f"sqlite:///{tmp_path / 'hq.db'}")
    assert books.cashed_out_lots("full") == {"t1/p"}
    assert books.cashed_out_lots("empty") == frozenset()
    assert books.reserved() == {"full": {"r1": 300}, "empty": {}}
