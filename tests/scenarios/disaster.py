"""Owns a head office that burns and comes back from a backup, for scenarios: its tills reach both at one address."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from hq_server.config import HqConfig
from stored_value.identity import MemberId
from stored_value.offline_policy import LeasePolicy
from tests.hq_server.serving import serving
from tests.scenarios.franchise import Franchise
from tests.scenarios.relay import LossyRelay
from tests.scenarios.test_reservations import two_tills
from tests.scenarios.test_restored_and_forked import backup_of
from tests.scenarios.till import Till


@dataclass
class Disaster:
    """A head office that will burn; its tills reach it, and the one restored from `backup`, at one address."""

    before: Franchise
    folder: Path
    relay: LossyRelay
    stack: ExitStack

    def two_tills(self, leases: LeasePolicy) -> tuple[Till, Till, MemberId]:
        return two_tills(self.before, leases, self.relay.url)

    def backup(self) -> None:
        backup_of(self.before, self.folder)

    def restore(self) -> Franchise:
        """The backup, an hour later, at work; the tills do not know yet."""
        self.before.pass_time(hours=1)
        config = HqConfig(data_dir=self.folder, sequencer_interval_s=0.05)
        hq = self.stack.enter_context(serving(config, self.before.hq.clock))
        hq.office.leases.stop()
        self.relay.lead_to(hq.url)
        return replace(self.before, config=config, hq=hq)


def meets(till: Till, after: Franchise) -> None:
    """Its session ends with the epoch; then a whole cycle in the new one."""
    before = till.journal.head_office.epoch
    till.restart(till.url)
    till.sync()
    assert till.journal.head_office.epoch != before
    till.begin_shift()
    after.hq.sequenced()
