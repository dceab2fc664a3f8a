"""Owns machines with one bug each, composed of the product's own parts: what the simulation is there to find. Nothing in the product knows of them."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from fastapi import FastAPI

from hq_server.app import create_app
from hq_server.config import HqConfig
from printers.escpos import encode_job
from printers.profile import GENERIC_80
from printers.spool import PrintJob
from sync.entry import Entry
from sync.messages import FeedPage, FeedRow, MemberRow
from terminal.journal import Receipts, nothing_to_print
from terminal.replica.replica import trust_all
from terminal.replica.rows import MembersInDoubt
from terminal.station import Station
from tongchu.simulation.virtual_time import VirtualTime
from tongchu.simulation.world import Parts

Random = Callable[[int], bytes]


def prints_before_committing(*arguments: Any, **named: Any) -> Station:
    """L1: the paper comes out while the journal may still lose the entry."""
    station = Station(*arguments, **named)
    append = station.journal.append
    paper = station.config.data_dir.with_name(f"{station.config.data_dir.name}.paper")

    def printing_first(event: Any, *, receipts: Receipts = nothing_to_print, **rest: Any) -> Any:
        def at_once(entry: Entry) -> Sequence[PrintJob]:
            with paper.open("ab") as roll:
                for job in receipts(entry):
                    roll.write(encode_job(job.document, GENERIC_80, kick_drawer=job.kick_drawer))
            return ()

        return append(event, receipts=at_once, **rest)

    station.journal.append = printing_first  # type: ignore[method-assign]  # the planted bug
    return station


def skips_late_rows(*arguments: Any, **named: Any) -> Station:
    """L3: every fifth member's row of the feed is passed over, and the cursor goes on."""
    station = Station(*arguments, **named)
    apply_page = station.replica.apply_page
    seen = 0

    def skipping(
        page: FeedPage, in_doubt: MembersInDoubt = frozenset(), is_trusted: Callable[[FeedRow], bool] = trust_all
    ) -> int:
        def wanted(row: FeedRow) -> bool:
            nonlocal seen
            seen += isinstance(row, MemberRow)
            return is_trusted(row) and not (isinstance(row, MemberRow) and seen % 5 == 0)

        return apply_page(page, in_doubt, wanted)

    station.replica.apply_page = skipping  # type: ignore[method-assign]  # the planted bug
    return station


def forgets_its_open_push(*arguments: Any, **named: Any) -> Station:
    """H7, H9: what was sent and not answered is not written down, so nobody's row waits for it."""
    station = Station(*arguments, **named)
    station.journal.outcomes.members_in_doubt = frozenset  # type: ignore[method-assign]  # the planted bug
    return station


def _application(config: HqConfig, clock: VirtualTime, random: Random) -> FastAPI:
    return create_app(config, clock=clock, random=random)


def applies_replays_twice(config: HqConfig, clock: VirtualTime, random: Random) -> FastAPI:
    """L2: a push that was answered before is paid out to its members once more."""
    application = _application(config, clock, random)
    office = application.state.office
    path = config.data_dir / "hq.db"

    @application.middleware("http")
    async def again(request: Any, call_next: Any) -> Any:
        with closing(sqlite3.connect(path)) as connection:
            before = connection.execute("SELECT count(*) FROM journal_entries").fetchone()
        response = await call_next(request)
        if "/v1/journals/" in request.url.path and response.status_code == 200:
            with closing(sqlite3.connect(path)) as connection, connection:
                if connection.execute("SELECT count(*) FROM journal_entries").fetchone() == before:
                    connection.execute(
                        "UPDATE wallets SET principal_minor = principal_minor + 100 WHERE member_id IN"
                        " (SELECT member_id FROM journal_entries WHERE member_id IS NOT NULL ORDER BY received_at DESC LIMIT 1)"
                    )
        return response

    assert office is not None
    return application


def loses_rows_of_the_outbox(config: HqConfig, clock: VirtualTime, random: Random) -> FastAPI:
    """H12: the consumer's cursor passes a row that was committed late: it is in no feed and no rollup."""
    application = _application(config, clock, random)
    sequencer = application.state.office.sequencer
    nudge = sequencer.nudge
    pushes = 0

    def skipping() -> None:
        nonlocal pushes
        pushes += 1
        if pushes % 4 == 0:
            with closing(sqlite3.connect(config.data_dir / "hq.db")) as connection, connection:
                connection.execute(
                    "DELETE FROM outbox WHERE event_id IN (SELECT event_id FROM outbox ORDER BY event_id LIMIT 1)"
                )
        nudge()

    sequencer.nudge = skipping
    return application


BY_NAME: dict[str, Parts] = {
    "prints before committing": Parts(make_station=prints_before_committing),
    "skips late rows": Parts(make_station=skips_late_rows),
    "forgets its open push": Parts(make_station=forgets_its_open_push),
    "applies replays twice": Parts(make_application=applies_replays_twice),
    "loses rows of the outbox": Parts(make_application=loses_rows_of_the_outbox),
}
