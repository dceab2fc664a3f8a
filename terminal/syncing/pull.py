"""Steps 5 and 6 of a cycle: the global feed, then the store's; by snapshot when the replica is empty, of an old epoch or was deleted.

Everything taken is checked first: rulebooks and certificates by their signatures, cursors against the highest this till has shown.
"""

import logging
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from sync.client import HqClient, scope_key_bytes
from sync.errors import KeyUnknown, PageError, SignatureError
from sync.feed import kind_of_row, page_of
from sync.keys import check_certificate, check_revocation
from sync.messages import (
    GLOBAL_SCOPE,
    CertificateRow,
    FeedPage,
    FeedRow,
    Heads,
    MemberRow,
    RevocationRow,
    RulebookRow,
    Session,
    SnapshotManifest,
)
from sync.rulebook_signature import check_new_rulebook
from terminal.journal import Journal
from terminal.replica import Replica, ReplicaError, ReplicaOutdated, ReplicaWithoutRoom
from terminal.till_directory import TillDirectory

_log = logging.getLogger(__name__)
_REJECTED_MAX: Final = 32
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
ROOM_FOR_ENTRIES_BYTES: Final = 16 * 1024 * 1024
"""What a snapshot leaves free on the disk."""


class Puller:
    """`rejected` says what was not taken since this program began and has not come in order since, in words for the technician, by what it is."""

    def __init__(self, client: HqClient, journal: Journal, replica: Replica, directory: TillDirectory) -> None:
        self._client = client
        self._journal = journal
        self._replica = replica
        self._directory = directory
        self._keys: dict[tuple[str, str], bytes] = {}
        self.rejected: dict[str, str] = {}
        self._asked_about: set[str] = set()

    def pull(self, session: Session, heads: Heads | None = None) -> None:
        """`heads` as head office said them since the last pull began (None: it did not): a feed that ends where this till is, is not asked for."""
        scopes = [scope for scope in session.scopes if scope != GLOBAL_SCOPE]
        self._prepare(session.epoch)
        for scope in scopes:
            if self._replica.cursor(scope) is None:
                self._bootstrap(scope, session.epoch)
        unmoved = self._unmoved(heads, session.epoch)
        for scope in (GLOBAL_SCOPE, *scopes):
            self._make_up_for_passed_over(scope, session.epoch)
            if scope not in unmoved:
                self._follow(self._replica, scope, session.epoch)
        self._replica.release_deferred(self._journal.outcomes.members_in_doubt())
        self._forget_local_members()

    def _unmoved(self, heads: Heads | None, epoch: str) -> Mapping[str, int]:
        """The cursors of feeds that need not be asked for; what this till has shown of them before must not be more (H1)."""
        if heads is None or heads.as_of is None or heads.epoch != epoch:
            return {}
        office = self._journal.head_office
        cursors = {
            scope: cursor
            for scope, cursor in self._replica.cursors().items()
            if heads.heads.get(scope, 0) == cursor >= office.high_water(scope)
        }
        self._replica.unmoved(cursors, heads.as_of)
        return cursors

    def _prepare(self, epoch: str) -> None:
        if self._replica.was_deleted():
            _log.warning("the replica was deleted; it is fetched again")
            self._replica.reopen()
        if self._replica.epoch() not in (None, epoch):
            self._replica.clear()

    def _bootstrap(self, scope: str, epoch: str) -> None:
        """The snapshot is brought up to the highest cursors ever shown before it takes the replica's place: nothing goes backward (H1)."""
        manifest = self._client.snapshot_manifest(scope)
        if manifest.epoch != epoch:
            raise ReplicaOutdated(f"head office's snapshot is of epoch {manifest.epoch}, this is {epoch}")
        packed = self._fetched(manifest)
        try:
            staged = self._replica.stage(packed, manifest, self._key(scope, manifest.key_id), GLOBAL_SCOPE)
        except (PageError, ReplicaError):
            packed.unlink(missing_ok=True)
            raise
        try:
            self._take_over(staged, scope, epoch)
        except BaseException:
            # Left open it would keep SQLite's lock on the file that the next snapshot puts in its place. What was fetched stays, for the next try.
            staged.discard()
            raise
        packed.unlink(missing_ok=True)

    def _fetched(self, manifest: SnapshotManifest) -> Path:
        """The whole snapshot, packed. A disk that it would fill is left alone, and one that is full gets its room back: the journal goes first (L7)."""
        if not _SHA256.fullmatch(manifest.sha256):
            raise PageError("head office's snapshot has no hash for its name")
        packed = self._directory.download(manifest.sha256)
        have = packed.stat().st_size if packed.exists() else 0
        needed = manifest.size_bytes - have + manifest.plain_size_bytes + ROOM_FOR_ENTRIES_BYTES
        free = self._directory.free_bytes()
        if free < needed:
            packed.unlink(missing_ok=True)
            raise ReplicaWithoutRoom(
                f"{self._directory.path}: head office's snapshot needs {needed} bytes, {free} are free; free space on the disk"
            )
        try:
            self._client.download_snapshot(manifest, packed)
        except OSError:
            packed.unlink(missing_ok=True)
            raise
        return packed

    def _take_over(self, staged: Replica, scope: str, epoch: str) -> None:
        for row in staged.rulebook_rows():
            if not self._is_trusted(row):
                staged.forget_rulebook(row.version)
        for each in (GLOBAL_SCOPE, scope):
            self._follow(staged, each, epoch)
        self._replica.become(staged, self._journal.outcomes.members_in_doubt())
        self._journal.local_members.forget(self._replica.nameless())

    def _follow(self, replica: Replica, scope: str, epoch: str) -> None:
        """To the feed's head."""
        while True:
            held = replica.cursor(scope)
            cursor = held.cursor if held else 0
            page = self._client.feed_page(scope, epoch, page_of(cursor + 1), partial(self._key, scope))
            self._check_address(page, scope, epoch, page_of(cursor + 1))
            self._keep_needed_global(replica, page, epoch)
            reached = replica.apply_page(page, self._journal.outcomes.members_in_doubt(), self._is_trusted)
            if not page.sealed:
                break
            if reached <= cursor:
                raise PageError(f"feed {scope}: sealed page {page.page} brings nothing after {cursor}")
        high_water = self._journal.head_office.high_water(scope)
        if reached < high_water:
            raise ReplicaOutdated(f"head office's feed {scope} ends at {reached}; this till has seen {high_water}")
        if reached > high_water:
            self._journal.head_office.raise_high_water({scope: reached})

    def _make_up_for_passed_over(self, scope: str, epoch: str) -> None:
        """Rows of kinds that an older program on this till did not know, from the first that it passed over to its cursor."""
        learnt = {
            kind: seq for kind, seq in self._replica.passed_over(scope).items() if kind in self._client.known_kinds
        }
        held = self._replica.cursor(scope)
        if not learnt or held is None:
            return
        found: list[FeedRow] = []
        for number in range(page_of(min(learnt.values())), page_of(held.cursor) + 1):
            page = self._client.feed_page(scope, epoch, number, partial(self._key, scope))
            self._check_address(page, scope, epoch, number)
            found.extend(
                entry.row
                for entry in page.entries
                if entry.seq <= held.cursor and entry.seq >= learnt.get(kind_of_row(entry.row), held.cursor + 1)
            )
        trusted = [row for row in found if self._is_trusted(row)]
        self._replica.make_up_for(scope, learnt, trusted, self._journal.outcomes.members_in_doubt())
        _log.info(
            "made up for %s rows of %s, which an older program passed over", len(trusted), ", ".join(sorted(learnt))
        )

    def _keep_needed_global(self, replica: Replica, page: FeedPage, epoch: str) -> None:
        held = replica.cursor(GLOBAL_SCOPE)
        if page.scope != GLOBAL_SCOPE and page.needs_global > (held.cursor if held else 0):
            self._follow(replica, GLOBAL_SCOPE, epoch)

    @staticmethod
    def _check_address(page: FeedPage, scope: str, epoch: str, number: int) -> None:
        if (page.scope, page.epoch, page.page) != (scope, epoch, number):
            raise PageError(f"asked for {scope}/{epoch}/{number}, got {page.scope}/{page.epoch}/{page.page}")

    def _is_trusted(self, row: FeedRow) -> bool:
        """A rulebook or certificate that nobody certified is left out and told; the rest of the feed goes on. Raises `KeyUnknown` the first time that a key is met: a session
        opened now may tell of it, and what is left out never comes again."""
        office = self._journal.head_office
        try:
            match row:
                case RulebookRow():
                    check_new_rulebook(office.trusted_keys(), row)
                case CertificateRow():
                    check_certificate(office.identity.root_public_key, row.certificate)
                    office.keep_certificates((row.certificate,))
                case MemberRow(phone_last4=""):
                    # Also when a later row of the same pull takes the member out of the replica.
                    self._journal.local_members.forget((row.member_id,))
                case RevocationRow():
                    check_revocation(office.identity.root_public_key, row.revocation)
                    office.keep_revocations((row.revocation,))
                case _:
                    pass
        except SignatureError as error:
            if isinstance(error, KeyUnknown) and str(error) not in self._asked_about:
                self._asked_about.add(str(error))
                raise
            _log.error("not taken from head office's feed: %s", error)
            if len(self.rejected) < _REJECTED_MAX:
                self.rejected[_name_of(row)] = str(error)
            return False
        self.rejected.pop(_name_of(row), None)
        return True

    def _key(self, scope: str, key_id: str) -> bytes:
        """Each is asked for once: what it opens never changes."""
        if (scope, key_id) not in self._keys:
            self._keys[scope, key_id] = scope_key_bytes(self._client.scope_key(scope, key_id))
        return self._keys[scope, key_id]

    def _forget_local_members(self) -> None:
        known = [each.member_id for each in self._journal.local_members.awaited()]
        self._journal.local_members.came_by_feed(
            tuple(member_id for member_id in known if self._replica.member(member_id) is not None)
        )


def _name_of(row: FeedRow) -> str:
    """Of a row that is signed."""
    match row:
        case RulebookRow():
            return f"rulebook {row.version}"
        case CertificateRow():
            return f"certificate {row.certificate.key_id}"
        case RevocationRow():
            return f"revocation {row.revocation.key_id}"
        case _:
            return kind_of_row(row)
