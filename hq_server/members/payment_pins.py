"""Owns the table of payment PINs: the key of each issue, encrypted at rest, and the verifier that tills get with the member's row (ADR 0017).

Called by ingest, by head office's own journal and by erasure; the caller commits, and moves the wallet's version with it (H9).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from hq_server.database.among import among
from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import PaymentPin
from hq_server.keys.key_files import HqKeys
from hq_server.members.personal import cipher_of
from stored_value.events_money_out import PinSet
from stored_value.identity import MemberId
from sync.errors import SignatureError
from sync.keys import decode_bytes, encode_bytes
from sync.payment_pins import PinSecret, read_secret, write_verifier
from sync.personal import open_sealed

_COLUMN = "payment_pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPin:
    """`ended_at`: since when it counts no more."""

    member_id: MemberId
    issue: int
    key: bytes = field(repr=False)
    ended_at: datetime | None = None


def open_secret(keys: HqKeys, event: PinSet, attachment: bytes) -> PinSecret | None:
    """What the till sealed; None when it cannot be opened, or is none that a till may make."""
    try:
        return read_secret(open_sealed(event.secret, attachment, event.member_id, keys.seal))
    except SignatureError:
        return None


def kept_pins(session: ReadSession, keys: HqKeys, member_ids: Collection[str]) -> list[KeptPin]:
    """Every issue of theirs that head office holds."""
    cipher = cipher_of(keys)
    rows = session.execute(
        select(PaymentPin.member_id, PaymentPin.issue, PaymentPin.key_sealed, PaymentPin.ended_at).where(
            among(PaymentPin.member_id, sorted(member_ids))
        )
    )
    return [
        KeptPin(
            member_id=MemberId(row.member_id),
            issue=row.issue,
            key=decode_bytes(cipher.decrypt(row.key_sealed, row_id=_row_id(row.member_id, row.issue), column=_COLUMN)),
            ended_at=row.ended_at,
        )
        for row in rows
    ]


def keep_pins(
    session: WriteSession, keys: HqKeys, chosen: Iterable[tuple[MemberId, int, PinSecret]], *, now: datetime
) -> None:
    """In the order in which they were chosen: each ends the one before."""
    cipher = cipher_of(keys)
    for member_id, issue, secret in chosen:
        end_pin(session, member_id, now=now)
        session.add(
            PaymentPin(
                member_id=member_id,
                issue=issue,
                verifier=write_verifier(secret.verifier(issue)).decode(),
                key_sealed=cipher.encrypt(encode_bytes(secret.key), row_id=_row_id(member_id, issue), column=_COLUMN),
                set_at=now,
                ended_at=None,
            )
        )
        session.flush()


def pin_set_at(session: ReadSession, member_id: str) -> datetime | None:
    """When head office took in the PIN that counts now; None where it holds none."""
    return session.scalars(
        select(PaymentPin.set_at)
        .where(PaymentPin.member_id == member_id, PaymentPin.ended_at.is_(None))
        .order_by(PaymentPin.issue.desc())
        .limit(1)
    ).one_or_none()


def end_pin(session: WriteSession, member_id: str, *, now: datetime) -> None:
    session.execute(
        update(PaymentPin)
        .where(PaymentPin.member_id == member_id, PaymentPin.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def forget_pins(session: WriteSession, member_id: str) -> None:
    """Proofs of an erased member can be checked no more."""
    session.execute(
        delete(PaymentPin).where(PaymentPin.member_id == member_id).execution_options(synchronize_session=False)
    )


def _row_id(member_id: str, issue: int) -> str:
    return f"{member_id}/{issue}"
