"""Owns the fork server of the crash tests, of the soak and of the command line: one process without threads that has imported the product, whose children start in milliseconds."""

import multiprocessing
from multiprocessing.context import ForkServerContext

_PRELOADED = [
    "tests.crash.till_child",
    "tests.crash.hq_child",
    "tests.soak.children",
    "tongchu.cli",
    "tests.crash.lived_once",
]


def fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
