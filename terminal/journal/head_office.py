"""What this till keeps of head office: its own identity, certified keys, the epoch, the newest anchor, the highest cursor of each scope, and why it was stopped.

Inside an epoch nothing here goes backward (H1). Written by enrolment and by the sync cycle.
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from stored_value.identity import StoreId, TerminalId
from sync.entry import AnchorRef
from sync.keys import KeyCertificate, KeyRevocation, TrustedKeys
from terminal.journal.database import JournalDatabase
from terminal.journal.errors import JournalError, NotEnrolled
from terminal.journal.records import HeardTime, Identity
from terminal.stops import Stop, StopCode

_encode = msgspec.json.Encoder(order="sorted").encode
_UNMARKED = "unmarked"
"""Stands for a machine whose marks cannot be read, where another one was known before."""


class HeadOffice:
    """Thread-safe. The anchor and the epoch are held in memory, because every entry carries them and only this process writes them."""

    def __init__(self, database: JournalDatabase) -> None:
        self._database = database
        self._identity = self._read_identity()
        self._epoch, self._anchor, self._stop, self._heard = self._read_state()
        self._found: Stop | None = None
        self._behind_mirror = ""
        self._machine = ""
        self._lease_doubt: str | None = None

    @property
    def enrolled(self) -> bool:
        return self._identity is not None

    @property
    def identity(self) -> Identity:
        """Raises `NotEnrolled`."""
        if self._identity is None:
            raise NotEnrolled(f"{self._database.path}: this till is not enrolled; run `tongchu till enrol URL CODE`")
        return self._identity

    @property
    def epoch(self) -> str:
        """Empty before enrolment."""
        return self._epoch

    @property
    def anchor(self) -> AnchorRef | None:
        return self._anchor

    @property
    def heard(self) -> HeardTime | None:
        """What both clocks showed when head office was heard last, in any epoch."""
        return self._heard

    @property
    def stopped(self) -> Stop | None:
        """Why no new entry may be made; None while the till may work."""
        return self._stop

    @property
    def stopped_reason(self) -> str | None:
        return None if self._stop is None else self._stop.reason

    @property
    def found_stop(self) -> Stop | None:
        """What the till stopped for by itself since it was started, and head office has not overruled: it must be told."""
        return self._found

    @property
    def machine(self) -> str:
        """The mark of the machine that this runs on, empty while nobody told."""
        return self._machine

    @property
    def lease_doubt(self) -> str | None:
        """Why this journal may be a copy, so that no lease is spent until head office has confirmed it (H6); None when nothing is amiss."""
        return self._lease_doubt

    def runs_on(self, machine: str) -> None:
        """At every start, before the counter opens. The first machine is taken at its word; another one is in doubt until head office confirms it."""
        self._machine = machine
        with self._database.writing() as connection:
            row = connection.execute("SELECT machine FROM head_office").fetchone()
            if row is not None and not row[0]:
                connection.execute("UPDATE head_office SET machine = ?", (machine,))
        if row is not None and row[0] and (machine or _UNMARKED) != row[0]:
            self._lease_doubt = "this till's disk is in another machine than before"

    def machine_confirmed(self) -> None:
        """Head office let this machine go on."""
        if self._lease_doubt is None:
            return
        with self._database.writing() as connection:
            connection.execute("UPDATE head_office SET machine = ?", (self._machine or _UNMARKED,))
        self._lease_doubt = None

    def machine_in_doubt(self) -> None:
        """Head office knows this till by another machine."""
        self._lease_doubt = self._lease_doubt or "head office knows this till by another machine"

    def enrol(self, identity: Identity, epoch: str, certificates: tuple[KeyCertificate, ...]) -> None:
        """Once for a journal; raises `JournalError` when it is another till's."""
        with self._database.writing() as connection:
            known = self._identity
            if known is not None:
                raise JournalError(
                    f"{self._database.path} belongs to {known.terminal_id}; enrol into an empty directory"
                )
            connection.execute(
                "INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    identity.terminal_id,
                    identity.incarnation,
                    identity.store_id,
                    identity.store_name,
                    identity.zone,
                    identity.hq_url,
                    identity.root_public_key,
                    identity.seal_public_key,
                    identity.member_no_from,
                ),
            )
            connection.execute("INSERT INTO head_office (only_row, epoch) VALUES (1, ?)", (epoch,))
            for certificate in certificates:
                connection.execute(
                    "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?)", _certificate_row(certificate)
                )
        self._identity, self._epoch = identity, epoch

    def enter_incarnation(self, incarnation: int) -> None:
        """Head office took this copy of the journal over (H6): what is written from now on says so. The leases of the old life may be spent: none is spent in the new one."""
        with self._database.lock:
            with self._database.writing() as connection:
                connection.execute("UPDATE identity SET incarnation = ?", (incarnation,))
                connection.execute(
                    "UPDATE leases SET closed_seq = (SELECT coalesce(max(seq), 0) FROM entries) WHERE closed_seq IS NULL"
                )
            # Nothing may be written in between: after the first report head office takes nothing of the old life.
            self._identity = replace(self.identity, incarnation=incarnation)

    def trusted_keys(self) -> TrustedKeys:
        """Every certificate is checked against the pinned root; raises `SignatureError`."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT document FROM certificates").fetchall()
            revoked = connection.execute("SELECT document FROM revoked_keys").fetchall()
        certificates = tuple(msgspec.json.decode(row[0], type=KeyCertificate) for row in rows)
        revocations = tuple(msgspec.json.decode(row[0], type=KeyRevocation) for row in revoked)
        return TrustedKeys(self.identity.root_public_key, certificates, revocations)

    def keep_certificates(self, certificates: tuple[KeyCertificate, ...]) -> None:
        """The caller has checked them."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?)",
                [_certificate_row(each) for each in certificates],
            )

    def keep_revocations(self, revocations: tuple[KeyRevocation, ...]) -> None:
        """The caller has checked them. The first word on a key stays."""
        if not revocations:
            return
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO revoked_keys VALUES (?, ?, ?)",
                [(each.key_id, each.purpose, _encode(each).decode()) for each in revocations],
            )

    def keep_anchor(self, anchor: AnchorRef) -> None:
        """The caller has checked its signature. An anchor older than the one held, or of another epoch, is not taken."""
        with self._database.writing() as connection:
            held = self._anchor
            if anchor.epoch != self._epoch or (held is not None and _order_of(anchor) <= _order_of(held)):
                return
            connection.execute("UPDATE head_office SET anchor = ?", (_encode(anchor).decode(),))
        self._anchor = anchor

    def keep_heard(self, heard: HeardTime) -> None:
        with self._database.writing() as connection:
            connection.execute("UPDATE head_office SET heard = ?", (_encode(heard).decode(),))
        self._heard = heard

    def high_water(self, scope: str) -> int:
        """The highest cursor this till has ever shown of the scope in this epoch."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT high_water FROM cursors WHERE scope = ? AND epoch = ?", (scope, self._epoch)
            ).fetchone()
        return int(row[0]) if row else 0

    def raise_high_water(self, cursors: dict[str, int]) -> None:
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT INTO cursors (scope, epoch, high_water) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET high_water = max(high_water, excluded.high_water)",
                [(scope, self._epoch, cursor) for scope, cursor in cursors.items()],
            )

    def stop(self, code: StopCode, reason: str) -> None:
        """At once, even when the disk does not take it. Head office's stop that only repeats what it found itself before keeps that code."""
        held = self._stop
        if code is StopCode.BY_HEAD_OFFICE and held is not None and held.reason == reason:
            code = held.code
        self._stop = Stop(code, reason)
        self._found = self._stop if self._stop.is_own else None
        with self._database.writing() as connection:
            connection.execute("UPDATE head_office SET stopped_reason = ?, stopped_code = ?", (reason, code))

    def behind_mirror(self, reason: str) -> None:
        """Stops, and no cycle lets it go on: the mirror holds entries that were printed and that head office may never have heard of (H6)."""
        self._behind_mirror = reason
        self.stop(StopCode.BEHIND_MIRROR, reason)

    def agrees_with_mirror(self) -> None:
        """The mirror holds nothing beyond the journal (any more: somebody has taken the other one out)."""
        self._behind_mirror = ""

    def resume(self) -> None:
        """Head office lets this till work; unless its own mirror says that it must not, which is the reason then."""
        if self._behind_mirror:
            if self._stop is None or self._stop.code is not StopCode.BEHIND_MIRROR:
                self.stop(StopCode.BEHIND_MIRROR, self._behind_mirror)
            return
        with self._database.writing() as connection:
            connection.execute("UPDATE head_office SET stopped_reason = NULL, stopped_code = ''")
        self._stop = self._found = None

    def entered_epoch(self, epoch: str) -> None:
        """`Outcomes.begin_epoch` wrote it."""
        self._epoch, self._anchor = epoch, None

    def not_below_anchor(self, occurred_at: datetime) -> datetime:
        """Till time never runs below the last anchor (H8)."""
        return occurred_at if self._anchor is None else max(occurred_at, self._anchor.hq_time)

    def _read_identity(self) -> Identity | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT terminal_id, incarnation, store_id, store_name, zone, hq_url, root_public_key, seal_public_key,"
                " member_no_from FROM identity"
            ).fetchone()
        if row is None:
            return None
        return Identity(
            terminal_id=TerminalId(row[0]),
            incarnation=row[1],
            store_id=StoreId(row[2]),
            store_name=row[3],
            zone=row[4],
            hq_url=row[5],
            root_public_key=row[6],
            seal_public_key=row[7],
            member_no_from=row[8],
        )

    def _read_state(self) -> tuple[str, AnchorRef | None, Stop | None, HeardTime | None]:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT epoch, anchor, stopped_reason, stopped_code, heard FROM head_office"
            ).fetchone()
        if row is None:
            return "", None, None, None
        epoch, anchor, stopped_reason, stopped_code, heard = row
        return (
            epoch,
            msgspec.json.decode(anchor, type=AnchorRef) if anchor else None,
            None if stopped_reason is None else Stop(StopCode(stopped_code), stopped_reason),
            msgspec.json.decode(heard, type=HeardTime) if heard else None,
        )


def _order_of(anchor: AnchorRef) -> tuple[datetime, int, int]:
    return anchor.hq_time, anchor.accepted_seq, anchor.global_cursor


def _certificate_row(certificate: KeyCertificate) -> tuple[str, str, str]:
    return certificate.key_id, certificate.purpose, _encode(certificate).decode()
