"""Measured figures as a compact table for a terminal, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from benchmarks.figures import Figure, Measured

_HEAD = ("what", "flush", "figure", "floor", "ratio", "unit", "the floor is")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One benchmark in one column. `others_share` is what other processes took of the machine in the quietest runs, which `measured` holds the medians of."""

    name: str
    flush: str
    runs: int
    quiet_runs: int
    others_share: float | None
    measured: Measured


def as_json(reports: Sequence[Reported], machine: dict[str, str | int], warnings: Sequence[str]) -> str:
    document = {
        "machine": machine,
        "warnings": list(warnings),
        "benchmarks": [
            {**msgspec.to_builtins(report), "ratios": {each.what: each.ratio for each in report.measured.figures}}
            for report in reports
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def as_text(reports: Sequence[Reported], machine: dict[str, str | int], warnings: Sequence[str]) -> str:
    rows = [_HEAD]
    for report in reports:
        rows.extend(_row(figure, report.flush) for figure in report.measured.figures)
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for report in reports:
        lines.extend(["", *_about(report)])
    lines.extend(["", "machine: " + ", ".join(f"{name} {value}" for name, value in machine.items())])
    lines.extend(f"WARNING: {warning}" for warning in warnings)
    return "\n".join(lines)


def _row(figure: Figure, flush: str) -> tuple[str, str, str, str, str, str, str]:
    return (
        figure.what,
        flush,
        f"{figure.value:,.{figure.decimals}f}",
        f"{figure.floor:,.{figure.decimals}f}",
        f"{figure.ratio:.2f}x",
        figure.unit,
        figure.floor_what,
    )


def _about(report: Reported) -> list[str]:
    measured = report.measured
    share = "unknown" if report.others_share is None else f"{report.others_share:.0%}"
    lines = [
        f"{report.name}, flush {report.flush}: median of {report.runs} run(s), {report.quiet_runs} of them quiet,"
        f" others used {share} of the machine",
        "  settings: " + ", ".join(f"{name} {value}" for name, value in measured.settings.items()),
    ]
    if measured.breakdown:
        lines.append("  of which: " + ", ".join(f"{name} {value}" for name, value in measured.breakdown.items()))
    lines.extend(f"  note: {note}" for note in measured.notes)
    return lines
