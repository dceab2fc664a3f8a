"""Owns giving back, in the name of a till that uses it no more, what its offline top-ups kept (H3): its report does not list the lease and no entry of its ended it.

An entry of head office's own journal, because an entry made the lease: what members owe is paid from it at once. Called by ingest after the push that reported.
"""

from collections.abc import Sequence

from hq_server.own_journal.desk import Desk
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from hq_server.reservations.closing import KeptTopUp
from stored_value.events_reservation import LeaseReturned
from stored_value.identity import named_id
from stored_value.reservations import find


def give_back_reported(desk: Desk, moment: Moment, over: Sequence[KeptTopUp]) -> None:
    """The events are named after the leases: twice is once. May raise `DatabaseBusy`, `StorageFull`."""

    def write(journal: OwnJournal) -> None:
        wallets = journal.wallets(each.member_id for each in over)
        rulebook = journal.rulebooks.in_force(moment.now).version
        events = []
        for each in over:
            wallet = wallets.get(each.member_id)
            kept = find(wallet, each.lease_id) if wallet is not None else None
            if kept is None:
                continue
            events.append(
                LeaseReturned(
                    occasion=moment.occasion(named_id("lease_reported", each.member_id, each.lease_id), rulebook),
                    member_id=each.member_id,
                    lease_id=each.lease_id,
                    amount_minor=kept.amount_minor,
                )
            )
        journal.write(events)

    desk.write(moment.now, write)
