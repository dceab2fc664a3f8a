"""Owns taking over the losing branch of a forked journal as a new incarnation (H6): a person decides, the till shows where the branches part and claims its own.

HQ's rows of the first branch stay as they are. Whoever has the till's key can claim: clones are detected, not prevented. Leases of the first branch stay open until
they are written off, its holds until the new one's first report. Called by the console and by the endpoint; the caller of `adopt` and `take_back` commits.
"""

import msgspec
from sqlalchemy import select

from hq_server.database.engine import ReadSession, WriteSession
from hq_server.database.models import UNCLAIMED, JournalEntry, Terminal, TerminalStatus
from hq_server.errors import ApiProblem
from hq_server.ingest.loading import load_entries
from hq_server.office import Office
from hq_server.sessions.tokens import TillToken
from hq_server.terminals.rows import TerminalRow
from hq_server.terminals.standing import REASON_CHARS_MAX, Standing, locked_terminal
from stored_value.identity import TerminalId
from sync.branches import MARKS_MAX, BranchQuery, BranchReply, Mark
from sync.entry import GENESIS_HASH, read_entry
from sync.errors import EntryUnreadable

_INCARNATIONS_MAX = 10_000
_encode_anchor = msgspec.json.Encoder(order="sorted").encode


def adopt(session: WriteSession, terminal_id: TerminalId) -> Standing:
    """Only of a stopped till. Until the till has claimed its branch, nothing is taken from it, and the decision can be taken back."""
    terminal = locked_terminal(session, terminal_id)
    if terminal is None:
        return Standing.UNKNOWN
    if terminal.status != TerminalStatus.STOPPED or terminal.branch_from == UNCLAIMED:
        return Standing.UNCHANGED
    terminal.status, terminal.status_reason = TerminalStatus.ACTIVE, ""
    terminal.incarnation += 1
    terminal.branch_from, terminal.branch_hash = UNCLAIMED, ""
    return Standing.CHANGED


def take_back(session: WriteSession, terminal_id: TerminalId, reason: str) -> Standing:
    """The decision to take another copy over, while no copy has claimed it: there is none, or it was the wrong till. It is stopped again, for this reason, in the life that it
    had; a person lets it go on."""
    if not reason.strip():
        return Standing.REASON_MISSING
    terminal = locked_terminal(session, terminal_id)
    if terminal is None:
        return Standing.UNKNOWN
    if terminal.branch_from != UNCLAIMED or terminal.status == TerminalStatus.REVOKED:
        return Standing.UNCHANGED
    terminal.status, terminal.status_reason = TerminalStatus.STOPPED, reason.strip()[:REASON_CHARS_MAX]
    terminal.incarnation -= 1
    terminal.branch_from, terminal.branch_hash = _claimed_before(session, terminal)
    return Standing.CHANGED


def _claimed_before(session: ReadSession, terminal: Terminal) -> tuple[int, str]:
    """Where the life that goes on parted from the one before, as its claim said."""
    if terminal.incarnation == 1:
        return 0, ""
    first = session.execute(
        select(JournalEntry.seq, JournalEntry.hash)
        .where(
            JournalEntry.store_id == terminal.store_id,
            JournalEntry.terminal_id == terminal.terminal_id,
            JournalEntry.incarnation == terminal.incarnation,
        )
        .order_by(JournalEntry.seq)
        .limit(1)
    ).first()
    return (terminal.accepted_seq, "") if first is None else (first.seq - 1, first.hash)


def remember(terminal: TerminalRow, incarnation: int) -> None:
    """A till that was last signed for in an earlier epoch, and has not reported in this one, goes on in an incarnation that this head office, restored from a backup, has
    forgotten (H1): it claims its branch once more. The person's decision stands; within an epoch nobody takes his own branch over."""
    if terminal.incarnation < incarnation <= _INCARNATIONS_MAX:
        terminal.incarnation = incarnation
        terminal.branch_from, terminal.branch_hash = UNCLAIMED, ""


