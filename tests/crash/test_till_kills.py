"""kill -9 of a real till at every named step between scan and printed receipt, and of its push (L1, L3, H9).

Two tills work at once on shared members against a real head office, each with a real printer port and a real scanner line. A killed till is started again
on the same files and the customer is served on: with the same action when the till had begun it. The witness reads files, head office's tables and paper.
"""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hq_server import franchise_data
from hq_server.config import HqConfig
from hq_server.franchise import SampleFranchise
from hq_server.initialise import initialise
from printers.simulated import SimulatedNetworkPrinter
from stored_value.identity import StaffId
from terminal.config import PrinterConfig, TillConfig
from terminal.devices.simulated import SimulatedScanner
from terminal.enrol import enrol
from tests.at_rest import faults_at_rest
from tests.crash.conftest import Tell
from tests.crash.fork_server import fork_server
from tests.crash.hq_child import HqProcess
from tests.crash.kill_at import Kill
from tests.crash.till_child import Begun, Done, Errand, Life, Scan, Stood, live
from tests.hq_server.quick_secrets import quick_secrets
from tongchu.witness.books import HqBooks
from tongchu.witness.journal import chain_faults, read_journal
from tongchu.witness.paper import read_papers

SALE_STEPS = (
    "scan_read",
    "member_identified",
    "decided",
    "transaction_begun",
    "entry_inserted",
    "print_job_inserted",
    "totals_updated",
    "committed",
)
PRINT_STEPS = ("print_job_claimed", "print_job_sending", "print_job_sent", "print_job_printed")
PUSH_STEPS = ("push_recorded", "push_sent", "push_settled")
STEPS = (*SALE_STEPS, *PRINT_STEPS, *PUSH_STEPS)
TILLS = ("S01-T1", "S02-T1")
WITHOUT_RECEIPT = {"lease_accepted", "lease_returned"}
"""The till writes these by itself; no customer waits for a paper."""
KICK_AGE_S = 60
"""A drawer that opens by itself an hour later is a theft: a receipt that waited longer for its printer comes without."""
ERRANDS_A_LIFE = 6
"""More than a kill needs: a refused one commits nothing, and a retried one may be found done."""
ONE_AT_A_TIME = threading.Lock()
"""Starting a process looks after all others: what it reads of one that is just being joined, the joiner misses, and calls it 255."""


@dataclass
class Customers:
    """Who comes to one till and for what; most of them go to the other store too. Seeded."""

    chance: random.Random
    numbers: list[str]
    phone_prefix: str
    topped_up: set[str] = field(default_factory=set)
    purchases: list[str] = field(default_factory=list)
    newcomers: int = 0

    def next(self) -> Errand:
        roll = self.chance.random()
        if roll < 0.05:
            self.newcomers += 1
            return Errand(kind="enrol", phone=f"{self.phone_prefix}{self.newcomers:06d}")
        if roll < 0.2 and self.purchases:
            return Errand(kind="refund", receipt_no=self.purchases.pop(), amount_minor=self.chance.randint(1, 100))
        number = self.chance.choice(self.numbers)
        if number not in self.topped_up or roll < 0.4:
            self.topped_up.add(number)
            return Errand(kind="top_up", member_no=number, amount_minor=self.chance.choice([1_000, 5_000, 10_000]))
        return Errand(kind="redeem", member_no=number, amount_minor=self.chance.randint(100, 500))


