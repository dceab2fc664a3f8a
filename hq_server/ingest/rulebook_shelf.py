"""Owns the published rulebooks as HQ applies them: parsed once, since a version never changes. Called by ingest; publishing is `rulebooks`' business."""

import threading
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, func, select

from hq_server.database.engine import Reading
from hq_server.database.models import RulebookVersion
from hq_server.database.prepared import Prepared
from hq_server.sessions.epochs import BROUGHT_BACK
from stored_value.offline_policy import OfflinePolicy
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import parse_rulebook

_COUNT = Prepared(select(func.count(RulebookVersion.version)))
_LATER = Prepared(
    select(RulebookVersion.version, RulebookVersion.document, RulebookVersion.published_by).where(
        RulebookVersion.version > bindparam("held")
    )
)


class NoRulebook(Exception):
    """Nothing was ever published: head office was not set up."""


class Rulebooks:
    """Every version published so far; never empty. One for each unit of work: the entries of a push ask the same again and again, so answers are kept."""

    def __init__(self, by_version: Mapping[int, Rulebook], brought_back: frozenset[int] = frozenset()) -> None:
        """`brought_back`: tills held them before head office had them again."""
        if not by_version:
            raise NoRulebook("no rulebook was published; run `tongchu hq init`")
        self._by_version = by_version
        self._brought_back = brought_back
        self._fitting: dict[tuple[int, datetime, int, datetime, int], bool] = {}
        self._since: dict[tuple[int, int], tuple[OfflinePolicy, ...]] = {}
        self.newest = max(by_version)
        self.newest_book = by_version[self.newest]

    def pinned(self, version: int) -> Rulebook | None:
        return self._by_version.get(version)

    def newest_up_to(self, version: int) -> Rulebook:
        """The newest that is no newer than `version`; the oldest when all are."""
        fitting = [known for known in self._by_version if known <= version]
        return self._by_version[max(fitting) if fitting else min(self._by_version)]

    def in_force(self, at: datetime) -> Rulebook:
        """The highest whose time has come; the oldest before any has."""
        begun = [known for known, book in self._by_version.items() if book.effective_at <= at]
        return self._by_version[max(begun) if begun else min(self._by_version)]

    def surely_known(self, version: int, at: datetime) -> Rulebook | None:
        """What a till that has decided by `version` goes by at the least, when its time cannot run below `at`; None when that cannot be told."""
        begun = [known for known, book in self._by_version.items() if known <= version and book.effective_at <= at]
        return self._by_version[max(begun)] if begun else None

    def newest_first(self) -> tuple[Rulebook, ...]:
        return tuple(self._by_version[version] for version in sorted(self._by_version, reverse=True))

    def offline_since(self, heard_at: datetime, now: datetime) -> tuple[OfflinePolicy, ...]:
        """Of every version that was in force at some moment between the two: what a till that was last heard then may have gone by."""
        first, last = self.in_force(heard_at).version, self.in_force(now).version
        known = self._since.get((first, last))
        if known is None:
            between = (self._by_version[version] for version in sorted(self._by_version) if first <= version <= last)
            begun = [book for book in between if self.in_force(book.effective_at) is book or book.version == first]
            known = self._since[first, last] = tuple(book.offline for book in begun)
        return known

    def could_be_in_force(
        self, book: Rulebook, *, after: datetime, known: int, before: datetime, known_by: int
    ) -> bool:
        """Whether a till that knew versions up to `known` at `after`, and up to `known_by` at `before`, may have used `book` in between (H8)."""
        asked = (book.version, after, known, before, known_by)
        fits = self._fitting.get(asked)
        if fits is None:
            superseded = any(
                book.version < other.version <= known and other.effective_at <= after
                for other in self._by_version.values()
            )
            was_known = book.version <= known_by or book.version in self._brought_back
            fits = was_known and book.effective_at <= before and not superseded
            self._fitting[asked] = fits
        return fits


class RulebookShelf:
    """Thread-safe; looks for versions that it has not at each call."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._parsed: dict[int, Rulebook] = {}
        self._brought_back: frozenset[int] = frozenset()

    def all(self, session: Reading) -> Rulebooks:
        [(count,)] = _COUNT.rows(session)
        with self._guard:
            parsed, brought_back = self._parsed, self._brought_back
        if count > len(parsed):
            found = _LATER.rows(session, held=max(parsed, default=0))
            if len(parsed) + len(found) < count:
                # A till brought one back whose number is lower than what was published since (H1).
                found = _LATER.rows(session, held=0)
            fresh = {version: parse_rulebook(text) for version, text, _ in found if version not in parsed}
            brought_back |= {version for version, _, by in found if by.startswith(BROUGHT_BACK)}
            parsed = parsed | fresh
            with self._guard:
                self._parsed, self._brought_back = self._parsed | parsed, self._brought_back | brought_back
        return Rulebooks(parsed, brought_back)
