"""Owns the decision on a hold: idempotent by its id for ever, never against a number that the till's report has passed, never more than is available (L6, H2).

Called by the endpoint inside a unit of work; locks the till's row, then the wallet.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from hq_server.database.engine import WriteSession
from hq_server.database.models import ReservationRecord, ReservationState, Terminal
from hq_server.database.prepared import Prepared
from hq_server.feed.publishing import current_epoch
from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.keys.key_files import HqKeys
from hq_server.reservations.recalls import leases_needed, leases_of_thing, mark_recalled
from hq_server.reservations.signed_holds import signed_hold
from hq_server.reservations.silence import silent_tills, with_presumed
from hq_server.sessions.tokens import TillToken
from hq_server.stores.zones import zone_of
from hq_server.terminals.rows import hold_terminal
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from hq_server.wallets.rows import member_rows
from hq_server.wallets.scope import note_in_scope
from stored_value.identity import LotId, MemberId, StoreId, TerminalId
from stored_value.money import MAX_MINOR
from stored_value.refusals import Refusal, RefusalCode
from stored_value.reservation_records import Reservation, ReservationKind
from stored_value.reservations import find, recalled, refuse_reservation, with_reservation
from stored_value.standing import Deed, refuse_deed
from stored_value.wallet import Wallet
from sync.messages import HoldReply, HoldRequest, MemberRow
from sync.signed_hold import Held, SignedHold

_KNOWN: Final = Prepared(
    select(ReservationRecord.reservation_id).where(
        ReservationRecord.store_id == bindparam("store"),
        ReservationRecord.terminal_id == bindparam("terminal"),
        ReservationRecord.reservation_id == bindparam("reservation"),
    )
)
_ID: Final = re.compile(r"[0-9A-Za-z._:-]{1,36}")
_THINGS_MAX: Final = 100
_NUMBER_MAX: Final = 2**62
_DEEDS: Final = frozenset(Deed)
_encode = msgspec.json.Encoder(order="sorted").encode
_decode_data = msgspec.json.Decoder(dict[str, int | str]).decode


class HoldFaulty(Exception):
    """Not a refusal of the business: `code` is `request_invalid`, `hold_differs` (the id stands for something else) or `hold_too_late`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks for what and when; `last`: the answer is final. `connected` tells which tills can be reached at once; `keys` sign what is held."""

    till: TillToken
    wanted: HoldRequest
    stamp: Stamp
    rulebooks: Rulebooks
    connected: Callable[[StoreId, TerminalId], bool]
    keys: HqKeys
    last: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """`waiting`: refused for now, nothing is written down, and leases may come back soon. `called` are the tills that just now were asked for theirs."""

    reply: HoldReply
    waiting: bool = False
    called: tuple[TerminalId, ...] = ()


def check_request(wanted: HoldRequest) -> None:
    """Raises `HoldFaulty` for what no till asks."""
    sound = (
        _ID.fullmatch(wanted.hold_id)
        and _ID.fullmatch(wanted.member_id)
        and 1 <= wanted.number <= _NUMBER_MAX
        and 0 <= wanted.amount_minor <= MAX_MINOR
        and len(wanted.things) <= _THINGS_MAX
        and all(thing.quantity > 0 for thing in wanted.things)
        and (wanted.amount_minor or wanted.things)
    )
    if not sound:
        raise HoldFaulty("request_invalid", "a hold has an id, a number and an amount or things")


def ask(session: WriteSession, asking: Asking) -> Asked:
    """Held or refused, and written down as that: the same request again gets the same answer. Raises `HoldFaulty`."""
    till, wanted, stamp = asking.till, asking.wanted, asking.stamp
    terminal = hold_terminal(session, till.store_id, till.terminal_id).row
    key = (till.store_id, till.terminal_id, wanted.hold_id)
    if _KNOWN.row(session, store=till.store_id, terminal=till.terminal_id, reservation=wanted.hold_id) is not None:
        known = session.get_one(ReservationRecord, key)
        return Asked(_answer_again(session, known, asking))
    if wanted.number <= terminal.requests_closed_through:
        raise HoldFaulty(
            "hold_too_late", f"the till has reported past its request {terminal.requests_closed_through} already"
        )
    wallet = locked_wallet(session, wanted.member_id)
    if wallet is None:
        return Asked(_write_refused(session, asking, Refusal(RefusalCode.MEMBER_UNKNOWN)))
    if find(wallet, wanted.hold_id) is not None:
        raise HoldFaulty("hold_differs", "this id stands for another reservation")
    silent = silent_tills(session, wanted.member_id, till.epoch)
    refusal = _refuse(session, with_presumed(wallet, silent, asking.rulebooks, stamp.at), asking)
    if refusal is None:
        return Asked(_hold(session, asking, wallet))
    return _refused(session, asking, wallet, refusal)


def _refuse(session: WriteSession, wallet: Wallet, asking: Asking) -> Refusal | None:
    on = asking.stamp.at.astimezone(zone_of(session, asking.till.store_id)).date()
    refusal = refuse_deed(wallet, _deed(asking.wanted), on)
    return refusal or refuse_reservation(wallet, asking.wanted.amount_minor, asking.wanted.things, on)


def _deed(wanted: HoldRequest) -> Deed:
    """One that a newer till knows is judged like a payment."""
    return Deed(wanted.deed) if wanted.deed in _DEEDS else Deed.REDEEM


def _refused(session: WriteSession, asking: Asking, wallet: Wallet, refusal: Refusal) -> Asked:
    """What other tills lease and this payment needs is asked back, whether or not anyone waits for it."""
    till, stamp = asking.till, asking.stamp
    needed = _needed(wallet, asking, refusal)
    fresh = [kept for kept in needed if not kept.recalled]
    entered = note_in_scope(session, asking.wanted.member_id, till.store_id, at=stamp.at)
    if entered or fresh:
        after = recalled(wallet, [kept.reservation_id for kept in fresh])
        put_wallet(session, after, stamp, entered=(till.store_id,) if entered else ())
        mark_recalled(session, fresh, at=stamp.at, needed=True)
    called = tuple(kept.terminal_id for kept in fresh)
    if not asking.last and any(asking.connected(kept.store_id, kept.terminal_id) for kept in needed):
        reply = _reply(session, asking.wanted.member_id, stamp.at, refusal.code, refusal.data)
        return Asked(reply, waiting=True, called=called)
    if refusal.code is RefusalCode.RESERVED_ELSEWHERE:
        refusal = replace(refusal, data=refusal.data | _holder(session, wallet, asking, refusal.data.get("thing")))
    return Asked(_write_refused(session, asking, refusal), called=called)


def _needed(wallet: Wallet, asking: Asking, refusal: Refusal) -> tuple[Reservation, ...]:
    """The leases elsewhere that would make the payment possible."""
    if refusal.code is not RefusalCode.RESERVED_ELSEWHERE:
        return ()
    by_till = {kept.terminal_id: kept.store_id for kept in wallet.reservations}

    def reachable(terminal_id: TerminalId) -> bool:
        return asking.connected(by_till[terminal_id], terminal_id)

    here = asking.till.terminal_id
    if "thing" in refusal.data:
        return leases_of_thing(wallet, LotId(str(refusal.data["thing"])), here, reachable=reachable)
    balance, reserved = int(refusal.data["balance_minor"]), int(refusal.data["reserved_minor"])
    return leases_needed(wallet, asking.wanted.amount_minor - (balance - reserved), here, reachable=reachable)


def _holder(session: WriteSession, wallet: Wallet, asking: Asking, thing: int | str | None) -> dict[str, int | str]:
    """The till that keeps most of the money, or that keeps the thing, which this one lacks, and when it was last heard of."""
    elsewhere = [
        kept
        for kept in wallet.reservations
        if kept.terminal_id != asking.till.terminal_id
        and (thing is None or any(each.thing_id == thing for each in kept.things))
    ]
    if not elsewhere:
        return {}
    most = max(elsewhere, key=lambda kept: (kept.amount_minor, kept.reservation_id))
    holder = session.get(Terminal, (most.store_id, most.terminal_id))
    heard = [at for at in (holder.last_seen_at, holder.last_live_at) if at is not None] if holder is not None else []
    if asking.connected(most.store_id, most.terminal_id):
        heard.append(asking.stamp.at)
    data: dict[str, int | str] = {"store": most.store_id, "terminal": most.terminal_id}
    return data | ({"last_seen": max(heard).isoformat()} if heard else {})


def _hold(session: WriteSession, asking: Asking, wallet: Wallet) -> HoldReply:
    wanted, till = asking.wanted, asking.till
    kept = Reservation(
        reservation_id=wanted.hold_id,
        kind=ReservationKind.HOLD,
        store_id=till.store_id,
        terminal_id=till.terminal_id,
        incarnation=till.incarnation,
        number=wanted.number,
        granted_minor=wanted.amount_minor,
        amount_minor=wanted.amount_minor,
        granted_at=asking.stamp.at,
        things=wanted.things,
    )
    entered = note_in_scope(session, wanted.member_id, till.store_id, at=asking.stamp.at)
    after = put_wallet(
        session, with_reservation(wallet, kept), asking.stamp, entered=(till.store_id,) if entered else ()
    )
    _write_down(session, asking, after.version, ReservationState.OPEN)
    held = _held(asking, till.epoch, asking.stamp.at)
    return _reply(session, wanted.member_id, asking.stamp.at, signed=signed_hold(asking.keys, held))


def _write_refused(session: WriteSession, asking: Asking, refusal: Refusal) -> HoldReply:
    _write_down(session, asking, 0, ReservationState.REFUSED, refusal)
    return _reply(session, asking.wanted.member_id, asking.stamp.at, refusal.code, refusal.data)


def _write_down(
    session: WriteSession, asking: Asking, version: int, state: ReservationState, refusal: Refusal | None = None
) -> None:
    wanted, till = asking.wanted, asking.till
    session.add(
        ReservationRecord(
            store_id=till.store_id,
            terminal_id=till.terminal_id,
            reservation_id=wanted.hold_id,
            kind=ReservationKind.HOLD,
            incarnation=till.incarnation,
            epoch=till.epoch,
            number=wanted.number,
            member_id=wanted.member_id,
            version=version,
            amount_minor=wanted.amount_minor,
            things=things_text(wanted),
            state=state,
            refusal=refusal.code if refusal else "",
            refusal_data=_encode(refusal.data).decode() if refusal else "{}",
            granted_at=asking.stamp.at,
            closed_at=asking.stamp.at if refusal else None,
        )
    )
    session.flush()


def _held(asking: Asking, epoch: str, granted_at: datetime) -> Held:
    till, wanted = asking.till, asking.wanted
    return Held(
        epoch=epoch,
        store_id=till.store_id,
        terminal_id=till.terminal_id,
        member_id=wanted.member_id,
        hold_id=wanted.hold_id,
        number=wanted.number,
        amount_minor=wanted.amount_minor,
        granted_at=granted_at,
        things=wanted.things,
    )


def _answer_again(session: WriteSession, known: ReservationRecord, asking: Asking) -> HoldReply:
    wanted, at = asking.wanted, asking.stamp.at
    same = (known.number, known.member_id, known.amount_minor, known.things) == (
        wanted.number,
        wanted.member_id,
        wanted.amount_minor,
        things_text(wanted),
    )
    if not same or known.kind != ReservationKind.HOLD:
        raise HoldFaulty("hold_differs", "this id stands for another request")
    match known.state:
        case ReservationState.REFUSED:
            return _reply(session, wanted.member_id, at, known.refusal, _decode_data(known.refusal_data))
        case ReservationState.OPEN | ReservationState.SETTLED:
            held = _held(asking, known.epoch, known.granted_at)
            return _reply(session, wanted.member_id, at, signed=signed_hold(asking.keys, held))
        case _:
            raise HoldFaulty("hold_too_late", "what was held was released or written off")


def things_text(wanted: HoldRequest) -> str:
    return _encode(wanted.things).decode()


def _reply(
    session: WriteSession,
    member_id: MemberId,
    at: datetime,
    refusal: str = "",
    data: dict[str, int | str] | None = None,
    *,
    signed: SignedHold | None = None,
) -> HoldReply:
    member: MemberRow | None = next(member_rows(session, [member_id]), None)
    return HoldReply(
        epoch=current_epoch(session), as_of=at, member=member, refusal=refusal, data=data or {}, signed=signed
    )
