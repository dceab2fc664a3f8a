"""Owns what is wrong with a till's two files and with what it writes down, one bug each. Parts of the product replaced by name."""

from collections.abc import Callable
from typing import Any

from terminal.syncing.pull import Puller
from tests.simulation.planted.thief import heeds_no_revocation, robbed
from tests.simulation.planted.wrong_reservations import Wrong


def is_never_pending(_own: Any, contained_version: int) -> bool:
    """L7, L3: where head office has said anything of a member, the till believes its replica more than its own journal."""
    return contained_version == 0


def begins_at_the_end() -> Callable[..., None]:
    """L7: a till that lost its replica follows the feed from its end on, as if nobody had been there before."""
    bootstrap = Puller._bootstrap

    def without_members(self: Any, scope: str, epoch: str) -> None:
        bootstrap(self, scope, epoch)
        if self._journal.head().seq:
            with self._replica._file.writing() as connection:
                connection.execute("DELETE FROM members")

    return without_members


def is_never_in_doubt(_self: Any) -> None:
    """H6: whatever machine the disk is in."""


def masks_nothing(name: str) -> str:
    """H14: the whole name goes into journal.db."""
    return name


def takes_the_newest(self: Any, _at: Any) -> Any:
    """L8: a rulebook counts as soon as the till has it, whenever it is to take effect."""
    return self.rulebook(max(row.version for row in self.rulebook_rows())) if self.rulebook_rows() else None


BY_NAME: dict[str, Wrong] = {
    "replica believed more than the journal": Wrong((("terminal.view.is_pending", is_never_pending),)),
    "replica begun at the feed's end": Wrong((("terminal.syncing.pull.Puller._bootstrap", begins_at_the_end()),)),
    "future rulebook used": Wrong((("terminal.replica.replica.Replica.rulebook_in_force", takes_the_newest),)),
    "copied disk spends its leases": Wrong(
        (("terminal.journal.head_office.HeadOffice.lease_doubt", property(is_never_in_doubt)),)
    ),
    "stolen key heeded": Wrong(
        (("terminal.syncing.pull.check_new_rulebook", heeds_no_revocation),),
        harmless=(("tongchu.simulation.world.create_app", robbed),),
    ),
    "name in clear": Wrong((("terminal.counter.members.mask_name", masks_nothing),)),
}
