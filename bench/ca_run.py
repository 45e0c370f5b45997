"""Measure our authority beside the real Fulcio and the real timestamp authority: `make bench-ca`, ten minutes.

Rounds alternate. Every request is signed and different from all others; every server has new keys in memory. Where
certificates carry an SCT, it is of our own durable log, for both authorities alike. Results go to
bench/results/ca_latest.json and, as a table, to docs/benchmarks.md.
"""

import argparse
import compileall
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from bench.ca_bodies import TIMESTAMP_SIZE, Issuer, serve_issuer, timestamp_bodies
from bench.ca_servers import fulcio, open_log, our_authority, root_of, timestamp_server
from bench.log_bodies import write_bodies
from bench.log_load import Load, Posted, write_closed
from bench.log_report import AUTHORITIES, Measured, write_report
from bench.log_servers import Server
from bench.machine import verifications_a_second
from tests.interop import peers

ROOT: Final = Path(__file__).resolve().parents[1]

CERTIFICATE: Final = Posted("/api/v2/signingCert")
TIMESTAMP: Final = Posted("/api/v1/timestamp", "application/timestamp-query", TIMESTAMP_SIZE)

_CERTIFICATES_A_SECOND: Final = 5000
_TIMESTAMPS_A_SECOND: Final = 12_000
"""Requests that are prepared for each second of a run: more than two cores can answer."""
_CLIENTS: Final = (1, 16, 64)

Start = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, and for how many seconds."""

    rounds: int
    seconds: int


class Bench:
    """A folder in which servers are started, one at a time."""

    def __init__(self, folder: Path, plan: Plan, issuer: Issuer) -> None:
        self._folder = folder
        self._seconds = plan.seconds
        self._issuer = issuer
        self._numbers = count()

    def rounds(self) -> Iterator[tuple[str, Measured]]:
        """Measure everything once."""
        yield from self._certificates("certificates without SCT", self._ours, self._theirs)
        yield from self._certificates("certificates with SCT", self._ours_logged, self._theirs_logged)
        bodies = write_bodies(self._folder / "stamps", timestamp_bodies(), self._seconds * _TIMESTAMPS_A_SECOND)
        for clients in _CLIENTS:
            for who, start in (("ours", self._ours), ("timestamp-authority", self._stamps)):
                yield f"timestamps, {who}, {clients} clients", self._measure(start, TIMESTAMP, bodies, clients)

    def _certificates(self, what: str, ours: Start, theirs: Start) -> Iterator[tuple[str, Measured]]:
        number = self._seconds * _CERTIFICATES_A_SECOND
        bodies = write_bodies(self._folder / "requests", self._issuer.bodies(), number)
        for clients in _CLIENTS:
            for who, start in (("ours", ours), ("fulcio", theirs)):
                yield f"{what}, {who}, {clients} clients", self._measure(start, CERTIFICATE, bodies, clients)

    def _measure(self, start: Start, posted: Posted, bodies: Path, clients: int) -> Measured:
        machine = verifications_a_second()
        with start() as server:
            before = server.cpu_seconds()
            load: Load = write_closed(server.address, posted, bodies, clients, self._seconds)
            worked = server.cpu_seconds() - before
            return Measured(load, worked / max(1, load.requests) * 1e6, server.memory_mb(), machine)

    def _next(self, name: str) -> Path:
        return self._folder / f"{name}-{next(self._numbers)}"

    def _ours(self) -> AbstractContextManager[Server]:
        return our_authority(self._next("ours"), self._issuer)

    def _theirs(self) -> AbstractContextManager[Server]:
        return fulcio(self._next("fulcio"), self._issuer)

    def _stamps(self) -> AbstractContextManager[Server]:
        return timestamp_server(self._next("stamps"))

    def _ours_logged(self) -> AbstractContextManager[Server]:
        return open_log(self._next("log"), partial(our_authority, self._next("ours"), self._issuer), root_of)

    def _theirs_logged(self) -> AbstractContextManager[Server]:
        return open_log(self._next("log"), partial(fulcio, self._next("fulcio"), self._issuer), root_of)


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="on the disk that is measured")
    chosen = parser.parse_args()
    for package in ("cosignpy", "ca_server", "log_server"):
        compileall.compile_dir(str(ROOT / package), quiet=2)
    found: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name, serve_issuer() as issuer:
        bench = Bench(Path(name), Plan(chosen.rounds, chosen.seconds), issuer)
        for _ in range(chosen.rounds):
            for what, measured in bench.rounds():
                print(f"{what}: {measured}", flush=True)
                found.setdefault(what, []).append(measured)
    write_report(ROOT, AUTHORITIES, found, {key: peers.PEERS[key].version for key in ("fulcio", "timestamp-server")})


if __name__ == "__main__":
    main()
