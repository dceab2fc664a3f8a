"""Owns the fork server of the crash tests and of the soak: one process without threads that has imported the product, from which each child is forked in milliseconds."""

import multiprocessing
from multiprocessing.context import ForkServerContext

_PRELOADED = ["tests.crash.till_child", "tests.crash.hq_child", "tests.soak.children"]


def fork_server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
