"""Owns the erasure of a member's personal data at a person's wish (H14): name, phone, payment PIN and the key of what the journals sealed are destroyed, the wallet stays as it is.

Every store that knows the member hears of it by the feed (H9). Called by the console, which audits it.
"""

from hq_server.database.models import Member
from hq_server.members.payment_pins import forget_pins
from hq_server.members.personal import erase, is_erased
from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.payment_pins import cleared
from hq_server.own_journal.place import Moment
from hq_server.wallets.guarded import Stamp, put_wallet
from stored_value.identity import MemberId, uuid7


def erase_member(desk: Desk, member_id: MemberId, stamp: Stamp, note: Note) -> bool:
    """False when there is nobody to forget: no such member, or erased already. `note` is written with it. May raise `DatabaseBusy`, `StorageFull`."""

    def write(journal: OwnJournal) -> bool:
        wallet = journal.wallets([member_id]).get(member_id)
        member = journal.session.get(Member, member_id, with_for_update=True)
        if member is None or is_erased(member):
            return False
        erase(journal.session, member, now=stamp.at)
        forget_pins(journal.session, member_id)
        if wallet is not None and wallet.pin_is_set:
            moment, event_id = Moment.at(stamp.at), uuid7(stamp.at, stamp.random(10))
            journal.write(
                [cleared(wallet, moment.occasion(event_id, journal.rulebooks.in_force(stamp.at).version), "")]
            )
        elif wallet is not None:
            put_wallet(journal.session, wallet, stamp)
        note(journal.session)
        return True

    done = desk.write(stamp.at, write)
    if done:
        desk.tell()
    return done
