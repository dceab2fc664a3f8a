"""Owns rulebooks that tills bring back, which a restored head office forgot that it had published (H1, L8).

They are kept under their numbers, as head office signed them, and sent to every till. The signature is all that is believed. Called by the endpoint.
"""

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from hq_server.audit.log import record
from hq_server.database.engine import Reading, WriteSession
from hq_server.database.models import RulebookVersion
from hq_server.database.prepared import Prepared
from hq_server.database.upsert import upsert
from hq_server.exceptions.kinds import ExceptionCode
from hq_server.exceptions.raising import TillFinding, raise_for_head_office
from hq_server.feed.publishing import publish
from hq_server.office import Office
from hq_server.own_journal.place import business_day
from hq_server.sessions.epochs import BROUGHT_BACK
from hq_server.sessions.tokens import TillToken
from sync.errors import SignatureError
from sync.messages import GLOBAL_SCOPE, RulebookRow
from sync.remembered import HeldRulebook, digest_of
from sync.rulebook_signature import check_new_rulebook

logger = logging.getLogger(__name__)
_DOCUMENTS: Final = Prepared(select(RulebookVersion.version, RulebookVersion.document))


def lacking(session: Reading, held: Sequence[HeldRulebook]) -> tuple[int, ...]:
    """Of the rulebooks that a till holds, those that head office has not, or has with another document."""
    if not held:
        return ()
    known = {version: digest_of(document.decode()) for version, document in _DOCUMENTS.rows(session)}
    return tuple(each.version for each in held if known.get(each.version) != each.digest)


def bring_back(office: Office, till: TillToken, row: RulebookRow) -> None:
    """Does nothing a second time. What this head office did not sign, or signed with a key that is revoked by now, is left out."""
    try:
        check_new_rulebook(office.keys.trusted, row)
    except SignatureError as error:
        logger.error("a till brings a rulebook that is not taken: %s", error, extra={"terminal_id": till.terminal_id})
        return
    with office.database.write() as session:
        if _keep(session, till, row, office):
            publish(session, GLOBAL_SCOPE, row, at=office.clock())
    office.sequencer.wake()


def _keep(session: WriteSession, till: TillToken, row: RulebookRow, office: Office) -> bool:
    """Whether it is new. A number that has another document by now is told: what was printed under the first cannot be kept by itself."""
    now = office.clock()
    adding = upsert(session, RulebookVersion).values(
        version=row.version,
        effective_at=row.effective_at,
        document=row.document.encode(),
        signature=row.signature,
        key_id=row.key_id,
        published_at=now,
        published_by=f"{BROUGHT_BACK}{till.terminal_id}",
    )
    kept = session.execute(adding.on_conflict_do_nothing().returning(RulebookVersion.version)).first()
    if kept is not None:
        record(
            session,
            actor=till.terminal_id,
            action="rulebook.brought_back",
            subject=str(row.version),
            data={"digest": digest_of(row.document)},
            now=now,
        )
        return True
    held = session.get_one(RulebookVersion, row.version)
    if held.document.decode() != row.document:
        found = TillFinding(
            code=ExceptionCode.RULEBOOK_NUMBER_TWICE,
            data={"version": row.version, "till": till.terminal_id},
            on=business_day(held.published_at),
        )
        raise_for_head_office(session, f"rulebook-{row.version}", found, now=now)
    return False
