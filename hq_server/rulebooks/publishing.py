"""Owns the publishing of a rulebook version. Called by initialisation, the console and the command line; the caller commits."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from hq_server.database.engine import WriteSession
from hq_server.database.models import RulebookVersion
from hq_server.feed.publishing import publish
from hq_server.keys.key_files import HqKeys, KeysUnusable
from hq_server.sessions.epochs import next_rulebook_number
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import parse_rulebook, write_rulebook
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE, RulebookRow
from sync.rulebook_signature import sign_rulebook


@dataclass(frozen=True, slots=True)
class SignedAgain:
    """Versions by number; `left` are those for whose time no key is certified: tills that do not hold them take them no more."""

    done: tuple[int, ...]
    left: tuple[int, ...]


class RulebookRefused(Exception):
    """`code`: takes_effect_too_early | key_not_valid_then."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def publish_rulebook(session: WriteSession, keys: HqKeys, document: bytes | str, *, by: str, now: datetime) -> Rulebook:
    """The next version, whatever number the document carries. Raises `RulebookError` with every problem, `RulebookRefused`."""
    book = replace(parse_rulebook(document), version=next_rulebook_number(session))
    if book.effective_at < now:
        raise RulebookRefused(
            "takes_effect_too_early", f"effective_at must not be before now ({now.isoformat(timespec='seconds')})"
        )
    try:
        key = keys.signing(KeyPurpose.RULEBOOK, book.effective_at)
    except KeysUnusable as error:
        raise RulebookRefused("key_not_valid_then", str(error)) from error
    text = write_rulebook(book).decode()
    row = RulebookRow(
        version=book.version,
        effective_at=book.effective_at,
        document=text,
        signature=sign_rulebook(key.private, text),
        key_id=key.key_id,
    )
    session.add(
        RulebookVersion(
            version=row.version,
            effective_at=row.effective_at,
            document=text.encode(),
            signature=row.signature,
            key_id=row.key_id,
            published_at=now,
            published_by=by,
        )
    )
    session.flush()
    publish(session, GLOBAL_SCOPE, row, at=now)
    return book


def sign_again(session: WriteSession, keys: HqKeys, key_id: str, *, now: datetime) -> SignedAgain:
    """What was published with a key that is revoked now, by another one and sent to every till: the documents stay as they are (H16)."""
    held = session.scalars(select(RulebookVersion).where(RulebookVersion.key_id == key_id)).all()
    done, left = [], []
    for version in sorted(held, key=lambda each: each.version):
        try:
            key = keys.signing(KeyPurpose.RULEBOOK, version.effective_at)
        except KeysUnusable:
            left.append(version.version)
            continue
        text = version.document.decode()
        version.signature, version.key_id = sign_rulebook(key.private, text), key.key_id
        row = RulebookRow(
            version=version.version,
            effective_at=version.effective_at,
            document=text,
            signature=version.signature,
            key_id=key.key_id,
        )
        publish(session, GLOBAL_SCOPE, row, at=now)
        done.append(version.version)
    session.flush()
    return SignedAgain(tuple(done), tuple(left))