class Stand:
    """One till with its printer, its scanner and its customers, and what the parent was told of it."""

    def __init__(self, name: str, config: TillConfig, staff: tuple[StaffId, str], customers: Customers) -> None:
        self.name = name
        self.config = config
        self.staff_id, self.pin = staff
        self.customers = customers
        self.begun: Begun | None = None
        self.waiting: list[Errand] = []
        self.acknowledged: dict[str, Done] = {}
        self.refused: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()
        self.open_pushes = 0
        self.found_done = 0
        self.scanner: SimulatedScanner
        self.printer: SimulatedNetworkPrinter

    def errands(self) -> tuple[Errand, ...]:
        """Who waits is served first, and the one who was being served goes on with his own action."""
        self.waiting += [self.customers.next() for _ in range(ERRANDS_A_LIFE - len(self.waiting))]
        if self.begun is not None:
            self.waiting[0] = replace(self.begun.errand, action=self.begun.action)
        return tuple(self.waiting)

    def live(self, kill: Kill | None, show: tuple[str, ...] = ()) -> Stood | None:
        """One life of the till, to its end."""
        life = Life(
            config=self.config,
            staff_id=self.staff_id,
            pin=self.pin,
            errands=self.errands() if kill is not None else tuple(self.waiting),
            kill=kill,
            show=show,
        )
        ours, theirs = fork_server().Pipe()
        process = fork_server().Process(target=live, args=(theirs, life), name=self.name)
        with ONE_AT_A_TIME:
            process.start()
        theirs.close()
        stood = None
        with ours:
            while True:
                try:
                    said = ours.recv()
                except EOFError:
                    break
                stood = self.heard(said) or stood
        with ONE_AT_A_TIME:
            process.join()
        counts = f"{self.killed.total()} kills before, refused {dict(self.refused)}"
        told = f"{self.name} {kill}: ended with {process.exitcode}; {counts}"
        assert process.exitcode == (0 if kill is None else -signal.SIGKILL), told
        return stood

    def heard(self, said: Scan | Begun | Done | Stood) -> Stood | None:
        match said:
            case Scan():
                self.scanner.scan(said.code)
            case Begun():
                self.begun = said
            case Done():
                self.begun = None
                del self.waiting[0]
                if said.refused:
                    self.refused[said.refused] += 1
                else:
                    self.acknowledged[said.action] = said
                    if said.kind == "redeemed":
                        self.customers.purchases.append(said.receipt_no)
            case Stood():
                return said
        return None

    def check_files(self) -> None:
        """As the kill left them, before anybody repairs anything."""
        journal = read_journal(self.config.data_dir)
        assert journal.integrity == "ok"
        assert chain_faults(journal.entries) == []
        lost = self.acknowledged.keys() - journal.event_ids
        assert not lost, f"{self.name}: acknowledged and lost: {lost}"
        assert journal.totals == journal.recomputed_totals()
        to_print = {entry.seq for entry in journal.entries if entry.kind not in WITHOUT_RECEIPT}
        assert {job.entry_seq for job in journal.print_jobs} == to_print
        self.open_pushes += journal.open_push is not None
        self.found_done += self.begun is not None and self.begun.action in journal.event_ids

    def be_killed(self, plan: list[Kill], stop: threading.Event) -> None:
        for kill in plan:
            if stop.is_set():
                return
            self.live(kill)
            self.killed[kill.step] += 1
            self.check_files()


def plan_of(chance: random.Random, kills_a_step: int) -> list[Kill]:
    """A push happens once for many entries, a sale step four times a life."""
    plan = [
        Kill(step, 1 if step in PUSH_STEPS else chance.choice([1, 1, 2])) for step in STEPS for _ in range(kills_a_step)
    ]
    chance.shuffle(plan)
    return plan


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[tuple[HqProcess, SampleFranchise]]:
    config = HqConfig(data_dir=tmp_path / "hq")
    with quick_secrets():
        sample = initialise(config, sample=True, now=datetime.now(UTC)).sample
    assert sample is not None
    with HqProcess(config) as process:
        process.start()
        yield process, sample


@pytest.fixture
def stands(hq: tuple[HqProcess, SampleFranchise], tmp_path: Path) -> Iterator[list[Stand]]:
    process, sample = hq
    people = list(franchise_data.members(until=datetime.now(UTC)))
    numbers = [
        person.member_no
        for store in ("S01", "S02")
        for person in [each for each in people if each.home_store_id == store][:30]
    ]
    stands = []
    with ExitStack() as stack:
        for place, name in enumerate(TILLS):
            home = tmp_path / name
            home.mkdir()
            code = next(each.code for each in sample.codes if each.terminal_id == name)
            enrol(process.url, code, home / "data")
            printer = stack.enter_context(SimulatedNetworkPrinter())
            config = TillConfig(
                data_dir=home / "data",
                printers=(PrinterConfig(target=printer.target, profile="generic-80"),),
                scanner=str(home / "scanner"),
                poll_interval_s=0.5,
                online_read_s=2.0,
            )
            staff = next((key, who.pin) for key, who in sample.staff if who.store_id == name[:3] and not who.manager)
            customers = Customers(random.Random(name), numbers, f"1390{place}")
            stand = Stand(name, config, staff, customers)
            stand.printer = printer
            stand.scanner = stack.enter_context(SimulatedScanner(home / "scanner"))
            stand.live(None, tuple(numbers))  # everybody has been here before, so both tills know them offline too
            stands.append(stand)
        yield stands


