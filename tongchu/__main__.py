"""`python -m tongchu` is the command `tongchu`."""

from tongchu.cli import main

main()
