"""Head office on PostgreSQL and four tills, each a process in a network namespace of its own, on bad wires, killed in turn (L1-L4, L7, H2, H9; pains 1, 4, 8, 9, 12, 15).

5 % of the packets are lost, all are 200 ms late, wires are cut both ways and one way, answers to pushes are lost after head office has applied them, and everything is
killed with kill -9 and started again, while cashiers go on at the real counter with real scanners and printers. Then the weather clears, and everything must agree.
"""

import threading
from collections import Counter
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from tests.crash.conftest import Tell
from tests.soak.franchise import Franchise, running
from tests.soak.healing import disagreements
from tests.soak.misfortune import Pace, strike

SHORT = Pace(lasts_s=12, weather_every_s=4, kill_every_s=2)
LONG = Pace(lasts_s=180, weather_every_s=10, kill_every_s=6)
ALWAYS = (
    "acknowledged", "topped_up online", "topped_up offline", "packets lost", "packets cut", "packets doubled",
    "applied, answer lost",
)  # fmt: skip
IN_THREE_MINUTES = (
    "redeemed online", "redeemed offline", "purchase_refunded online", "purchase_refunded offline", "member_enrolled offline",
    "killed with a push open", "killed between begin and commit", "paid by lease", "paid by hold", "leases asked back", "lease_returned",
)  # fmt: skip


def play(franchise: Franchise, pace: Pace) -> None:
    """Cashiers and misfortune at once; the first failure ends it."""
    over = threading.Event()
    with ThreadPoolExecutor(len(franchise.stands) + 1) as pool:
        working = [pool.submit(stand.work_until, over) for stand in franchise.stands.values()]
        working.append(pool.submit(strike, franchise, pace, over))
        wait(working, return_when=FIRST_EXCEPTION)
        over.set()
        for each in working:
            each.result()


def check_spread(franchise: Franchise, *wanted: str) -> None:
    """Counts without spread are worth little: whatever the test is about really happened, to everybody."""
    happened = franchise.happened
    victims = [*franchise.names, "head office", "a process of the database"]
    never = [what for what in (*wanted, *(f"killed {each}" for each in victims)) if not happened[what]]
    assert not never, f"never happened: {never}; {told(happened)}"
    assert sum(count for what, count in happened.items() if what.startswith("refused ")) < happened["acknowledged"]


def told(happened: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(happened.items()))


@pytest.mark.namespaces
@pytest.mark.parametrize(
    ("pace", "wanted"),
    [
        pytest.param(SHORT, ALWAYS, id="12-s", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
        pytest.param(
            LONG, (*ALWAYS, *IN_THREE_MINUTES), id="3-min", marks=[pytest.mark.soak, pytest.mark.timeout(1800)]
        ),
    ],
)
def test_everything_agrees_after_bad_wires_and_sudden_deaths(
    pace: Pace, wanted: tuple[str, ...], postgres_database: str, tmp_path: Path, tell: Tell
) -> None:
    with running(tmp_path, postgres_database, seed=20261123) as franchise:
        play(franchise, pace)
        found = disagreements(franchise)
        tell(told(franchise.happened))
        assert found == []
        check_spread(franchise, *wanted)
