"""Whole processes, measured from outside: wall time, CPU time and peak memory of a command and its children."""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds of wall and CPU time, and the peak of its memory in MB."""

    wall: float
    cpu: float
    memory: float


def run_once(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """Run a command to its end; a failure is shown and ends the benchmark, since it would be measured as speed.

    Raises:
        SystemExit: The command failed.
    """
    with log.open("wb") as output:
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")), *command]
        done = subprocess.run(launcher, env=environment, stdout=subprocess.PIPE, stderr=output, check=True)
    status, wall, cpu, memory = json.loads(done.stdout)
    if status != 0:
        raise SystemExit(f"{' '.join(command)} exited with {status}:\n{log.read_text()[-2000:]}")
    return Cost(wall, cpu, memory)


def add(costs: Sequence[Cost]) -> Cost:
    """Add up runs one after another; memory is the largest of them."""
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(cost.memory for cost in costs))


def summarize(costs: Sequence[Cost]) -> dict[str, object]:
    """Return minimum, median and maximum of each figure, in ms and MB."""

    def spread(values: list[float], factor: float) -> dict[str, float]:
        scaled = sorted(value * factor for value in values)
        return {
            "min": round(scaled[0], 1),
            "median": round(statistics.median(scaled), 1),
            "max": round(scaled[-1], 1),
        }

    return {
        "runs": len(costs),
        "wall_ms": spread([cost.wall for cost in costs], 1000),
        "cpu_ms": spread([cost.cpu for cost in costs], 1000),
        "memory_mb": spread([cost.memory for cost in costs], 1),
    }
