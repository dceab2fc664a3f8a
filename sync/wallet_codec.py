"""Wallets and purchases as canonical JSON: the form kept in HQ's tables, in feed rows and in replicas. `Wallet.purchases` is left out; purchases are rows of their own.

What holds its default is not written (`sparse_json`); older documents, which have every field, read the same.
"""

from typing import Final

import msgspec

from stored_value.wallet import Purchase, Wallet
from sync.errors import PageError
from sync.sparse_json import sparse_writer

write_wallet: Final = sparse_writer(Wallet, without=frozenset({"purchases"}))
write_purchase: Final = sparse_writer(Purchase)
_wallet_decoder = msgspec.json.Decoder(Wallet)
_purchase_decoder = msgspec.json.Decoder(Purchase)


def read_wallet(raw: bytes | msgspec.Raw) -> Wallet:
    """Raises `PageError` when the bytes are not a wallet of this version or an older one."""
    try:
        return _wallet_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"wallet: {error}") from error


def read_purchase(raw: bytes | msgspec.Raw) -> Purchase:
    """Raises `PageError`."""
    try:
        return _purchase_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"purchase: {error}") from error
