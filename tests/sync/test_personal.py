"""Personal fields: only head office opens them, and what a till may show."""

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from stored_value.identity import MemberId
from sync.errors import SignatureError
from sync.keys import encode_bytes
from sync.personal import (
    TAG_BITS,
    Personal,
    PhoneInvalid,
    e164,
    last4,
    mask_name,
    open_personal,
    phone_tag,
    seal_personal,
)

HQ = X25519PrivateKey.from_private_bytes(b"\x07" * 32)
HQ_PUBLIC = encode_bytes(HQ.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
SOMEBODY = Personal("王小丽", "+8613800138000")
MEMBER = MemberId("m1")


def test_head_office_opens_what_a_till_sealed() -> None:
    sealed, attachment = seal_personal(
        SOMEBODY, member_id=MEMBER, hq_seal_public_key=HQ_PUBLIC, random=secrets.token_bytes
    )
    assert open_personal(sealed, attachment, MEMBER, HQ) == SOMEBODY
    assert "13800138000" not in sealed.ciphertext


def test_another_key_member_or_attachment_opens_nothing() -> None:
    sealed, attachment = seal_personal(
        SOMEBODY, member_id=MEMBER, hq_seal_public_key=HQ_PUBLIC, random=secrets.token_bytes
    )
    other = X25519PrivateKey.from_private_bytes(b"\x08" * 32)
    for wrong in (
        (sealed, attachment, MEMBER, other),
        (sealed, attachment, MemberId("m2"), HQ),
        (sealed, attachment[:-1] + b"x", MEMBER, HQ),
        (sealed, b"", MEMBER, HQ),
    ):
        with pytest.raises(SignatureError):
            open_personal(*wrong)


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("+85261234567", "+85261234567"),
    ],
)
def test_phones_as_people_type_them(typed: str, phone: str) -> None:
    assert e164(typed) == phone


@pytest.mark.parametrize("typed", ["", "12800138000", "1380013800", "138001380000", "+8612", "abc", "+0123456789"])
def test_what_is_no_phone_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(PhoneInvalid) as caught:
        e164(typed)
    assert not typed or typed not in str(caught.value)


def test_a_tag_is_short_keyed_and_steady() -> None:
    tags = {phone_tag(b"k" * 32, f"+861380013{number:04d}") for number in range(2000)}
    assert max(tags) < 2**TAG_BITS
    assert len(tags) > 1000
    assert phone_tag(b"k" * 32, "+8613800138000") != phone_tag(b"l" * 32, "+8613800138000")
    assert last4("+8613800138000") == "8000"


@pytest.mark.parametrize(
    ("name", "masked"), [("王小丽", "王*丽"), ("王丽", "王*"), ("欧阳小丽", "欧*丽"), ("王", "*"), ("", "*")]
)
def test_a_masked_name_shows_its_ends_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked
