"""A head office that runs as a process of its own takes up a new key and a revoked one from the command line, without a restart (H16)."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.client import HqClient
from sync.enrolment import EnrolmentRequest
from sync.errors import HqUnreachable
from sync.keys import public_key_text, session_statement, sign
from sync.messages import ChallengeRequest, Session, SessionRequest
from tests.tongchu.typed import tongchu
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "hq.toml").write_text(f'data_dir = "hq"\nport = {port}\n', encoding="utf-8")
    assert tongchu("hq", "init", "-c", "hq.toml", home=tmp_path).returncode == 0
    assert tongchu("hq", "add-store", "S01", "人民路店", "-c", "hq.toml", home=tmp_path).returncode == 0
    with (tmp_path / "hq.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tongchu", "hq", "serve", "-c", "hq.toml"], cwd=tmp_path, stdout=log, stderr=log,
            env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def session_of(client: HqClient, key: Ed25519PrivateKey, terminal_id: str) -> Session:
    challenge = client.challenge(ChallengeRequest(terminal_id=terminal_id)).challenge  # type: ignore[arg-type]  # an id as text
    signature = sign(key, session_statement(challenge))
    return client.open_session(
        SessionRequest(terminal_id=terminal_id, challenge=challenge, signature=signature)  # type: ignore[arg-type]  # an id as text
    )


def is_there(client: HqClient) -> bool:
    try:
        client.challenge(ChallengeRequest(terminal_id="S01-T1"))  # type: ignore[arg-type]  # an id as text
    except HqUnreachable:
        return False
    return True


def test_h16_a_running_head_office_signs_with_the_key_that_was_just_made(served: str, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    made = tongchu("hq", "enrol-code", "S01", "-c", "hq.toml", home=tmp_path)
    code = made.stdout.split()[0]
    with HqClient(served) as client:
        until(lambda: is_there(client), what="head office to listen")
        enrolled = client.enrol(EnrolmentRequest(code=code, public_key=public_key_text(key)))
        first = session_of(client, key, enrolled.terminal_id).anchor.key_id
        rotated = tongchu("hq", "rotate-key", "anchor", "--at-once", "-c", "hq.toml", home=tmp_path)
        assert rotated.returncode == 0, rotated.stderr
        revoked = tongchu("hq", "revoke-key", first, "-c", "hq.toml", home=tmp_path)
        assert revoked.returncode == 0, revoked.stderr
        after = session_of(client, key, enrolled.terminal_id)
    assert after.anchor.key_id != first
    assert after.anchor.key_id in rotated.stdout
    assert [each.key_id for each in after.revocations] == [first]
