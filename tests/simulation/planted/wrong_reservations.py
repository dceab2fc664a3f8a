"""Owns what is wrong with what is set aside, one bug each: parts of the product replaced by name. What the simulation is there to find."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select

from hq_server.app import create_app
from hq_server.config import HqConfig
from hq_server.database.engine import WriteSession
from hq_server.database.models import ReservationRecord, ReservationState
from hq_server.reservations.allowances import allowances, risk_of_a_till
from hq_server.reservations.settling import close_records
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from stored_value.apply import Applied, HeaderFacts, apply, settle_header
from stored_value.events import Event, ToppedUp
from stored_value.offline_policy import RiskAllowance
from stored_value.offline_spending import risk_left_minor
from stored_value.reservation_records import Reservation, ReservationId
from stored_value.reservations import without_reservations
from sync.entry import Entry
from sync.event_codec import UnknownKind, event_of
from terminal.counter import reserving
from terminal.journal.reservations import Reservations
from tongchu.simulation.head_office import MakeApplication
from tongchu.simulation.virtual_time import VirtualTime
from tongchu.simulation.world import PRODUCT, Parts

Random = Callable[[int], bytes]
Replaced = tuple[str, Callable[..., Any] | property]


@dataclass(frozen=True)
class Wrong:
    """`replaced`: what is put in the place of what; `parts` as the simulator takes them. `harmless`: replaced as well, and no bug by itself."""

    replaced: tuple[Replaced, ...] = ()
    parts: Parts = PRODUCT
    harmless: tuple[Replaced, ...] = ()


def never_refuses(*_: Any) -> None:
    """L5: the till lets everybody spend whatever he has, or had."""


def forgets_what_it_risked(allowance: RiskAllowance, *, unheard: timedelta | None, **_: int) -> int:
    """H8: every payment has the whole risk allowance to itself."""
    return risk_left_minor(allowance, member_taken_minor=0, till_taken_minor=0, unheard=unheard)


def forgets_the_hours(allowance: RiskAllowance, *, unheard: timedelta | None, **taken: int) -> int:
    """L5: the till goes on at its own risk, however long head office has said nothing."""
    return risk_left_minor(allowance, unheard=timedelta() if unheard is not None else None, **taken)


def by_the_newest_rulebook(
    _session: Any, rulebooks: Any, tills: Iterable[Any], _doubted: Iterable[str] = ()
) -> dict[str, int]:
    """L5: head office reckons what tills may lose by its newest rulebook, whatever they decide by."""
    most = risk_of_a_till(rulebooks.newest_book.offline.risk)
    return {till.terminal_id: most for till in tills}


def those_not_heard_lately(
    session: Any, rulebooks: Any, tills: Iterable[Any], doubted: Iterable[str] = ()
) -> dict[str, int]:
    """L5: head office counts nothing for a till that was heard a moment ago."""
    tills = list(tills)
    latest = max((till.last_seen_at for till in tills if till.last_seen_at is not None), default=None)
    found = allowances(session, rulebooks, tills, doubted)
    return {
        till.terminal_id: 0
        if latest and till.last_seen_at and latest - till.last_seen_at < timedelta(hours=1)
        else found[till.terminal_id]
        for till in tills
    }


def none_is_missing(*_: Any) -> tuple[()]:
    """H4: passes, coupons and points go as they are in the wallet, leased, held or not."""
    return ()


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

    def at_once(wallet: Any, event: Any, rulebook: Any, **judged: Any) -> Applied:
        applied = apply(wallet, event, rulebook, **judged)
        if not isinstance(event, ToppedUp):
            return applied
        top_up = ReservationId(event.occasion.event_id)
        return replace(applied, wallet=without_reservations(applied.wallet, (top_up,)))

    return at_once


def reports_no_leases() -> Callable[..., Any]:
    """H2: the report leaves out what the till may still spend, and head office leases it anew without a pause."""
    report = Reservations.report

    def without(self: Reservations) -> Any:
        return replace(report(self), open_reservations=())

    return without


def gives_first_again(wallet: Any, event: Any, rulebook: Any, **judged: Any) -> Applied:
    """L4: every top-up is the first."""
    if not isinstance(event, ToppedUp):
        return apply(wallet, event, rulebook, **judged)
    applied = apply(replace(wallet, top_up_count=0), event, rulebook)
    return replace(applied, wallet=replace(applied.wallet, top_up_count=wallet.top_up_count + 1))


def any_time(_self: Any, occurred_at: Any) -> Any:
    """H8: the till's clock is believed, whatever head office signed."""
    return occurred_at


