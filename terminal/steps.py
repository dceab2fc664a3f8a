"""The named steps between a scan and a printed receipt, those of a push, and every commit of journal and replica. Product code only logs them; a crash test listens and ends the
process there."""

import logging
from typing import Final

SCAN_READ: Final = "scan_read"
MEMBER_IDENTIFIED: Final = "member_identified"
HOLD_ANSWERED: Final = "hold_answered"
DECIDED: Final = "decided"
TRANSACTION_BEGUN: Final = "transaction_begun"
ENTRY_INSERTED: Final = "entry_inserted"
PRINT_JOB_INSERTED: Final = "print_job_inserted"
TOTALS_UPDATED: Final = "totals_updated"
COMMITTED: Final = "committed"
PUSH_RECORDED: Final = "push_recorded"
PUSH_SENT: Final = "push_sent"
PUSH_SETTLED: Final = "push_settled"
JOURNAL_WRITTEN: Final = "journal_written"
REPLICA_WRITTEN: Final = "replica_written"
REPLICA_REPLACING: Final = "replica_replacing"
"""The old file is gone, and the new one not yet in its place."""

_log = logging.getLogger("terminal.steps")


def reached(step: str) -> None:
    if _log.isEnabledFor(logging.DEBUG):
        _log.debug("reached %s", step, extra={"step": step})
