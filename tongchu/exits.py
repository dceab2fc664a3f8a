"""How a command ends when it cannot go on: words for people, and the exit codes of the product."""

FINDINGS = 1


class Unusable(Exception):
    """Unusable input or set-up (exit code 2): what happened, why, and what to do."""
