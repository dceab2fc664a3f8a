"""Staff PINs: a verifier holds for its PIN and its store's pepper only."""

import pytest

from sync.errors import SignatureError
from sync.keys import encode_bytes
from sync.pins import check_pin, is_pin, make_verifier

PEPPER = encode_bytes(b"p" * 32)


def test_a_verifier_holds_for_its_pin_and_its_stores_pepper_only() -> None:
    verifier = make_verifier("482913", PEPPER)
    assert check_pin(verifier, "482913", PEPPER)
    assert not check_pin(verifier, "482914", PEPPER)
    assert not check_pin(verifier, "482913", encode_bytes(b"q" * 32))
    assert "482913" not in verifier


def test_equal_pins_do_not_show() -> None:
    assert make_verifier("482913", PEPPER) != make_verifier("482913", PEPPER)


@pytest.mark.parametrize("text", ["", "12345", "1234567890123", "12345a", "１２３４５６"])
def test_a_pin_is_six_to_twelve_digits(text: str) -> None:
    assert not is_pin(text)
    assert is_pin("123456")


@pytest.mark.parametrize("verifier", ["", "argon", "$argon2id$v=19$m=1"])
def test_a_rotten_verifier_is_an_error_and_not_a_wrong_pin(verifier: str) -> None:
    with pytest.raises(SignatureError):
        check_pin(verifier, "482913", PEPPER)
