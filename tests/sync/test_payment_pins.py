"""Payment PINs: which ones are taken, what a till can tell by a verifier, and proofs that hold for one event and amount only."""

import msgspec
import pytest

from stored_value.identity import EventId, MemberId
from sync.errors import SignatureError
from sync.payment_pins import (
    is_payment_pin,
    is_proven,
    is_weak,
    issue_named,
    key_for,
    make_secret,
    prove,
    read_secret,
    read_verifier,
    write_secret,
    write_verifier,
)
from sync.pins import PinCost

QUICK = PinCost(passes=1, memory_kib=8, lanes=1)
EVENT, MEMBER = EventId("e1"), MemberId("m1")


def counted(count: int) -> bytes:
    return bytes(range(count))


SECRET = make_secret("483920", counted, QUICK)


@pytest.mark.parametrize("pin", ["", "48392", "4839201", "48392a", "４８３９２０"])
def test_a_payment_pin_has_exactly_six_digits(pin: str) -> None:
    assert not is_payment_pin(pin)


@pytest.mark.parametrize("pin", ["000000", "111111", "123456", "654321", "890123", "121212", "123123", "987654"])
def test_what_anybody_tries_first_is_too_weak(pin: str) -> None:
    assert is_payment_pin(pin)
    assert is_weak(pin)


@pytest.mark.parametrize("pin", ["483920", "112358", "135790", "100000"])
def test_others_are_not(pin: str) -> None:
    assert not is_weak(pin)


def test_a_verifier_tells_a_wrong_pin_from_the_right_one() -> None:
    verifier = read_verifier(write_verifier(SECRET.verifier(3)))
    assert verifier is not None
    assert verifier.issue == 3
    assert key_for("483920", verifier) == SECRET.key
    assert key_for("483921", verifier) is None


def test_a_verifier_proves_nothing_and_shows_no_key() -> None:
    written = write_verifier(SECRET.verifier(1)) + repr(SECRET).encode()
    assert SECRET.key.hex().encode() not in written
    assert b"483920" not in written
    assert repr(SECRET.key).encode() not in written


def test_a_proof_holds_for_its_issue_event_member_and_amount_only() -> None:
    ref = prove(2, SECRET.key, EVENT, MEMBER, 500)
    assert issue_named(ref) == 2
    assert is_proven(ref, SECRET.key, EVENT, MEMBER, 500)
    assert not is_proven(ref, SECRET.key, EventId("e2"), MEMBER, 500)
    assert not is_proven(ref, SECRET.key, EVENT, MemberId("m2"), 500)
    assert not is_proven(ref, SECRET.key, EVENT, MEMBER, 501)
    assert not is_proven(ref, bytes(32), EVENT, MEMBER, 500)


@pytest.mark.parametrize("ref", ["", "1", ":abc", "x:abc", "-1:abc", "1" * 10 + ":abc", "１:abc"])
def test_what_no_till_writes_names_no_issue(ref: str) -> None:
    assert issue_named(ref) is None


@pytest.mark.parametrize("ref", ["1:", "1:*", "1:äö", "1:YQ"])
def test_what_is_no_proof_proves_nothing(ref: str) -> None:
    assert not is_proven(ref, SECRET.key, EVENT, MEMBER, 0)


def test_the_secret_comes_back_as_it_went() -> None:
    assert read_secret(write_secret(SECRET)) == SECRET


@pytest.mark.parametrize(
    "costly", [{"passes": 21}, {"memory_kib": 10_000_000}, {"lanes": 17}, {"salt": ""}, {"passes": 0}, {"lanes": 2}]
)
def test_a_recipe_that_would_choke_every_till_is_not_taken(costly: dict[str, int | str]) -> None:
    recipe = msgspec.structs.replace(SECRET.recipe, **costly)
    plain = msgspec.json.encode({"recipe": recipe, "key": "AAAA"})
    with pytest.raises(SignatureError):
        read_secret(plain)
    verifier = msgspec.structs.replace(SECRET.verifier(1), recipe=recipe)
    with pytest.raises(SignatureError):
        key_for("483920", verifier)


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json"])
def test_a_verifier_of_another_version_is_none(text: str) -> None:
    assert read_verifier(text) is None
