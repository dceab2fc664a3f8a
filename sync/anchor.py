"""Anchors: head office's signed word on the time, the newest rulebook and how far it has come (H8, H1). Carried in every entry's header until the next exchange."""

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.identity import TerminalId
from sync.entry import AnchorRef
from sync.keys import KeyPurpose, TrustedKeys, sign, statement_of


def _statement(anchor: AnchorRef) -> bytes:
    return statement_of("anchor", msgspec.structs.replace(anchor, sig=""))


def make_anchor(
    key: Ed25519PrivateKey,
    key_id: str,
    *,
    epoch: str,
    terminal_id: TerminalId,
    hq_time: datetime,
    rulebook: int,
    global_cursor: int,
    accepted_seq: int,
) -> AnchorRef:
    bare = AnchorRef(
        epoch=epoch,
        terminal_id=terminal_id,
        hq_time=hq_time,
        rulebook=rulebook,
        global_cursor=global_cursor,
        accepted_seq=accepted_seq,
        key_id=key_id,
        sig="",
    )
    return msgspec.structs.replace(bare, sig=sign(key, _statement(bare)))


def check_anchor(trusted: TrustedKeys, anchor: AnchorRef) -> None:
    """Raises `SignatureError` unless a certified anchor key, valid at the anchor's time, signed it."""
    trusted.verify(anchor.key_id, KeyPurpose.ANCHOR, anchor.sig, _statement(anchor), anchor.hq_time)
