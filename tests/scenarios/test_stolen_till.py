"""A till is stolen (H14): its key and its disk are in strange hands, and what head office seals from then on must stay closed to them."""

import pytest

from hq_server.feed.pages import seal, stored_page
from hq_server.feed.publishing import publish
from hq_server.keys.derived import DerivedKey
from hq_server.keys.generations import current_key
from hq_server.terminals.standing import Standing, revoke
from stored_value.identity import MemberId, TerminalId
from sync.client import scope_key_bytes
from sync.errors import HqRefused, PageError
from sync.feed import open_page
from sync.messages import PAGE_ROWS, MemberExitRow
from tests.scenarios.franchise import Franchise, member_of

pytestmark = pytest.mark.slow


def test_h14_what_is_sealed_after_a_revocation_is_closed_to_the_revoked_till(franchise: Franchise) -> None:
    """The thief keeps the old key and may fetch sealed pages, as any cache may; the store's other till goes on, across both keys."""
    thief, other = franchise.till("S01-T1"), franchise.till("S01-T2")
    old_key = scope_key_bytes(thief.client.scope_key("S01"))
    epoch = thief.journal.head_office.epoch
    wang = member_of("S01")
    other.top_up(wang, 5_000)
    fill_a_page(franchise)
    hq = franchise.hq
    old = seal(hq.database, "S01", epoch, 0, key_in_force(franchise), random=hq.office.keys.random)
    assert open_page(old_key, old.body, "S01", epoch, 0).sealed, "what it could read before it still can"
    with hq.database.write() as session:
        assert revoke(session, TerminalId("S01-T1"), "被盗") is Standing.CHANGED
        assert revoke(session, TerminalId("S01-T1"), "again") is Standing.UNCHANGED
    fill_a_page(franchise)
    fresh = seal(hq.database, "S01", epoch, 1, key_in_force(franchise), random=hq.office.keys.random)
    with pytest.raises(PageError):
        open_page(old_key, fresh.body, "S01", epoch, 1)
    for call in (thief.client.scope_key, thief.client.snapshot_manifest):
        with pytest.raises(HqRefused, match="revoked"):
            call("S01")
    (other.data_dir / "replica.db").unlink()
    other.sync()
    with hq.database.read() as session:
        kept = [stored_page(session, "S01", epoch, page) for page in (0, 1)]
    assert [page.key_id for page in kept if page] == ["S01.1", "S01.2"]
    assert other.member(wang).balance_minor == franchise.books.balances()[wang]
    manifest = other.client.snapshot_manifest("S01")
    assert manifest.key_id == "S01.2", "the snapshot was packed anew"


def key_in_force(franchise: Franchise) -> DerivedKey:
    with franchise.hq.database.read() as session:
        return current_key(session, franchise.hq.office.keys, "S01")


def fill_a_page(franchise: Franchise) -> None:
    """With rows about nobody."""
    hq = franchise.hq
    rows = [MemberExitRow(member_id=MemberId(hq.new_id()), version=1) for _ in range(PAGE_ROWS)]
    with hq.database.write() as session:
        publish(session, "S01", *rows, at=hq.clock.at)
