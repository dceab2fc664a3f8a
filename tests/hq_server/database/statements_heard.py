"""Owns what the whole suite makes head office send to PostgreSQL, each statement linted once. A test whose head office sends what Citus would refuse, and nobody has listed,
fails at its end.
"""

from functools import cache
from typing import Final

from hq_server.database import models
from hq_server.database.schema_lint import placement_of
from tests.hq_server.database.known_on_citus import KNOWN
from tests.hq_server.database.recording import Recorder, Statement
from tests.hq_server.database.statement_lint import offences

PLACEMENTS: Final = {table.name: placement_of(table) for table in models.Store.metadata.sorted_tables}


_told: set[tuple[str, str]] = set()


@cache
def found_in(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Each with the module that asked."""
    return tuple((statement.origin, each) for each in offences(statement.text, PLACEMENTS, many=statement.many))


def found(recorder: Recorder) -> set[tuple[str, str]]:
    return {each for statement in recorder.heard for each in found_in(statement)}


def unknown(recorder: Recorder) -> list[tuple[str, str]]:
    """Each told once, lest every later test fail for it too."""
    new = found(recorder) - KNOWN.keys() - _told
    _told.update(new)
    return sorted(new)
