"""Steps 2 to 4 of a cycle: write down what is about to be sent, send it, settle the outcomes. The outcome of a lost reply is learned by sending the same again.

A push that reaches the journal's very head is the till's report on its leases and holds (H2); when only that has changed, a push without entries carries it. With entries of an
epoch that is over goes what head office had signed of the holds that they used (H1).
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.chain import sign_head, signed_head
from sync.client import HqClient
from sync.errors import HqRefused, HqUnreachable
from sync.messages import PUSH_ENTRIES_MAX, Push, PushedEntry, PushReply, Session, SignedHead
from terminal import steps
from terminal.journal import EntryRotten, Head, Journal, Report
from terminal.stops import StopCode
from terminal.syncing.errors import STOPPING_CODES, EntryTooLarge, EpochOver, TillStopped
from terminal.syncing.opening import keep_anchor

_TOO_LARGE: Final = 413
PUSH_BYTES_MAX: Final = 4 * 1024 * 1024


class Batches:
    """How many entries a push takes. A line that breaks again and again lets small ones through: half as many after one that got no answer, twice as many after one that did."""

    def __init__(self) -> None:
        self.most = PUSH_ENTRIES_MAX

    def unanswered(self) -> None:
        self.most = max(1, self.most // 2)

    def answered(self) -> None:
        self.most = min(2 * self.most, PUSH_ENTRIES_MAX)


def push_all(
    client: HqClient, journal: Journal, key: Ed25519PrivateKey, session: Session, batches: Batches
) -> PushReply | None:
    """Until every entry has an outcome and the report is heard; a batch that HQ, or a proxy before it, finds too large is halved. Returns the last reply, None when there was
    nothing to send. Raises `TillStopped`, `EpochOver`, `EntryTooLarge` or a `SyncError`."""
    reply: PushReply | None = None
    entries_max = PUSH_ENTRIES_MAX
    sent_through = min(journal.outcomes.settled_through(), session.journal_head)
    while True:
        entries, last = _next_entries(journal, sent_through, min(entries_max, batches.most))
        report = journal.reservations.report()
        if last is None:
            if report.head.seq != sent_through or not journal.reservations.is_news(report):
                return reply
            sent = Push(epoch=session.epoch, entries=(), head=_report_head(journal, key, report))
            return _exchange(client, journal, sent, report)
        journal.outcomes.record_push(sent_through + 1, last.seq)
        is_head = report.head.seq == last.seq
        head = _report_head(journal, key, report) if is_head else _bare_head(journal, key, last)
        sent = Push(
            epoch=session.epoch,
            entries=entries,
            head=head,
            signed_holds=journal.reservations.signed_of(sent_through + 1, last.seq),
        )
        try:
            reply = _exchange(client, journal, sent, report if is_head else None)
        except HqRefused as refused:
            if refused.http_status != _TOO_LARGE:
                raise
            if len(entries) == 1:
                size = f"entry {last.seq}, {len(entries[0].raw)} characters, is refused as too large"
                raise EntryTooLarge(f"{size}; a proxy before head office must let a mebibyte through") from refused
            entries_max = (len(entries) + 1) // 2
            continue
        except HqUnreachable:
            batches.unanswered()
            raise
        batches.answered()
        if reply.accepted_through <= sent_through:
            return reply
        sent_through = reply.accepted_through


def _next_entries(journal: Journal, sent_through: int, entries_max: int) -> tuple[tuple[PushedEntry, ...], Head | None]:
    """Bytes that have changed are fetched from the mirror (H7). A journal that stays changed must not go on: nobody may sign for it."""
    while True:
        try:
            return journal.outcomes.to_push(sent_through, entries_max=entries_max, bytes_max=PUSH_BYTES_MAX)
        except EntryRotten as rotten:
            if journal.holes.mend(rotten.seq):
                continue
            journal.head_office.stop(StopCode.ENTRY_ROTTEN, str(rotten))
            raise TillStopped(str(rotten)) from rotten


def _report_head(journal: Journal, key: Ed25519PrivateKey, report: Report) -> SignedHead:
    identity = journal.head_office.identity
    bare = SignedHead(
        terminal_id=identity.terminal_id,
        incarnation=identity.incarnation,
        seq=report.head.seq,
        hash=report.head.hash,
        signature="",
        grant_watermark=report.grant_watermark,
        request_watermark=report.request_watermark,
        open_reservations=report.open_reservations,
        is_report=True,
    )
    return signed_head(key, bare)


def _bare_head(journal: Journal, key: Ed25519PrivateKey, last: Head) -> SignedHead:
    """More entries follow: this head reports nothing."""
    identity = journal.head_office.identity
    return sign_head(key, identity.terminal_id, identity.incarnation, last.seq, last.hash)


def _exchange(client: HqClient, journal: Journal, push: Push, report: Report | None) -> PushReply:
    reply = _send(client, journal, push)
    steps.reached(steps.PUSH_SENT)
    keep_anchor(journal, reply.anchor)
    journal.outcomes.settle(reply.outcomes, reply.accepted_through)
    if report is not None and (reply.accepted_through, reply.head_hash) == (report.head.seq, report.head.hash):
        journal.reservations.acknowledged(report)
    return reply


def _send(client: HqClient, journal: Journal, push: Push) -> PushReply:
    try:
        reply = client.push(journal.head_office.identity.terminal_id, push)
    except HqRefused as refused:
        if refused.code == "epoch_over":
            raise EpochOver(refused.message) from refused
        if refused.code in STOPPING_CODES:
            journal.head_office.stop(STOPPING_CODES[refused.code], refused.message)
            raise TillStopped(refused.message) from refused
        raise
    if reply.epoch != push.epoch:
        raise EpochOver(f"head office answered in epoch {reply.epoch}")
    return reply
