"""Owns how tests wait: for a condition, with a deadline and a reason. The only place in tests that may nap."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, what: str, timeout_s: float = 10.0, nap_s: float = 0.01) -> T:
    """The first truthy answer of `condition`; fails with `what` and the last answer when the deadline passes."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}; last answer: {answer!r}")
        time.sleep(nap_s)
