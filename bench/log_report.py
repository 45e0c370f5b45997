"""The report on the logs: JSON with every run, and the table in docs/benchmarks.md."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.log_load import Load

BEGIN: Final = "<!-- begin: written by bench/log_run.py -->"
END: Final = "<!-- end of bench/log_run.py -->"


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what clients saw, the CPU time of an entry in microseconds, and the memory at the end in MB."""

    load: Load
    cpu: float
    memory: float


def write_report(root: Path, found: Mapping[str, Sequence[Measured]], versions: Mapping[str, str]) -> None:
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
    (results / "log_latest.json").write_text(json.dumps({"machine": machine, "runs": runs}, indent=2) + "\n")
    page = root / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(machine, found)}{END}{after}")


def table(machine: Mapping[str, str], found: Mapping[str, Sequence[Measured]]) -> str:
    """Write the runs as a table: medians over the rounds, with minimum and maximum behind them."""
    lines = [
        "",
        f"Measured on {machine['cores']} cores, {machine['system']}, Python {machine['python']}, which servers and",
        f"clients share; rekor-tiles {machine['rekor-tiles']}. Medians of the rounds (minimum-maximum).",
        "",
        "| what | rounds | answers a second | p50, ms | p99, ms | failed | CPU, µs an entry | memory, MB |",
        "|---|---|---|---|---|---|---|---|",
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
