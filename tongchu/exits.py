"""How a command ends when it cannot go on: words for people, and the exit codes of the product."""

import typer

FINDINGS = 1


class Unusable(Exception):
    """Unusable input or set-up (exit code 2): what happened, why, and what to do."""


def make_sure(question: str) -> None:
    """Returns when the answer is yes. Raises `Unusable` at a no, and where nobody answers."""
    try:
        if typer.confirm(question):
            return
    except typer.Abort:
        typer.echo(err=True)
    raise Unusable("nothing was done; answer y, or give --yes where nobody is asked")
