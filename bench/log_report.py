"""The reports on servers: JSON with every run, and a table in docs/benchmarks.md."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.log_load import Load


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what clients saw, the CPU time of an entry in microseconds, the memory at the end in MB.

    And what the machine gave just before: P-256 verifications a second on one core.
    """

    load: Load
    cpu: float
    memory: float
    machine: float


@dataclass(frozen=True, slots=True)
class Report:
    """Which program writes it, and where its figures go."""

    program: str
    results: str
    unit: str
    """What the CPU time is of."""


_COLUMNS: Final = ("what", "rounds", "answers a second", "p50, ms", "p99, ms", "failed")

LOGS: Final = Report("bench/log_run.py", "log_latest.json", "an entry")
WEBHOOKS: Final = Report("bench/webhook_run.py", "webhook_latest.json", "a Pod")
AUTHORITIES: Final = Report("bench/ca_run.py", "ca_latest.json", "an answer")


def write_report(
    root: Path, report: Report, found: Mapping[str, Sequence[Measured]], versions: Mapping[str, str]
) -> None:
    """Write the results of a whole run."""
    machine = {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **versions,
    }
    runs = {what: [asdict(one) for one in measured] for what, measured in found.items()}
    results = root / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / report.results).write_text(json.dumps({"machine": machine, "runs": runs}, indent=2) + "\n")
    page = root / "docs" / "benchmarks.md"
    begin, end = f"<!-- begin: written by {report.program} -->", f"<!-- end of {report.program} -->"
    before, _, rest = page.read_text().partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{table(report, machine, versions, found)}{end}{after}")


def table(
    report: Report, machine: Mapping[str, str], versions: Mapping[str, str], found: Mapping[str, Sequence[Measured]]
) -> str:
    """Write the runs as a table: medians over the rounds, with minimum and maximum behind them."""
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "",
        f"Measured on {machine['cores']} cores, {machine['system']}, Python {machine['python']}, which servers and",
        f"clients share; {peers}. Medians of the rounds (minimum-maximum).",
        "The last column is what the machine gave just before a run: P-256 verifications a second, one core.",
        "",
        f"| {' | '.join(_COLUMNS)} | CPU, µs {report.unit} | memory, MB | machine |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(what, measured) for what, measured in found.items()),
    ]
    return "\n".join([*lines, "", ""])


def _row(what: str, measured: Sequence[Measured]) -> str:
    columns: Sequence[Callable[[Measured], float]] = (
        lambda one: one.load.rate,
        lambda one: one.load.p50,
        lambda one: one.load.p99,
        lambda one: float(one.load.errors),
        lambda one: one.cpu,
        lambda one: one.memory,
        lambda one: one.machine,
    )
    cells = [_spread([column(one) for one in measured]) for column in columns]
    return f"| {what} | {len(measured)} | {' | '.join(cells)} |"


def _spread(values: Sequence[float]) -> str:
    if not any(values):
        return ""
    shown = [_round(number) for number in (median(values), min(values), max(values))]
    return shown[0] if len(values) == 1 else f"{shown[0]} ({shown[1]}-{shown[2]})"


def _round(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 else f"{number:.1f}"
