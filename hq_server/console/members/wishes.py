"""Reads for what head office is asked to do with a member: who the other one is, what a transfer or merge would move, and to which standing a member may come."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from hq_server.console.members.search import MemberLine, find_members
from hq_server.database.engine import ReadSession
from hq_server.database.models import Member, WalletRecord
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.keys.key_files import HqKeys
from hq_server.own_journal.place import Moment
from hq_server.own_journal.transfers import Leaving, TwoMembers, plan
from stored_value.money import AmountError, parse_yuan
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservations import available_minor
from stored_value.standing import NEXT
from stored_value.transfer import transferable_minor
from stored_value.wallet import Holding, ValueKind, Wallet, WalletStatus
from sync.wallet_codec import read_wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedKind:
    """`amount_minor` is below zero for what the member owes and takes along."""

    kind: ValueKind
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two, before and after."""

    member_id: str
    member_no: str
    name_masked: str
    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePreview:
    """What is shown before it is confirmed; the figures are of the wallets as they stand now."""

    giver: Side
    taker: Side
    moved: tuple[MovedKind, ...]
    holdings: tuple[Holding, ...]

    @property
    def total_minor(self) -> int:
        return sum(each.amount_minor for each in self.moved)


def held_wallet(session: ReadSession, member_id: str) -> Wallet | None:
    state = session.scalar(select(WalletRecord.state).where(WalletRecord.member_id == member_id))
    return None if state is None else read_wallet(state)


def movable_minor(wallet: Wallet, rulebooks: Rulebooks, moment: Moment) -> int:
    return transferable_minor(wallet, rulebooks.in_force(moment.now), moment.on)


def free_minor(wallet: Wallet, on: date) -> int:
    """What neither leases nor holds keep; never below zero."""
    return max(0, available_minor(wallet, on))


def the_other(session: ReadSession, keys: HqKeys, text: str) -> MemberLine | Refusal:
    """The one member that a number, card, phone or whole name leads to."""
    found = find_members(session, keys, text, store_id=None).members if text.strip() else ()
    return found[0] if len(found) == 1 else Refusal(RefusalCode.MEMBER_UNKNOWN)


def amount_of(text: str) -> int:
    """0 for what is no amount, which the rules refuse."""
    try:
        return parse_yuan(text)
    except AmountError:
        return 0


def preview(session: ReadSession, rulebooks: Rulebooks, wish: TwoMembers, moment: Moment) -> MovePreview | Refusal:
    wallets: dict[str, Wallet] = {
        member_id: wallet
        for member_id in (wish.giver, wish.taker)
        if (wallet := held_wallet(session, member_id)) is not None
    }
    leaving = plan(wish, wallets, rulebooks.in_force(moment.now), moment)
    if isinstance(leaving, Refusal):
        return leaving
    moved = _by_kind(leaving)
    balance = sum(each.amount_minor for each in moved if each.kind is not ValueKind.DEPOSIT)
    return MovePreview(
        giver=_side(session, leaving.giver, -balance),
        taker=_side(session, leaving.taker, balance),
        moved=moved,
        holdings=leaving.holdings,
    )


def _by_kind(leaving: Leaving) -> tuple[MovedKind, ...]:
    sums: dict[ValueKind, int] = {}
    for part in leaving.moved:
        sign = -1 if part.kind is ValueKind.RECEIVABLE else 1
        sums[part.kind] = sums.get(part.kind, 0) + sign * part.amount_minor
    return tuple(MovedKind(kind=kind, amount_minor=sums[kind]) for kind in ValueKind if kind in sums)


def _side(session: ReadSession, wallet: Wallet, change_minor: int) -> Side:
    member = session.get(Member, wallet.member_id)
    return Side(
        member_id=wallet.member_id,
        member_no=member.member_no if member else "",
        name_masked=member.name_masked if member else "",
        before_minor=wallet.total_minor,
        after_minor=wallet.total_minor + change_minor,
    )


def reachable(wallet: Wallet | None) -> tuple[WalletStatus, ...]:
    """The standings to which a person may bring the member, in the order of their names' list."""
    if wallet is None or wallet.merged_into is not None:
        return ()
    return tuple(status for status in WalletStatus if status in NEXT[wallet.status])
