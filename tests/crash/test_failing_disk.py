"""Every change that a till makes on its disk fails once, or fails from then on, or finds the disk full: nothing acknowledged is lost, nobody sees a defect, and the till
goes on by itself when the disk is mended (L1, L7). After each, the power goes as well: what a failed flush left behind may be gone although later ones succeeded.
"""

import random
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.crash.conftest import Tell
from tests.crash.disk_log import Change, faults_by_place
from tests.crash.hours import Hours, Played
from tests.crash.power_on import goes_on, losses

ROUNDS = 8
A_STEP, A_FILE = 2, 1
"""Failures after each step and in each kind of change of a file in `make test`; the soak lets every change fail."""
LIVES = 3
DISK_CODES = {"disk_full", "disk_fault"}
CONSEQUENCES = {"not_signed_in", "shift_not_open", "pin_delayed", "member_unknown", "receipt_unknown"}
"""What is refused later because of what was refused before."""


def places_of(changes: tuple[Change, ...]) -> dict[str, list[int]]:
    """The changes of a sound hour, counted as the shim counts them: by the step that the till had named last, and by what is done to which file."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    opened: dict[int, str] = {}
    step, count = "start", 0
    for change in changes:
        if change.kind == "H":
            break
        if change.kind == "O":
            opened[change.handle] = change.data.decode()
        if change.kind == "M" and change.data.startswith(b"step "):
            step = change.data[5:].decode()
        elif change.kind in "WSTURD" or (change.kind == "O" and change.number):
            count += 1
            places[f"after {step}"].append(count)
            places[f"{change.kind} {opened.get(change.handle, change.data)}"].append(count)
    return dict(places)


def chosen(places: dict[str, list[int]], every: bool) -> list[int]:
    if every:
        return sorted({nth for each in places.values() for nth in each})
    chance = random.Random(20261123)
    return sorted(
        {
            nth
            for name, each in places.items()
            for nth in chance.sample(each, min(len(each), A_STEP if name.startswith("after") else A_FILE))
        }
    )


def cut_after_fault(played: Played, folder: Path, seed: int) -> list[str]:
    """The power goes at some moment after the failure."""
    failed = next((place for place, each in enumerate(played.changes) if each.kind == "X"), len(played.changes) - 1)
    until = random.Random(seed).randint(failed, len(played.changes))
    for change in played.changes[:until]:
        played.disk.apply(change)
    played.disk.lay_out(folder, seed)
    wrong = losses(folder, played.acknowledged(until), unanswered_max=1) or goes_on(folder)
    shutil.rmtree(folder)
    return wrong


def wrongs(played: Played) -> list[str]:
    told = played.told
    found = [trace.splitlines()[-1] + " reached the cashier:\n" + trace for trace in told.broken]
    found += [f"after the disk was mended: {told.stuck}"] if told.stuck else []
    found += [f"refused with {code}" for code in set(told.refused) - DISK_CODES - CONSEQUENCES]
    found += losses(played.root, played.acknowledged(), unanswered_max=1)
    return found or goes_on(played.root)


def lived(hours: Hours, nth: int, *, full: bool, once: bool) -> Played:
    """Hours are not equally long, because the spool is woken when it is: one that ends before its failure is lived again."""
    played = hours.play(ROUNDS, nth=nth, full=full, once=once)
    for _ in range(LIVES - 1):
        if faults_by_place(list(played.changes)):
            break
        played = hours.play(ROUNDS, nth=nth, full=full, once=once)
    return played


@pytest.mark.slow
@pytest.mark.parametrize("once", [True, False], ids=["once", "from-then-on"])
@pytest.mark.parametrize("full", [False, True], ids=["error", "full"])
@pytest.mark.parametrize(
    "every",
    [
        pytest.param(False, id="sample", marks=pytest.mark.timeout(600)),
        pytest.param(True, id="soak", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_a_disk_that_fails_costs_no_acknowledged_entry(
    hours: Hours, disks: Path, tell: Tell, every: bool, full: bool, once: bool
) -> None:
    sound = hours.play(ROUNDS)
    assert (sound.told.broken, sound.told.refused, sound.told.stuck) == ([], [], ""), "the hour went well"
    happened: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    bad: list[str] = []
    for nth in chosen(places_of(sound.changes), every):
        played = lived(hours, nth, full=full, once=once)
        faults = faults_by_place(list(played.changes))
        hit.update({step for step, _ in faults})
        happened += Counter(
            hours=1,
            failures=faults.total(),
            refused=sum(code in DISK_CODES for code in played.told.refused),
            acknowledged=played.told.acknowledged,
            untouched=not faults,
            unstarted=bool(played.told.unstarted),
        )
        wrong = wrongs(played)
        wrong += [f"and the power went: {each}" for each in cut_after_fault(played, disks / "cut", nth)]
        bad += [f"change {nth} ({', '.join(map(str, list(faults)[:3]))}): {each}" for each in wrong]
    tell(
        f"{'full' if full else 'error'}, {'once' if once else 'from then on'}: {dict(happened)}, after the steps {dict(hit)}"
    )
    assert happened["refused"] > 0
    assert happened["untouched"] <= happened["hours"] / 10, "nearly every hour met its failure"
    assert len(hit) >= 5, "the failures are spread over the steps"
    assert not bad, "\n".join(bad)