def answer_branch(office: Office, till: TillToken, query: BranchQuery) -> BranchReply:
    """Idempotent: the same claim again gets the same answer, another one is a fork of the branch itself."""
    if query.epoch != till.epoch:
        raise ApiProblem("epoch_over", f"this head office is in epoch {till.epoch}", {"epoch": till.epoch})
    if not 0 < len(query.marks) <= MARKS_MAX:
        raise ApiProblem("request_invalid", f"a question about branches has 1 to {MARKS_MAX} marks")
    with office.database.write() as session:
        terminal = session.get_one(Terminal, (till.store_id, till.terminal_id), with_for_update=True)
        if terminal.incarnation != query.incarnation or terminal.incarnation < 2:
            raise ApiProblem("journal_broken", f"{terminal.terminal_id} is in incarnation {terminal.incarnation}")
        reply = _compared(session, terminal, query.marks)
        if not query.claim:
            return reply
        _claim(session, terminal, query, reply)
        return msgspec.structs.replace(reply, claimed=True)


def _compared(session: ReadSession, terminal: Terminal, marks: tuple[Mark, ...]) -> BranchReply:
    held = load_entries(
        session, terminal.store_id, terminal.terminal_id, terminal.incarnation - 1, [mark.seq for mark in marks]
    )
    held_through = _held_through(session, terminal)
    hashes = {seq: each.hash for seq, each in held.items() if seq <= held_through} | {0: GENESIS_HASH}
    common = [mark.seq for mark in marks if hashes.get(mark.seq) == mark.hash]
    other = [mark.seq for mark in marks if hashes.get(mark.seq) != mark.hash]
    return BranchReply(common=max(common, default=0), other=min(other, default=0), held_through=held_through)


def _held_through(session: ReadSession, terminal: Terminal) -> int:
    found = session.scalar(
        select(JournalEntry.seq)
        .where(
            JournalEntry.store_id == terminal.store_id,
            JournalEntry.terminal_id == terminal.terminal_id,
            JournalEntry.incarnation < terminal.incarnation,
        )
        .order_by(JournalEntry.incarnation.desc(), JournalEntry.seq.desc())
        .limit(1)
    )
    return found or 0


def _claim(session: WriteSession, terminal: Terminal, query: BranchQuery, reply: BranchReply) -> None:
    marks = query.marks
    common, first = marks[0], marks[1].hash if len(marks) > 1 else ""
    if terminal.branch_from != UNCLAIMED:
        if (terminal.branch_from, terminal.branch_hash) != (common.seq, first):
            raise ApiProblem(
                "journal_forked", "another copy of this journal was taken over already", {"seq": common.seq}
            )
        return
    parts = len(marks) == 1 or (marks[1].seq == common.seq + 1 and reply.other == marks[1].seq)
    is_all = common.seq >= reply.held_through and not query.again
    if reply.common != common.seq or not parts or is_all:
        raise ApiProblem("journal_broken", f"the journals do not part behind entry {common.seq}", {"seq": common.seq})
    terminal.branch_from, terminal.branch_hash = common.seq, first
    terminal.accepted_seq, terminal.head_hash = common.seq, common.hash
    terminal.requests_closed_through, terminal.grants_closed_through = 0, 0
    terminal.report_signature = ""
    # What the branch took at risk is its own: the sums so far are the other copy's.
    terminal.branch_open, terminal.risk_taken = True, ""
    terminal.anchor_seen = _anchor_at(session, terminal, common.seq)


def _anchor_at(session: ReadSession, terminal: Terminal, seq: int) -> bytes | None:
    """The branch's anchors follow the last one in common, not those of the other branch."""
    raw = session.scalar(
        select(JournalEntry.raw)
        .where(
            JournalEntry.store_id == terminal.store_id,
            JournalEntry.terminal_id == terminal.terminal_id,
            JournalEntry.incarnation < terminal.incarnation,
            JournalEntry.seq == seq,
        )
        .order_by(JournalEntry.incarnation.desc())
        .limit(1)
    )
    if raw is None:
        return None
    try:
        anchor = read_entry(raw).header.anchor
    except EntryUnreadable:
        return None
    return None if anchor is None else _encode_anchor(anchor)
