"""Owns what head office does with two members at a person's wish: a transfer and a merge, each as two linked legs in two units of work (H11).

Refused with the reason while both wallets are locked; the same request again, named by its id, does nothing more. A crash between the legs is finished by the next
run. Called by the console; whoever calls records it in the audit log.
"""

from dataclasses import dataclass

from hq_server.own_journal.desk import Desk, Note
from hq_server.own_journal.journal import OwnJournal
from hq_server.own_journal.place import Moment
from hq_server.own_journal.planning import first_leg_id
from hq_server.own_journal.runs import finish_transfer
from stored_value.events import WalletEvent
from stored_value.events_money_out import MovedValue, TransferPurpose, TransferredOut
from stored_value.identity import EventId, MemberId
from stored_value.merging import everything, kept_back, refuse_merge
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import reserved_minor
from stored_value.rulebook import Rulebook
from stored_value.transfer import moved_minor, plan_transfer, refuse_transfer
from stored_value.wallet import Holding, Wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoMembers:
    """A wish: `amount_minor` of `giver` to `taker`, or all of the giver when it is None (a merge). `transfer_id` is made before anybody is asked, and kept."""

    transfer_id: EventId
    giver: MemberId
    taker: MemberId
    amount_minor: int | None = None

    @property
    def purpose(self) -> TransferPurpose:
        return TransferPurpose.MERGE if self.amount_minor is None else TransferPurpose.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What would leave, part by part; `giver` and `taker` as they stand."""

    giver: Wallet
    taker: Wallet
    moved: tuple[MovedValue, ...]
    holdings: tuple[Holding, ...] = ()


def plan(wish: TwoMembers, wallets: dict[str, Wallet], book: Rulebook, moment: Moment) -> Leaving | Refusal:
    """Pure: what a preview shows and what the first leg takes are the same."""
    giver, taker = wallets.get(wish.giver), wallets.get(wish.taker)
    if giver is None or taker is None:
        return Refusal(RefusalCode.MEMBER_UNKNOWN)
    if wish.amount_minor is None:
        refusal = refuse_merge(giver, taker)
        moved, holdings = everything(giver, moment.on, kept_back(giver))
    else:
        committed = reserved_minor(giver)
        refusal = refuse_transfer(giver, taker, wish.amount_minor, book, moment.on, committed_minor=committed)
        moved, holdings = plan_transfer(giver, wish.amount_minor, book, moment.on), ()
    return refusal or Leaving(giver=giver, taker=taker, moved=moved, holdings=holdings)


def move(desk: Desk, moment: Moment, wish: TwoMembers, note: Note) -> Refusal | None:
    """Both legs, each once. None when it is done, now or by an earlier call; `note` is written with the first leg. May raise `DatabaseBusy`, `StorageFull`."""
    refusal = desk.write(moment.now, lambda journal: _first_leg(journal, moment, wish, note))
    if refusal is None:
        finish_transfer(desk, moment, wish.giver, wish.transfer_id)
        desk.tell()
    return refusal


def _first_leg(journal: OwnJournal, moment: Moment, wish: TwoMembers, note: Note) -> Refusal | None:
    event_id = first_leg_id(wish.transfer_id)
    wallets = journal.wallets_to_decide_on([wish.giver, wish.taker])
    before = journal.event_of(wish.giver, event_id)
    if before is not None:
        return None if _is_same(before, wish) else Refusal(RefusalCode.ACTION_REUSED)
    book = journal.rulebooks.in_force(moment.now)
    leaving = plan(wish, wallets, book, moment)
    if isinstance(leaving, Refusal):
        return leaving
    is_merge = wish.purpose is TransferPurpose.MERGE
    journal.write(
        [
            TransferredOut(
                occasion=moment.occasion(event_id, book.version),
                member_id=wish.giver,
                transfer_id=wish.transfer_id,
                to_member_id=wish.taker,
                purpose=wish.purpose,
                amount_minor=moved_minor(leaving.moved),
                moved=leaving.moved,
                holdings=leaving.holdings,
                topped_up_minor=leaving.giver.topped_up_minor if is_merge else 0,
                top_up_count=leaving.giver.top_up_count if is_merge else 0,
            )
        ]
    )
    note(journal.session)
    return None


def _is_same(before: WalletEvent, wish: TwoMembers) -> bool:
    if not isinstance(before, TransferredOut):
        return False
    asked = (wish.taker, wish.purpose, wish.amount_minor if wish.amount_minor is not None else before.amount_minor)
    return (before.to_member_id, before.purpose, before.amount_minor) == asked
