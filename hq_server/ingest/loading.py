"""Owns what a batch reads before it applies: each table once for all its members. Called by the service inside its unit of work."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from hq_server.database.among import among_given, pair_among_given
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import JournalEntry, PurchaseRecord, ScopeMember, WalletEventRecord, WalletRecord
from hq_server.database.prepared import Prepared
from hq_server.ingest.understanding import Incoming
from hq_server.ingest.wallet_batch import HeldPurchase, HeldWallet, MemberBatch
from stored_value.events import OrderRefunded, PurchaseRefunded
from stored_value.events_money_out import RefundReversed
from stored_value.wallet import Wallet
from sync.wallet_codec import read_purchase, read_wallet


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """What became of an entry when it first came."""

    hash: str
    member_id: str | None
    version: int | None
    findings: str


_SEEN: Final = select(WalletRecord.member_id, WalletRecord.state).where(among_given(WalletRecord.member_id, "members"))
_WALLETS_SEEN: Final = Prepared(_SEEN)
_WALLETS: Final = Prepared(_SEEN.order_by(WalletRecord.member_id).with_for_update(key_share=True))
_STORES: Final = Prepared(
    select(ScopeMember.member_id, ScopeMember.store_id).where(among_given(ScopeMember.member_id, "members"))
)
_PURCHASES: Final = Prepared(
    select(
        PurchaseRecord.member_id,
        PurchaseRecord.purchase_id,
        PurchaseRecord.state,
        PurchaseRecord.receipt_no,
        PurchaseRecord.store_id,
        PurchaseRecord.terminal_id,
    ).where(pair_among_given(PurchaseRecord.member_id, PurchaseRecord.purchase_id, "keys"))
)
_EVENTS: Final = Prepared(
    select(WalletEventRecord.member_id, WalletEventRecord.event_id).where(
        pair_among_given(WalletEventRecord.member_id, WalletEventRecord.event_id, "keys")
    )
)
ByMember = Mapping[str, Sequence[Incoming]]
Made = Mapping[str, Sequence[MemberBatch]]
"""By member, what units of work made of it that are not committed: the newest first."""


def load_wallets(
    session: WriteSession, groups: ByMember, *, repeats: bool = True, named: Collection[tuple[str, str]] = ()
) -> dict[str, HeldWallet]:
    """For every member of the batch: the wallet, the purchases that its refunds and receivables name and those of `named` (member, purchase), its scopes, and which of the batch's
    events it has already; not the last without `repeats`, when the caller does all again should a row turn out to be there. The wallets stay as they are until the commit."""
    members = sorted(groups)
    wallets = {member_id: read_wallet(state) for member_id, state in _WALLETS.rows(session, members=members)}
    purchases = _purchases(session, _wanted(groups, wallets) | set(named), {})
    return _held(session, groups, wallets, purchases, {}, repeats=repeats)


def load_behind(
    session: WriteSession,
    groups: ByMember,
    made_before: Callable[[str], Sequence[MemberBatch]],
    *,
    repeats: bool = True,
) -> dict[str, HeldWallet]:
    """As `load_wallets`, but nothing is locked, and what others made before, who have not committed, counts as if it stood in the tables. The versions of the wallets tell
    in the end whether it came so; what goes with a wallet is read after it, so that whatever changes it meanwhile changes the version as well."""
    members = sorted(groups)
    made = {member_id: before for member_id in members if (before := made_before(member_id))}
    wallets = {member_id: read_wallet(state) for member_id, state in _WALLETS_SEEN.rows(session, members=members)}
    for member_id, before in made.items():
        if before[0].after is not None:
            wallets[member_id] = before[0].after
    purchases = _purchases(session, _wanted(groups, wallets), made)
    return _held(session, groups, wallets, purchases, made, repeats=repeats)


def _held(
    session: ReadSession,
    groups: ByMember,
    wallets: Mapping[str, Wallet],
    purchases: Mapping[str, dict[str, HeldPurchase]],
    made: Made,
    *,
    repeats: bool,
) -> dict[str, HeldWallet]:
    members = sorted(groups)
    stores: defaultdict[str, set[str]] = defaultdict(set)
    for member_id, store_id in _STORES.rows(session, members=members):
        stores[member_id].add(store_id)
    events = _events(session, groups) if repeats else defaultdict(set)
    for member_id, before in made.items():
        stores[member_id].update(batch.entered for batch in before if batch.entered)
        events[member_id].update(row.event_id for batch in before for row in batch.events)
    return {
        member_id: HeldWallet(
            wallets.get(member_id),
            purchases.get(member_id, {}),
            frozenset(stores.get(member_id, ())),
            frozenset(events.get(member_id, ())),
        )
        for member_id in members
    }


def _wanted(groups: ByMember, wallets: Mapping[str, Wallet]) -> set[tuple[str, str]]:
    wanted: set[tuple[str, str]] = set()
    for member_id, incoming in groups.items():
        wanted.update(
            (member_id, each.event.purchase_id)
            for each in incoming
            if isinstance(each.event, PurchaseRefunded | OrderRefunded | RefundReversed)
        )
        if member_id in wallets:
            wanted.update((member_id, owed.source_id) for owed in wallets[member_id].receivables)
    return wanted


def _purchases(
    session: ReadSession, wanted: Collection[tuple[str, str]], made: Made
) -> dict[str, dict[str, HeldPurchase]]:
    if not wanted:
        return {}
    found: defaultdict[str, dict[str, HeldPurchase]] = defaultdict(dict)
    for member_id, purchase_id, state, receipt_no, store_id, terminal_id in _PURCHASES.rows(
        session, keys=sorted(wanted)
    ):
        held = HeldPurchase(read_purchase(state), receipt_no, store_id, terminal_id)
        found[member_id][purchase_id] = held
    for member_id, purchase_id in wanted:
        held_before = (
            batch.purchases[purchase_id] for batch in made.get(member_id, ()) if purchase_id in batch.purchases
        )
        row = next(held_before, None)
        if row is not None:
            held = HeldPurchase(read_purchase(row.state), row.receipt_no, row.store_id, row.terminal_id)
            found[member_id][purchase_id] = held
    return found


def _events(session: ReadSession, groups: ByMember) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    keys = [(member_id, each.event_id) for member_id, own in groups.items() for each in own]
    for member_id, event_id in _EVENTS.rows(session, keys=keys):
        found[member_id].add(event_id)
    return found


def load_entries(
    session: ReadSession, store_id: str, terminal_id: str, incarnation: int, seqs: Iterable[int]
) -> dict[int, HeldEntry]:
    """HQ's own record of these entries, without their bytes. An adopted branch has its beginning in common with the incarnation before (H6)."""
    found = session.execute(
        select(
            JournalEntry.seq,
            JournalEntry.hash,
            JournalEntry.member_id,
            JournalEntry.version,
            JournalEntry.findings,
        )
        .where(
            JournalEntry.store_id == store_id,
            JournalEntry.terminal_id == terminal_id,
            JournalEntry.incarnation.in_(range(1, incarnation + 1)),
            JournalEntry.seq.in_(sorted(set(seqs))),
        )
        .order_by(JournalEntry.incarnation)
    )
    return {row.seq: HeldEntry(row.hash, row.member_id, row.version, row.findings) for row in found}
