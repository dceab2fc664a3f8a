"""Snapshots made from the one before and what changed since: what a whole one would be, or made whole."""

import logging
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from hq_server import franchise_data
from hq_server.database.models import PurchaseRecord, ScopeMember, WalletRecord
from hq_server.feed.publishing import current_epoch, publish
from hq_server.feed.sequencer import sequence_step
from hq_server.rulebooks.publishing import publish_rulebook
from hq_server.sessions.epochs import begin_epoch
from hq_server.snapshots.replica_file import write_replica
from hq_server.wallets.guarded import Stamp, locked_wallet, put_wallet
from hq_server.wallets.scope import enter_scope
from stored_value.identity import MemberId, StoreId
from stored_value.rulebook_document import write_rulebook
from stored_value.wallet import WalletStatus
from sync import replica_schema
from sync.messages import MemberExitRow
from tests.hq_server.opened import NOW
from tests.hq_server.snapshots.building import Hq, rows
from tests.waiting import until


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    tables = [str(name) for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: sorted(rows(path, f"SELECT * FROM {table}"), key=repr) for table in tables}


def was_renewed(caplog: pytest.LogCaptureFixture) -> bool:
    return bool(next(record.renewed for record in reversed(caplog.records) if hasattr(record, "renewed")))


def bought(member_id: str, number: int, on: date) -> PurchaseRecord:
    return PurchaseRecord(
        member_id=member_id,
        purchase_id=f"{number}",
        receipt_no=f"S01-T1-{number:06d}",
        store_id="S01",
        terminal_id="S01-T1",
        business_date=on,
        version=1,
        state=b"{}",
    )


def sequence(hq: Hq) -> None:
    with hq.database.write() as session:
        while sequence_step(session, at=hq.clock.now):
            pass


def change_much(hq: Hq, people: list[str]) -> None:
    """A wallet moves, a member buys, another enters, a third leaves, a fourth is blocked; one change is still in the outbox."""
    moved, buyer, visitor, leaver, blocked, unsequenced = people
    stamp = Stamp(hq.clock.now, hq.keys.random)
    with hq.database.write() as session:
        for member_id in (moved, buyer, blocked):
            wallet = locked_wallet(session, member_id)
            assert wallet is not None
            status = WalletStatus.LOST if member_id == blocked else wallet.status
            put_wallet(session, replace(wallet, status=status), stamp)
        session.add(bought(buyer, 2, hq.clock.now.date()))
        enter_scope(session, MemberId(visitor), StoreId("S01"), at=hq.clock.now)
        session.execute(delete(ScopeMember).where(ScopeMember.member_id == leaver))
        publish(session, "S01", MemberExitRow(member_id=MemberId(leaver), version=9), at=hq.clock.now)
        session.execute(update(WalletRecord).where(WalletRecord.member_id == blocked).values(status="lost"))
    sequence(hq)
    with hq.database.write() as session:
        wallet = locked_wallet(session, unsequenced)
        assert wallet is not None
        put_wallet(session, wallet, stamp)


def test_a_snapshot_made_from_the_one_before_is_what_a_whole_one_would_be(
    hq_on_each: Hq, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hq_server.snapshots.builder")
    hq = hq_on_each
    people = list(franchise_data.members(until=NOW))
    own = [person.member_id for person in people if person.home_store_id == "S01"]
    visitor = next(person.member_id for person in people if person.home_store_id == "S02")
    with hq.database.write() as session:
        session.add(bought(own[1], 1, NOW.date()))
        session.add(bought(own[20], 7, (NOW - timedelta(days=20)).date()))
    sequence(hq)
    first = hq.builder.build("S01")
    assert not was_renewed(caplog)
    hq.clock.now += timedelta(days=15)
    change_much(hq, [own[0], own[1], visitor, own[2], own[3], own[4]])
    second = hq.builder.build("S01")
    assert was_renewed(caplog)
    assert second.cursor > first.cursor
    whole = tmp_path / "whole.db"
    replica_schema.upgrade(whole)
    with hq.database.read() as session:
        write_replica(session, whole, "S01", as_of=hq.clock.now)
    renewed, before = hq.opened(second, tmp_path), hq.opened(first, tmp_path)
    assert everything(renewed) == everything(whole)
    changed = set(everything(renewed)["members"]) ^ set(everything(before)["members"])
    assert {row[0] for row in changed} == {own[0], own[1], own[2], own[3], own[4], visitor}
    assert [row[0] for row in everything(renewed)["purchases"]] == ["1", "2"]


def test_a_snapshot_is_made_whole_again_after_a_new_epoch_a_new_rulebook_or_a_spoilt_file(
    hq: Hq, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hq_server.snapshots.builder")
    hq.builder.build("S01")
    hq.builder.build("S01")
    assert was_renewed(caplog)
    with hq.database.write() as session:
        begin_epoch(session, current_epoch(session), now=NOW)
    hq.builder.build("S01")
    assert not was_renewed(caplog)
    with hq.database.write() as session:
        publish_rulebook(
            session, hq.keys, write_rulebook(replace(franchise_data.rulebook(NOW), version=2)), by="x", now=NOW
        )
    hq.builder.build("S01")
    assert not was_renewed(caplog)
    kept = hq.builder.shelf.plain("S01")
    assert kept is not None
    kept.write_bytes(kept.read_bytes() + b"\0")
    hq.builder.build("S01")
    assert not was_renewed(caplog)
    hq.builder.build("S01")
    assert was_renewed(caplog)


def test_a_store_whose_snapshot_cannot_be_made_keeps_no_others(hq: Hq) -> None:
    in_the_way = hq.config.snapshots_dir / "S01" / "newest-plain.db" / "a folder where a file should be"
    in_the_way.mkdir(parents=True)
    with hq.builder:
        until(lambda: hq.builder.latest("S03") is not None, what="the last store's snapshot")
        assert hq.builder.latest("S02") is not None
