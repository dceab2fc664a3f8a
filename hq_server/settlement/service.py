"""Owns the settlement between stores for a range of business days. Reads the rollups; `recompute` reads the same from the postings, to be compared.

Called by the console, by the demo's last table and by tests. Writes nothing. What waits in the outbox is not in the rollups yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from sqlalchemy import Row, case, func, select

from hq_server.database.engine import ReadSession
from hq_server.database.models import PostingRecord, Rollup, Store
from hq_server.settlement.figures import MEASURES, FigureName
from stored_value.events import TenderKind
from stored_value.identity import StoreId
from stored_value.periods import SettlementPolicy
from stored_value.postings import Account
from stored_value.rulebook import HEAD_OFFICE_STORE

HEAD_OFFICE: Final = StoreId(HEAD_OFFICE_STORE)
_TENDERS: Final = tuple(kind.value for kind in TenderKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettlement:
    """Amounts in minor units. `due_minor` is by the other store, positive when that one owes this one. `suspense_minor` came into suspense in the period,
    `in_suspense_minor` lies there at its end; `on_account_minor` is what of it is paid for the period all the same, less what was paid so before and is not waiting any more."""

    store_id: StoreId
    store_name: str
    collected_minor: dict[str, int] = field(default_factory=dict)
    bonus_minor: int = 0
    redeemed_minor: int = 0
    from_others_minor: int = 0
    refunded_minor: int = 0
    unexplained_minor: int = 0
    in_transit_minor: int = 0
    suspense_minor: int = 0
    in_suspense_minor: int = 0
    withheld_minor: int = 0
    on_account_minor: int = 0
    due_minor: dict[StoreId, int] = field(default_factory=dict)

    @property
    def collected_total_minor(self) -> int:
        return sum(self.collected_minor.values())

    @property
    def net_due_minor(self) -> int:
        """Positive: the other stores owe it; negative: it owes them."""
        return sum(self.due_minor.values())

    @property
    def payable_minor(self) -> int:
        """What the store is to be paid for the period (negative: to pay); head office bears what is on account."""
        return self.net_due_minor + self.on_account_minor

    @property
    def touches_suspense(self) -> bool:
        return bool(self.suspense_minor or self.in_suspense_minor or self.on_account_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """`stores` in order of their ids, head office last and only when it has books of these days."""

    from_date: date
    to_date: date
    stores: tuple[StoreSettlement, ...]

    @property
    def tenders(self) -> tuple[str, ...]:
        """The tender kinds that occur, cash first."""
        return in_order({tender for store in self.stores for tender in store.collected_minor})

    @property
    def total(self) -> StoreSettlement:
        return StoreSettlement(
            store_id=StoreId(""),
            store_name="",
            collected_minor={
                tender: sum(store.collected_minor.get(tender, 0) for store in self.stores) for tender in self.tenders
            },
            bonus_minor=sum(store.bonus_minor for store in self.stores),
            redeemed_minor=sum(store.redeemed_minor for store in self.stores),
            from_others_minor=sum(store.from_others_minor for store in self.stores),
            refunded_minor=sum(store.refunded_minor for store in self.stores),
            unexplained_minor=sum(store.unexplained_minor for store in self.stores),
            in_transit_minor=sum(store.in_transit_minor for store in self.stores),
            suspense_minor=sum(store.suspense_minor for store in self.stores),
            in_suspense_minor=sum(store.in_suspense_minor for store in self.stores),
            withheld_minor=sum(store.withheld_minor for store in self.stores),
            on_account_minor=sum(store.on_account_minor for store in self.stores),
            due_minor={store.store_id: store.net_due_minor for store in self.stores},
        )

    def store(self, store_id: StoreId) -> StoreSettlement | None:
        return next((row for row in self.stores if row.store_id == store_id), None)

    def unbalanced(self) -> tuple[tuple[StoreId, StoreId, int], ...]:
        """The pairs of stores whose two sides do not cancel, with the difference; empty in a right settlement."""
        rows = {store.store_id: store.due_minor for store in self.stores}
        pairs = {(min(mine, other), max(mine, other)) for mine, due in rows.items() for other in due}
        return tuple(
            (one, other, difference)
            for one, other in sorted(pairs)
            if (difference := rows.get(one, {}).get(other, 0) + rows.get(other, {}).get(one, 0))
        )

    @property
    def is_balanced(self) -> bool:
        return not self.unbalanced() and not self.total.net_due_minor


def in_order(tenders: Iterable[str]) -> tuple[str, ...]:
    """As at the till; one that this version does not know comes last."""
    return tuple(
        sorted(tenders, key=lambda tender: (_TENDERS.index(tender) if tender in _TENDERS else len(_TENDERS), tender))
    )


def only_store(settlement: Settlement, store_id: StoreId) -> Settlement:
    """The same for one store alone: its own row, whose other sides are not shown and cannot be checked here."""
    stores = tuple(row for row in settlement.stores if row.store_id == store_id)
    return Settlement(from_date=settlement.from_date, to_date=settlement.to_date, stores=stores)


_Sums = Row[str, str, str, str, int, int]
_Waiting = Row[str, int, int]
"""Of a store: what lay in suspense before the period, and what lies there at its end."""
_USUAL: Final = SettlementPolicy()


def day_settlement(
    session: ReadSession, from_date: date, to_date: date, policy: SettlementPolicy = _USUAL
) -> Settlement:
    """Both days included. Every store has a row, also one without business."""
    sums = session.execute(
        select(
            Rollup.store_id,
            Rollup.event_kind,
            Rollup.account,
            Rollup.detail,
            func.sum(Rollup.amount_minor),
            func.sum(Rollup.debit_minor),
        )
        .where(Rollup.business_date.between(from_date, to_date))
        .group_by(Rollup.store_id, Rollup.event_kind, Rollup.account, Rollup.detail)
    )
    before = case((Rollup.business_date < from_date, Rollup.amount_minor), else_=0)
    waiting = session.execute(
        select(Rollup.store_id, func.sum(before), func.sum(Rollup.amount_minor))
        .where(Rollup.account == Account.SUSPENSE, Rollup.business_date <= to_date)
        .group_by(Rollup.store_id)
    )
    return _settled(session, sums.all(), _Suspense(waiting.all(), policy), from_date, to_date)


def recompute(session: ReadSession, from_date: date, to_date: date, policy: SettlementPolicy = _USUAL) -> Settlement:
    """The same from the postings themselves: slow, and must be equal once the outbox is empty."""
    debit = case((PostingRecord.amount_minor > 0, PostingRecord.amount_minor), else_=0)
    sums = session.execute(
        select(
            PostingRecord.store_id,
            PostingRecord.kind,
            PostingRecord.account,
            PostingRecord.detail,
            func.sum(PostingRecord.amount_minor),
            func.sum(debit),
        )
        .where(PostingRecord.business_date.between(from_date, to_date))
        .group_by(PostingRecord.store_id, PostingRecord.kind, PostingRecord.account, PostingRecord.detail)
    )
    before = case((PostingRecord.business_date < from_date, PostingRecord.amount_minor), else_=0)
    waiting = session.execute(
        select(PostingRecord.store_id, func.sum(before), func.sum(PostingRecord.amount_minor))
        .where(PostingRecord.account == Account.SUSPENSE, PostingRecord.business_date <= to_date)
        .group_by(PostingRecord.store_id)
    )
    return _settled(session, sums.all(), _Suspense(waiting.all(), policy), from_date, to_date)


class _Suspense:
    """What waits for a person by store, and what policy does with it meanwhile."""

    def __init__(self, waiting: Iterable[_Waiting], policy: SettlementPolicy) -> None:
        self._waiting = {store_id: (int(before), int(through)) for store_id, before, through in waiting}
        self._policy = policy

    def of(self, row: StoreSettlement) -> StoreSettlement:
        before, through = self._waiting.get(row.store_id, (0, 0))
        paid = self._policy.on_account_minor(through)
        return replace(
            row,
            in_suspense_minor=through,
            withheld_minor=max(0, through) - paid,
            on_account_minor=paid - self._policy.on_account_minor(before),
        )


def _settled(
    session: ReadSession, sums: Iterable[_Sums], suspense: _Suspense, from_date: date, to_date: date
) -> Settlement:
    names = {store.store_id: store.name for store in session.scalars(select(Store))}
    figures: dict[str, dict[FigureName, dict[str, int]]] = {store_id: {} for store_id in names}
    for store_id, kind, account, detail, amount, debit in sums:
        for name, measure in MEASURES.items():
            if not measure.counts(account, kind):
                continue
            by_detail = figures.setdefault(store_id, {}).setdefault(name, {})
            counted = measure.sign * int(debit if measure.debits_only else amount)
            by_detail[detail] = by_detail.get(detail, 0) + counted
    ordered = sorted(figures, key=lambda store_id: (store_id == HEAD_OFFICE, store_id))
    return Settlement(
        from_date=from_date,
        to_date=to_date,
        stores=tuple(
            suspense.of(_row(StoreId(store_id), names.get(store_id, ""), figures[store_id])) for store_id in ordered
        ),
    )


def _row(store_id: StoreId, name: str, figures: dict[FigureName, dict[str, int]]) -> StoreSettlement:
    def total(figure: FigureName) -> int:
        return sum(figures.get(figure, {}).values())

    collected = figures.get(FigureName.COLLECTED, {})
    due: dict[str, int] = figures.get(FigureName.NET_DUE, {})
    return StoreSettlement(
        store_id=store_id,
        store_name=name,
        collected_minor={tender: collected[tender] for tender in in_order(collected)},
        bonus_minor=total(FigureName.BONUS),
        redeemed_minor=total(FigureName.REDEEMED),
        from_others_minor=total(FigureName.FROM_OTHERS),
        refunded_minor=total(FigureName.REFUNDED),
        unexplained_minor=total(FigureName.UNEXPLAINED),
        in_transit_minor=total(FigureName.IN_TRANSIT),
        suspense_minor=total(FigureName.SUSPENSE),
        due_minor={StoreId(other): due[other] for other in sorted(due)},
    )
