"""Feed pages on the wire: which page holds which seq, and sealing a full page under its scope's key so that any cache may keep it (design section 3, H14)."""

from typing import get_args

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.compression import compressed, inflated
from sync.errors import PageError
from sync.message_types import prepare
from sync.messages import PAGE_ROWS, FeedEntry, FeedPage, FeedRow, UnknownRow

PAGE_BYTES_MAX = 16 * 1024 * 1024
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(FeedPage).decode
_decode_row = msgspec.json.Decoder(FeedRow).decode
KNOWN_KINDS = frozenset(kind.__struct_config__.tag for kind in get_args(FeedRow) if kind is not UnknownRow)
"""The kinds of feed rows that this program understands; the others come as `UnknownRow`."""


def kind_of_row(row: FeedRow) -> str:
    """By its name on the wire, also of one that is not known here."""
    return row.kind if isinstance(row, UnknownRow) else str(row.__struct_config__.tag)


def page_of(seq: int) -> int:
    """The page that holds `seq` (from 1); the page to ask for next after a cursor is `page_of(cursor + 1)`."""
    return (seq - 1) // PAGE_ROWS


def _address(scope: str, epoch: str, page: int) -> bytes:
    return f"tongchu/feed/1/{scope}/{epoch}/{page}".encode()


def write_page(page: FeedPage) -> bytes:
    """The open page, for a till that showed its token."""
    return compressed(_encode(page))


def read_page(data: bytes) -> FeedPage:
    """Rows of a kind that is not known here become `UnknownRow`. Raises `PageError`."""
    try:
        plain = inflated(data, most=PAGE_BYTES_MAX)
        try:
            return _decode(plain)
        except msgspec.ValidationError:
            return _with_unknown_rows(plain)
    except (zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"feed page: {error}") from error


class _PlainEntry(msgspec.Struct, frozen=True):
    seq: int
    row: msgspec.Raw


class _PlainPage(msgspec.Struct, frozen=True):
    entries: tuple[_PlainEntry, ...]


class _Kind(msgspec.Struct, frozen=True):
    row: str


def _with_unknown_rows(plain: bytes) -> FeedPage:
    """The page again, row by row; a fault in a row whose kind is known is still a fault."""
    page = msgspec.json.decode(plain)
    page["entries"] = []
    entries = tuple(
        FeedEntry(seq=each.seq, row=_row(each.row)) for each in msgspec.json.decode(plain, type=_PlainPage).entries
    )
    return msgspec.structs.replace(msgspec.convert(page, FeedPage), entries=entries)


def _row(raw: msgspec.Raw) -> FeedRow:
    kind = msgspec.json.decode(raw, type=_Kind).row
    return _decode_row(raw) if kind in KNOWN_KINDS else UnknownRow(kind=kind)


def seal_page(key: bytes, page: FeedPage, nonce: bytes) -> bytes:
    """The sealed page under the scope's key (32 bytes); `nonce` is 12 bytes never used twice under that key. The address is authenticated with it."""
    if not page.sealed:
        raise ValueError("only a full page is sealed")
    return nonce + AESGCM(key).encrypt(nonce, write_page(page), _address(page.scope, page.epoch, page.page))


def open_page(key: bytes, data: bytes, scope: str, epoch: str, page: int) -> FeedPage:
    """Raises `PageError` when the bytes are not that page under that key."""
    try:
        plain = AESGCM(key).decrypt(data[:12], data[12:], _address(scope, epoch, page))
    except (InvalidTag, ValueError) as error:
        raise PageError(f"feed page {scope}/{epoch}/{page} cannot be opened with the scope's key") from error
    return read_page(plain)


prepare(globals())
