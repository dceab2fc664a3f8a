"""Owns what head office keeps of what a till tells of itself with a session, for people to see; nothing is decided by it. Called when a session opens; the caller commits."""

from datetime import datetime
from typing import Final

from hq_server.terminals.rows import TerminalRow
from sync.messages import SessionRequest

_SEQ_MAX: Final = 2**53
_JOBS_MAX: Final = 1_000_000
_PRINTER_CHARS: Final = 24


def keep_told(terminal: TerminalRow, request: SessionRequest, *, now: datetime) -> None:
    """An older till tells nothing, and nothing that a newer program told before is left standing."""
    clock, standing = request.till_time, request.standing
    terminal.clock_off_s = None if clock is None else int((clock - now).total_seconds())
    if standing is None:
        terminal.told_head, terminal.printer, terminal.print_jobs = 0, "", 0
        return
    terminal.told_head = min(max(standing.journal_head, 0), _SEQ_MAX)
    terminal.printer = standing.printer[:_PRINTER_CHARS]
    terminal.print_jobs = min(max(standing.print_jobs, 0), _JOBS_MAX)
