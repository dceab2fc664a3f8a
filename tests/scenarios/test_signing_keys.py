"""Head office's signing keys change under the root that tills pin (H16): rotated ahead of time, revoked when stolen, the root away from the server."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hq_server.feed.publishing import publish
from hq_server.franchise_data import rulebook
from hq_server.keys.key_files import ROOT_KEY, HqKeys, KeysUnusable, init_keys, load_keys
from hq_server.keys.rotation import LEAD, revoke, rotate_key, tell_of_certificate, tell_of_revocation
from hq_server.rulebooks.publishing import sign_again
from stored_value.rulebook_document import write_rulebook
from sync.anchor import check_anchor, make_anchor
from sync.entry import AnchorRef
from sync.errors import SignatureError
from sync.keys import KeyPurpose, TrustedKeys
from sync.messages import GLOBAL_SCOPE, RulebookRow
from sync.rulebook_signature import check_rulebook, sign_rulebook
from tests.hq_server.serving import serving
from tests.scenarios.franchise import Franchise, playing
from tests.scenarios.till import Till

pytestmark = pytest.mark.slow


def root_taken_away(franchise: Franchise, folder: Path) -> Path:
    stick = folder / "stick"
    stick.mkdir(mode=0o700)
    shutil.move(franchise.config.keys / ROOT_KEY, stick / ROOT_KEY)
    return stick / ROOT_KEY


def forged_anchor(keys: HqKeys, key_id: str, till: Till, hours: float) -> AnchorRef:
    """By whoever holds that key."""
    held = till.journal.head_office.anchor
    assert held is not None
    key = next(each for each in keys.signing_keys if each.key_id == key_id)
    facts = msgspec.structs.asdict(held) | {"hq_time": held.hq_time + timedelta(hours=hours)}
    facts = {name: value for name, value in facts.items() if name not in ("key_id", "sig")}
    return make_anchor(key.private, key_id, **facts)


def test_h16_a_key_is_certified_ahead_and_takes_over_without_a_gap(franchise_at_rest: Path, tmp_path: Path) -> None:
    """The till that was offline when it was announced follows as well; the server never holds the root."""
    with playing(franchise_at_rest, tmp_path / "day") as franchise:
        root = root_taken_away(franchise, tmp_path)
        till = franchise.till("S01-T1")
        clock = franchise.hq.clock
        first = franchise.hq.office.keys.signing(KeyPurpose.ANCHOR, clock.at)
        with pytest.raises(KeysUnusable, match="is missing"):
            rotate_key(franchise.config.keys, KeyPurpose.ANCHOR, franchise.config.keys / ROOT_KEY, now=clock.at)
        made = rotate_key(franchise.config.keys, KeyPurpose.ANCHOR, root, now=clock.at)
        with franchise.hq.database.write() as session:
            tell_of_certificate(session, made, now=clock.at)
        till.sync()
        trusted = till.journal.head_office.trusted_keys()
        later = clock.at + LEAD
        ahead = make_anchor(
            load_keys(franchise.config.keys).signing(KeyPurpose.ANCHOR, later).private, made.key_id,
            epoch="e", terminal_id=till.journal.head_office.identity.terminal_id, hq_time=later, rulebook=1, global_cursor=0, accepted_seq=0,
        )  # fmt: skip
        check_anchor(trusted, ahead)
        with pytest.raises(SignatureError, match="not valid"):
            check_anchor(trusted, msgspec.structs.replace(ahead, hq_time=clock.at))
        till.close()
        clocks = dict(franchise.clocks)
    clock.pass_(days=LEAD.days, minutes=1)
    clocks["S01-T1"].advance(LEAD + timedelta(minutes=1))
    with serving(franchise.config, clock) as again:
        till.restart(again.url)
        till.sync()
        anchor = till.journal.head_office.anchor
        assert anchor is not None
        assert (anchor.key_id, first.key_id != made.key_id) == (made.key_id, True)
        till.close()


def test_h16_a_stolen_keys_later_statements_are_refused(franchise: Franchise, tmp_path: Path) -> None:
    keys_dir, clock = franchise.config.keys, franchise.hq.clock
    root = root_taken_away(franchise, tmp_path)
    till = franchise.till("S01-T1")
    keys = franchise.hq.office.keys
    stolen = keys.signing(KeyPurpose.ANCHOR, clock.at).key_id
    with pytest.raises(KeysUnusable, match="no other anchor key"):
        revoke(keys_dir, stolen, root, now=clock.at)
    made = rotate_key(keys_dir, KeyPurpose.ANCHOR, root, now=clock.at, lead=timedelta())
    forged = forged_anchor(keys, stolen, till, hours=1)
    check_anchor(till.journal.head_office.trusted_keys(), forged)
    revocation = revoke(keys_dir, stolen, root, now=clock.at + timedelta(minutes=1))
    with franchise.hq.database.write() as session:
        tell_of_certificate(session, made, now=clock.at)
        tell_of_revocation(session, revocation, now=clock.at)
    till.sync()
    trusted = till.journal.head_office.trusted_keys()
    with pytest.raises(SignatureError, match="revoked"):
        check_anchor(trusted, forged)
    check_anchor(trusted, forged_anchor(keys, stolen, till, hours=0))  # what it signed before stays good
    renewed = load_keys(keys_dir)
    assert renewed.signing(KeyPurpose.ANCHOR, clock.at + timedelta(minutes=2)).key_id == made.key_id
    with pytest.raises(SignatureError, match="revoked"):
        check_anchor(renewed.trusted, forged)


def test_h16_a_rulebook_dated_back_by_a_stolen_key_is_refused_and_head_offices_own_stay(
    franchise: Franchise, tmp_path: Path
) -> None:
    keys_dir, clock = franchise.config.keys, franchise.hq.clock
    root = root_taken_away(franchise, tmp_path)
    till = franchise.till("S01-T1")
    thief = franchise.hq.office.keys
    stolen = thief.signing(KeyPurpose.RULEBOOK, clock.at)
    held = till.replica.rulebook_rows()
    assert {row.key_id for row in held} == {stolen.key_id}
    made = rotate_key(keys_dir, KeyPurpose.RULEBOOK, root, now=clock.at, lead=timedelta())
    revocation = revoke(keys_dir, stolen.key_id, root, now=clock.at + timedelta(minutes=1))
    before = rulebook(clock.at - timedelta(hours=1))
    document = write_rulebook(replace(before, version=9)).decode()
    forged = RulebookRow(
        version=9,
        effective_at=before.effective_at,
        document=document,
        signature=sign_rulebook(stolen.private, document),
        key_id=stolen.key_id,
    )
    check_rulebook(till.journal.head_office.trusted_keys(), forged)
    with franchise.hq.database.write() as session:
        tell_of_certificate(session, made, now=clock.at)
        tell_of_revocation(session, revocation, now=clock.at)
        publish(session, GLOBAL_SCOPE, forged, at=clock.at)
    till.sync()
    assert till.replica.rulebook_rows() == held, "what the till held stays, nothing new by that key is taken"
    with franchise.hq.database.write() as session:
        again = sign_again(session, franchise.hq.office.keys, stolen.key_id, now=clock.at)
    assert (again.done, again.left) == (tuple(row.version for row in held), ())
    till.sync()
    renewed = till.replica.rulebook_rows()
    assert [(row.version, row.document) for row in renewed] == [(row.version, row.document) for row in held]
    assert {row.key_id for row in renewed} == {made.key_id}


def test_h16_only_the_pinned_root_certifies_and_revokes(franchise: Franchise, tmp_path: Path) -> None:
    other = tmp_path / "other"
    init_keys(other, now=franchise.hq.clock.at)
    with pytest.raises(KeysUnusable, match="not the root"):
        rotate_key(franchise.config.keys, KeyPurpose.RULEBOOK, other / ROOT_KEY, now=franchise.hq.clock.at)
    foreign = rotate_key(other, KeyPurpose.RULEBOOK, other / ROOT_KEY, now=franchise.hq.clock.at)
    with franchise.hq.database.write() as session:
        tell_of_certificate(session, foreign, now=franchise.hq.clock.at)
    till = franchise.till("S01-T1")
    held = till.journal.head_office
    with pytest.raises(SignatureError):
        TrustedKeys(held.identity.root_public_key, (foreign,))
    with pytest.raises(SignatureError, match="no certified"):
        held.trusted_keys().verify(foreign.key_id, KeyPurpose.RULEBOOK, "", b"", foreign.not_before)
