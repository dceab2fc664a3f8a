"""Console passwords: argon2id, and nobody's password is never right."""

import pytest

from hq_server.staff.passwords import (
    PasswordUnreadable,
    check_password,
    hash_password,
    is_password,
    new_password,
)


def test_only_the_right_password_holds() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert check_password(stored, "correct horse battery")
    assert not check_password(stored, "correct horse batterz")


def test_a_user_who_does_not_exist_has_no_right_password() -> None:
    assert not check_password(None, "correct horse battery")
    assert not check_password(None, "")


def test_a_damaged_hash_is_an_error_and_not_a_wrong_password() -> None:
    with pytest.raises(PasswordUnreadable):
        check_password("$argon2id$broken", "correct horse battery")


def test_a_first_password_is_long_enough_and_never_the_same() -> None:
    assert is_password(new_password())
    assert new_password() != new_password()
    assert not is_password("short")