@pytest.mark.slow
@pytest.mark.parametrize(
    "kills_a_step",
    [
        pytest.param(14, marks=pytest.mark.timeout(600)),
        pytest.param(140, marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_nothing_acknowledged_is_lost_nothing_doubled_and_every_receipt_is_printed(
    hq: tuple[HqProcess, SampleFranchise], stands: list[Stand], kills_a_step: int, tell: Tell
) -> None:
    plan = plan_of(random.Random(20261123), kills_a_step)
    stop = threading.Event()
    with ThreadPoolExecutor(len(stands)) as pool:
        working = [pool.submit(stand.be_killed, plan[place :: len(stands)], stop) for place, stand in enumerate(stands)]
        wait(working, return_when=FIRST_EXCEPTION)
        stop.set()
        for each in working:
            each.result()
    for stand in stands:
        stand.errands()
        stand.live(None)
    books = HqBooks(hq[0].config.database)
    shown = tuple(sorted({number for stand in stands for number in stand.customers.topped_up}))
    stood = [stand.live(None, shown) for stand in stands]
    check_spread(stands, stood, kills_a_step, tell)
    check_head_office(stands, stood, books)
    for stand in stands:
        check_papers(stand)


def check_spread(stands: list[Stand], stood: list[Stood | None], kills_a_step: int, tell: Tell) -> None:
    """Counts without spread are worth little: each step got its share, and each hard case really happened."""
    killed = sum((stand.killed for stand in stands), Counter[str]())
    happened = {
        "acknowledged": sum(len(stand.acknowledged) for stand in stands),
        "refused": sum(stand.refused.total() for stand in stands),
        "killed with a push open": sum(stand.open_pushes for stand in stands),
        "killed between commit and answer": sum(stand.found_done for stand in stands),
        "printed again, marked": sum(read_papers(stand.printer.jobs()).marked.total() for stand in stands),
    }
    by_hand = sum(each.printed_by_hand for each in stood if each is not None)
    tell(f"{killed.total()} kills: {dict(killed)}\n{happened}, printed by hand: {by_hand}")
    assert killed.total() == kills_a_step * len(STEPS) >= 200
    assert {step: killed[step] for step in STEPS} == dict.fromkeys(STEPS, kills_a_step)
    assert kills_a_step >= 10
    never = [name for name, count in happened.items() if count == 0 and name != "refused"]
    assert not never, f"never happened: {never}"
    assert happened["refused"] < happened["acknowledged"] / 4, "most customers were served"


def check_head_office(stands: list[Stand], stood: list[Stood | None], books: HqBooks) -> None:
    assert faults_at_rest(books, *TILLS) == []
    expected: Counter[str] = Counter()
    for stand in stands:
        journal = read_journal(stand.config.data_dir)
        assert [entry.raw for entry in journal.entries] == [entry.raw for entry in books.entries(stand.name)]
        assert (journal.open_push, journal.settled_through) == (None, len(journal.entries))
        assert journal.totals == journal.recomputed_totals()
        for entry in journal.entries:
            for member in entry.header["members"]:
                expected[member] += entry.value_minor
    balances = books.balances()
    assert {member: balances[member] for member in expected} == dict(expected)
    numbers = dict(books.rows("SELECT member_no, member_id FROM members"))
    for each in stood:
        assert each is not None
        assert {number: balances[numbers[number]] for number in each.balances_minor} == each.balances_minor


def check_papers(stand: Stand) -> None:
    journal = read_journal(stand.config.data_dir)
    papers = read_papers(stand.printer.jobs())
    waits = {job.entry_seq: job.waited_s for job in journal.print_jobs}
    receipts = {
        f"{stand.name}-{entry.seq:06d}": entry for entry in journal.entries if entry.kind not in WITHOUT_RECEIPT
    }
    for number, entry in receipts.items():
        first, again = papers.unmarked[number], papers.marked[number]
        assert first + again >= 1, f"{number} never reached paper"
        assert first <= 1, f"{number} was printed {first} times without the mark"
        cash = entry.kind == "topped_up"
        assert papers.kicks[number] <= cash, f"{number} ({entry.kind}) kicked the drawer {papers.kicks[number]} times"
        waited_s = waits[entry.seq]
        if cash and not again and waited_s is not None and waited_s <= KICK_AGE_S:
            assert papers.kicks[number] == 1, (
                f"{number} took cash with the drawer shut, {waited_s:.1f} s after the sale"
            )
    assert papers.kicks.total() > 20, "the drawer did open"
    assert (papers.unmarked + papers.marked).keys() <= receipts.keys(), "paper without an entry"
