"""Publishing a rulebook: numbered by head office, signed, sent to every till, never changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from hq_server import franchise_data
from hq_server.database.models import Feed, RulebookVersion
from hq_server.feed.publishing import current_epoch
from hq_server.keys.key_files import CERTIFIED_DAYS
from hq_server.rulebooks.publishing import RulebookRefused, publish_rulebook
from hq_server.sessions.epochs import NUMBERS_LEFT_OUT, begin_epoch
from stored_value.rulebook import Rulebook
from stored_value.rulebook_document import RulebookError, write_rulebook
from sync.errors import SignatureError
from sync.keys import KeyPurpose, TrustedKeys, encode_bytes
from sync.messages import FeedRow, RulebookRow
from sync.rulebook_signature import check_rulebook, sign_rulebook
from tests.hq_server.opened import NOW, OpenedHq, opened_hq

BOOK = franchise_data.rulebook(NOW)


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        yield opened


def publish(hq: OpenedHq, book: Rulebook | bytes = BOOK) -> Rulebook:
    document = book if isinstance(book, bytes) else write_rulebook(book)
    with hq.database.write() as session:
        return publish_rulebook(session, hq.keys, document, by="test", now=NOW)


def sent(hq: OpenedHq) -> list[RulebookRow]:
    with hq.database.read() as session:
        payloads = session.scalars(select(Feed.payload).where(Feed.feed_id == "global").order_by(Feed.seq))
        rows = [msgspec.json.decode(payload, type=FeedRow) for payload in payloads]
    return [row for row in rows if isinstance(row, RulebookRow)]


def test_versions_are_numbered_by_head_office(hq: OpenedHq) -> None:
    later = replace(BOOK, version=99, effective_at=NOW + timedelta(days=7))
    assert [publish(hq).version, publish(hq, later).version, publish(hq).version] == [1, 2, 3]
    trusted = TrustedKeys(hq.keys.root_public_key, hq.keys.certificates)
    assert [check_rulebook(trusted, row).version for row in sent(hq)] == [1, 2, 3]


def test_a_till_refuses_a_rulebook_that_was_touched(hq: OpenedHq) -> None:
    publish(hq)
    (row,) = sent(hq)
    trusted = TrustedKeys(hq.keys.root_public_key, hq.keys.certificates)
    dearer = row.document.replace('"bonus_minor":20000', '"bonus_minor":90000')
    assert dearer != row.document
    other = hq.keys.signing(KeyPurpose.ANCHOR, row.effective_at)
    for touched in (
        msgspec.structs.replace(row, document=dearer),
        msgspec.structs.replace(row, version=2),
        msgspec.structs.replace(row, effective_at=row.effective_at + timedelta(days=1)),
        msgspec.structs.replace(row, signature=encode_bytes(b"x" * 64)),
        msgspec.structs.replace(row, signature=sign_rulebook(other.private, row.document)),
        msgspec.structs.replace(row, signature=sign_rulebook(other.private, row.document), key_id=other.key_id),
    ):
        with pytest.raises(SignatureError):
            check_rulebook(trusted, touched)


def test_a_rulebook_that_does_not_parse_is_refused_with_every_problem_and_nothing_is_published(hq: OpenedHq) -> None:
    broken = write_rulebook(BOOK).replace(b'"pay_minor":100000', b'"pay_minor":-5').replace(b"Silver", b"")
    with pytest.raises(RulebookError) as refused:
        publish(hq, broken)
    assert len(refused.value.problems) >= 2
    assert all(problem.remedy for problem in refused.value.problems)
    with hq.database.read() as session:
        assert session.scalars(select(RulebookVersion)).all() == []
    assert sent(hq) == []


def test_the_past_and_what_the_key_does_not_cover_are_refused(hq: OpenedHq) -> None:
    for effective_at, code in (
        (NOW - timedelta(seconds=1), "takes_effect_too_early"),
        (NOW + timedelta(days=CERTIFIED_DAYS + 1), "key_not_valid_then"),
    ):
        with pytest.raises(RulebookRefused) as refused:
            publish(hq, replace(BOOK, effective_at=effective_at))
        assert refused.value.code == code


def test_l8_no_number_is_used_again_after_a_restore_that_forgot_what_was_published(hq: OpenedHq) -> None:
    """Tills may hold versions 3 and later, signed, that the backup lacks."""
    assert [publish(hq).version, publish(hq).version] == [1, 2]
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=NOW + timedelta(hours=1))
    later = replace(BOOK, effective_at=NOW + timedelta(hours=2))
    with hq.database.write() as session:
        first, second = (
            publish_rulebook(session, hq.keys, write_rulebook(later), by="test", now=later.effective_at).version
            for _ in range(2)
        )
    assert first > 2 + NUMBERS_LEFT_OUT
    assert second == first + 1
