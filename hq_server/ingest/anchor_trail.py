"""Owns the check that an entry's time and rulebook fit between the anchors around it (H8): what HQ signed before it, and the next exchange after it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hq_server.ingest.rulebook_shelf import Rulebooks
from hq_server.sessions.anchors import CLOCK_LEEWAY
from stored_value.findings import Finding, FindingCode
from stored_value.rulebook import Rulebook
from sync.anchor import check_anchor
from sync.entry import AnchorRef, Entry
from sync.errors import SignatureError
from sync.keys import TrustedKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What is known of HQ's clock around one entry. `sound` is False when its anchor proves nothing. `after`: of its anchor, else of the newest before it that proves something."""

    after: datetime
    known: int
    before: datetime
    known_by: int
    sound: bool

    def is_ahead(self, at: datetime) -> bool:
        return at > self.before + CLOCK_LEEWAY

    def within(self, at: datetime) -> datetime:
        """The nearest moment at which the entry can have been written."""
        return max(self.after, min(at, self.before + CLOCK_LEEWAY))

    def findings(self, at: datetime) -> list[Finding]:
        if not self.sound:
            return [Finding(FindingCode.OUTSIDE_ANCHORS, {"why": "anchor"})]
        if at < self.after or self.is_ahead(at):
            data: dict[str, int | str] = {"why": "time", "occurred_at": at.isoformat()}
            return [Finding(FindingCode.OUTSIDE_ANCHORS, data)]
        return []

    def fits(self, book: Rulebook, rulebooks: Rulebooks) -> bool:
        """Whether a promise under this version may be kept."""
        return self.sound and rulebooks.could_be_in_force(
            book, after=self.after, known=self.known, before=self.before + CLOCK_LEEWAY, known_by=self.known_by
        )


def neighbours(
    entries: Sequence[Entry],
    *,
    trusted: TrustedKeys,
    enrolled_at: datetime,
    last_anchor: AnchorRef | None,
    received_at: datetime,
    newest_rulebook: int,
) -> list[Neighbours]:
    """For each entry of a push, in order. `last_anchor` is the newest that HQ has seen in this journal."""
    anchors = [entry.header.anchor for entry in entries]
    sound = _soundness(entries, trusted, last_anchor)
    after = _proven_before(anchors, sound, last_anchor.hq_time if last_anchor else enrolled_at - CLOCK_LEEWAY)
    around: list[Neighbours] = []
    before, known_by, later = received_at, newest_rulebook, None
    for place in range(len(entries) - 1, -1, -1):
        anchor = anchors[place]
        if later is not None and later != anchor and sound[place + 1]:
            before, known_by = later.hq_time, later.rulebook
        around.append(
            Neighbours(
                after=after[place],
                known=anchor.rulebook if anchor is not None else 0,
                before=before,
                known_by=known_by,
                sound=sound[place],
            )
        )
        later = anchor
    return around[::-1]


def _proven_before(anchors: Sequence[AnchorRef | None], sound: Sequence[bool], start: datetime) -> list[datetime]:
    """For each entry the time of its own anchor, else of the newest sound one before it."""
    times: list[datetime] = []
    for anchor, good in zip(anchors, sound, strict=True):
        if good and anchor is not None:
            start = anchor.hq_time
        times.append(start)
    return times


def _soundness(entries: Sequence[Entry], trusted: TrustedKeys, last_anchor: AnchorRef | None) -> list[bool]:
    """Signed by this head office, for this till, and none older than the one before. Consecutive entries share an anchor, checked once."""
    sound: list[bool] = []
    newest = last_anchor
    for anchor, group in itertools.groupby(entries, key=lambda entry: entry.header.anchor):
        members = list(group)
        good = anchor is None or (
            anchor.terminal_id == members[0].header.terminal_id
            and (newest is None or anchor.hq_time >= newest.hq_time)
            and (anchor == last_anchor or _holds(trusted, anchor))
        )
        if good and anchor is not None:
            newest = anchor
        sound.extend(good for _ in members)
    return sound


def _holds(trusted: TrustedKeys, anchor: AnchorRef) -> bool:
    try:
        check_anchor(trusted, anchor)
    except SignatureError:
        return False
    return True
