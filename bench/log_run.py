"""Measure our logs and the real Rekor v2 side by side: `make bench-log`, twenty minutes.

Rounds alternate between the two on the same disk; every server begins on an empty directory, every request is signed
and different from all others, and an answer counts when its entry is durable and in the published tree. Results go to
bench/results/log_latest.json and, as a table, to docs/benchmarks.md.
"""

import argparse
import compileall
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from bench.log_bodies import Authority, Bodies, v1_bodies, v2_bodies, write_bodies
from bench.log_load import Load, Posted, read_closed, write_closed, write_open
from bench.log_report import LOGS, Measured, write_report
from bench.log_servers import Server, our_log, rekor_tiles
from bench.machine import verifications_a_second
from tests.interop import peers

ROOT: Final = Path(__file__).resolve().parents[1]
V2: Final = "/api/v2/log/entries"
V1: Final = "/api/v1/log/entries"
CT: Final = "/ct/v1/add-pre-chain"

_MOST_A_SECOND: Final = 12_000
"""Requests that are prepared for each second of a run of ours; more than two cores can verify with anything else."""
_FEW_A_SECOND: Final = 4_500
"""The same for rekor-tiles, and for certificate transparency."""
_OFFERED: Final = 500
_LOGGED: Final = 20_000
"""Entries among which reads choose."""

Start = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, and for how many seconds."""

    rounds: int
    seconds: int
    sustained: int


class Bench:
    """A folder in which servers are started, one at a time."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self.plan = plan
        self._numbers = count()
        self._authority = Authority()
        self._roots = folder / "roots.pem"
        self._roots.write_bytes(self._authority.root)
        self._tiles = peers.path("rekor-tiles")

    def ours(self) -> AbstractContextManager[Server]:
        """Start our log on an empty directory."""
        return our_log(self._folder / f"ours-{next(self._numbers)}", self._roots)

    def tiles(self) -> AbstractContextManager[Server]:
        """Start rekor-tiles on an empty directory."""
        return rekor_tiles(self._tiles, self._folder / f"tiles-{next(self._numbers)}")

    def chains(self) -> Iterator[bytes]:
        """Make chains that our log accepts."""
        return self._authority.bodies()

    def bodies(self, lines: Bodies, number: int) -> Path:
        """Write requests to a file."""
        return write_bodies(self._folder / "bodies", lines(), number)

    def closed(self, start: Start, path: str, bodies: Path, clients: int, seconds: int) -> Measured:
        """Measure so many clients on a fresh server."""
        return self._measure(start, lambda server: write_closed(server.address, Posted(path), bodies, clients, seconds))

    def opened(self, start: Start, path: str, bodies: Path, seconds: int) -> Measured:
        """Measure a rate that waits for nobody on a fresh server."""
        return self._measure(start, lambda server: write_open(server.address, path, bodies, _OFFERED, seconds))

    def reads(self, clients: int, seconds: int) -> Measured:
        """Measure reads of single entries of Rekor v1, with their proofs and promises."""
        bodies = self.bodies(v1_bodies, _LOGGED + 1000)
        machine = verifications_a_second()
        with self.ours() as server:
            write_open(server.address, V1, bodies, 2000, _LOGGED // 2000)
            before = server.cpu_seconds()
            load = read_closed(server.address, f"{V1}?logIndex=", _LOGGED, clients, seconds)
            worked = server.cpu_seconds() - before
            return Measured(load, worked / max(1, load.requests) * 1e6, server.memory_mb(), machine)

    def _measure(self, start: Start, load: Callable[[Server], Load]) -> Measured:
        machine = verifications_a_second()
        with start() as server:
            before = server.cpu_seconds()
            seen = load(server)
            worked = server.cpu_seconds() - before
            measured = Measured(seen, worked / max(1, seen.requests) * 1e6, server.memory_mb(), machine)
        for left in [path for path in self._folder.iterdir() if path.is_dir()]:
            shutil.rmtree(left)
        return measured


def one_round(bench: Bench) -> Iterator[tuple[str, Measured]]:
    """Measure everything once."""
    seconds = bench.plan.seconds
    many, few = seconds * _MOST_A_SECOND, seconds * _FEW_A_SECOND
    yield "v2, ours, 1 client", bench.closed(bench.ours, V2, bench.bodies(v2_bodies, few), 1, seconds)
    yield "v2, rekor-tiles, 1 client", bench.closed(bench.tiles, V2, bench.bodies(v2_bodies, few), 1, seconds)
    yield "v2, ours, 64 clients", bench.closed(bench.ours, V2, bench.bodies(v2_bodies, many), 64, seconds)
    yield "v2, rekor-tiles, 64 clients", bench.closed(bench.tiles, V2, bench.bodies(v2_bodies, few), 64, seconds)
    yield "v2, ours, 256 clients", bench.closed(bench.ours, V2, bench.bodies(v2_bodies, many), 256, seconds)
    yield "v2, rekor-tiles, 256 clients", bench.closed(bench.tiles, V2, bench.bodies(v2_bodies, few), 256, seconds)
    yield "v2, ours, 4000 clients", bench.closed(bench.ours, V2, bench.bodies(v2_bodies, many), 4000, seconds)
    yield "v2, rekor-tiles, 4000 clients", bench.closed(bench.tiles, V2, bench.bodies(v2_bodies, few), 4000, seconds)
    offered = bench.bodies(v2_bodies, seconds * _OFFERED)
    yield f"v2, ours, {_OFFERED}/s offered", bench.opened(bench.ours, V2, offered, seconds)
    yield "v1 writes, ours, 256 clients", bench.closed(bench.ours, V1, bench.bodies(v1_bodies, many), 256, seconds)
    yield "v1 reads, ours, 1 client", bench.reads(1, seconds)
    yield "v1 reads, ours, 64 clients", bench.reads(64, seconds)
    chains = bench.bodies(bench.chains, 2 * few)
    yield "CT add-pre-chain, ours, 256 clients", bench.closed(bench.ours, CT, chains, 256, seconds)


def sustained(bench: Bench) -> Iterator[tuple[str, Measured]]:
    """Measure whether the rate lasts."""
    seconds = bench.plan.sustained
    bodies = bench.bodies(v2_bodies, seconds * _MOST_A_SECOND)
    yield f"v2, ours, 256 clients, {seconds} s", bench.closed(bench.ours, V2, bodies, 256, seconds)


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--sustained", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="on the disk that is measured")
    chosen = parser.parse_args()
    for package in ("cosignpy", "log_server"):
        compileall.compile_dir(str(ROOT / package), quiet=2)
    found: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        bench = Bench(Path(name), Plan(chosen.rounds, chosen.seconds, chosen.sustained))
        for measure in [one_round] * chosen.rounds + [sustained]:
            for what, measured in measure(bench):
                print(f"{what}: {measured}", flush=True)
                found.setdefault(what, []).append(measured)
    write_report(ROOT, LOGS, found, {"rekor-tiles": peers.PEERS["rekor-tiles"].version})


if __name__ == "__main__":
    main()
