"""The report: JSON with every figure, and the table in docs/benchmarks.md."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Cost, summarize

BEGIN = "<!-- begin: written by bench/run.py -->"
END = "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing both programs did, run by run in pairs."""

    name: str
    ours: Sequence[Cost]
    peer: Sequence[Cost]

    @property
    def ratios(self) -> list[float]:
        """How many times as long ours took as the peer, pair by pair."""
        return sorted(mine.wall / theirs.wall for mine, theirs in zip(self.ours, self.peer, strict=True))


def write_report(root: Path, scenarios: Sequence[Scenario], versions: Mapping[str, str]) -> None:
    """Write the results of a whole run."""
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    document = {
        "machine": machine | dict(versions),
        "scenarios": [
            {
                "name": item.name,
                "cosignpy": summarize(item.ours),
                "cosign": summarize(item.peer),
                "wall_ratio": {
                    "min": round(item.ratios[0], 2),
                    "median": round(statistics.median(item.ratios), 2),
                    "max": round(item.ratios[-1], 2),
                },
            }
            for item in scenarios
        ],
    }
    results = root / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "latest.json").write_text(json.dumps(document, indent=2) + "\n")
    page = root / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(document)}{END}{after}")


def table(document: Mapping[str, object]) -> str:
    """Write the scenarios as a table: medians, with minimum and maximum behind them."""
    machine = document["machine"]
    scenarios = document["scenarios"]
    if not isinstance(machine, dict) or not isinstance(scenarios, list):
        raise TypeError("not a document of ours")
    lines = [
        "",
        f"Measured on {machine['cores']} cores, {machine['system']}, Python {machine['python']};",
        f"cosign {machine['cosign']}, {machine['registry']} on loopback. Wall time in ms: median (minimum-maximum).",
        "",
        "| what | runs | cosignpy | cosign | ours / theirs | cosignpy CPU, memory | cosign CPU, memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in scenarios:
        ours, peer, ratio = item["cosignpy"], item["cosign"], item["wall_ratio"]
        lines.append(
            f"| {item['name']} | {ours['runs']} | {_wall(ours)} | {_wall(peer)} "
            f"| **{ratio['median']}** ({ratio['min']}-{ratio['max']}) | {_rest(ours)} | {_rest(peer)} |"
        )
    return "\n".join([*lines, "", ""])


def _wall(figures: Mapping[str, dict[str, float]]) -> str:
    wall = figures["wall_ms"]
    return f"{wall['median']:.0f} ({wall['min']:.0f}-{wall['max']:.0f})"


def _rest(figures: Mapping[str, dict[str, float]]) -> str:
    return f"{figures['cpu_ms']['median']:.0f} ms, {figures['memory_mb']['median']:.0f} MB"
