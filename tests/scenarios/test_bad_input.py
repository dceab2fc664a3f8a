"""Rubbish from every side: each gives a clear error and loses nothing (L1, L2).

Here is what only a whole franchise shows. The other cases of the list stand with their parts: torn and flipped bytes of one entry in tests/sync/test_entry.py
and tests/terminal/test_verify.py, foreign signatures and unknown kinds in tests/hq_server/ingest/test_bad_entries.py, the till's full disk in
tests/terminal/journal/test_disk_full.py and tests/terminal/counter/test_printing.py, unplugged printers in tests/printers/test_spool.py, noise on a scanner's
line in tests/terminal/devices/.
"""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard

from hq_server.feed.publishing import publish
from stored_value.refusals import Refusal, RefusalCode
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE, RulebookRow
from sync.rulebook_signature import sign_rulebook
from terminal.syncing import TillStopped
from terminal.verify import verify_journal
from tests.scenarios.franchise import Franchise, member_of
from tests.scenarios.till import Till, refused
from tongchu.witness.journal import read_journal

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


# --- a journal that somebody or something damaged


def torn(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def flipped(raw: bytes) -> bytes:
    at = raw.index(b'"amount_minor":') + 15
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


@pytest.mark.parametrize("damage", [torn, flipped])
@pytest.mark.parametrize("place", [-3, -1], ids=["in the middle", "the last"])
def test_a_damaged_journal_entry_stops_the_till_and_what_stands_before_it_is_kept(
    franchise: Franchise, damage: Callable[[bytes], bytes], place: int
) -> None:
    wang, till = member_of("S01"), franchise.till("S01-T1")
    till.top_up(wang, 50_000)
    till.sync()
    till.unplug()
    for amount in (100, 200, 300, 400):
        till.redeem(wang, amount)
    accepted, good = franchise.books.head("S01-T1")[0], read_journal(till.data_dir).entries
    till.close()
    bad_seq = good[place].seq
    with closing(sqlite3.connect(till.data_dir / "journal.db")) as connection, connection:
        connection.execute("DROP TRIGGER entries_never_change")
        connection.execute("UPDATE entries SET raw = ? WHERE seq = ?", (damage(good[place].raw), bad_seq))
    till.restart(franchise.hq.url)
    error = till.sync_fails()
    assert isinstance(error, TillStopped)
    assert f"entry {bad_seq} is not what was written" in str(error)
    held = franchise.books.entries("S01-T1")
    assert [entry.raw for entry in held] == [entry.raw for entry in good[: len(held)]]
    assert accepted <= len(held) == bad_seq - 1, "what stands before it is there, nothing that was damaged"
    assert franchise.books.faults("S01-T1") == []
    report = verify_journal(till.data_dir)
    assert {fault.seq for fault in report.faults} & {bad_seq, bad_seq + 1}, report.faults
    till.sync_fails()
    till.begin_shift()
    assert till.counter.status().stopped_reason, "the cashier is told"
    assert refused(till.try_to_redeem(wang, 100)) is RefusalCode.TILL_STOPPED


# --- a rulebook that this till cannot read


def test_a_signed_rulebook_that_the_till_cannot_read_is_told_and_the_old_one_stays_in_force(
    franchise: Franchise,
) -> None:
    """Head office is newer than the till: the document is rightly signed and means nothing here. Also in the snapshot of a till that starts afresh."""
    wang, till = member_of("S01"), franchise.till("S01-T1")
    at = franchise.hq.clock.at
    key = franchise.hq.office.keys.signing(KeyPurpose.RULEBOOK, at)
    document = '{"version":2,"tiers":"as of 2031"}'
    row = RulebookRow(
        version=2,
        effective_at=at,
        document=document,
        signature=sign_rulebook(key.private, document),
        key_id=key.key_id,
    )
    with franchise.hq.database.write() as session:
        publish(session, GLOBAL_SCOPE, row, at=at)
    franchise.pass_time(minutes=1)
    till.online = False
    report = till.cycle.run_once()
    till.online = True
    assert len(report.rejected) == 1
    assert "rulebook 2 cannot be read" in report.rejected[0]
    assert [plan.pay_minor for plan in till.counter.plans()] == [100_000]
    assert till.top_up(wang, 100_000, "plan-1000").bonus_minor == 25_000
    till.sync()
    assert franchise.books.balances()[wang] == 125_000
    (till.data_dir / "replica.db").unlink()
    till.sync()
    assert [plan.pay_minor for plan in till.counter.plans()] == [100_000]


# --- what a scanner may bring


@pytest.mark.parametrize(
    "scanned",
    ["", " ", "0", "TCM1", "TCM1" + "9" * 12, "TCR1", "TCR1S01-T1-", "TCR1S01-T1-999999", "TCR1S01-T1-000001x", "x" * 512,
     "' OR 1=1 --", "\x7f\x00", "１２３４５６７８９０", "TCR1S09-T9-000001", "https://example.org/?q=TCM1"],
)  # fmt: skip
def test_a_code_that_is_none_of_ours_is_refused_and_changes_nothing(till_at_work: Till, scanned: str) -> None:
    before = read_journal(till_at_work.data_dir).entries
    answer = till_at_work.counter.identify(scanned)
    assert isinstance(answer, Refusal)
    assert answer.code in {
        RefusalCode.CODE_UNKNOWN,
        RefusalCode.MEMBER_UNKNOWN,
        RefusalCode.PURCHASE_UNKNOWN,
        RefusalCode.PURCHASE_OF_ANOTHER_TILL,
    }
    assert read_journal(till_at_work.data_dir).entries == before


@pytest.fixture(scope="module")
def shared_franchise(franchise_at_rest: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.scenarios.franchise import playing

    with playing(franchise_at_rest, tmp_path_factory.mktemp("bad") / "franchise") as alive:
        yield alive


@pytest.fixture(scope="module")
def till_at_work(shared_franchise: Franchise) -> Till:
    till = shared_franchise.till("S01-T1")
    till.top_up(member_of("S01"), 10_000)
    till.sync()
    return till


# --- what a socket may bring

JOURNAL = "/v1/journals/S01-T1"


def request(path: str, body: bytes, *headers: str, method: str = "POST") -> Callable[[str], bytes]:
    def made(token: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: hq", "Connection: close", f"Authorization: Bearer {token}"]
        if not any(header.lower().startswith("content-length") for header in headers):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body

    return made


def bomb() -> bytes:
    return zstandard.compress(b"\0" * (80 * 1024 * 1024))


PUSH = {"epoch": "x", "entries": [], "head": {}}
MALFORMED: dict[str, tuple[Callable[[str], bytes], set[int], str]] = {
    "no request line": (lambda _: b"\x16\x03\x01 hello\r\n\r\n", {400}, ""),
    "a header of 200 kB": (request("/v1/challenges", b"{}", "X-Long: " + "a" * 200_000), {400, 431}, ""),
    "a length that is none": (request("/v1/challenges", b"{}", "Content-Length: -5"), {400}, ""),
    "an unknown path": (request("/v2/anything", b"{}"), {404}, "not_found"),
    "an unknown method": (request(JOURNAL, b"", method="DELETE"), {405}, "method_unknown"),
    "not JSON": (request(JOURNAL, b"<xml/>"), {400}, "body_unreadable"),
    "no UTF-8": (request(JOURNAL, b'{"epoch":"\xff\xfe"}'), {400}, "body_unreadable"),
    "a list": (request(JOURNAL, b"[1,2]"), {400}, "body_unreadable"),
    "wrong types": (request(JOURNAL, json.dumps({**PUSH, "entries": {"raw": 1}}).encode()), {400}, "body_unreadable"),
    "a part missing": (request(JOURNAL, json.dumps(PUSH).encode()), {400}, "body_unreadable"),
    "truncated zstd": (
        request(JOURNAL, zstandard.compress(json.dumps(PUSH).encode() * 50)[:-9], "Content-Encoding: zstd"),
        {400},
        "body_unreadable",
    ),
    "zstd that is none": (request(JOURNAL, b"{}", "Content-Encoding: zstd"), {400}, "body_unreadable"),
    "another encoding": (request(JOURNAL, b"{}", "Content-Encoding: br"), {415}, "encoding_unknown"),
    "a body of 10 MB": (request(JOURNAL, b'{"epoch":"' + b"a" * 10_000_000 + b'"}'), {400}, "body_unreadable"),
    "a body of 17 MB": (request(JOURNAL, b" " * 17_000_000), {413}, "body_too_large"),
    "a bomb": (request(JOURNAL, bomb(), "Content-Encoding: zstd"), {413}, "body_too_large"),
    "a page that is no number": (request("/v1/feed/S01/x/none", b"", method="GET"), {400}, "request_invalid"),
    "a page below zero": (request("/v1/feed/S01/x/-1", b"", method="GET"), {404, 410}, "epoch_over"),
    "another till's journal": (request("/v1/journals/S02-T1", json.dumps(PUSH).encode()), {400, 403}, ""),
}


def answer_to(url: str, data: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        with suppress(BrokenPipeError, ConnectionResetError):  # the server has said its word and does not read on
            line.sendall(data)
        received = b""
        with suppress(ConnectionResetError):
            while chunk := line.recv(65_536):
                received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_http_is_answered_clearly_and_head_office_goes_on(
    shared_franchise: Franchise, till_at_work: Till, case: str
) -> None:
    made, statuses, code = MALFORMED[case]
    before = shared_franchise.books.rows("SELECT * FROM journal_entries ORDER BY terminal_id, seq")
    status, body = answer_to(shared_franchise.hq.url, made(till_at_work.client.token))
    assert status in statuses, body[:300]
    if code:
        told = json.loads(body)
        assert told["code"] == code
        assert told["message"]
        assert told["support_id"]
    assert shared_franchise.books.rows("SELECT * FROM journal_entries ORDER BY terminal_id, seq") == before
    assert shared_franchise.books.till_status("S01-T1") == ("active", "")
    till_at_work.sync()


def test_a_request_cut_off_in_the_middle_changes_nothing(shared_franchise: Franchise, till_at_work: Till) -> None:
    data = request(JOURNAL, b"{}" * 5_000)(till_at_work.client.token)
    parts = urlsplit(shared_franchise.hq.url)
    for cut in (10, len(data) // 2, len(data) - 1):
        with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=5) as line:
            line.sendall(data[:cut])
    till_at_work.sync()
    assert shared_franchise.books.till_status("S01-T1") == ("active", "")


# --- head office's full disk


def test_head_offices_full_disk_is_told_to_tills_and_nothing_is_half_kept(
    franchise_at_rest: Path, tmp_path: Path
) -> None:
    """On a file system of its own, 96 MiB small, which another process fills up."""
    script = 'mount -t tmpfs -o size=96m tmpfs "$1" && exec "$2" -m tests.scenarios.full_disk "$1" "$3"'
    unshared = [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        [
            "unshare",
            "--mount",
            *unshared,
            "sh",
            "-c",
            script,
            "sh",
            str(tmp_path),
            sys.executable,
            str(franchise_at_rest),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    assert "told, kept nothing, and went on" in done.stdout
