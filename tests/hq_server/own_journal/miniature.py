"""Miniature makers for tests of head office's own journal: a rulebook in which values end, come in parts and move, and what its journal and books say."""

import json
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from hq_server.database.engine import WriteSession
from hq_server.database.models import JournalEntry, PostingRecord, WalletRecord
from hq_server.ingest.rebuild import differences
from hq_server.own_journal.place import OWN_TERMINAL, Moment
from hq_server.own_journal.runs import RunReport, run_day
from hq_server.rulebooks.publishing import publish_rulebook
from stored_value.events import Event
from stored_value.wallet import Wallet
from sync.chain import verify_chain
from sync.entry import read_entry
from sync.event_codec import event_of
from sync.wallet_codec import read_wallet
from tests.hq_server.served import ANY_RISK, TODAY, PushingTill, ServedHq


def named(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def rulebook(hq: ServedHq, **changes: Any) -> str:
    """充100送30, good for ten days; 充200送40 in four parts, the first at once and one a day; a tier that is kept for thirty days."""
    book = {
        "version": 2,
        "effective_at": hq.clock.at.isoformat(),
        "tiers": [
            {"id": "basic", "name": named("普通"), "top_up_from_minor": 0},
            {"id": "silver", "name": named("银卡"), "top_up_from_minor": 20_000},
        ],
        "tier_policy": {"window_days": 20, "keep_days": 30},
        "promotions": [
            {
                "id": "ends",
                "type": "fixed_plan",
                "name": named("充100送30"),
                "pay_minor": 10_000,
                "bonus_minor": 3_000,
                "bonus_valid_days": 10,
            },
            {
                "id": "parts",
                "type": "fixed_plan",
                "name": named("充200送40"),
                "pay_minor": 20_000,
                "bonus_minor": 4_000,
                "terms": {"release": {"count": 4, "every": "day"}},
            },
        ],
        "life_cycle": {"transfer": "proportional"},
        "offline": {"risk": asdict(ANY_RISK)},
    }
    return json.dumps(book | changes)


def till_under(hq: ServedHq, store: str = "S01", **changes: Any) -> PushingTill:
    """A till that works under the rulebook above, which has been published."""
    with hq.database.read() as session:
        known = hq.office.rulebooks.all(session).newest
    if known == 1:
        with hq.database.write() as session:
            publish_rulebook(session, hq.office.keys, rulebook(hq, **changes), by="test", now=hq.clock.at)
    till = hq.till(store)
    till.rulebook = 2
    return till


def run(hq: ServedHq, days: int = 0) -> RunReport:
    """Head office's run so many days after the first one, its clock at noon of that day."""
    now = hq.clock.at + timedelta(days=days)
    return run_day(hq.office.desk, Moment.at(now))


def wallet_of(hq: ServedHq, member_id: str) -> Wallet:
    with hq.database.read() as session:
        return read_wallet(session.get_one(WalletRecord, member_id).state)


def due_on(hq: ServedHq, member_id: str) -> date | None:
    with hq.database.read() as session:
        return session.get_one(WalletRecord, member_id).due_on


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def unnoted(_session: WriteSession) -> None:
    """For what nobody audits in a test."""


def own_events(hq: ServedHq) -> list[Event]:
    """What head office wrote, in order; its chain holds."""
    with hq.database.read() as session:
        raws = session.scalars(
            select(JournalEntry.raw).where(JournalEntry.terminal_id == OWN_TERMINAL).order_by(JournalEntry.seq)
        ).all()
    assert verify_chain(raws, OWN_TERMINAL).faults == ()
    return [event_of(read_entry(raw)) for raw in raws]


def own_kinds(hq: ServedHq) -> list[str]:
    return [event.kind for event in own_events(hq)]


def books_are_right(hq: ServedHq) -> None:
    """Everything that stands in the tables is what the journals say, and every store's books balance."""
    hq.sequenced()
    with hq.database.read() as session:
        assert list(differences(session)) == []
        sums = session.execute(
            select(PostingRecord.store_id, func.sum(PostingRecord.amount_minor)).group_by("store_id")
        )
        assert all(amount == 0 for _, amount in sums)
        wrong = select(JournalEntry.findings).where(
            JournalEntry.terminal_id == OWN_TERMINAL, JournalEntry.needs_a_person
        )
        assert session.scalars(wrong).all() == []
