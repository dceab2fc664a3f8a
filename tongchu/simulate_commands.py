"""`tongchu simulate`: a franchise under faults, seed by seed; says what happened, what disagreed, and how to see it again."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tongchu.exits import FINDINGS, Unusable

if TYPE_CHECKING:
    from tongchu.simulation.running import Outcome, Summary

_NONE = "none"


def simulate(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    seed: Annotated[int, typer.Option(help="The seed: the same one gives the same run.", min=0)] = 1,
    seeds: Annotated[
        str, typer.Option(metavar="FROM-TO", help="Every seed of this range instead of one, both ends included.")
    ] = "",
    tills: Annotated[int, typer.Option(help="How many tills, over three stores.", min=1, max=60)] = 7,
    members: Annotated[int, typer.Option(help="How many members there are at the beginning.", min=8, max=2000)] = 20,
    days: Annotated[int, typer.Option(help="How many business days.", min=1, max=60)] = 3,
    faults: Annotated[str, typer.Option(help="all, none, or names with commas between: see --list-faults.")] = "all",
    risk: Annotated[
        str,
        typer.Option(help="Whether tills may go beyond their leases offline: on, off, or by-seed for the odd seeds."),
    ] = "by-seed",
    pins: Annotated[bool, typer.Option("--pins", help="Somebody pays by a payment PIN as well.")] = False,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="Name every kind of fault and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Print every request, action and fault of the run.")] = False,
) -> None:
    """Let a franchise live through days of faults in this one process, and judge it by what its printers printed.

    Tills, sync, head office and SQLite files are the real ones; time, chance, network, disks and customers are drawn from the
    seed. Afterwards everything is healed, and an independent witness compares papers, journals and head office: every receipt
    there once, every fen accounted for, every till's view right, nothing stuck.

    Exit codes: 0 every law held, 1 something disagreed (the command that repeats it is printed), 2 unusable input.
    """
    from tongchu.simulation.faults import ALL
    from tongchu.simulation.running import Simulator, Summary
    from tongchu.simulation.scenario import Scenario

    if list_faults:
        typer.echo("\n".join(sorted(ALL)))
        return
    scenario = Scenario(
        seed=seed, tills=tills, members=members, days=days, faults=_faults(faults, ALL), risk=_risk(risk), pins=pins
    )
    summary = Summary()
    with Simulator() as simulator:
        for each in _seeds(seed, seeds):
            outcome = simulator.run(scenario.of_seed(each), keep_lines=trace)
            summary.add(outcome)
            if not as_json:
                _tell(outcome)
    missing = summary.too_seldom(scenario)
    if as_json:
        typer.echo(json.dumps(_as_json(summary, missing), ensure_ascii=False, indent=1))
    else:
        _tell_all(summary, missing)
    if summary.failed or missing:
        raise typer.Exit(FINDINGS)


def _faults(told: str, known: frozenset[str]) -> frozenset[str]:
    if told == "all":
        return known
    names = frozenset(name.strip() for name in told.split(",") if name.strip() and name.strip() != _NONE)
    if names - known:
        unknown = ", ".join(sorted(names - known))
        raise Unusable(f"--faults: {unknown} is no fault; take all, none, or some of: {', '.join(sorted(known))}")
    return names


def _risk(told: str) -> bool | None:
    known = {"on": True, "off": False, "by-seed": None}
    if told not in known:
        raise Unusable(f"--risk {told}: take on, off or by-seed")
    return known[told]


def _seeds(seed: int, told: str) -> range:
    if not told:
        return range(seed, seed + 1)
    first, _, last = told.partition("-")
    if not (first.isdigit() and last.isdigit()) or int(first) > int(last):
        raise Unusable(f"--seeds {told}: write a range like 1-200")
    return range(int(first), int(last) + 1)


def _tell(outcome: "Outcome") -> None:
    for line in outcome.lines:
        typer.echo(line)
    verdict = "every law held" if not outcome.disagreements else f"{len(outcome.disagreements)} disagreements"
    typer.echo(f"seed {outcome.scenario.seed}  trace {outcome.digest[:16]}  {outcome.seconds:.2f} s  {verdict}")
    for disagreement in outcome.disagreements:
        typer.secho(f"  ✗ {disagreement}", fg=typer.colors.RED)
    if outcome.disagreements:
        typer.echo(f"  again: {outcome.scenario.command}")


def _tell_all(summary: "Summary", missing: list[str]) -> None:
    typer.echo("\nWhat happened:")
    for what, number in sorted(summary.counts.items()):
        typer.echo(f"  {number:>8}  {what}")
    if missing:
        typer.secho(f"Too seldom to show anything: {'; '.join(missing)}", fg=typer.colors.RED)
    typer.echo(
        f"{summary.outcomes} seeds, {len(summary.failed)} failed; {summary.seconds / summary.outcomes:.2f} s a seed,"
        f" {summary.seeds_a_day:,} seeds a day on one core"
    )


def _as_json(summary: "Summary", missing: list[str]) -> dict[str, object]:
    return {
        "seeds": summary.outcomes,
        "failed": [
            {
                "seed": outcome.scenario.seed,
                "disagreements": list(outcome.disagreements),
                "again": outcome.scenario.command,
            }
            for outcome in summary.failed
        ],
        "too_seldom": missing,
        "traces": summary.digests,
        "counts": dict(sorted(summary.counts.items())),
        "seconds_a_seed": round(summary.seconds / summary.outcomes, 3),
        "seeds_a_day": summary.seeds_a_day,
    }
