"""kill -9 of a real head office at every named step of taking in a push, on SQLite and on PostgreSQL (L1, L2, H9, H12).

Tills go on selling; after each kill head office is started again on what is left and the tills push again, knowing nothing of what became of the last push.
"""

import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from hq_server.config import HqConfig
from hq_server.database.engine import Database
from hq_server.ingest.rebuild import differences
from stored_value.identity import EventId, MemberId
from stored_value.refusals import Refusal
from sync.errors import SyncError
from terminal.clock import SystemClock
from tests.at_rest import faults_at_rest
from tests.crash.conftest import Tell
from tests.crash.hq_child import HqProcess
from tests.crash.kill_at import Kill
from tests.scenarios.franchise import PEOPLE, cashier_of, make_franchise
from tests.scenarios.till import Till, done
from tests.waiting import until
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import read_journal

STEPS = (
    "push_decoded",
    "ingest_begun",
    "wallets_loaded",
    "applied",
    "rows_written",
    "ingest_committed",
    "sequenced",
    "replied",
)
TILLS = ("S01-T1", "S02-T1")
REGULARS = [person for person in PEOPLE if person.home_store_id == "S01"][:20]


class Day:
    """Tills that sell offline and push, and what they were told."""

    def __init__(self, tills: list[Till]) -> None:
        self.tills = tills
        self.chance = random.Random(20261123)
        self.purchases: dict[str, list[EventId]] = {till.name: [] for till in tills}
        self.happened: Counter[str] = Counter()

    def sell(self, till: Till) -> None:
        """A few sales without a network; members are shared by the tills."""
        for _ in range(self.chance.randint(2, 5)):
            member, bought = self.chance.choice(REGULARS).member_id, self.purchases[till.name]
            roll = self.chance.random()
            if roll < 0.15 and bought:
                till.refund(bought.pop(), 1, self.chance.randint(1, 50))
            elif roll < 0.25:
                till.enrol("新会员", f"137{self.chance.randrange(10**8):08d}")
            elif roll < 0.6:
                self.buy(till, member)
            else:
                till.top_up(member, self.chance.choice([1_000, 10_000]))

    def buy(self, till: Till, member: MemberId) -> None:
        answer = till.try_to_redeem(member, self.chance.randint(50, 200))
        if isinstance(answer, Refusal):
            self.happened["refused"] += 1
        else:
            self.purchases[till.name].append(answer.event_id)

    def push(self, till: Till) -> None:
        """Against a head office that may die of it."""
        try:
            till.sync()
        except SyncError:
            self.happened["push without an answer"] += 1
        till.unplug()

    def push_until_settled(self) -> None:
        for till in self.tills:
            until(lambda: self._settles(till), what=f"{till.name} settles", timeout_s=30)  # noqa: B023 - awaited here

    @staticmethod
    def _settles(till: Till) -> bool:
        with suppress(SyncError):
            till.sync()
        till.unplug()
        return till.journal.pending_count() == 0


@pytest.fixture(
    params=[
        pytest.param(("sqlite", 5), id="sqlite", marks=pytest.mark.timeout(300)),
        pytest.param(("postgresql", 5), id="postgresql", marks=pytest.mark.timeout(300)),
        pytest.param(("sqlite", 50), id="sqlite-soak", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
        pytest.param(("postgresql", 50), id="postgresql-soak", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ]
)
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[HqConfig, int]:
    kind, kills_a_step = request.param
    url = None if kind == "sqlite" else request.getfixturevalue("postgres_database")
    return make_franchise(tmp_path, url), kills_a_step


@pytest.fixture
def day(ground: tuple[HqConfig, int], tmp_path: Path) -> Iterator[tuple[Day, HqProcess]]:
    with HqProcess(ground[0]) as hq:
        hq.start()
        tills = [Till(tmp_path / name, SystemClock(), hq.url, cashier_of(name[:3])) for name in TILLS]
        for till in tills:
            till.sync()
            till.begin_shift()
            for person in REGULARS:
                done(till.counter.identify(person.member_no))  # read online once, known offline from then on
            till.unplug()
        yield Day(tills), hq
        for till in tills:
            till.close()


@pytest.mark.slow
def test_a_push_is_taken_in_once_wherever_head_office_dies(
    day: tuple[Day, HqProcess], ground: tuple[HqConfig, int], tell: Tell
) -> None:
    played, hq = day
    config, kills_a_step = ground
    plan = [Kill(step, 1) for step in STEPS for _ in range(kills_a_step)]
    played.chance.shuffle(plan)
    killed: Counter[str] = Counter()
    for kill in plan:
        hq.stop()
        hq.start(kill)
        for till in played.tills:
            played.sell(till)
        with ThreadPoolExecutor(len(played.tills)) as pool:
            list(pool.map(played.push, played.tills))
        assert hq.exit_code(10) == -signal.SIGKILL, f"{kill.step} was not reached"
        killed[kill.step] += 1
        played.happened["tills in doubt"] += sum(
            read_journal(till.data_dir).open_push is not None for till in played.tills
        )
    before = {till.name: HqBooks(config.database).head(till.name)[0] for till in played.tills}
    hq.stop()
    hq.start()
    played.push_until_settled()
    tell(f"{killed.total()} kills: {dict(killed)}\n{dict(played.happened)}, accepted before the last push {before}")
    assert dict(killed) == dict.fromkeys(STEPS, kills_a_step)
    assert killed.total() >= 40
    assert played.happened["push without an answer"] >= killed.total()
    assert played.happened["tills in doubt"] > 0
    check_books(played, config)


def check_books(played: Day, config: HqConfig) -> None:
    books = HqBooks(config.database)
    assert faults_at_rest(books, *TILLS) == []
    expected: Counter[str] = Counter()
    for till in played.tills:
        journal = read_journal(till.data_dir)
        assert [entry.raw for entry in journal.entries] == [entry.raw for entry in books.entries(till.name)]
        for entry in journal.entries:
            for member in entry.header["members"]:
                expected[member] += entry.value_minor
    balances = books.balances()
    assert {member: balances[member] for member in expected} == dict(expected)
    database = Database(config.database)
    with database.read() as session:
        assert list(differences(session)) == [], "wallets, postings and rollups are what the journals say"
    database.close()
