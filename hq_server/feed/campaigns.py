"""Owns the counts of campaigns: what each capped promotion gave in the whole franchise, kept by the one consumer of the outbox in its own unit of work, so that each
top-up counts once (H12), and told to every till. Called by the sequencer, which holds the ledger.

What went beyond a cap was promised and stays given; it becomes a finding of the entry that cost it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select, update

from hq_server.database.engine import WriteSession
from hq_server.database.models import CampaignCount, JournalEntry, WalletEventRecord
from hq_server.database.upsert import upsert
from hq_server.exceptions.raising import raise_about_entry
from hq_server.feed.outbox import CampaignGift, Change
from stored_value.campaign import Given, count, over_cap
from stored_value.eligibility import CampaignUse
from stored_value.findings import Finding
from stored_value.identity import EventId, MemberId, PromotionId
from stored_value.promotions import Cap
from sync.messages import CampaignRow, OutcomeFinding

_decode = msgspec.json.Decoder(tuple[OutcomeFinding, ...]).decode
_encode = msgspec.json.Encoder().encode
Waiting = tuple[MemberId, EventId, Change]


def count_campaigns(session: WriteSession, waiting: Sequence[Waiting], *, at: datetime) -> list[CampaignRow]:
    """Adds what the rows gave, in their order; the new counts, one a promotion."""
    gifts = list(_gifts(waiting))
    if not gifts:
        return []
    uses = _held(session, {gift.promotion_id for _, _, gift in gifts})
    for member_id, event_id, gift in gifts:
        before = uses.get(gift.promotion_id, CampaignUse())
        given = Given(promotion_id=gift.promotion_id, bonus_minor=gift.bonus_minor)
        over = over_cap(Cap(times=gift.cap_times, bonus_minor=gift.cap_minor), before, given)
        if over is not None:
            _tell(session, member_id, event_id, over, at)
        uses[gift.promotion_id] = count(before, given)
    _keep(session, uses)
    return [
        CampaignRow(promotion_id=name, times=use.times, bonus_minor=use.bonus_minor)
        for name, use in sorted(uses.items())
    ]


def _gifts(waiting: Sequence[Waiting]) -> Iterator[tuple[MemberId, EventId, CampaignGift]]:
    for member_id, event_id, change in waiting:
        for gift in change.gifts:
            yield member_id, event_id, gift


def _held(session: WriteSession, names: set[PromotionId]) -> dict[PromotionId, CampaignUse]:
    found = session.execute(
        select(CampaignCount.promotion_id, CampaignCount.times, CampaignCount.bonus_minor).where(
            CampaignCount.promotion_id.in_(sorted(names))
        )
    )
    return {PromotionId(row.promotion_id): CampaignUse(times=row.times, bonus_minor=row.bonus_minor) for row in found}


def _keep(session: WriteSession, uses: Mapping[PromotionId, CampaignUse]) -> None:
    adding = upsert(session, CampaignCount)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=[CampaignCount.promotion_id],
            set_={"times": adding.excluded.times, "bonus_minor": adding.excluded.bonus_minor},
        ),
        [
            {"promotion_id": name, "times": use.times, "bonus_minor": use.bonus_minor}
            for name, use in sorted(uses.items())
        ],
    )


def _tell(session: WriteSession, member_id: MemberId, event_id: EventId, over: Finding, at: datetime) -> None:
    event = session.get_one(WalletEventRecord, (member_id, event_id), populate_existing=True)
    found = (*_decode(event.findings), OutcomeFinding(code=over.code, data=over.data))
    told = {"findings": _encode(found).decode(), "needs_a_person": True}
    session.execute(
        update(WalletEventRecord)
        .where(WalletEventRecord.member_id == member_id, WalletEventRecord.event_id == event_id)
        .values(told)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(JournalEntry)
        .where(
            JournalEntry.store_id == event.store_id,
            JournalEntry.terminal_id == event.terminal_id,
            JournalEntry.incarnation == event.incarnation,
            JournalEntry.seq == event.seq,
        )
        .values(told)
        .execution_options(synchronize_session=False)
    )
    entry = session.get_one(JournalEntry, (event.store_id, event.terminal_id, event.incarnation, event.seq))
    raise_about_entry(session, entry, [over], now=at)
