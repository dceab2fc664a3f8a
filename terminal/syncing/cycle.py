"""One sync cycle, from the session to the sanity check. The folder is the algorithm: `opening`, `push`, `pull`, then leases (`terminal.leasing`) and the check here."""

from dataclasses import dataclass
from dataclasses import replace as replace_dataclass
from datetime import timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from sync.client import HqClient
from sync.errors import HqRefused, HqUnreachable, KeyUnknown, SyncError, TokenExpired
from sync.grants import Grants
from sync.messages import Heads, PushReply, Session
from sync.till_trouble import TillStanding, TillTrouble
from terminal.hq_time import HqTime
from terminal.journal import Journal, JournalError
from terminal.leasing import Leasing
from terminal.replica import Replica, ReplicaError
from terminal.standing_told import ASK_NOTHING, Asked
from terminal.syncing.codes import code_of
from terminal.syncing.errors import EntryTooLarge, EpochOver, SanityMismatch, SyncingError
from terminal.syncing.opening import Told, open_session
from terminal.syncing.pull import Puller
from terminal.syncing.push import Batches, push_all
from terminal.syncing.remembering import Remembering
from terminal.syncing.telling import Telling, stop_told
from terminal.till_directory import TillDirectory
from terminal.troubles import Trouble, trouble_of

NOT_FOUND: Final = 404
ANCHOR_AGE_MAX: Final = timedelta(minutes=5)
"""Half of what head office forgives a clock."""


@dataclass(frozen=True, slots=True)
class CycleReport:
    """`rejected`: what HQ sent and was not taken, in words for the technician. `unsent`: the next cycle has something to report. `takes_payment_pins` as HQ's session says."""

    rejected: tuple[str, ...]
    unsent: bool = False
    takes_payment_pins: bool = False


