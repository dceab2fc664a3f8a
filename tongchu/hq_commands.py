"""`tongchu hq …`: making, serving and tending a head office. Words and exit codes only; the work is in `hq_server`."""

import gc
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tongchu import franchise_commands, key_commands
from tongchu.exits import Unusable, make_sure
from tongchu.franchise_commands import unit_of_work
from tongchu.hq_config import ConfigOption, hq_config
from tongchu.logs import log_to_stderr

app = typer.Typer(help="Head office: one SQLite file by default, PostgreSQL by URL.", no_args_is_help=True)


@app.command("init")
def init(
    config: ConfigOption = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Load a sample franchise: 3 stores, 4 tills, 300 invented members.")
    ] = False,
    write_config: Annotated[
        Path | None, typer.Option(help="Also write a configuration file with every key explained.", dir_okay=False)
    ] = None,
) -> None:
    """Make keys, database and the first console login."""
    from hq_server.config import example_toml
    from hq_server.database.engine import DatabaseUnfit
    from hq_server.initialise import AlreadyInitialised, initialise
    from hq_server.keys.key_files import KeysUnusable

    settings = hq_config(config)
    try:
        report = initialise(settings, sample=sample, now=datetime.now(UTC))
    except (AlreadyInitialised, DatabaseUnfit, KeysUnusable) as error:
        raise Unusable(str(error)) from error
    if write_config is not None:
        write_config.write_text(example_toml(), encoding="utf-8")
        typer.echo(f"configuration  {write_config}")
    typer.echo(f"database       {report.database_url}")
    typer.echo(f"keys           {report.keys_dir}   (keep a copy apart: without them tills must enrol again)")
    if report.admin_password is not None:
        typer.echo(f"console login  {report.admin_login} / {report.admin_password}   (shown once; change it)")
    if report.sample is not None:
        for user in report.sample.console_users:
            typer.echo(f"console login  {user.login} / {user.password}   {user.name}")
        for code in report.sample.codes:
            typer.echo(f"enrolment code {code.code}   {code.terminal_id}")
    first = "hq serve" if sample else "hq add-store S01 NAME, then hq add-staff, hq publish and hq serve"
    typer.echo(f"next           tongchu {first}")


@app.command("serve")
def serve(config: ConfigOption = None) -> None:
    """Serve tills and console until Ctrl-C, on loopback unless the configuration says otherwise."""
    from hq_server import server
    from hq_server.app import create_app
    from hq_server.database.engine import DatabaseUnfit
    from hq_server.keys.key_files import KeysUnusable
    from sync.client import KEPT_LINE_S

    settings = hq_config(config)
    log_to_stderr()
    try:
        application = create_app(settings)
    except (DatabaseUnfit, KeysUnusable) as error:
        raise Unusable(str(error)) from error
    _collect_garbage_seldom()
    server.serve(application, host=settings.host, port=settings.port, keep_alive_s=KEPT_LINE_S)


def _collect_garbage_seldom() -> None:
    """A push makes tens of thousands of values without a cycle among them: looking for cycles at the usual pace costs a fifth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@app.command("enrol-code")
def enrol_code(
    store: Annotated[str, typer.Argument(help="The store's id, like S01.")],
    config: ConfigOption = None,
) -> None:
    """Make a one-time code for a new till of a store; valid for a day."""
    from hq_server.enrolment.codes import StoreUnknown, create_code
    from stored_value.identity import StoreId

    try:
        with unit_of_work(hq_config(config)) as session:
            made = create_code(session, StoreId(store), None, now=datetime.now(UTC))
    except StoreUnknown as error:
        raise Unusable(f"{error}; open it with `tongchu hq add-store {store} NAME`") from error
    typer.echo(f"{made.code}   {made.terminal_id}   valid until {made.expires_at:%Y-%m-%d %H:%M} UTC")


@app.command("new-epoch")
def new_epoch(
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """After restoring a backup: make tills drop what they believe HQ has and send again what it lacks."""
    from hq_server.feed.publishing import current_epoch
    from hq_server.sessions.epochs import begin_epoch

    settings = hq_config(config)
    if not yes:
        make_sure("Start a new epoch for all tills of this head office?")
    with unit_of_work(settings) as session:
        epoch = begin_epoch(session, current_epoch(session), now=datetime.now(UTC))
    typer.echo(f"epoch {epoch}: tills follow at their next contact")


@app.command("approve-recovery")
def approve_recovery(
    till: Annotated[str, typer.Argument(help="The dead till, like S01-T1.")],
    by: Annotated[str, typer.Option("--by", help="Your name: it is kept with what is recovered.")],
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let another till of the store take over a dead one: makes a one-time code, valid for a day."""
    from hq_server.database.models import Terminal
    from hq_server.recovery.approvals import TerminalUnknown, approve
    from stored_value.identity import StoreId, TerminalId

    settings = hq_config(config)
    try:
        with unit_of_work(settings) as session:
            made = approve(session, TerminalId(till), by=by, now=datetime.now(UTC))
            known = session.get_one(Terminal, (StoreId(made.store_id), till))
            heard = f"{known.last_seen_at:%Y-%m-%d %H:%M} UTC" if known.last_seen_at else "never"
            typer.echo(f"{till} was last heard {heard}; head office holds its entries up to {known.accepted_seq}")
            if not yes:
                make_sure("Using the code revokes this till for good. Is it dead?")
    except TerminalUnknown as error:
        raise Unusable(str(error)) from error
    typer.echo(f"{made.code}   {made.terminal_id}   valid until {made.expires_at:%Y-%m-%d %H:%M} UTC")
    typer.echo(f"next           at the new till: tongchu till recover PATH --code {made.code}")


@app.command("run-day")
def run_day(
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The business day; today by default. A later one is refused."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Do by hand what head office does by itself: expiry, instalments, tier reviews, sweeps of merged wallets, transfers left half-done, exits from stores' scopes."""
    from hq_server.app import open_office
    from hq_server.database.engine import DatabaseUnfit
    from hq_server.keys.key_files import KeysUnusable
    from hq_server.members.leaving import leave_scopes
    from hq_server.own_journal.place import RUN, Moment, business_day
    from hq_server.own_journal.runs import run_day as run

    now = datetime.now(UTC)
    day = on.date() if on else business_day(now)
    if day > business_day(now):
        raise Unusable(f"{day} has not come: what is due then is done then")
    try:
        office = open_office(hq_config(config))
    except (DatabaseUnfit, KeysUnusable) as error:
        raise Unusable(str(error)) from error
    try:
        report = run(office.desk, Moment(now=now, on=day, by=RUN))
        left = leave_scopes(office.desk, now, office.config.scope_quiet_days)
        office.sequencer.drain()
    finally:
        office.database.close()
    typer.echo(f"business day   {report.on}")
    typer.echo(f"members        {report.looked_at} looked at")
    typer.echo(f"scopes         {left} left, by members whom a store no longer needs to know")
    for kind, count in sorted(report.events.items()):
        typer.echo(f"{kind:<22} {count}")
    for member_id in report.failed:
        typer.echo(f"left as it is  {member_id}   (the log says why)")
    if report.failed:
        raise typer.Exit(1)


app.command("add-store")(franchise_commands.add_store)
app.command("add-staff")(franchise_commands.add_staff)
app.command("publish")(franchise_commands.publish)
app.command("rotate-key")(key_commands.rotate_key)
app.command("revoke-key")(key_commands.revoke_key)
