"""Going on in a new incarnation after head office took over this copy of a forked journal (H6). Called while a session opens; may be broken off and begun again."""

from sync.branches import MARKS_MAX, BranchQuery, BranchReply, Mark
from sync.client import HqClient
from sync.entry import GENESIS_HASH
from sync.errors import HqRefused
from sync.messages import Session
from terminal.journal import Journal
from terminal.stops import StopCode
from terminal.syncing.errors import STOPPING_CODES, TillStopped


def enter_branch(client: HqClient, journal: Journal, session: Session) -> None:
    """Finds where this journal and head office's part, and claims what follows. Raises `TillStopped` when this is the copy that head office had all along."""
    common, beyond = 0, journal.head().seq + 1
    while beyond - common > 1:
        marks = _marks(journal, common + 1, beyond - 1)
        reply = _ask(client, journal, _query(session, marks))
        common = max(common, reply.common)
        if reply.other:
            beyond = min(beyond, reply.other)
        elif marks[-1].seq == beyond - 1:
            break
    claimed = _claim(client, journal, session, common)
    if not claimed.claimed:
        raise TillStopped("head office did not take this copy of the journal over")
    journal.head_office.enter_incarnation(session.incarnation)


def _claim(client: HqClient, journal: Journal, session: Session, common: int) -> BranchReply:
    own = _mark(journal, common)
    first = () if common == journal.head().seq else (_mark(journal, common + 1),)
    probe = _ask(client, journal, _query(session, (own,)))
    again = session.incarnation == journal.head_office.identity.incarnation
    if probe.held_through == common and not again:
        reason = "head office took another copy of this journal over; enrol this machine anew"
        journal.head_office.stop(StopCode.OTHER_COPY, reason)
        raise TillStopped(reason)
    return _ask(client, journal, _query(session, (own, *first), claim=True, again=again))


def _ask(client: HqClient, journal: Journal, query: BranchQuery) -> BranchReply:
    try:
        return client.branch(journal.head_office.identity.terminal_id, query)
    except HqRefused as refused:
        if refused.code in STOPPING_CODES:
            journal.head_office.stop(STOPPING_CODES[refused.code], refused.message)
            raise TillStopped(refused.message) from refused
        raise


def _query(session: Session, marks: tuple[Mark, ...], *, claim: bool = False, again: bool = False) -> BranchQuery:
    return BranchQuery(epoch=session.epoch, incarnation=session.incarnation, marks=marks, claim=claim, again=again)


def _marks(journal: Journal, first: int, last: int) -> tuple[Mark, ...]:
    """Evenly spread over the span, its last one included."""
    step = max(1, -(-(last - first + 1) // MARKS_MAX))
    seqs = [*range(first, last, step), last][-MARKS_MAX:]
    return tuple(_mark(journal, seq) for seq in seqs)


def _mark(journal: Journal, seq: int) -> Mark:
    found = GENESIS_HASH if seq == 0 else journal.hash_at(seq)
    assert found is not None, f"the journal has no entry {seq}"
    return Mark(seq, found)
