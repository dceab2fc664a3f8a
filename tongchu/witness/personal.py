"""Owns the search for people's names and phones in clear, in what a till keeps and prints (H14). Called by the simulation. Must not import the rules or the protocol."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_FILES: Final = ("journal.db", "journal.db-wal", "replica.db", "replica.db-wal")


def in_clear(data_dir: Path, papers: Iterable[str], secrets: Iterable[str]) -> Iterator[str]:
    """Each secret that stands as it is in one of the till's files or papers, with where."""
    places = {name: (data_dir / name).read_bytes() for name in _FILES if (data_dir / name).exists()}
    places["paper"] = "\n".join(papers).encode()
    for secret in sorted(secrets):
        yield from (f"{secret} stands in clear in {name}" for name, held in places.items() if secret.encode() in held)
