"""Owns what is wrong with a till's two files and with what it writes down, and a head office that believes it, one bug each. Parts of the product replaced by name."""

import hashlib
from collections.abc import Callable
from typing import Any

from sync.payment_pins import PinVerifier, key_for
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


def takes_any_pin(pin: str, verifier: PinVerifier) -> bytes:
    """No bug of head office's: the program of a till in strange hands was changed, and it proves what nobody typed by a key of its own."""
    return key_for(pin, verifier) or hashlib.sha256(pin.encode()).digest()


def believes_any_pin(*_: Any) -> None:
    """H8: head office asks for no proof of a payment PIN."""


BY_NAME: dict[str, Wrong] = {
    "believes any PIN": Wrong(
        (("hq_server.ingest.pin_proofs.PinProofs.judge", believes_any_pin),),
        harmless=(("terminal.counter.payment_pin._key", takes_any_pin),),
    ),
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
