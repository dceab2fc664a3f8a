"""Head office's keys: made once, certified by the root, refused when others can read them."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hq_server.keys.key_files import CERTIFICATES, ROOT_KEY, KeysUnusable, init_keys, load_keys
from sync.keys import KeyPurpose, TrustedKeys, check_certificate, decode_bytes, sign, statement_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    init_keys(tmp_path / "keys", now=NOW)
    return tmp_path / "keys"


def test_every_file_is_for_its_owner_only(directory: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert len(modes) == 11
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_loading_gives_the_same_keys_even_without_the_root_key(directory: Path) -> None:
    first = load_keys(directory)
    (directory / ROOT_KEY).unlink()
    again = load_keys(directory)
    assert again.root_public_key == first.root_public_key
    assert again.scope_key("S01") == first.scope_key("S01")
    assert again.staff_pepper("S01") == first.staff_pepper("S01")


def test_a_till_that_pins_the_root_trusts_what_the_signing_keys_sign(directory: Path) -> None:
    keys = load_keys(directory)
    trusted = TrustedKeys(keys.root_public_key, keys.certificates)
    statement = statement_of("rulebook", "text")
    key = keys.signing(KeyPurpose.RULEBOOK, NOW)
    signature = sign(key.private, statement)
    trusted.verify(key.key_id, KeyPurpose.RULEBOOK, signature, statement, NOW + timedelta(days=1))
    for certificate in keys.certificates:
        check_certificate(keys.root_public_key, certificate)


def test_each_store_scope_and_generation_has_a_key_of_its_own(directory: Path) -> None:
    keys = load_keys(directory)
    derived = {keys.scope_key("S01").key, keys.scope_key("S02").key, keys.scope_key("S01", 2).key}
    derived |= {keys.phone_tag_key, decode_bytes(keys.staff_pepper("S01")), decode_bytes(keys.staff_pepper("S02"))}
    assert len(derived) == 6
    assert keys.scope_key("S01", 2).key_id == "S01.2"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused_with_the_remedy(directory: Path, mode: int) -> None:
    path = directory / "data.key"
    path.chmod(mode)
    with pytest.raises(KeysUnusable, match=r"chmod 0600 '.*data\.key'"):
        load_keys(directory)


def test_an_open_directory_is_refused_with_the_remedy(directory: Path) -> None:
    directory.chmod(0o755)
    with pytest.raises(KeysUnusable, match="chmod 0700"):
        load_keys(directory)


def test_keys_are_never_overwritten(directory: Path) -> None:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    with pytest.raises(KeysUnusable, match="already holds"):
        init_keys(directory, now=NOW)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("seal.key", None, "is missing"),
        ("seal.key", "c2hvcnQ\n", "holds 5 bytes"),
        ("seal.key", "密钥", "is not a key"),
        (CERTIFICATES, "[]", "no certificate for anchor"),
        (CERTIFICATES, "{", "not certificates of this root"),
    ],
)
def test_a_damaged_directory_is_refused_naming_the_file(
    directory: Path, name: str, text: str | None, what: str
) -> None:
    path = directory / name
    path.unlink()
    if text is not None:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(KeysUnusable, match=what) as refused:
        load_keys(directory)
    assert refused.value.remedy


def test_a_missing_directory_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="tongchu hq init"):
        load_keys(tmp_path / "nowhere")
