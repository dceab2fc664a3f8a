"""Owns the search for people's names and phones in clear, in what a till keeps and prints (H14). Called by the simulation. Must not import the rules or the protocol."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_FILES: Final = ("journal.db", "journal.db-wal", "replica.db", "replica.db-wal")


def in_clear(data_dir: Path, papers: Iterable[str], secrets: Iterable[str]) -> Iterator[str]:
    """Each secret that stands as it is in one of the till's files or papers, with where."""
    places = {name: (data_dir / name).read_bytes() for name in _FILES if (data_dir / name).exists()}
    places["paper"] = "\n".join(papers).encode()
    any_secret = re.compile(b"|".join(re.escape(secret.encode()) for secret in sorted(secrets)))
    for name, held in places.items():
        found = sorted({seen.group().decode() for seen in any_secret.finditer(held)})
        yield from (f"{secret} stands in clear in {name}" for secret in found)
