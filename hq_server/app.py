"""Owns the composition of head office: from a configuration to a FastAPI application with everything it needs, started and stopped with it. Nothing is made at import."""

import contextlib
from collections.abc import AsyncIterator, Callable
from secrets import token_bytes

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.applications import Starlette

from hq_server import errors
from hq_server.calls import Diverted
from hq_server.config import HqConfig
from hq_server.console.app import create_console
from hq_server.console.visiting import ROOT as CONSOLE
from hq_server.database import migrate
from hq_server.database.engine import Database, DatabaseUnfit
from hq_server.enrolment.endpoints import calls as enrolment
from hq_server.feed.endpoints import calls as feed
from hq_server.feed.live import calls as live
from hq_server.feed.news import NewsBoard
from hq_server.feed.open_rows import OpenRows
from hq_server.feed.presence import Presence
from hq_server.feed.sequencer import Sequencer
from hq_server.gate import Gate, Room
from hq_server.ingest.endpoints import calls as ingest
from hq_server.ingest.member_line import MemberLine
from hq_server.ingest.rulebook_shelf import RulebookShelf
from hq_server.ingest.turns import PushTurns
from hq_server.keys.key_ring import KeyRing
from hq_server.members.endpoints import calls as members
from hq_server.office import Clock, Office, utc_now
from hq_server.open_line import calls as line
from hq_server.own_journal.desk import Desk
from hq_server.own_journal.schedule import Schedule
from hq_server.recovery.endpoints import calls as recovery
from hq_server.remembered.endpoints import calls as remembered
from hq_server.reservations.endpoints import calls as reservations
from hq_server.reservations.lease_desk import LeaseDesk, LeaseParts
from hq_server.sessions.endpoints import calls as sessions
from hq_server.sessions.tokens import Tokens
from hq_server.sessions.unspoken import UnspokenTills
from hq_server.snapshots.builder import SnapshotBuilder
from hq_server.snapshots.endpoints import calls as snapshots


def open_office(config: HqConfig, *, clock: Clock = utc_now, random: Callable[[int], bytes] = token_bytes) -> Office:
    """Reads the keys and opens the database; starts nothing. `random` gives secret bytes. Raises `KeysUnusable`, `DatabaseUnfit`."""
    ring = KeyRing(config.keys, random)
    keys = ring.keys
    database = Database(config.database)
    if not migrate.is_current(database):
        database.close()
        raise DatabaseUnfit("the database's schema is not this version's; run `tongchu hq init` to make or upgrade it")
    news = NewsBoard(config.waiting_calls_max + config.calls_at_once_max)
    presence = Presence(clock)
    rulebooks = RulebookShelf()
    sequencer = Sequencer(database, news, clock, config.sequencer_interval_s)
    desk = Desk(database=database, rulebooks=rulebooks, sequencer=sequencer, clock=clock)
    return Office(
        config=config,
        database=database,
        ring=ring,
        tokens=Tokens(keys.token_secret, random),
        clock=clock,
        rulebooks=rulebooks,
        turns=PushTurns(),
        line=MemberLine(),
        sequencer=sequencer,
        news=news,
        open_rows=OpenRows(),
        presence=presence,
        leases=LeaseDesk(
            LeaseParts(
                database=database,
                rulebooks=rulebooks,
                sequencer=sequencer,
                news=news,
                presence=presence,
                clock=clock,
                random=keys.random,
            )
        ),
        snapshots=SnapshotBuilder(database, keys, config.snapshots_dir, clock),
        desk=desk,
        schedule=Schedule(desk, config.run_interval_s, config.scope_quiet_days),
    )


def create_app(config: HqConfig, *, clock: Clock = utc_now, random: Callable[[int], bytes] = token_bytes) -> FastAPI:
    office = open_office(config, clock=clock, random=random)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        office.sequencer.start()
        office.snapshots.start()
        office.schedule.start()
        office.leases.start()
        try:
            yield
        finally:
            office.leases.stop()
            office.schedule.stop()
            office.snapshots.close()
            office.sequencer.stop()
            office.database.close()

    app = FastAPI(title="Tongchu HQ", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.office = office
    errors.install(app)
    room = Room(pushes=config.pushes_at_once_max, calls=config.calls_at_once_max, waiting=config.waiting_calls_max)
    app.add_middleware(Diverted, _answering_tills(office))
    app.add_middleware(Gate, room, office.keys.random, UnspokenTills(office.database, office.clock).heard)
    app.mount(CONSOLE, create_console(office))
    app.add_api_route("/", _to_console, include_in_schema=False)
    return app


def _answering_tills(office: Office) -> Starlette:
    every = (enrolment, sessions, ingest, feed, snapshots, members, reservations, live, line, recovery, remembered)
    app = Starlette(routes=[route for calls in every for route in calls.routes])
    app.state.office = office
    errors.install(app)
    return app


def _to_console() -> RedirectResponse:
    return RedirectResponse(f"{CONSOLE}/")
