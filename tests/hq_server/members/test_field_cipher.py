"""Personal fields at rest: readable only in their own row and column, with the data key."""

import pytest

from hq_server.members.field_cipher import FieldCipher, FieldUnreadable

CIPHER = FieldCipher(b"d" * 32, b"i" * 32)


def test_a_field_comes_back_in_its_own_place() -> None:
    sealed = CIPHER.encrypt("王小丽", row_id="m1", column="name")
    assert "王小丽".encode() not in sealed
    assert CIPHER.decrypt(sealed, row_id="m1", column="name") == "王小丽"


@pytest.mark.parametrize(("row_id", "column"), [("m2", "name"), ("m1", "phone")])
def test_a_field_moved_elsewhere_is_unreadable(row_id: str, column: str) -> None:
    sealed = CIPHER.encrypt("王小丽", row_id="m1", column="name")
    with pytest.raises(FieldUnreadable):
        CIPHER.decrypt(sealed, row_id=row_id, column=column)


@pytest.mark.parametrize("ciphertext", [b"", b"short", b"x" * 40])
def test_rotten_bytes_are_unreadable(ciphertext: bytes) -> None:
    with pytest.raises(FieldUnreadable):
        CIPHER.decrypt(ciphertext, row_id="m1", column="name")


def test_the_same_name_twice_does_not_look_the_same_but_the_same_phone_is_found() -> None:
    first = CIPHER.encrypt("王小丽", row_id="m1", column="name")
    assert CIPHER.encrypt("王小丽", row_id="m1", column="name") != first
    assert CIPHER.phone_index("+8613800138000") == CIPHER.phone_index("+8613800138000")
    assert CIPHER.phone_index("+8613800138000") != CIPHER.phone_index("+8613800138001")
    assert CIPHER.phone_index("+8613800138000") != FieldCipher(b"d" * 32, b"j" * 32).phone_index("+8613800138000")
