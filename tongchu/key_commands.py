"""`tongchu hq rotate-key` and `revoke-key`: head office's signing keys under the root that tills pin. Words and exit codes only; the work is in `hq_server.keys.rotation`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sync.keys import KeyPurpose
from tongchu.exits import Unusable
from tongchu.franchise_commands import unit_of_work
from tongchu.hq_config import ConfigOption, hq_config

if TYPE_CHECKING:
    from hq_server.config import HqConfig

RootOption = Annotated[
    Path | None,
    typer.Option(
        "--root-key", help="The root's file, on a stick that stays in a safe. Without it, root.key beside the others."
    ),
]


def rotate_key(
    purpose: Annotated[KeyPurpose, typer.Argument(help="What the new key signs.")],
    root_key: RootOption = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Valid from now: for a key that may be stolen. Otherwise in seven days.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Make a new signing key, certified by the root ahead of its time; the old one stays valid until its end."""
    from hq_server.keys.key_files import KeysUnusable
    from hq_server.keys.rotation import LEAD, tell_of_certificate
    from hq_server.keys.rotation import rotate_key as rotate

    settings = hq_config(config)
    now = datetime.now(UTC)
    lead = timedelta() if at_once else LEAD
    try:
        made = rotate(settings.keys, purpose, _root(settings, root_key), now=now, lead=lead)
    except KeysUnusable as error:
        raise Unusable(str(error)) from error
    with unit_of_work(settings) as session:
        tell_of_certificate(session, made, now=now)
    typer.echo(
        f"new key        {made.key_id} signs {purpose}s from {made.not_before:%Y-%m-%d %H:%M} UTC until {made.not_after:%Y-%m-%d}"
    )
    typer.echo(
        "next           back up the keys; take the root key away; a running head office goes on with it by itself"
    )


def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Its id, as certificates.json names it.")],
    root_key: RootOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell all tills that nothing signed with this key from now on is head office's."""
    from hq_server.keys.key_files import KeysUnusable, load_keys
    from hq_server.keys.rotation import revoke, tell_of_revocation
    from hq_server.rulebooks.publishing import sign_again

    settings = hq_config(config)
    now = datetime.now(UTC)
    try:
        revocation = revoke(settings.keys, key_id, _root(settings, root_key), now=now)
    except KeysUnusable as error:
        raise Unusable(str(error)) from error
    with unit_of_work(settings) as session:
        tell_of_revocation(session, revocation, now=now)
        again = sign_again(session, load_keys(settings.keys), key_id, now=now)
    typer.echo(f"revoked        {key_id}: what it signs from {revocation.revoked_at:%Y-%m-%d %H:%M} UTC on is refused")
    if again.done:
        typer.echo(f"signed again   rulebooks {_numbers(again.done)}")
    if again.left:
        typer.echo(f"publish anew   rulebooks {_numbers(again.left)}: no other key is certified for their time")
    typer.echo("next           nothing to restart; tills hear of it with their next sync")


def _numbers(versions: tuple[int, ...]) -> str:
    return ", ".join(map(str, versions))


def _root(settings: "HqConfig", root_key: Path | None) -> Path:
    from hq_server.keys.key_files import ROOT_KEY

    return root_key or settings.keys / ROOT_KEY
