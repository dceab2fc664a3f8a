"""Owns what is wrong with what is set aside, one bug each: parts of the product replaced by name. What the simulation is there to find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from hq_server.app import create_app
from hq_server.config import HqConfig
from hq_server.database.engine import WriteSession
from hq_server.database.models import ReservationRecord, ReservationState
from hq_server.reservations.settling import close_records
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from stored_value.apply import Applied, apply
from stored_value.events import ToppedUp
from stored_value.reservation_records import Reservation, ReservationId
from stored_value.reservations import without_reservations
from terminal.counter import reserving
from terminal.journal.reservations import Reservations
from tongchu.simulation.virtual_time import VirtualTime
from tongchu.simulation.world import PRODUCT, Parts

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Wrong:
    """`replaced`: what is put in the place of what; `parts` as the simulator takes them."""

    replaced: tuple[tuple[str, Callable[..., Any]], ...] = ()
    parts: Parts = PRODUCT


def never_refuses(*_: Any) -> None:
    """L5: the till lets everybody spend whatever he has, or had."""


def every_head_is_a_report(push: Any, terminal: Any) -> bool:
    """H2: of a journal that goes on, a head without watermarks and open set is taken for the till's last word."""
    return bool((push.head.seq, push.head.hash) == (terminal.accepted_seq, terminal.head_hash))


def spends_what_was_returned() -> Callable[..., tuple[Reservation, ...]]:
    """L6: what the till once had it believes to have for ever."""
    own_leases = reserving.own_leases
    had: dict[tuple[str, str], dict[str, Reservation]] = {}

    def remembered(place: Any, member: Any) -> tuple[Reservation, ...]:
        known = had.setdefault((str(place.journal.head_office.identity.terminal_id), member.member_id), {})
        now = own_leases(place, member)
        known.update({lease.reservation_id: lease for lease in now})
        return (*now, *(lease for lease in known.values() if lease not in now))

    return remembered


def leases_no_top_up() -> Callable[..., Applied]:
    """H3: head office lets everybody spend an offline top-up before its till has reported."""

    def at_once(wallet: Any, event: Any, rulebook: Any) -> Applied:
        applied = apply(wallet, event, rulebook)
        if not isinstance(event, ToppedUp):
            return applied
        top_up = ReservationId(event.occasion.event_id)
        return replace(applied, wallet=without_reservations(applied.wallet, (top_up,)))

    return at_once


def reports_no_leases() -> Callable[..., Any]:
    """H2: the report leaves out what the till may still spend."""
    report = Reservations.report

    def without(self: Reservations) -> Any:
        return replace(report(self), open_reservations=())

    return without


def gives_first_again(wallet: Any, event: Any, rulebook: Any) -> Applied:
    """L4: every top-up is the first."""
    if not isinstance(event, ToppedUp):
        return apply(wallet, event, rulebook)
    applied = apply(replace(wallet, top_up_count=0), event, rulebook)
    return replace(applied, wallet=replace(applied.wallet, top_up_count=wallet.top_up_count + 1))


def any_time(_self: Any, occurred_at: Any) -> Any:
    """H8: the till's clock is believed, whatever head office signed."""
    return occurred_at


def frees_by_time(config: HqConfig, clock: VirtualTime, random: Random) -> FastAPI:
    """L5: half an hour after it was granted, a lease is free again, whatever its till says."""
    application = create_app(config, clock=clock, random=random)
    office = application.state.office

    @application.middleware("http")
    async def first_free(request: Any, call_next: Any) -> Any:
        with office.database.write() as session:
            _free(
                session, [row for row in _open_leases(session) if (clock() - row.granted_at).seconds > 1_800], clock()
            )
        return await call_next(request)

    def _free(session: WriteSession, rows: Iterable[ReservationRecord], now: Any) -> None:
        for row in rows:
            wallet = locked_wallet(session, row.member_id)
            assert wallet is not None
            freed = without_reservations(wallet, (ReservationId(row.reservation_id),))
            put_wallet(session, freed, Stamp(now, random))
            ids, state = [row.reservation_id], ReservationState.RELEASED
            close_records(session, row.store_id, row.terminal_id, ids, state, at=now)

    return application


def _open_leases(session: WriteSession) -> list[ReservationRecord]:
    open_ones = select(ReservationRecord).where(
        ReservationRecord.state == ReservationState.OPEN, ReservationRecord.kind == "lease"
    )
    return list(session.scalars(open_ones))


BY_NAME: dict[str, Wrong] = {
    "till ignores its limit": Wrong((("terminal.counter.reserving.refuse_offline", never_refuses),)),
    "partial head closes leases": Wrong(
        (
            ("hq_server.ingest.service._is_whole_report", every_head_is_a_report),
            ("terminal.syncing.push.PUSH_ENTRIES_MAX", 1),  # type: ignore[arg-type]
        )
    ),
    "till spends a returned lease": Wrong((("terminal.counter.reserving.own_leases", spends_what_was_returned()),)),
    "top-up spendable before the report": Wrong((("hq_server.ingest.wallet_batch.apply", leases_no_top_up()),)),
    "report leaves leases out": Wrong((("terminal.journal.reservations.Reservations.report", reports_no_leases()),)),
    "first bonus given again": Wrong((("hq_server.ingest.wallet_batch.apply", gives_first_again),)),
    "time below the anchor": Wrong((("terminal.journal.head_office.HeadOffice.not_below_anchor", any_time),)),
    "lease freed by time alone": Wrong(parts=Parts(make_application=frees_by_time)),
}
