"""What a till can say of itself without being stopped or asked: read from its two files, read-only, also while it runs. Called by `tongchu till status`."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terminal.journal.mirror import MirrorStatus, read_status
from terminal.till_directory import TillDirectory


class TillUnreadable(Exception):
    """There is no till there, or its files cannot be read; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingReport:
    """`replica_as_of` is empty before the first snapshot; `print_jobs` counts those by state that still want something;
    `mirror` is None when none is configured."""

    terminal_id: str
    store_id: str
    store_name: str
    hq_url: str
    epoch: str
    stopped_reason: str
    head_seq: int
    head_hash: str
    pending: int
    flagged: int
    shift_opened: str
    replica_as_of: str
    members: int
    rulebook: int
    print_jobs: dict[str, int]
    mirror: MirrorStatus | None


def standing_of(directory: TillDirectory, mirror: Path | None = None) -> StandingReport:
    """`mirror` is the configured folder. Raises `TillUnreadable`."""
    journal = _all(
        directory.journal,
        {
            "identity": "SELECT terminal_id, store_id, store_name, hq_url FROM identity",
            "office": "SELECT epoch, coalesce(stopped_reason, '') FROM head_office",
            "head": "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1",
            "pending": "SELECT count(*) FROM entries WHERE seq NOT IN (SELECT seq FROM outcomes)",
            "flagged": "SELECT count(*) FROM outcomes WHERE status = 'set_aside' OR findings NOT IN ('', '[]')",
            "shift": "SELECT opened_local_time FROM shifts WHERE closed_seq IS NULL",
            "jobs": "SELECT state, count(*) FROM print_jobs WHERE state <> 'printed' GROUP BY state",
        },
    )
    replica = _all(
        directory.replica,
        {
            "as_of": "SELECT min(as_of) FROM cursors",
            "members": "SELECT count(*) FROM members",
            "rulebook": "SELECT max(version) FROM rulebooks",
        },
        needed=False,
    )
    if not journal["identity"]:
        raise TillUnreadable(
            f"{directory.path}: the enrolment was not finished; run `tongchu till enrol URL CODE` again"
        )
    terminal_id, store_id, store_name, hq_url = journal["identity"][0]
    epoch, stopped_reason = journal["office"][0] if journal["office"] else ("", "")
    head_seq, head_hash = journal["head"][0] if journal["head"] else (0, "")
    return StandingReport(
        terminal_id=terminal_id,
        store_id=store_id,
        store_name=store_name,
        hq_url=hq_url,
        epoch=epoch,
        stopped_reason=stopped_reason,
        head_seq=head_seq,
        head_hash=head_hash,
        pending=journal["pending"][0][0],
        flagged=journal["flagged"][0][0],
        shift_opened=journal["shift"][0][0] if journal["shift"] else "",
        replica_as_of=(replica["as_of"][0][0] or "") if replica["as_of"] else "",
        members=replica["members"][0][0] if replica["members"] else 0,
        rulebook=(replica["rulebook"][0][0] or 0) if replica["rulebook"] else 0,
        print_jobs=dict(journal["jobs"]),
        mirror=read_status(mirror, terminal_id, head_seq) if mirror else None,
    )


def _all(file: Path, queries: dict[str, str], *, needed: bool = True) -> dict[str, list[Any]]:
    if not file.is_file():
        if not needed:
            return {name: [] for name in queries}
        raise TillUnreadable(f"{file}: there is no till here; make it one with `tongchu till enrol URL CODE`")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return {name: connection.execute(query).fetchall() for name, query in queries.items()}
    except sqlite3.DatabaseError as error:
        raise TillUnreadable(f"{file}: cannot be read ({error}); try `tongchu journal verify {file}`") from error
