"""Owns how a test sees a lease come, and a till that listens to head office while a test does something else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from stored_value.identity import MemberId
from sync.client import HqClient
from sync.errors import SyncError
from terminal.syncing import LiveChannel
from tests.scenarios.till import Till


def leased(till: Till, member_id: MemberId) -> int:
    """What the till may spend of it after one more cycle."""
    till.sync()
    return till.member(member_id).leased_here_minor


@contextmanager
def listening(till: Till) -> Iterator[None]:
    """The till's live channel and its worker, as one thread."""
    stopping = threading.Event()
    client = HqClient(till.url)
    live = LiveChannel(
        client,
        till.cycle.token,
        till.journal,
        till.replica,
        till.leasing,
        till.clock,
        on_news=lambda _: None,
        on_lost=lambda: None,
    )

    def listen() -> None:
        while not stopping.is_set():
            live.step(wait_s=0.5)
            with suppress(SyncError):
                till.sync()

    live.step(wait_s=0.0)  # from here on head office knows that it can be reached
    thread = threading.Thread(target=listen, name=f"{till.name}-live")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        client.close()
