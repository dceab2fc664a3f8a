"""Owns what head office signs of a rulebook and how a till checks it: the document's exact text, by a key certified for rulebooks (L8, H16)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import RulebookError, parse_rulebook
from sync.errors import SignatureError
from sync.keys import KeyPurpose, TrustedKeys, sign, statement_of
from sync.messages import RulebookRow


def sign_rulebook(key: Ed25519PrivateKey, document: str) -> str:
    return sign(key, _statement(document))


def check_rulebook(trusted: TrustedKeys, row: RulebookRow) -> Rulebook:
    """The rulebook of a feed or replica row; raises `SignatureError` unless a key valid when it takes effect signed it."""
    trusted.verify(row.key_id, KeyPurpose.RULEBOOK, row.signature, _statement(row.document), row.effective_at)
    try:
        book = parse_rulebook(row.document)
    except RulebookError as error:
        raise SignatureError(f"the signed rulebook {row.version} cannot be read: {error}") from error
    if (book.version, book.effective_at) != (row.version, row.effective_at):
        raise SignatureError(f"the signed rulebook is not the version {row.version} that its row names")
    return book


def _statement(document: str) -> bytes:
    return statement_of("rulebook", document)
