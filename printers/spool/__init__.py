"""The print spool: the table of print jobs (`jobs`) and the threads that empty it (`worker`). This face is what the
till uses: its migration takes the DDL, its use-cases enqueue, its composition root recovers once and starts the
workers.
"""

from printers.spool.jobs import (
    PRINT_JOBS_DDL,
    JobState,
    PrintJob,
    Recovered,
    StoredJob,
    create_print_jobs,
    enqueue,
    forget_printed,
    job,
    job_of_entry,
    jobs_for_a_person,
    mark_failed,
    mark_printed,
    mark_sending,
    next_job,
    print_again,
    queued_count,
    recover,
    take_as_printed,
)
from printers.spool.worker import Readiness, RetryPolicy, SpoolStatus, SpoolWorker

__all__ = [
    "PRINT_JOBS_DDL",
    "JobState",
    "PrintJob",
    "Readiness",
    "Recovered",
    "RetryPolicy",
    "SpoolStatus",
    "SpoolWorker",
    "StoredJob",
    "create_print_jobs",
    "enqueue",
    "forget_printed",
    "job",
    "job_of_entry",
    "jobs_for_a_person",
    "mark_failed",
    "mark_printed",
    "mark_sending",
    "next_job",
    "print_again",
    "queued_count",
    "recover",
    "take_as_printed",
]
