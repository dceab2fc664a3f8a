"""A running head office takes up keys that were made or revoked since its start, and keeps those that it has when the directory cannot be read (H16)."""

from datetime import timedelta
from pathlib import Path

import pytest

from hq_server.keys.key_files import CERTIFICATES, ROOT_KEY, init_keys
from hq_server.keys.key_ring import KeyRing
from hq_server.keys.rotation import revoke, rotate_key
from sync.keys import KeyPurpose
from tests.hq_server.opened import NOW

AT_ONCE = timedelta()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    init_keys(tmp_path / "keys", now=NOW)
    return tmp_path / "keys"


@pytest.mark.parametrize("purpose", KeyPurpose)
def test_h16_a_new_key_signs_and_a_revoked_one_no_more_without_a_restart(directory: Path, purpose: KeyPurpose) -> None:
    ring = KeyRing(directory)
    later = NOW + timedelta(hours=1)
    first = ring.keys.signing(purpose, later)
    made = rotate_key(directory, purpose, directory / ROOT_KEY, now=NOW, lead=AT_ONCE)
    assert made in ring.keys.certificates
    revoke(directory, first.key_id, directory / ROOT_KEY, now=NOW)
    assert ring.keys.signing(purpose, later).key_id == made.key_id
    assert ring.keys.trusted.is_revoked(first.key_id, purpose)
    assert ring.keys is ring.keys, "nothing is read while nothing changes"


def test_a_list_that_cannot_be_read_changes_nothing(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    ring = KeyRing(directory)
    before = ring.keys
    whole = (directory / CERTIFICATES).read_text()
    (directory / CERTIFICATES).write_text("{")
    assert ring.keys is before
    assert "stay in use" in caplog.text
    (directory / CERTIFICATES).write_text(whole)
    assert ring.keys.certificates == before.certificates


def test_keys_of_another_root_are_not_taken_up(
    directory: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring = KeyRing(directory)
    before = ring.keys
    init_keys(tmp_path / "other", now=NOW + timedelta(days=1))
    directory.rename(tmp_path / "away")
    (tmp_path / "other").rename(directory)
    assert ring.keys is before
    assert "another root" in caplog.text
