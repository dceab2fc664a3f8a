"""Sessions: a till proves its key, gets an anchor and a token; a restored head office notices by what tills show it (H1)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hq_server.database.models import HqState, Terminal
from hq_server.feed.publishing import current_epoch
from hq_server.sessions.epochs import begin_epoch
from hq_server.sessions.service import SessionRefused, authenticate, open_session
from hq_server.sessions.tokens import TOKEN_LIFE
from sync.anchor import check_anchor, make_anchor
from sync.entry import AnchorRef
from sync.keys import KeyPurpose, TrustedKeys, session_statement, sign
from sync.messages import Session, SessionRequest
from sync.till_trouble import TillStanding
from tests.hq_server.opened import NOW, EnrolledTill, OpenedHq, enrolled_till, opened_hq


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def till(hq: OpenedHq) -> EnrolledTill:
    return enrolled_till(hq)


def begin(
    hq: OpenedHq,
    till: EnrolledTill,
    *,
    anchor: AnchorRef | None = None,
    key: Ed25519PrivateKey | None = None,
    at: datetime = NOW,
    till_time: datetime | None = None,
    incarnation: int = 0,
    standing: TillStanding | None = None,
) -> Session:
    challenge = hq.tokens.issue_challenge(till.enrolment.terminal_id, at)
    request = SessionRequest(
        terminal_id=till.enrolment.terminal_id,
        challenge=challenge,
        signature=sign(key or till.key, session_statement(challenge)),
        anchor=anchor,
        version="0.1.0",
        till_time=till_time,
        incarnation=incarnation,
        standing=standing,
    )
    with hq.database.write() as session:
        return open_session(session, hq.keys, hq.tokens, request, now=at)


def caller(hq: OpenedHq, token: str, at: datetime = NOW) -> str:
    with hq.database.read() as session:
        return authenticate(session, hq.tokens, f"Bearer {token}", now=at).terminal_id


def anchor_of(hq: OpenedHq, till: EnrolledTill, **changed: object) -> AnchorRef:
    """An anchor that this head office signs, with some of it moved."""
    with hq.database.read() as session:
        epoch = current_epoch(session)
    facts = {"epoch": epoch, "hq_time": NOW, "rulebook": 0, "global_cursor": 0, "accepted_seq": 0} | changed
    key = hq.keys.signing(KeyPurpose.ANCHOR, NOW)
    return make_anchor(key.private, key.key_id, terminal_id=till.enrolment.terminal_id, **facts)  # type: ignore[arg-type]  # facts of several types


def test_a_session_says_where_head_office_stands_and_signs_it(hq: OpenedHq, till: EnrolledTill) -> None:
    session = begin(hq, till)
    assert (session.journal_head, session.scopes) == (0, ("global", "S01"))
    trusted = TrustedKeys(till.enrolment.root_public_key, session.certificates)
    check_anchor(trusted, session.anchor)
    assert (session.anchor.hq_time, session.anchor.terminal_id) == (NOW, "S01-T1")
    assert caller(hq, session.token) == "S01-T1"


def test_a_till_two_hours_off_still_gets_in(hq: OpenedHq, till: EnrolledTill) -> None:
    """What the till's clock shows plays no part in it: challenge and token are head office's alone."""
    for hours in (-2, 2):
        session = begin(hq, till, till_time=NOW + timedelta(hours=hours))
        assert (session.expires_in_s, session.anchor.hq_time) == (int(TOKEN_LIFE.total_seconds()), NOW)


def test_what_a_till_tells_of_itself_is_kept_until_it_tells_otherwise(hq: OpenedHq, till: EnrolledTill) -> None:
    def kept() -> tuple[int, str, int, int | None]:
        with hq.database.read() as session:
            row = session.get_one(Terminal, ("S01", "S01-T1"))
            return row.told_head, row.printer, row.print_jobs, row.clock_off_s

    assert kept() == (0, "", 0, None)
    told = TillStanding(journal_head=41, printer="paper_out", print_jobs=3)
    begin(hq, till, standing=told, till_time=NOW - timedelta(seconds=130))
    assert kept() == (41, "paper_out", 3, -130)
    wild = TillStanding(journal_head=-1, printer="x" * 99, print_jobs=10**15)
    begin(hq, till, standing=wild, till_time=datetime(9999, 1, 1, tzinfo=UTC))
    assert kept()[:3] == (0, "x" * 24, 1_000_000), "what a hostile till tells is bounded"
    begin(hq, till)
    assert kept() == (0, "", 0, None), "an older program tells nothing"


def test_another_key_does_not_open_a_session(hq: OpenedHq, till: EnrolledTill) -> None:
    with pytest.raises(SessionRefused) as refused:
        begin(hq, till, key=Ed25519PrivateKey.generate())
    assert refused.value.code == "signature_refused"


def test_a_challenge_that_head_office_did_not_make_is_refused(hq: OpenedHq, till: EnrolledTill) -> None:
    request = SessionRequest(
        terminal_id=till.enrolment.terminal_id, challenge="mine", signature=sign(till.key, session_statement("mine"))
    )
    with hq.database.write() as session, pytest.raises(SessionRefused) as refused:
        open_session(session, hq.keys, hq.tokens, request, now=NOW)
    assert refused.value.code == "challenge_refused"


@pytest.mark.parametrize(("status", "code"), [("stopped", "terminal_stopped"), ("revoked", "terminal_revoked")])
def test_a_stopped_till_gets_no_session_and_its_token_dies(
    hq: OpenedHq, till: EnrolledTill, status: str, code: str
) -> None:
    token = begin(hq, till).token
    with hq.database.write() as session:
        session.get_one(Terminal, ("S01", "S01-T1")).status = status
    with pytest.raises(SessionRefused) as refused:
        begin(hq, till)
    assert refused.value.code == code
    with pytest.raises(SessionRefused) as refused:
        caller(hq, token)
    assert refused.value.code == code


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer "])
def test_a_call_without_a_token_is_refused(hq: OpenedHq, header: str | None) -> None:
    with hq.database.read() as session, pytest.raises(SessionRefused) as refused:
        authenticate(session, hq.tokens, header, now=NOW)
    assert refused.value.code == "token_missing"


def test_a_forged_or_outlived_token_is_refused(hq: OpenedHq, till: EnrolledTill) -> None:
    token = begin(hq, till).token
    with pytest.raises(SessionRefused) as refused:
        caller(hq, token[:-4] + "AAAA")
    assert refused.value.code == "token_invalid"
    with pytest.raises(SessionRefused) as refused:
        caller(hq, token, NOW + TOKEN_LIFE + timedelta(seconds=1))
    assert refused.value.code == "token_expired"


def test_h1_an_anchor_from_before_a_restore_starts_a_new_epoch(hq: OpenedHq, till: EnrolledTill) -> None:
    first = begin(hq, till)
    held = anchor_of(hq, till, accepted_seq=41)
    restored = begin(hq, till, anchor=held)
    assert restored.epoch > first.epoch
    assert restored.anchor.epoch == restored.epoch
    assert restored.journal_head == 0
    with pytest.raises(SessionRefused) as refused:
        caller(hq, first.token)
    assert refused.value.code == "token_expired"
    assert begin(hq, till, anchor=held).epoch == restored.epoch


@pytest.mark.parametrize(
    "changed",
    [{"accepted_seq": 1}, {"global_cursor": 1}, {"rulebook": 1}, {"hq_time": NOW + timedelta(hours=1)}],
    ids=lambda changed: next(iter(changed)),
)
def test_h1_whatever_lies_in_head_offices_future_starts_a_new_epoch(
    hq: OpenedHq, till: EnrolledTill, changed: dict[str, object]
) -> None:
    before = begin(hq, till).epoch
    assert begin(hq, till, anchor=anchor_of(hq, till, **changed)).epoch > before


def test_h1_a_head_office_restored_twice_to_the_same_backup_does_not_reuse_an_epoch(
    hq: OpenedHq, till: EnrolledTill
) -> None:
    first = begin(hq, till).epoch
    second = begin(hq, till, anchor=anchor_of(hq, till, accepted_seq=1))
    with hq.database.write() as session:
        session.get_one(HqState, "hq").epoch = first
    third = begin(hq, till, anchor=second.anchor).epoch
    assert third > second.epoch


def test_the_anchor_of_the_last_exchange_changes_nothing(hq: OpenedHq, till: EnrolledTill) -> None:
    first = begin(hq, till)
    later = NOW + timedelta(hours=3)
    assert begin(hq, till, anchor=first.anchor, at=later).epoch == first.epoch
    assert (
        begin(hq, till, anchor=anchor_of(hq, till, hq_time=later + timedelta(minutes=5)), at=later).epoch == first.epoch
    )


def test_h6_a_restored_head_office_follows_a_till_into_the_incarnation_that_it_forgot(
    hq: OpenedHq, till: EnrolledTill
) -> None:
    """Nobody takes his own branch over: only a till that was signed for in an earlier epoch is believed."""
    first = begin(hq, till, incarnation=2)
    assert (first.incarnation, first.branch_wanted) == (1, False)
    held = begin(hq, till, anchor=first.anchor, incarnation=2)
    assert (held.incarnation, held.branch_wanted) == (1, False)
    restored = begin(hq, till, anchor=anchor_of(hq, till, accepted_seq=41), incarnation=2)
    assert (restored.incarnation, restored.branch_wanted) == (2, True)
    beyond = begin(hq, till, anchor=first.anchor, incarnation=1_000_000)
    assert (beyond.incarnation, beyond.branch_wanted) == (2, True)


def test_an_anchor_that_this_head_office_did_not_sign_starts_nothing(hq: OpenedHq, till: EnrolledTill) -> None:
    first = begin(hq, till)
    forged = msgspec.structs.replace(first.anchor, accepted_seq=999)
    assert begin(hq, till, anchor=forged).epoch == first.epoch
    other = enrolled_till(hq)
    assert begin(hq, other, anchor=anchor_of(hq, till, accepted_seq=9)).epoch == first.epoch


def test_two_tills_that_notice_a_restore_begin_one_epoch(hq: OpenedHq, till: EnrolledTill) -> None:
    with hq.database.write() as session:
        first = current_epoch(session)
        second = begin_epoch(session, first, now=NOW)
        assert begin_epoch(session, first, now=NOW) == second
