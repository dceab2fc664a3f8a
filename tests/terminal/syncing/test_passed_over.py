"""Rows of a newer head office that an older till passed over are fetched again once its program knows them; nothing else is, and nothing goes backward."""

from collections.abc import Callable

import msgspec
import pytest

from hq_server.feed.publishing import publish
from stored_value.identity import PromotionId, StoreId
from sync.client import HqClient
from sync.feed import KNOWN_KINDS, kind_of_row
from sync.messages import (
    GLOBAL_SCOPE,
    PAGE_ROWS,
    CampaignRow,
    FeedPage,
    FeedRow,
    SettledFindingRow,
    StoreRow,
    UnknownRow,
)
from tests.hq_server.served import NOON, ServedHq
from tests.terminal.syncing.till import SyncedTill

pytestmark = pytest.mark.slow
ELSEWHERE, SPRING = StoreId("S09"), PromotionId("spring")


class OlderClient(HqClient):
    """Reads pages as a program does that knows neither of two kinds."""

    unknown = frozenset({"settled_finding", "campaign"})

    @property
    def known_kinds(self) -> frozenset[str]:
        return KNOWN_KINDS - self.unknown

    def feed_page(
        self,
        scope: str,
        epoch: str,
        page: int,
        key_of: Callable[[str], bytes],
        *,
        wait_s: float = 0.0,
        after: int | None = None,
    ) -> FeedPage:
        read = super().feed_page(scope, epoch, page, key_of, wait_s=wait_s, after=after)
        entries = tuple(msgspec.structs.replace(entry, row=self._as_known(entry.row)) for entry in read.entries)
        return msgspec.structs.replace(read, entries=entries)

    def _as_known(self, row: FeedRow) -> FeedRow:
        kind = kind_of_row(row)
        return UnknownRow(kind=kind) if kind in self.unknown else row


@pytest.fixture
def till(till: SyncedTill, hq: ServedHq) -> SyncedTill:
    """Of an older program."""
    till.sync()
    run_program(till, OlderClient(hq.url))
    return till


def run_program(till: SyncedTill, client: HqClient) -> None:
    till.stop()
    till.client.close()
    till.client = client
    till.start()


def settled(number: int) -> SettledFindingRow:
    return SettledFindingRow(
        entry_hash=f"{number:064}", code="overdraft", resolution=f"words {number}", settled_at=NOON
    )


def tell(hq: ServedHq, feed: str, *rows: FeedRow) -> None:
    with hq.database.write() as session:
        publish(session, feed, *rows, at=NOON)


def words(till: SyncedTill) -> list[str]:
    return sorted(each.resolution for each in till.replica.settled_findings().values())


def test_what_an_older_program_passed_over_is_fetched_again_by_a_newer_one(till: SyncedTill, hq: ServedHq) -> None:
    """Over a page's end, in both feeds, mixed with rows that were taken; an older state of what was taken does not come back."""
    tell(
        hq,
        "S01",
        settled(1),
        *(StoreRow(store_id=ELSEWHERE, name=f"店{each}", zone="Asia/Shanghai") for each in range(PAGE_ROWS)),
    )
    tell(hq, GLOBAL_SCOPE, CampaignRow(promotion_id=SPRING, times=3, bonus_minor=900))
    tell(hq, "S01", settled(2), StoreRow(store_id=ELSEWHERE, name="新店", zone="Asia/Shanghai"))
    till.sync()
    assert (words(till), till.replica.campaign_uses()) == ([], {})
    assert set(till.replica.passed_over("S01")) == {"settled_finding"}
    till.restart()
    till.sync()
    assert words(till) == [], "the older program still is"
    run_program(till, HqClient(hq.url))
    till.sync()
    assert words(till) == ["words 1", "words 2"]
    assert till.replica.campaign_uses()[SPRING].times == 3
    store = till.replica.store(ELSEWHERE)
    assert store is not None
    assert store.name == "新店"
    assert (till.replica.passed_over("S01"), till.replica.passed_over(GLOBAL_SCOPE)) == ({}, {})


def test_a_newer_program_reads_on_and_asks_for_old_pages_once(till: SyncedTill, hq: ServedHq) -> None:
    tell(hq, "S01", settled(1))
    till.sync()
    run_program(till, HqClient(hq.url, transport=till.cable))
    tell(hq, "S01", settled(2))
    asked: list[int] = []
    for _ in range(2):
        before = len(till.cable.paths)
        till.sync()
        asked.append(sum(path.startswith("/v1/feed/S01") for path in till.cable.paths[before:]))
    assert words(till) == ["words 1", "words 2"]
    assert asked == [2, 1]


def test_what_was_passed_over_is_made_up_for_after_a_cut_in_between(till: SyncedTill, hq: ServedHq) -> None:
    tell(hq, "S01", settled(1))
    till.sync()
    till.cable.lose_replies_to = {"/v1/feed/S01": 1}
    run_program(till, HqClient(hq.url, transport=till.cable))
    with pytest.raises(Exception, match="does not answer"):
        till.sync()
    assert words(till) == []
    till.sync()
    assert words(till) == ["words 1"]
