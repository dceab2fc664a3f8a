"""Wallets and purchases as canonical JSON: the form kept in HQ's tables, in feed rows and in replicas. `Wallet.purchases` is left out; purchases are rows of their own."""

from typing import Any

import msgspec

from stored_value.wallet import Purchase, Wallet
from sync.errors import PageError

_encode = msgspec.json.Encoder(order="sorted").encode
_wallet_decoder = msgspec.json.Decoder(Wallet)
_purchase_decoder = msgspec.json.Decoder(Purchase)


def write_wallet(wallet: Wallet) -> bytes:
    fields: dict[str, Any] = {name: getattr(wallet, name) for name in _WALLET_FIELDS}
    return _encode(fields)


def read_wallet(raw: bytes | msgspec.Raw) -> Wallet:
    """Raises `PageError` when the bytes are not a wallet of this version or an older one."""
    try:
        return _wallet_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"wallet: {error}") from error


def write_purchase(purchase: Purchase) -> bytes:
    return _encode(purchase)


def read_purchase(raw: bytes | msgspec.Raw) -> Purchase:
    """Raises `PageError`."""
    try:
        return _purchase_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PageError(f"purchase: {error}") from error


_WALLET_FIELDS = tuple(name for name in Wallet.__dataclass_fields__ if name != "purchases")
