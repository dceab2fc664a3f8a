"""Owns the erasure of a member's personal data at a person's wish (H14): name, phone and the key of what the journals sealed are destroyed, the wallet stays as it is.

Every store that knows the member hears of it by the feed (H9). Called by the console, which audits it.
"""

from hq_server.database.models import Member
from hq_server.members.personal import erase, is_erased
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from stored_value.identity import MemberId


def erase_member(desk: Desk, member_id: MemberId, stamp: Stamp, note: Note) -> bool:
    """False when there is nobody to forget: no such member, or erased already. `note` is written with it. May raise `DatabaseBusy`, `StorageFull`."""

    def write(journal: OwnJournal) -> bool:
        wallet = locked_wallet(journal.session, member_id)
        member = journal.session.get(Member, member_id, with_for_update=True)
        if member is None or is_erased(member):
            return False
        erase(journal.session, member, now=stamp.at)
        if wallet is not None:
            put_wallet(journal.session, wallet, stamp)
        note(journal.session)
        return True

    done = desk.write(stamp.at, write)
    if done:
        desk.tell()
    return done
