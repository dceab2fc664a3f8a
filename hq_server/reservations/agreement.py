"""Owns the check that wallets and the table of reservations say the same: what a wallet keeps is open in the table, and nothing else is. Changes nothing; called by the rebuild."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from hq_server.database.engine import ReadSession
from hq_server.database.models import ReservationRecord, ReservationState, WalletRecord
from sync.wallet_codec import read_wallet

_Kept = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the wallet keeps and what the table has open, as text."""

    member_id: str
    kept: str
    recorded: str


def disagreements(session: ReadSession) -> Iterator[Disagreement]:
    """A lease may be spent in part: its table row has at least what the wallet still keeps."""
    recorded: defaultdict[str, dict[_Kept, int]] = defaultdict(dict)
    for row in session.scalars(select(ReservationRecord).where(ReservationRecord.state == ReservationState.OPEN)):
        recorded[row.member_id][row.reservation_id, row.kind, row.terminal_id] = row.amount_minor
    wallets = session.execute(select(WalletRecord.member_id, WalletRecord.state).execution_options(yield_per=1000))
    for member_id, state in wallets:
        kept = {
            (each.reservation_id, each.kind.value, each.terminal_id): each.amount_minor
            for each in read_wallet(state).reservations
        }
        rows = recorded.pop(member_id, {})
        if kept.keys() != rows.keys() or any(kept[key] > rows[key] for key in kept):
            yield Disagreement(member_id, repr(kept), repr(rows))
    for member_id, rows in recorded.items():
        yield Disagreement(member_id, "no wallet", repr(rows))
