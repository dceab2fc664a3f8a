"""Key files: the owner's only, whole or not at all, every fault with its file and remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sync.keys import encode_bytes, private_key_bytes
from terminal.till_directory import KeyFileUnusable, TillDirectory
from tests.sync.miniature import key


def filled(folder: Path) -> TillDirectory:
    place = TillDirectory(folder)
    place.terminal_key(key(4))
    place.keep_shared_secrets(encode_bytes(b"p" * 32), encode_bytes(b"t" * 32))
    return place


def test_secrets_are_read_back_and_files_are_the_owners(tmp_path: Path) -> None:
    secrets = filled(tmp_path).secrets()
    assert private_key_bytes(secrets.terminal_key) == private_key_bytes(key(4))
    assert (secrets.staff_pepper, secrets.phone_tag_key) == (encode_bytes(b"p" * 32), b"t" * 32)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_a_key_that_was_made_is_never_replaced(tmp_path: Path) -> None:
    place = filled(tmp_path)
    assert private_key_bytes(place.terminal_key(key(9))) == private_key_bytes(key(4))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "missing; enrol"),
        (lambda path: path.chmod(0o644), "chmod 600"),
        (lambda path: path.write_text("!!"), "a key"),
        (lambda path: path.write_text(encode_bytes(b"short")), "5 bytes"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "cannot be read"),
    ],
)
def test_a_spoilt_key_file_is_named_with_a_remedy(spoil: Callable[[Path], object], told: str, tmp_path: Path) -> None:
    place = filled(tmp_path)
    spoil(tmp_path / "keys" / "terminal.key")
    with pytest.raises(KeyFileUnusable, match=told) as caught:
        place.secrets()
    assert "terminal.key" in str(caught.value)
