"""`tongchu hq …`: making, serving and tending a head office. Words and exit codes only; the work is in `hq_server`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tongchu.exits import Unusable
from tongchu.logs import log_to_stderr

if TYPE_CHECKING:
    from hq_server.config import HqConfig

app = typer.Typer(help="Head office: one SQLite file by default, PostgreSQL by URL.", no_args_is_help=True)
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="TOML file of this head office. Without it, defaults in your data folder."),
]


def _config(path: Path | None) -> "HqConfig":
    from hq_server.config import ConfigError, HqConfig, load_config

    try:
        return HqConfig() if path is None else load_config(path)
    except ConfigError as error:
        raise Unusable(str(error)) from error


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

    settings = _config(config)
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
    typer.echo("next           tongchu hq serve")


@app.command("serve")
def serve(config: ConfigOption = None) -> None:
    """Serve tills and console until Ctrl-C, on loopback unless the configuration says otherwise."""
    import uvicorn

    from hq_server.app import create_app
    from hq_server.database.engine import DatabaseUnfit
    from hq_server.keys.key_files import KeysUnusable

    settings = _config(config)
    log_to_stderr()
    try:
        application = create_app(settings)
    except (DatabaseUnfit, KeysUnusable) as error:
        raise Unusable(f"{error}. Has this head office been made? Run: tongchu hq init") from error
    uvicorn.run(application, host=settings.host, port=settings.port, log_config=None, access_log=False, lifespan="on")


@app.command("enrol-code")
def enrol_code(
    store: Annotated[str, typer.Argument(help="The store's id, like S01.")],
    config: ConfigOption = None,
) -> None:
    """Make a one-time code for a new till of a store; valid for a day."""
    from hq_server.database.engine import Database
    from hq_server.enrolment.codes import StoreUnknown, create_code
    from stored_value.identity import StoreId

    settings = _config(config)
    database = Database(settings.database)
    try:
        with database.write() as session:
            made = create_code(session, StoreId(store), None, now=datetime.now(UTC))
    except StoreUnknown as error:
        raise Unusable(str(error)) from error
    finally:
        database.close()
    typer.echo(f"{made.code}   {made.terminal_id}   valid until {made.expires_at:%Y-%m-%d %H:%M} UTC")


@app.command("new-epoch")
def new_epoch(
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """After restoring a backup: make tills drop what they believe HQ has and send again what it lacks."""
    from hq_server.database.engine import Database
    from hq_server.feed.publishing import current_epoch
    from hq_server.sessions.epochs import begin_epoch

    settings = _config(config)
    if not yes:
        typer.confirm("Start a new epoch for all tills of this head office?", abort=True)
    database = Database(settings.database)
    try:
        with database.write() as session:
            epoch = begin_epoch(session, current_epoch(session), now=datetime.now(UTC))
    finally:
        database.close()
    typer.echo(f"epoch {epoch}: tills follow at their next contact")
