"""Enrolment: a code makes one till, once, within a day; a lost answer can be asked for again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from hq_server.database.models import EnrolmentCode, Terminal
from hq_server.database.models.franchise import FIRST_TILL_MEMBER_NO
from hq_server.enrolment.codes import CODE_LIFE, NewCode, StoreUnknown, TerminalTaken, create_code
from hq_server.enrolment.service import EnrolmentRefused, enrol
from stored_value.identity import StoreId, TerminalId
from sync.enrolment import Enrolment, EnrolmentRequest
from sync.entry import GENESIS_HASH
from sync.keys import TrustedKeys, public_key_text
from sync.messages import MEMBER_NO_BLOCK
from tests.hq_server.opened import NOW, OpenedHq, enrolled_till, opened_hq

S01 = StoreId("S01")


@pytest.fixture
def hq(migrated_database_url: str, tmp_path: Path) -> Iterator[OpenedHq]:
    with opened_hq(migrated_database_url, tmp_path) as opened:
        yield opened


def new_code(hq: OpenedHq, terminal_id: TerminalId | None = None) -> NewCode:
    with hq.database.write() as session:
        return create_code(session, S01, terminal_id, now=NOW)


def new_key() -> str:
    return public_key_text(Ed25519PrivateKey.generate())


def ask(hq: OpenedHq, code: str, public_key: str, *, after: timedelta = timedelta()) -> Enrolment:
    with hq.database.write() as session:
        return enrol(session, hq.keys, EnrolmentRequest(code=code, public_key=public_key), now=NOW + after)


def test_a_till_learns_who_it_is_and_whom_to_trust(hq: OpenedHq) -> None:
    answer = ask(hq, new_code(hq).code, new_key())
    assert (answer.terminal_id, answer.store_id, answer.store_name, answer.zone) == (
        "S01-T1", "S01", "人民路店", "Asia/Shanghai",
    )  # fmt: skip
    assert answer.root_public_key == hq.keys.root_public_key
    TrustedKeys(answer.root_public_key, answer.certificates)
    with hq.database.read() as session:
        terminal = session.get_one(Terminal, ("S01", "S01-T1"))
        assert (terminal.status, terminal.accepted_seq, terminal.head_hash) == ("active", 0, GENESIS_HASH)


def test_each_store_has_a_pepper_of_its_own(hq: OpenedHq) -> None:
    assert enrolled_till(hq, "S01").enrolment.staff_pepper != enrolled_till(hq, "S02").enrolment.staff_pepper


def test_codes_made_in_a_row_are_for_different_tills(hq: OpenedHq) -> None:
    assert [new_code(hq).terminal_id for _ in range(3)] == ["S01-T1", "S01-T2", "S01-T3"]


def test_the_code_itself_is_not_in_the_database(hq: OpenedHq) -> None:
    code = new_code(hq).code
    with hq.database.read() as session:
        row = session.scalars(select(EnrolmentCode)).one()
        assert code.replace("-", "") not in row.code_hash.upper()


def test_a_code_may_be_typed_in_small_letters_and_without_dashes(hq: OpenedHq) -> None:
    assert ask(hq, new_code(hq).code.lower().replace("-", " "), new_key()).terminal_id == "S01-T1"


def test_every_till_gets_a_block_of_member_numbers_of_its_own_and_keeps_it(hq: OpenedHq) -> None:
    code, key = new_code(hq).code, new_key()
    blocks = [ask(hq, code, key).member_no_from, *(ask(hq, new_code(hq).code, new_key()).member_no_from for _ in "ab")]
    assert blocks == [blocks[0] + place * MEMBER_NO_BLOCK for place in range(3)]
    assert blocks[0] >= FIRST_TILL_MEMBER_NO
    assert ask(hq, code, key).member_no_from == blocks[0]


def test_a_code_is_good_for_one_till_only(hq: OpenedHq) -> None:
    code = new_code(hq).code
    ask(hq, code, new_key())
    with pytest.raises(EnrolmentRefused) as refused:
        ask(hq, code, new_key())
    assert refused.value.code == "code_used"


def test_a_till_whose_answer_was_lost_asks_again_and_gets_the_same(hq: OpenedHq) -> None:
    code, key = new_code(hq).code, new_key()
    first = ask(hq, code, key)
    assert ask(hq, code, key, after=2 * CODE_LIFE) == first


def test_two_tills_with_one_code_at_the_same_time_become_one(hq: OpenedHq) -> None:
    code = new_code(hq).code

    def attempt(key: str) -> str:
        try:
            return ask(hq, code, key).terminal_id
        except EnrolmentRefused as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(attempt, [new_key() for _ in range(4)]))
    assert sorted(answers) == ["S01-T1", "code_used", "code_used", "code_used"]


def test_a_code_is_good_for_a_day(hq: OpenedHq) -> None:
    code = new_code(hq).code
    with pytest.raises(EnrolmentRefused) as refused:
        ask(hq, code, new_key(), after=CODE_LIFE + timedelta(seconds=1))
    assert refused.value.code == "code_expired"


@pytest.mark.parametrize("code", ["", "AAAA-BBBB-CCCC", "密码"])
def test_an_unknown_code_is_refused(hq: OpenedHq, code: str) -> None:
    new_code(hq)
    with pytest.raises(EnrolmentRefused) as refused:
        ask(hq, code, new_key())
    assert refused.value.code == "code_unknown"


@pytest.mark.parametrize("public_key", ["", "AAAA", "x" * 43 + "=", "A" * 44, "!" * 43])
def test_a_key_that_is_none_does_not_use_the_code_up(hq: OpenedHq, public_key: str) -> None:
    code = new_code(hq).code
    with pytest.raises(EnrolmentRefused) as refused:
        ask(hq, code, public_key)
    assert refused.value.code == "key_invalid"
    assert ask(hq, code, new_key()).terminal_id == "S01-T1"


def test_a_code_is_made_only_for_a_store_that_is_there_and_a_till_that_is_not(hq: OpenedHq) -> None:
    ask(hq, new_code(hq, TerminalId("S01-T4")).code, new_key())
    with hq.database.write() as session:
        with pytest.raises(StoreUnknown):
            create_code(session, StoreId("S09"), now=NOW)
        with pytest.raises(StoreUnknown):
            create_code(session, S01, TerminalId("S02-T1"), now=NOW)
        with pytest.raises(TerminalTaken):
            create_code(session, S01, TerminalId("S01-T4"), now=NOW)