class SyncCycle:
    """Use from one thread; `hq_time` is told what head office's clock shows, `asked` is what else it is told. Every step may be broken off and begun again at any point."""

    def __init__(
        self,
        client: HqClient,
        journal: Journal,
        replica: Replica,
        directory: TillDirectory,
        key: Ed25519PrivateKey,
        *,
        leasing: Leasing,
        version: str = "",
        hq_time: HqTime | None = None,
        asked: Asked = ASK_NOTHING,
    ) -> None:
        self._client = client
        self._journal = journal
        self._replica = replica
        self._key = key
        self._version = version
        self._hq_time = hq_time
        self._leasing = leasing
        self._puller = Puller(client, journal, replica, directory)
        self._batches = Batches()
        self._remembering = Remembering(client, replica)
        self._session: Session | None = None
        self._heard: Heads | None = None
        self._telling = Telling()
        self._asked = asked
        self._rejections_told: tuple[str, ...] = ()
        self._printer_told = ""

    def token(self) -> str:
        """Of the newest session, also while a cycle runs; empty before the first. From any thread."""
        return self._client.token

    def heard(self, heads: Heads) -> None:
        """Head office told of it outside of a cycle: the next one need not ask for what has not moved. From any thread."""
        self._heard = heads

    def run_once(self) -> CycleReport:
        """Raises `SyncError`, `SyncingError`, `JournalError` or `ReplicaError`; whatever was done by then stays done. What went wrong, and head office did not
        say itself, it is told in the next session; so is a stop that this till found itself."""
        try:
            return self._run_anew()
        except (SyncError, SyncingError, JournalError, ReplicaError, OSError) as error:
            trouble = trouble_of(code_of(error))
            if trouble is not None and not isinstance(error, HqRefused):
                self._telling.add(trouble, str(error))
            raise

    def _run_anew(self) -> CycleReport:
        try:
            return self._run(self._session or self._open())
        except (TokenExpired, EpochOver, KeyUnknown):
            # A key that head office signs with since this session began is told in the next one.
            return self._run(self._open())

    def _run(self, session: Session) -> CycleReport:
        self._session = None  # kept only by a cycle that ended well
        heads = self._take_heard()
        self._remembering.bring_rulebooks(session)
        reply, failed = self._push(session)
        self._remembering.tell_standings(session)
        heads = (reply.heads if reply is not None else None) or heads
        self._pull(session, heads)
        if failed is not None:
            raise failed
        session, unsent = self._settle_leases(_after(session, reply), heads)
        self._check(session)
        if self._journal.head_office.stopped_reason is not None:
            # Head office lets this till work, its journal was sent and compared: only now, lest a sale slip in before the reason shows again.
            self._journal.head_office.resume()
        rejected = tuple(self._puller.rejected.values())
        if rejected and rejected != self._rejections_told:
            self._telling.add(Trouble.NOT_TRUSTED, rejected[-1])
        is_told = self._telling.is_done(self._lasting())
        is_told = is_told and self._anchor_is_fresh() and not self._clock_has_moved() and self._printer_is_told()
        self._session = session if is_told else self._open()
        self._rejections_told = rejected
        return CycleReport(rejected, unsent, self._session.takes_payment_pins)

    def _open(self) -> Session:
        """Head office hears of each trouble once, of what lasts in every session."""
        trouble, standing = self._telling.next(self._lasting()), self._asked.standing()
        told = Told(trouble=trouble, standing=standing)
        if self._hq_time is None:
            session = open_session(self._client, self._journal, self._key, self._version, told)
        else:
            with self._hq_time.asking() as heard:
                told = replace_dataclass(told, till_time=self._hq_time.till_time())
                session = open_session(self._client, self._journal, self._key, self._version, told)
                heard(session.anchor.hq_time)
                self._hq_time.was_told()
        self._telling.was_told(trouble)
        self._printer_told = _printer(standing)
        return session

    def _lasting(self) -> tuple[TillTrouble, ...]:
        found, mirror = self._journal.head_office.found_stop, self._asked.mirror_trouble()
        return (*((stop_told(found),) if found else ()), *((mirror,) if mirror else ()))

    def _push(self, session: Session) -> tuple[PushReply | None, SyncError | EntryTooLarge | None]:
        """A push that HQ cannot take now, or whose outcome is unknown, does not stop the pull: blocks must come through (H9)."""
        try:
            return push_all(self._client, self._journal, self._key, session, self._batches), None
        except TokenExpired:
            raise
        except (HqRefused, HqUnreachable, EntryTooLarge) as failed:
            return None, failed

    def _take_heard(self) -> Heads | None:
        heard, self._heard = self._heard, None
        return heard

    def _pull(self, session: Session, heads: Heads | None) -> None:
        try:
            self._puller.pull(session, heads)
        except HqRefused as refused:
            if refused.code == "epoch_over":
                raise EpochOver(refused.message) from refused
            raise

    def _settle_leases(self, session: Session, heads: Heads | None) -> tuple[Session, bool]:
        """What is due goes back, what is granted is taken. Head office waits for what comes back and hears of it in the same cycle; of what was taken it hears in the next.
        Whether there is something left to report."""
        reservations = self._journal.reservations
        is_awaited = self._leasing.give_back_due()
        if heads is None or heads.epoch != session.epoch or heads.grants != reservations.grant_watermark():
            is_awaited |= self._leasing.accept(self._grants())
        if not reservations.is_news(reservations.report()):
            return session, False
        if not is_awaited:
            return session, True
        reply, failed = self._push(session)
        if failed is not None:
            raise failed
        return _after(session, reply), False

    def _grants(self) -> Grants:
        """An older head office grants none."""
        try:
            return self._client.grants(self._journal.reservations.grant_watermark())
        except HqRefused as refused:
            if refused.http_status == NOT_FOUND:
                return Grants(epoch=self._journal.head_office.epoch, grants=())
            raise

    def _anchor_is_fresh(self) -> bool:
        """An idle till hears of time and rulebooks by the feed alone; what it knows must soon be signed for, or its clock could be set back behind it (H8)."""
        anchor, as_of = self._journal.head_office.anchor, self._replica.as_of()
        if anchor is None or as_of is None:
            return False
        newest = max((row.version for row in self._replica.rulebook_rows()), default=0)
        return newest <= anchor.rulebook and as_of - anchor.hq_time < ANCHOR_AGE_MAX

    def _printer_is_told(self) -> bool:
        """A session may last for a day's work: who looks after the printers is not to wait for its end."""
        return _printer(self._asked.standing()) == self._printer_told

    def _clock_has_moved(self) -> bool:
        return self._hq_time is not None and self._hq_time.has_moved()

    def _check(self, session: Session) -> None:
        """Both sides compare what HQ holds of this journal."""
        seq = session.journal_head
        if self._journal.hash_at(seq) != session.journal_head_hash:
            raise SanityMismatch(f"head office's entry {seq} is not the journal's")
        settled = self._journal.outcomes.settled_through()
        if settled < seq:
            raise SanityMismatch(f"head office holds {seq} entries, but only {settled} have outcomes")


def _after(session: Session, reply: PushReply | None) -> Session:
    """What head office holds now."""
    if reply is None:
        return session
    return replace(session, journal_head=reply.accepted_through, journal_head_hash=reply.head_hash)


def _printer(standing: TillStanding | None) -> str:
    return "" if standing is None else standing.printer
