"""Owns head office's signature on each hold that it grants, and what it believes by one after a restore: a hold that it forgot covers the entry that names it, once, up to what
was held (H1, H8).

Signed by the endpoint of holds; believed by ingest and by the recovery of a dead till, before anything is applied. Without a signature an entry is judged like any other: a till in
strange hands invents none. Must not look at amounts: the wallet that has the hold again decides what it covers.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select

from hq_server.database.among import among_given
from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import Incoming
from hq_server.keys.key_files import HqKeys, KeysUnusable
from hq_server.terminals.rows import TerminalRow
from stored_value.findings import FindingCode
from stored_value.reservation_records import Reservation, ReservationKind
from sync.errors import SignatureError
from sync.keys import KeyPurpose, TrustedKeys
from sync.signed_hold import Held, SignedHold, check_hold, read_hold, sign_hold

logger = logging.getLogger(__name__)
_KNOWN: Final = Prepared(
    select(ReservationRecord.reservation_id).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        among_given(ReservationRecord.reservation_id, "ids"),
    )
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a till sent beside its entries, in which epoch, and by which keys it is believed."""

    signed: Sequence[SignedHold]
    epoch: str
    trusted: TrustedKeys


def signed_hold(keys: HqKeys, held: Held) -> SignedHold | None:
    """The same for the same hold, as long as the key is. None when no key may sign for the time of the hold any more: it holds all the same."""
    try:
        key = keys.signing(KeyPurpose.ANCHOR, held.granted_at)
    except KeysUnusable as error:
        logger.warning("a hold is told without a signature: %s", error)
        return None
    return sign_hold(key.private, key.key_id, held)


def show_again(session: ReadSession, terminal: TerminalRow, incoming: Sequence[Incoming], shown: Shown) -> None:
    """Gives the entries of an earlier epoch the holds that they name, that head office does not know, and that it has signed for them. Each counts for the first that names it;
    what head office knows, used or not, is no forgotten one."""
    named = _named(terminal, incoming, shown)
    if not named:
        return
    place = {"store": terminal.store_id, "terminal": terminal.terminal_id}
    for (known,) in _KNOWN.rows(session, **place, ids=sorted(named)):
        del named[known]
    for each, signed, held in named.values():
        try:
            check_hold(shown.trusted, signed, held)
        except SignatureError as error:
            logger.warning("a hold that a till shows is not believed: %s", error, extra={"seq": each.seq})
            continue
        each.shown_holds = (*each.shown_holds, _reservation(held, each))


def _named(
    terminal: TerminalRow, incoming: Sequence[Incoming], shown: Shown
) -> dict[str, tuple[Incoming, SignedHold, Held]]:
    """By the id of the hold: the first entry that may be covered by it."""
    by_id = {str(held.hold_id): (each, held) for each in shown.signed if (held := _read(each)) is not None}
    named: dict[str, tuple[Incoming, SignedHold, Held]] = {}
    for each in incoming:
        if not _may_be_forgotten(each, shown.epoch):
            continue
        for name in each.entry.header.reservations:
            found = by_id.get(name)
            if found is not None and name not in named and _is_for(found[1], terminal, each):
                named[name] = (each, *found)
    return named


def _may_be_forgotten(each: Incoming, epoch: str) -> bool:
    """Until the till's first report in the epoch; of a branch that was taken over until its own (H6), whatever the other copy has reported."""
    anchor = each.entry.header.anchor
    is_adopted = any(found.code is FindingCode.FORK_ADOPTED for found in each.findings)
    return each.earlier_epoch or (is_adopted and each.anchored and anchor is not None and anchor.epoch < epoch)


def _read(signed: SignedHold) -> Held | None:
    try:
        return read_hold(signed)
    except SignatureError:
        return None


def _is_for(held: Held, terminal: TerminalRow, each: Incoming) -> bool:
    """A hold pays only within the epoch in which it was granted."""
    anchor = each.entry.header.anchor
    said = (held.store_id, held.terminal_id, held.member_id)
    return (
        said == (terminal.store_id, terminal.terminal_id, each.member_id)
        and anchor is not None
        and anchor.epoch == held.epoch
    )


def _reservation(held: Held, each: Incoming) -> Reservation:
    return Reservation(
        reservation_id=held.hold_id,
        kind=ReservationKind.HOLD,
        store_id=held.store_id,
        terminal_id=held.terminal_id,
        incarnation=each.entry.header.incarnation,
        number=held.number,
        granted_minor=held.amount_minor,
        amount_minor=held.amount_minor,
        granted_at=held.granted_at,
        things=held.things,
    )
