"""What a till does with head office before it sells anything, over real HTTP: enrol, open a session, fetch its snapshot, read a stranger."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from hq_server import franchise_data
from hq_server.config import HqConfig
from hq_server.database.models import ScopeMember, Terminal
from hq_server.enrolment.codes import create_code
from hq_server.initialise import initialise
from stored_value.identity import StoreId
from stored_value.wallet import ValueKind
from sync.anchor import check_anchor
from sync.client import HqClient, scope_key_bytes
from sync.enrolment import EnrolmentRequest
from sync.errors import HqBusy, HqRefused, TokenExpired
from sync.keys import TrustedKeys, public_key_text
from sync.messages import (
    GLOBAL_SCOPE,
    FindMember,
    MemberRow,
    RulebookRow,
    SnapshotManifest,
    StoreRow,
)
from sync.rulebook_signature import check_rulebook
from sync.snapshot import unpack_file
from sync.wallet_codec import read_wallet
from tests.hq_server.opened import NOW
from tests.hq_server.quick_secrets import quick_secrets
from tests.hq_server.served import PushingTill, ServedHq, StandingClock
from tests.hq_server.serving import serving
from tests.waiting import until

pytestmark = pytest.mark.slow


def manifest_of(till: PushingTill) -> SnapshotManifest:
    """Asks until it is made."""

    def asked() -> SnapshotManifest | None:
        try:
            return till.client.snapshot_manifest(till.store_id)
        except HqBusy:
            return None

    manifest = until(asked, what="the snapshot", timeout_s=30)
    assert manifest is not None
    return manifest


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("sample") / "data"
    with quick_secrets():
        initialise(HqConfig(data_dir=data_dir), sample=True, now=NOW)
    return data_dir


@pytest.fixture
def hq(sample: Path, tmp_path: Path) -> Iterator[ServedHq]:
    shutil.copytree(sample, tmp_path / "data")
    with serving(HqConfig(data_dir=tmp_path / "data"), StandingClock(NOW)) as running:
        yield running


@pytest.fixture
def till(hq: ServedHq) -> PushingTill:
    return hq.till("S01")


def test_a_till_enrols_and_checks_all_it_is_told_against_the_pinned_root(till: PushingTill) -> None:
    assert till.enrolment.terminal_id == "S01-T3", "the sample's own codes are for T1 and T2"
    trusted = TrustedKeys(till.enrolment.root_public_key, till.enrolment.certificates)
    assert till.anchor is not None
    check_anchor(trusted, till.anchor)
    assert (till.anchor.rulebook, till.anchor.global_cursor) == (1, 4)
    key = scope_key_bytes(till.client.scope_key(GLOBAL_SCOPE))
    rows = [entry.row for entry in till.client.feed_page(GLOBAL_SCOPE, till.epoch, 0, lambda _: key).entries]
    assert [row.store_id for row in rows if isinstance(row, StoreRow)] == ["S01", "S02", "S03"]
    (book,) = [check_rulebook(trusted, row) for row in rows if isinstance(row, RulebookRow)]
    assert book.version == 1


def test_a_code_used_twice_is_refused_by_name(hq: ServedHq, till: PushingTill) -> None:
    with hq.database.write() as session:
        code = create_code(session, StoreId("S02"), now=NOW).code
    till.client.enrol(EnrolmentRequest(code=code, public_key=public_key_text(till.key)))
    with pytest.raises(HqRefused) as refused:
        till.client.enrol(EnrolmentRequest(code=code, public_key=public_key_text(Ed25519PrivateKey.generate())))
    assert (refused.value.code, refused.value.http_status) == ("code_used", 409)


def test_a_forged_token_opens_nothing(till: PushingTill) -> None:
    good = till.client.token
    for token, code in (("", "token_missing"), ("forged", "token_invalid"), (good[:-6] + "AAAAAA", "token_invalid")):
        till.client.token = token
        for call in (
            lambda: till.client.scope_key("S01"),
            lambda: till.client.snapshot_manifest("S01"),
            lambda: till.client.find_member(FindMember(member_no="0001000017")),
        ):
            with pytest.raises(HqRefused) as refused:
                call()
            assert (refused.value.code, refused.value.http_status) == (code, 401)


def test_another_stores_key_and_snapshot_are_not_given(till: PushingTill) -> None:
    for call in (till.client.scope_key, till.client.snapshot_manifest):
        with pytest.raises(HqRefused) as refused:
            call("S02")
        assert (refused.value.code, refused.value.http_status) == ("not_permitted", 403)


def test_a_till_downloads_its_snapshot_and_opens_it(till: PushingTill, tmp_path: Path) -> None:
    manifest = manifest_of(till)
    packed, plain = tmp_path / "packed", tmp_path / "replica.db"
    till.client.download_snapshot(manifest, packed)
    unpack_file(packed, plain, scope_key_bytes(till.client.scope_key("S01")), manifest.sha256, manifest.plain_sha256)
    with closing(sqlite3.connect(plain)) as replica:
        (count,) = replica.execute("SELECT count(*) FROM members").fetchone()
    assert count == sum(person.home_store_id == "S01" for person in franchise_data.members(until=NOW))


@pytest.mark.parametrize("have", [1, 4_096, -1], ids=["first byte", "a page", "all but one"])
def test_an_interrupted_download_goes_on_where_it_stopped(till: PushingTill, tmp_path: Path, have: int) -> None:
    manifest = manifest_of(till)
    whole, partial = tmp_path / "whole", tmp_path / "partial"
    till.client.download_snapshot(manifest, whole)
    partial.write_bytes(whole.read_bytes()[:have])
    asked: list[str] = []
    fetched = 0

    class Counting(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal fetched
            asked.append(request.headers.get("range", ""))
            response = super().handle_request(request)
            fetched += int(response.headers["content-length"])
            return response

    with HqClient(till.hq.url, transport=Counting()) as client:
        client.download_snapshot(manifest, partial)
    assert partial.read_bytes() == whole.read_bytes()
    start = have % manifest.size_bytes
    assert asked == [f"bytes={start}-"]
    assert fetched == manifest.size_bytes - start


def test_a_snapshots_file_is_for_any_cache_and_for_ever(till: PushingTill) -> None:
    manifest = manifest_of(till)
    answer = httpx.get(f"{till.hq.url}/v1/snapshots/S01/{manifest.sha256}", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{manifest.sha256}"'
    weak = {"If-None-Match": f'W/"{manifest.sha256}"'}
    held = httpx.get(f"{till.hq.url}/v1/snapshots/S01/{manifest.sha256}", headers=weak, trust_env=False)
    assert (held.status_code, held.content) == (304, b"")
    gone = httpx.get(f"{till.hq.url}/v1/snapshots/S01/{'0' * 64}", trust_env=False)
    assert (gone.status_code, gone.json()["code"]) == (404, "snapshot_unknown")


def test_a_stranger_is_read_online_and_belongs_to_the_store_from_then_on(hq: ServedHq, till: PushingTill) -> None:
    stranger = next(person for person in franchise_data.members(until=NOW) if person.home_store_id == "S03")
    by_number = till.client.find_member(FindMember(member_no=stranger.member_no))
    (row,) = by_number.members
    assert (row.member_id, row.home_store_id, row.phone_last4) == (stranger.member_id, "S03", stranger.phone[-4:])
    assert row.name_masked[0] == stranger.name[0]
    assert till.client.find_member(FindMember(phone=stranger.phone)).members == (row,)
    assert till.client.find_member(FindMember(member_id=stranger.member_id)).members == (row,)
    with hq.database.read() as session:
        scopes = session.scalars(select(ScopeMember.store_id).where(ScopeMember.member_id == stranger.member_id))
        assert set(scopes) == {"S01", "S03"}
    key = scope_key_bytes(till.client.scope_key("S01"))

    def arrived() -> list[MemberRow]:
        page = till.client.feed_page("S01", till.epoch, 0, lambda _: key)
        rows = [entry.row for entry in page.entries if isinstance(entry.row, MemberRow)]
        return [found for found in rows if found.member_id == stranger.member_id]

    (fed,) = until(arrived, what="the stranger in the store's feed")
    assert fed.version == row.version


def test_a_member_of_the_store_is_read_while_somebody_else_writes(hq: ServedHq, till: PushingTill) -> None:
    own = next(person for person in franchise_data.members(until=NOW) if person.home_store_id == "S01")
    with hq.database.write():
        found = till.client.find_member(FindMember(member_id=own.member_id), deadline_s=5.0)
    assert [row.member_id for row in found.members] == [own.member_id]


def test_nobody_is_found_by_an_unknown_phone_and_a_question_must_be_one(till: PushingTill) -> None:
    assert till.client.find_member(FindMember(phone="+8613000000000")).members == ()
    for asked in (FindMember(), FindMember(phone="+8613000000000", member_no="0001000017")):
        with pytest.raises(HqRefused) as refused:
            till.client.find_member(asked)
        assert (refused.value.code, refused.value.http_status) == ("request_invalid", 400)


def test_a_stopped_till_is_told_why(hq: ServedHq, till: PushingTill) -> None:
    with hq.database.write() as session:
        terminal = session.get_one(Terminal, ("S01", till.enrolment.terminal_id))
        terminal.status, terminal.status_reason = "stopped", "two journals with one number"
    with pytest.raises(HqRefused, match="two journals with one number") as refused:
        till.client.scope_key("S01")
    assert (refused.value.code, refused.value.http_status) == ("terminal_stopped", 403)


def test_h1_a_restored_head_office_takes_again_what_it_lost_in_a_new_epoch(sample: Path, tmp_path: Path) -> None:
    """HQ is copied, goes on, burns down and comes back from the copy; the till's anchor tells it, the till's journal fills it."""
    shutil.copytree(sample, tmp_path / "data")
    config, clock = HqConfig(data_dir=tmp_path / "data"), StandingClock(NOW)
    with serving(config, clock) as hq:
        till = hq.till("S01")
        old = manifest_of(till)
    shutil.copytree(config.data_dir, tmp_path / "backup")
    with serving(config, clock) as hq:
        reached(till, hq)
        till.open_session()
        member_id = till.enrol_member()
        till.top_up(member_id, 10_000)
        assert [outcome.status for outcome in till.push().outcomes] == ["created", "created"]
        lost_token = till.client.token
    clock.pass_(hours=2)
    with serving(HqConfig(data_dir=tmp_path / "backup"), clock) as hq:
        reached(till, hq)
        till.open_session()
        assert till.epoch > old.epoch
        assert till.accepted == 0, "the till pushes again what head office lost"
        assert [outcome.status for outcome in till.push().outcomes] == ["created", "created"]
        new = manifest_of(till)
        assert new.epoch == till.epoch
        assert new.sha256 != old.sha256
        (row,) = till.client.find_member(FindMember(member_id=member_id)).members
        assert read_wallet(row.wallet).balance_minor(ValueKind.PRINCIPAL) == 10_000
        till.client.token = lost_token
        with pytest.raises(TokenExpired):
            till.client.scope_key("S01")


def reached(till: PushingTill, hq: ServedHq) -> None:
    """The same till, whose head office is at another address now."""
    till.hq, till.client = hq, hq.clients.enter_context(HqClient(hq.url))
