"""A new head office: made once, with a first user or with the sample franchise; a second time changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hq_server import franchise_data
from hq_server.config import HqConfig
from hq_server.database.engine import Database, WriteSession
from hq_server.database.models import (
    ConsoleUser,
    HqState,
    Member,
    RulebookVersion,
    Staff,
    StaffVerifier,
    Store,
    WalletRecord,
)
from hq_server.feed.publishing import heads_of
from hq_server.franchise import SlowHashes
from hq_server.initialise import AlreadyInitialised, InitReport, initialise
from hq_server.keys.key_files import HqKeys, KeysUnusable, load_keys
from hq_server.members.personal import reveal
from hq_server.staff.console_users import user_with_password
from stored_value.wallet import ValueKind
from sync.keys import TrustedKeys
from sync.messages import RulebookRow
from sync.pins import check_pin
from sync.rulebook_signature import check_rulebook
from sync.wallet_codec import read_wallet
from tests.hq_server.quick_secrets import quick_secrets

NOW = datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def config(hq_database_url: str, tmp_path: Path) -> HqConfig:
    return HqConfig(data_dir=tmp_path / "data", keys_dir=tmp_path / "keys", database_url=hq_database_url)


@pytest.fixture
def quick() -> Iterator[None]:
    """PINs and passwords at the least cost; those of `sampled` have the real one."""
    with quick_secrets():
        yield


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> "Sampled":
    """One on SQLite for all who only look at it: hashing PINs takes a second."""
    config = HqConfig(data_dir=tmp_path_factory.mktemp("sample"))
    return config, initialise(config, sample=True, now=NOW)


Sampled = tuple[HqConfig, InitReport]


def test_a_plain_head_office_has_one_user_and_nothing_else(config: HqConfig) -> None:
    report = initialise(config, sample=False, now=NOW)
    assert report.admin_password is not None
    assert report.sample is None
    database = Database(config.database)
    with database.read() as session:
        user = user_with_password(session, " Admin ", report.admin_password)
        assert user is not None
        assert user.role == "admin"
        assert user_with_password(session, "admin", report.admin_password + "x") is None
        assert user_with_password(session, "root", report.admin_password) is None
        for table in (Store, Member, Staff):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    database.close()


def test_a_second_time_is_refused_and_changes_nothing(config: HqConfig) -> None:
    first = initialise(config, sample=False, now=NOW)
    held = {path.name: path.read_bytes() for path in first.keys_dir.iterdir()}
    for sample in (False, True):
        with pytest.raises(AlreadyInitialised, match="tongchu hq serve"):
            initialise(config, sample=sample, now=NOW)
    assert {path.name: path.read_bytes() for path in first.keys_dir.iterdir()} == held
    database = Database(config.database)
    with database.read() as session:
        assert session.scalars(select(HqState.epoch)).all() == [first.epoch]
        assert session.scalar(select(func.count()).select_from(ConsoleUser)) == 1
    database.close()


def test_an_interrupted_initialisation_goes_on_with_the_keys_it_made(
    config: HqConfig, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(session: WriteSession, keys: HqKeys, hashes: SlowHashes, *, now: datetime) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hq_server.franchise.load_franchise", cut)
        with pytest.raises(KeyboardInterrupt):
            initialise(config, sample=True, now=NOW)
    made = load_keys(config.keys)
    report = initialise(config, sample=True, now=NOW)
    assert load_keys(config.keys).root_public_key == made.root_public_key
    assert report.sample is not None


def test_exposed_keys_are_refused_before_anything_is_written(config: HqConfig) -> None:
    config.keys.mkdir(mode=0o755)
    (config.keys / "data.key").touch()
    with pytest.raises(KeysUnusable, match="chmod"):
        initialise(config, sample=False, now=NOW)


def test_the_sample_franchise_is_the_one_that_was_promised(config: HqConfig, quick: None) -> None:
    report = initialise(config, sample=True, now=NOW)
    sample = report.sample
    assert sample is not None
    assert report.admin_password is None
    assert [code.terminal_id for code in sample.codes] == ["S01-T1", "S01-T2", "S02-T1", "S03-T1"]
    keys = load_keys(config.keys)
    database = Database(config.database)
    with database.read() as session:
        owners = session.execute(select(Store.store_id, Store.name, Store.owner).order_by(Store.store_id)).all()
        assert [tuple(row) for row in owners] == [
            ("S01", "人民路店", "company"), ("S02", "建设路店", "franchisee"), ("S03", "滨江店", "franchisee"),
        ]  # fmt: skip
        members = session.scalars(select(Member)).all()
        assert len(members) == sample.members == 300
        people = [reveal(keys, member) for member in members]
        assert all(
            person and person.name[0] == member.name_masked[0] for person, member in zip(people, members, strict=True)
        )
        assert len({person.phone for person in people if person}) == 300
        wallets = [read_wallet(state) for state in session.scalars(select(WalletRecord.state))]
        assert {wallet.version for wallet in wallets} == {1}
        assert {wallet.tier_id for wallet in wallets} == {"basic"}
        assert sum(wallet.balance_minor(ValueKind.PRINCIPAL) for wallet in wallets) == 0
        assert heads_of(session, report.epoch)["global"] == 4
        for login in franchise_data.CONSOLE_USERS:
            user = user_with_password(session, login.login, login.password)
            assert user is not None
            assert (user.role, user.store_id) == (login.role, login.store_id)
    database.close()


def test_every_cashier_of_the_sample_signs_in_at_the_own_store(sampled: Sampled) -> None:
    config, report = sampled
    assert report.sample is not None
    keys = load_keys(config.keys)
    database = Database(config.database)
    with database.read() as session:
        for staff_id, person in report.sample.staff:
            verifier = session.get_one(StaffVerifier, (person.store_id, staff_id)).verifier
            assert check_pin(verifier, person.pin, keys.staff_pepper(person.store_id))
            assert not check_pin(verifier, person.pin[::-1], keys.staff_pepper(person.store_id))
    database.close()


def test_the_sample_rulebook_is_signed_and_in_force_at_once(sampled: Sampled) -> None:
    config, _ = sampled
    keys = load_keys(config.keys)
    database = Database(config.database)
    with database.read() as session:
        held = session.scalars(select(RulebookVersion)).one()
    row = RulebookRow(
        version=held.version,
        effective_at=held.effective_at,
        document=held.document.decode(),
        signature=held.signature,
        key_id=held.key_id,
    )
    book = check_rulebook(TrustedKeys(keys.root_public_key, keys.certificates), row)
    assert book.effective_at == NOW
    assert [plan.name.zh for plan in book.plans()] == ["充1000送200"]
    assert [tier.name.zh for tier in book.tiers] == ["普通", "银卡", "金卡"]
    database.close()


def test_the_same_seed_makes_the_same_people() -> None:
    first = list(franchise_data.members(until=NOW))
    assert first == list(franchise_data.members(until=NOW))
    assert first != list(franchise_data.members(until=NOW, seed=1))
    assert all(person.phone.startswith("+861") and len(person.phone) == 14 for person in first)
    assert len({person.member_no for person in first}) == 300


def test_no_name_phone_pin_or_code_lies_in_the_database_in_plain_text(sampled: Sampled) -> None:
    config, report = sampled
    assert report.sample is not None
    stored = b"".join(path.read_bytes() for path in config.data_dir.glob("hq.db*"))
    assert "人民路店".encode() in stored, "the file is searchable"
    for person in franchise_data.members(until=NOW):
        assert person.phone.encode() not in stored
        assert person.phone[3:].encode() not in stored
        if len(person.name) > 2:
            assert person.name.encode() not in stored, "three characters do not meet by chance"
    for _, staff in report.sample.staff:
        assert staff.pin.encode() not in stored
    for code in report.sample.codes:
        assert code.code.encode() not in stored
        assert code.code.replace("-", "").encode() not in stored
