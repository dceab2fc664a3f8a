"""What head office signs of a hold (H1, H8): the very bytes, by a certified key that is not revoked."""

from datetime import timedelta

import msgspec
import pytest

from stored_value.identity import LotId, MemberId, StoreId, TerminalId
from stored_value.reservation_records import ReservationId, ReservedThing
from sync.errors import SignatureError
from sync.keys import KeyCertificate, KeyPurpose, TrustedKeys, certify, key_id_of, public_key_text, revoke_key
from sync.signed_hold import DOCUMENT_CHARACTERS_MAX, Held, SignedHold, check_hold, read_hold, sign_hold
from tests.sync.miniature import T0, key

ROOT, SIGNING = key(1), key(2)
HELD = Held(
    epoch="e1",
    store_id=StoreId("S01"),
    terminal_id=TerminalId("S01-T1"),
    member_id=MemberId("wang"),
    hold_id=ReservationId("hold-1"),
    number=7,
    amount_minor=8_000,
    granted_at=T0,
    things=(ReservedThing(thing_id=LotId("wash"), quantity=2),),
)


def certificate(purpose: KeyPurpose = KeyPurpose.ANCHOR, days: int = 1) -> KeyCertificate:
    day = timedelta(days=1)
    return certify(ROOT, public_key_text(SIGNING), purpose, T0 - day, T0 + (days - 1) * day)


def signed() -> SignedHold:
    return sign_hold(SIGNING, key_id_of(public_key_text(SIGNING)), HELD)


def holds(trusted: TrustedKeys, each: SignedHold) -> bool:
    try:
        check_hold(trusted, each, read_hold(each))
    except SignatureError:
        return False
    return True


def test_it_says_what_was_held_and_holds() -> None:
    assert read_hold(signed()) == HELD
    assert signed() == signed(), "the same hold is signed alike"
    assert holds(TrustedKeys(public_key_text(ROOT), (certificate(),)), signed())


def test_a_document_that_was_written_otherwise_does_not_hold() -> None:
    trusted = TrustedKeys(public_key_text(ROOT), (certificate(),))
    assert not holds(trusted, msgspec.structs.replace(signed(), document=signed().document.replace("8000", "8001")))
    assert not holds(trusted, msgspec.structs.replace(signed(), document=" " + signed().document))


def test_h16_a_key_of_another_purpose_or_time_or_that_was_revoked_since_shows_nothing() -> None:
    root = public_key_text(ROOT)
    assert not holds(TrustedKeys(root, (certificate(KeyPurpose.RULEBOOK),)), signed())
    assert not holds(TrustedKeys(root, (certificate(days=0),)), signed())
    later = revoke_key(ROOT, certificate(), T0 + timedelta(hours=1))
    assert not holds(TrustedKeys(root, (certificate(),), (later,)), signed()), "its thief dates back"


def test_the_document_of_the_greatest_hold_is_read_and_a_longer_one_is_not_looked_at() -> None:
    things = tuple(ReservedThing(thing_id=LotId("x" * 36), quantity=2**60) for _ in range(100))
    greatest = sign_hold(SIGNING, "k", msgspec.structs.replace(HELD, things=things))
    assert read_hold(greatest).things == things
    with pytest.raises(SignatureError, match="longer"):
        read_hold(msgspec.structs.replace(greatest, document=greatest.document + " " * DOCUMENT_CHARACTERS_MAX))


@pytest.mark.parametrize("document", ["", "{}", "[]", '{"epoch":1}', "[" * 100_000])
def test_what_is_no_document_of_a_hold_says_nothing(document: str) -> None:
    with pytest.raises(SignatureError):
        read_hold(msgspec.structs.replace(signed(), document=document))
