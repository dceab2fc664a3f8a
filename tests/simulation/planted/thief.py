"""A head office whose key for rulebooks was stolen: its people revoke the key and sign anew what they published; the thief dates a rulebook back and smuggles it into the feed.

No bug by itself: tills that heed the revocation leave the forged rulebook out.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import FastAPI

from hq_server.app import create_app
from hq_server.config import HqConfig
from hq_server.feed.publishing import publish
from hq_server.keys.key_files import ROOT_KEY
from hq_server.keys.rotation import revoke, rotate_key, tell_of_certificate, tell_of_revocation
from hq_server.office import Office
from hq_server.rulebooks.publishing import sign_again
from stored_value.rulebook_document import write_rulebook
from sync.keys import KeyPurpose
from sync.messages import GLOBAL_SCOPE, RulebookRow
from sync.rulebook_signature import check_rulebook, sign_rulebook
from tongchu.simulation.rules import next_rulebook, rulebook

_FORGED_VERSION: Final = 900
_DATED_BACK: Final = timedelta(minutes=30)


def robbed(config: HqConfig, *, clock: Callable[[], datetime], random: Callable[[int], bytes]) -> FastAPI:
    """In the place of `create_app`; the theft happens when it is made for the first time."""
    application = create_app(config, clock=clock, random=random)
    office = application.state.office
    assert isinstance(office, Office)
    if len([each for each in office.keys.signing_keys if each.certificate.purpose == KeyPurpose.RULEBOOK]) == 1:
        _rob(office, config, clock())
    return application


def _rob(office: Office, config: HqConfig, now: datetime) -> None:
    stolen = office.keys.signing(KeyPurpose.RULEBOOK, now)
    root = config.keys / ROOT_KEY
    made = rotate_key(config.keys, KeyPurpose.RULEBOOK, root, now=now, lead=timedelta())
    revocation = revoke(config.keys, stolen.key_id, root, now=now)
    forged = next_rulebook(rulebook(now, risk=False), now - _DATED_BACK)
    document = write_rulebook(replace(forged, version=_FORGED_VERSION)).decode()
    row = RulebookRow(
        version=_FORGED_VERSION,
        effective_at=forged.effective_at,
        document=document,
        signature=sign_rulebook(stolen.private, document),
        key_id=stolen.key_id,
    )
    with office.database.write() as session:
        tell_of_certificate(session, made, now=now)
        tell_of_revocation(session, revocation, now=now)
        publish(session, GLOBAL_SCOPE, row, at=now)
        sign_again(session, office.keys, stolen.key_id, now=now)


def heeds_no_revocation(trusted: Any, row: Any) -> Any:
    """H16: a till takes what a stolen key signed, if only its date is before the theft."""
    return check_rulebook(trusted, row)
