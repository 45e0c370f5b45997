"""A report of rows beside peers: JSON with every figure, and two tables in docs/benchmarks.md."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from bench.measure import Cost, summarize

_COLUMNS: Final = (
    *("what", "runs", "cosignpy", "beside", "its time", "ours / theirs", "wanted"),
    *("cosignpy CPU, memory", "its CPU, memory", "machine"),
)
_FINE_MS: Final = 20
"""Below this many milliseconds, a digit behind the point says something."""


@dataclass(frozen=True, slots=True)
class Section:
    """Where a report goes: the part of docs/benchmarks.md that a program writes, and its file in bench/results."""

    program: str
    results: str

    @property
    def begin(self) -> str:
        """What stands before it in the page."""
        return f"<!-- begin: written by {self.program} -->"

    @property
    def end(self) -> str:
        """What stands behind it."""
        return f"<!-- end of {self.program} -->"


KEYLESS: Final = Section("bench/keyless_run.py", "keyless_latest.json")


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of the medians: seconds, share of the peer's time, peak memory in MB; None where nothing is."""

    seconds: float | None = None
    share: float | None = None
    memory: float | None = None

    def describe(self) -> str:
        """Return it as the table shows it."""
        parts = (
            ("{:.0f} ms", self.seconds and self.seconds * 1000),
            ("{:.2f} of it", self.share),
            ("{:.0f} MB", self.memory),
        )
        return ", ".join(form.format(number) for form, number in parts if number)


@dataclass(frozen=True, slots=True)
class Row:
    """What ours and a peer did, run by run in pairs, and what the machine gave: P-256 verifications a second."""

    what: str
    peer: str
    ours: Sequence[Cost]
    theirs: Sequence[Cost]
    machine: Sequence[float]
    goal: Goal = field(default_factory=Goal)

    @property
    def shares(self) -> list[float]:
        """How many times as long ours took as the peer, pair by pair."""
        return [mine.wall / its.wall for mine, its in zip(self.ours, self.theirs, strict=True)]

    @property
    def missed(self) -> list[str]:
        """Which parts of the goal are missed."""
        parts = (
            ("time", self.goal.seconds, median(cost.wall for cost in self.ours)),
            ("share", self.goal.share, median(self.shares)),
            ("memory", self.goal.memory, max(cost.memory for cost in self.ours)),
        )
        return [name for name, wanted, found in parts if wanted is not None and found > wanted]

    def describe(self) -> str:
        """Return it as a line of the table."""
        shares = f"**{median(self.shares):.2f}** ({min(self.shares):.2f}-{max(self.shares):.2f})"
        wanted = self.goal.describe()
        if wanted:
            wanted += f": {' and '.join(self.missed)} missed" if self.missed else ": met"
        mine, its = (_spread([cost.wall * 1000 for cost in costs]) for costs in (self.ours, self.theirs))
        return _line(
            (
                *(self.what, str(len(self.ours)), mine, self.peer, its, shares, wanted),
                *(_rest(self.ours), _rest(self.theirs), f"{median(self.machine):,.0f}"),
            )
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How many requests a registry had from each."""

    what: str
    ours: int
    theirs: int


def write_report(
    root: Path, rows: Sequence[Row], counts: Sequence[Count], versions: Mapping[str, str], section: Section = KEYLESS
) -> None:
    """Write the results of a whole run."""
    machine = {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **versions,
    }
    document = {
        "machine": machine,
        "rows": [encode_row(row) for row in rows],
        "requests": [{"what": each.what, "cosignpy": each.ours, "cosign": each.theirs} for each in counts],
    }
    results = root / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / section.results).write_text(json.dumps(document, indent=2) + "\n")
    page = root / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition(section.begin)
    after = rest.partition(section.end)[2]
    page.write_text(f"{before}{section.begin}\n{tables(machine, versions, rows, counts)}{section.end}{after}")


def encode_row(row: Row) -> Mapping[str, object]:
    """Return a row as the results keep it."""
    return {
        "what": row.what,
        "beside": row.peer,
        "cosignpy": summarize(row.ours),
        "peer": summarize(row.theirs),
        "share": {"min": min(row.shares), "median": median(row.shares), "max": max(row.shares)},
        "machine": list(row.machine),
        "wanted": row.goal.describe(),
        "missed": row.missed,
    }


def tables(
    machine: Mapping[str, str], versions: Mapping[str, str], rows: Sequence[Row], counts: Sequence[Count]
) -> str:
    """Write the rows as a table, medians with minimum and maximum behind them, and the counts as another."""
    lines = [
        "",
        f"Measured on {machine['cores']} cores, {machine['system']}, Python {machine['python']}, which servers and",
        f"clients share; {', '.join(f'{name} {version}' for name, version in versions.items())}.",
        "Time in ms: median (minimum-maximum). The last column is what the machine gave meanwhile, as the median of",
        "P-256 verifications a second on one core.",
        "",
        *row_table(rows),
        "",
        _line(("requests to the registry", "cosignpy", "cosign")),
        _line(["---"] * 3),
        *(_line((each.what, str(each.ours), str(each.theirs))) for each in counts),
    ]
    return "\n".join([*lines, "", ""])


def row_table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table of rows."""
    return [_line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *(row.describe() for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(values: Sequence[float]) -> str:
    shown = [_round(number) for number in (median(values), min(values), max(values))]
    return shown[0] if len(values) == 1 else f"{shown[0]} ({shown[1]}-{shown[2]})"


def _rest(costs: Sequence[Cost]) -> str:
    cpu, memory = median(cost.cpu for cost in costs), max(cost.memory for cost in costs)
    return f"{_round(cpu * 1000)} ms" + (f", {memory:.0f} MB" if memory else "")


def _round(number: float) -> str:
    return f"{number:,.0f}" if number >= _FINE_MS else f"{number:.2f}"
