"""Enrolment: a one-time code makes this directory a till. The key is made and kept before anybody hears of it, so that a lost answer can be asked for again with the same code.

Called by `tongchu till enrol` and by the demo.
"""

from collections.abc import Callable
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.client import HqClient
from sync.enrolment import Enrolment, EnrolmentRequest
from sync.errors import HqRefused
from sync.keys import TrustedKeys, public_key_text
from terminal.clock import SystemClock
from terminal.journal import Identity, Journal
from terminal.leasing import Leasing
from terminal.replica import Replica
from terminal.syncing import SyncCycle
from terminal.till_directory import TillDirectory


def enrol(
    url: str,
    code: str,
    directory: Path,
    *,
    machine: str = "",
    transport: httpx.BaseTransport | None = None,
    make_key: Callable[[], Ed25519PrivateKey] = Ed25519PrivateKey.generate,
) -> Identity:
    """Registers, pins HQ's root, stores who this till is and fills the replica. Raises `SyncError`, `JournalError` and their kin.
    When only the last part fails, the till is enrolled all the same and fetches its replica at the first start. A till that has its journal already, and that a head office
    restored from a backup has forgotten, is made known again by a code for its own name: it goes on, and sends everything that it recorded."""
    place = TillDirectory(directory)
    journal = Journal.open(place.journal)
    try:
        with HqClient(url, transport=transport) as client:
            if not journal.head_office.enrolled:
                key = place.terminal_key(make_key())
                answer = client.enrol(EnrolmentRequest(code=code, public_key=public_key_text(key), machine=machine))
                _keep(journal, place, url, answer)
                _fill_replica(client, journal, place)
            else:
                _go_on(client, journal, place, code)
        return journal.head_office.identity
    finally:
        journal.close()


def _go_on(client: HqClient, journal: Journal, place: TillDirectory, code: str) -> None:
    try:
        _fill_replica(client, journal, place)
    except HqRefused as refused:
        if refused.code != "terminal_unknown":
            raise
        key = public_key_text(place.secrets().terminal_key)
        client.enrol(EnrolmentRequest(code=code, public_key=key, terminal_id=journal.head_office.identity.terminal_id))
        _fill_replica(client, journal, place)


def _keep(journal: Journal, place: TillDirectory, url: str, answer: Enrolment) -> None:
    TrustedKeys(answer.root_public_key, answer.certificates)
    place.keep_shared_secrets(answer.staff_pepper, answer.phone_tag_key)
    identity = Identity(
        terminal_id=answer.terminal_id,
        incarnation=answer.incarnation,
        store_id=answer.store_id,
        store_name=answer.store_name,
        zone=answer.zone,
        hq_url=url,
        root_public_key=answer.root_public_key,
        seal_public_key=answer.seal_public_key,
        member_no_from=answer.member_no_from,
    )
    journal.head_office.enrol(identity, answer.epoch, answer.certificates)


def _fill_replica(client: HqClient, journal: Journal, place: TillDirectory) -> None:
    replica = Replica.open(place.replica)
    try:
        leasing = Leasing(journal, replica, SystemClock())
        SyncCycle(client, journal, replica, place, place.secrets().terminal_key, leasing=leasing).run_once()
    finally:
        replica.close()
