"""`tongchu hq …` for what a new head office needs before its console can do it: stores, staff, a rulebook. Each command is one unit of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tongchu.exits import Unusable
from tongchu.hq_config import ConfigOption, hq_config

if TYPE_CHECKING:
    from hq_server.config import HqConfig
    from hq_server.database.engine import WriteSession
    from hq_server.keys.key_files import HqKeys


@contextmanager
def unit_of_work(settings: "HqConfig") -> Iterator["WriteSession"]:
    from hq_server.database.engine import Database, DatabaseUnfit

    try:
        database = Database(settings.database)
    except DatabaseUnfit as error:
        raise Unusable(str(error)) from error
    try:
        with database.write() as session:
            yield session
    finally:
        database.close()


def _keys(settings: "HqConfig") -> "HqKeys":
    from hq_server.keys.key_files import KeysUnusable, load_keys

    try:
        return load_keys(settings.keys)
    except KeysUnusable as error:
        raise Unusable(str(error)) from error


def add_store(
    store: Annotated[
        str, typer.Argument(help="Its id: a capital letter and up to seven capitals or digits, like S01.")
    ],
    name: Annotated[str, typer.Argument(help="Its name, as receipts print it.")],
    franchised: Annotated[
        bool, typer.Option("--franchised", help="A franchisee's; otherwise the company's own.")
    ] = False,
    zone: Annotated[str, typer.Option(help="Its IANA time zone.")] = "Asia/Shanghai",
    config: ConfigOption = None,
) -> None:
    """Open a store."""
    from hq_server.stores.service import StoreOwner, StoreRefused, open_store
    from stored_value.identity import StoreId

    owner = StoreOwner.FRANCHISEE if franchised else StoreOwner.COMPANY
    try:
        with unit_of_work(hq_config(config)) as session:
            open_store(session, StoreId(store), name=name, zone=zone, owner=owner, now=datetime.now(UTC))
    except StoreRefused as error:
        raise Unusable(str(error)) from error
    typer.echo(f"store {store} is open   next: tongchu hq add-staff {store} NAME, tongchu hq enrol-code {store}")


def add_staff(
    store: Annotated[str, typer.Argument(help="The store's id, like S01.")],
    name: Annotated[str, typer.Argument(help="The person's name, as receipts print it.")],
    manager: Annotated[bool, typer.Option("--manager", help="May also read the X report and approve.")] = False,
    config: ConfigOption = None,
) -> None:
    """Let a person sign in at a store's tills; asks for a PIN of at least six digits."""
    from hq_server.staff.service import NewStaff, PinTooWeak, StaffRole, verifiers_for
    from hq_server.staff.service import add_staff as add
    from stored_value.identity import StoreId

    settings = hq_config(config)
    keys = _keys(settings)
    pin = typer.prompt("PIN", hide_input=True, confirmation_prompt=True)
    role = StaffRole.MANAGER if manager else StaffRole.CASHIER
    try:
        verifiers = verifiers_for(keys, (StoreId(store),), pin)
        with unit_of_work(settings) as session:
            _require_store(session, store)
            add(
                session,
                NewStaff(name=name, role=role, pin=pin, store_ids=(StoreId(store),)),
                verifiers,
                now=datetime.now(UTC),
            )
    except PinTooWeak as error:
        raise Unusable(str(error)) from error
    typer.echo(f"{name} may sign in at {store} as {role.value}")


def _require_store(session: "WriteSession", store: str) -> None:
    from hq_server.database.models import Store

    if session.get(Store, store) is None:
        raise Unusable(f"there is no store {store}; open it with `tongchu hq add-store {store} NAME`")


def publish(
    rulebook: Annotated[
        Path, typer.Argument(help="The rulebook as JSON; docs/RULEBOOK.md explains each key.", dir_okay=False)
    ],
    at_once: Annotated[bool, typer.Option("--now", help="In force at once, whatever its effective_at says.")] = False,
    config: ConfigOption = None,
) -> None:
    """Publish a rulebook: checked, numbered, signed, sent to every till ahead of its time."""
    from hq_server.rulebooks.publishing import RulebookRefused, publish_rulebook
    from stored_value.document_reader import RulebookError
    from stored_value.rulebook_document import parse_rulebook, write_rulebook

    settings = hq_config(config)
    keys = _keys(settings)
    try:
        book = parse_rulebook(rulebook.read_bytes())
        now = datetime.now(UTC)
        if at_once:
            book = replace(book, effective_at=now)
        with unit_of_work(settings) as session:
            book = publish_rulebook(session, keys, write_rulebook(book), by="command line", now=now)
    except OSError as error:
        raise Unusable(f"{rulebook}: cannot be read ({error.strerror}); check the path") from error
    except RulebookError as error:
        raise Unusable("\n".join(f"{rulebook}: {problem}" for problem in error.problems)) from error
    except RulebookRefused as error:
        raise Unusable(f"{rulebook}: {error}") from error
    typer.echo(f"rulebook {book.version} takes effect {book.effective_at:%Y-%m-%d %H:%M} UTC")
