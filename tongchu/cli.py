"""The command `tongchu`: composes the programs of head office and till, and prints for people. Holds no rule; each group of commands has a module of its own.

Exit codes: 0 done, 1 findings, 2 unusable input or set-up.
"""

import sys

import typer

from tongchu import (
    demo_commands,
    hq_commands,
    journal_commands,
    replay_commands,
    simulate_commands,
    till_commands,
)
from tongchu.exits import Unusable

app = typer.Typer(
    name="tongchu",
    help="Tongchu 通储: stored value that is good in every store of a franchise, and keeps working when the network does not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 findings, 2 unusable input or set-up.",
)
app.add_typer(hq_commands.app, name="hq")
app.add_typer(till_commands.app, name="till")
app.add_typer(journal_commands.app, name="journal")
app.command(name="demo")(demo_commands.demo)
app.command(name="simulate")(simulate_commands.simulate)
app.command(name="replay")(replay_commands.replay)
app.command(name="schema")(replay_commands.schema)
app.add_typer(replay_commands.rulebook_app, name="rulebook")


def main() -> None:
    try:
        _refuse_unchecked()
        app()
    except Unusable as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse_unchecked() -> None:
    """The laws of money are checked while it moves: that postings balance is an assertion."""
    if not __debug__:
        raise Unusable(
            "Python was told to leave checks out (-O or PYTHONOPTIMIZE); Tongchu does not run without them: unset it"
        )
