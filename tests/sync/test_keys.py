"""The pinned root, what it certifies, and anchors signed by certified keys."""

from datetime import timedelta

import msgspec
import pytest

from stored_value.identity import TerminalId
from sync.anchor import check_anchor, make_anchor
from sync.entry import AnchorRef
from sync.errors import SignatureError
from sync.keys import KeyPurpose, TrustedKeys, certify, check_certificate, key_id_of, public_key_text, sign, verify
from tests.sync.miniature import T0, key

ROOT, SIGNING, FOREIGN = key(1), key(2), key(3)


def trusted(purpose: KeyPurpose = KeyPurpose.ANCHOR) -> TrustedKeys:
    certificate = certify(ROOT, public_key_text(SIGNING), purpose, T0 - timedelta(days=1), T0 + timedelta(days=1))
    return TrustedKeys(public_key_text(ROOT), (certificate,))


def anchor(at_days: int = 0) -> AnchorRef:
    return make_anchor(
        SIGNING,
        key_id_of(public_key_text(SIGNING)),
        epoch="e1",
        terminal_id=TerminalId("S01-T1"),
        hq_time=T0 + timedelta(days=at_days),
        rulebook=3,
        global_cursor=10,
        accepted_seq=5,
    )


def test_an_anchor_by_a_certified_key_holds() -> None:
    check_anchor(trusted(), anchor())


@pytest.mark.parametrize("change", [{"rulebook": 4}, {"accepted_seq": 6}, {"epoch": "e2"}, {"key_id": "0" * 16}])
def test_a_changed_anchor_does_not_hold(change: dict[str, object]) -> None:
    with pytest.raises(SignatureError):
        check_anchor(trusted(), msgspec.structs.replace(anchor(), **change))


def test_a_key_certified_for_another_purpose_or_time_does_not_hold() -> None:
    with pytest.raises(SignatureError, match="no certified"):
        check_anchor(trusted(KeyPurpose.RULEBOOK), anchor())
    with pytest.raises(SignatureError, match="not valid"):
        check_anchor(trusted(), anchor(at_days=2))


def test_a_certificate_by_another_root_is_refused() -> None:
    certificate = certify(FOREIGN, public_key_text(SIGNING), KeyPurpose.ANCHOR, T0, T0 + timedelta(days=1))
    with pytest.raises(SignatureError):
        TrustedKeys(public_key_text(ROOT), (certificate,))


def test_a_certificate_found_good_vouches_for_no_other() -> None:
    good = certify(ROOT, public_key_text(SIGNING), KeyPurpose.ANCHOR, T0, T0 + timedelta(days=1))
    check_certificate(public_key_text(ROOT), good)
    for forged in (
        msgspec.structs.replace(good, not_after=T0 + timedelta(days=900)),
        msgspec.structs.replace(good, purpose=KeyPurpose.RULEBOOK),
        msgspec.structs.replace(good, public_key=public_key_text(FOREIGN)),
    ):
        with pytest.raises(SignatureError):
            check_certificate(public_key_text(ROOT), forged)
    with pytest.raises(SignatureError):
        check_certificate(public_key_text(FOREIGN), good)


def test_rubbish_signatures_are_refused_not_raised_through() -> None:
    for signature in ("", "!!", "AAAA", sign(FOREIGN, b"x")):
        with pytest.raises(SignatureError):
            verify(public_key_text(ROOT), signature, b"x")