def frees_by_time(kind: str, after_s: int) -> MakeApplication:
    """L5, L6: so long after it was given, a lease or hold is free again, whatever its till says."""

    def made(config: HqConfig, clock: VirtualTime, random: Random) -> FastAPI:
        application = create_app(config, clock=clock, random=random)
        office = application.state.office

        @application.middleware("http")
        async def first_free(request: Any, call_next: Any) -> Any:
            with office.database.write() as session:
                old = [row for row in _open(session, kind) if (clock() - row.granted_at).total_seconds() > after_s]
                _free(session, old, Stamp(clock(), random))
            return await call_next(request)

        return application

    return made


def _free(session: WriteSession, rows: Iterable[ReservationRecord], stamp: Stamp) -> None:
    for row in rows:
        wallet = locked_wallet(session, row.member_id)
        assert wallet is not None
        put_wallet(session, without_reservations(wallet, (ReservationId(row.reservation_id),)), stamp)
        ids, state = [row.reservation_id], ReservationState.RELEASED
        close_records(session, row.store_id, row.terminal_id, ids, state, at=stamp.at)


def _open(session: WriteSession, kind: str) -> list[ReservationRecord]:
    open_ones = select(ReservationRecord).where(
        ReservationRecord.state == ReservationState.OPEN, ReservationRecord.kind == kind
    )
    return list(session.scalars(open_ones))


def shows_nothing(*_: Any) -> tuple[()]:
    """H1: the till drops what head office had signed of its holds."""
    return ()


def notices_nothing(*_: Any, **__: Any) -> bool:
    """H1: nobody sees that a till shows what a restored head office does not know yet."""
    return False


def begins_none(*_: Any, **__: Any) -> str:
    """H1: the operator's command after a restore does nothing."""
    return ""


def does_not_know_every_payment(entry: Entry) -> Event:
    """No bug: a till of a newer version writes kinds that this head office has never heard of."""
    if entry.header.kind == "redeemed" and entry.header.seq % 3:
        raise UnknownKind("redeemed otherwise")
    return event_of(entry)


def leaves_reservations_of(wallet: Any, facts: HeaderFacts, rulebook: Any) -> Applied:
    """H7: of an entry that it does not understand, head office books the money and leaves what was set aside for it."""
    return settle_header(wallet, replace(facts, reservations=()), rulebook)


_INGEST_AND_REBUILD = ("hq_server.ingest.wallet_batch", "hq_server.ingest.rebuild")


BY_NAME: dict[str, Wrong] = {
    "till ignores its limit": Wrong((("terminal.counter.reserving.refuse_offline", never_refuses),)),
    "till forgets what it risked": Wrong((("terminal.counter.reserving.risk_left_minor", forgets_what_it_risked),)),
    "till forgets the hours": Wrong((("terminal.counter.reserving.risk_left_minor", forgets_the_hours),)),
    "exposure by the newest rulebook": Wrong((("hq_server.reservations.exposure.allowances", by_the_newest_rulebook),)),
    "exposure of the silent alone": Wrong((("hq_server.reservations.exposure.allowances", those_not_heard_lately),)),
    "passes and points at risk": Wrong((("terminal.counter.reserving._things_left", none_is_missing),)),
    "partial head closes leases": Wrong(
        (
            ("hq_server.ingest.service._is_whole_report", every_head_is_a_report),
            ("terminal.syncing.push.PUSH_ENTRIES_MAX", 1),  # type: ignore[arg-type]  # a constant, no method
        )
    ),
    "till spends a returned lease": Wrong((("terminal.counter.reserving.own_leases", spends_what_was_returned()),)),
    "top-up spendable before the report": Wrong((("hq_server.ingest.wallet_batch.apply", leases_no_top_up()),)),
    "report leaves leases out": Wrong(
        (
            ("terminal.journal.reservations.Reservations.report", reports_no_leases()),
            ("hq_server.reservations.lease_desk.LEASE_PAUSE", timedelta()),  # type: ignore[arg-type]  # a constant, no method
        )
    ),
    "first bonus given again": Wrong((("hq_server.ingest.wallet_batch.apply", gives_first_again),)),
    "time below the anchor": Wrong((("terminal.journal.head_office.HeadOffice.not_below_anchor", any_time),)),
    "lease freed by time alone": Wrong(parts=Parts(make_application=frees_by_time("lease", 1_800))),
    "hold freed by time alone": Wrong(parts=Parts(make_application=frees_by_time("hold", 5))),
    "header not settled": Wrong(
        tuple((f"{place}.settle_header", leaves_reservations_of) for place in _INGEST_AND_REBUILD),
        harmless=(("hq_server.ingest.understanding.event_of", does_not_know_every_payment),),
    ),
    "till drops signed holds": Wrong((("terminal.journal.reservations.Reservations.signed_of", shows_nothing),)),
    "keeps its epoch": Wrong(
        (
            ("hq_server.sessions.service.lies_in_future", notices_nothing),
            ("tongchu.simulation.head_office.begin_epoch", begins_none),
        )
    ),
}
