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


def check_new_rulebook(trusted: TrustedKeys, row: RulebookRow) -> Rulebook:
    """As `check_rulebook`, for a row that this till does not hold yet: by a key that is revoked by now nothing new is taken, whatever its date. Head office signs again
    what it published with such a key."""
    if trusted.is_revoked(row.key_id, KeyPurpose.RULEBOOK):
        raise SignatureError(f"rulebook {row.version} is new and signed with the revoked key {row.key_id}")
    return check_rulebook(trusted, row)


def _statement(document: str) -> bytes:
    return statement_of("rulebook", document)
