"""Measure what a write costs as a log grows: `python -m bench.log_growth DIRECTORY [ENTRIES]`, ten minutes.

Entries are synthetic and appended through the engine as the sequencer appends them: duplicates looked up, journal
synced, tiles, annotations and index written, checkpoint signed, all of it 256 entries at a time. Costs are CPU time:
that of the thread that sequences, and that of the whole process, in which the index is merged and files are synced.
Then the server starts on that log, and its memory is measured at rest and under load.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from bench.log_bodies import Authority, v2_bodies, write_bodies
from bench.log_load import Posted, write_closed
from bench.log_plot import Curve, draw
from bench.log_report import Measured
from bench.log_servers import memory_of, our_log
from bench.machine import verifications_a_second
from cosignpy.core.merkle.hashing import hash_leaf
from log_server.config import Settings
from log_server.data_directory import open_logs
from log_server.log import LogKind
from log_server.sequencing.open_writer import open_writer
from log_server.storage.lock import lock_directory
from log_server.storage.protocol import KEY_SIZE
from log_server.tlog.values import Draft, leaf_key
from log_server.writer import LogWriter

ROOT: Final = Path(__file__).resolve().parents[1]
RESULT: Final = ROOT / "bench" / "results" / "log_growth.json"
PLOT: Final = ROOT / "docs" / "log-growth.svg"

ENTRIES: Final = 10_000_000
BATCH: Final = 256
BODY: Final = 512
"""Octets of an entry; a hashedrekord of Rekor v2 with a P-256 key has 447."""
KEYS: Final = 2
"""Search keys of an entry: its digest and its signer, as a hashedrekord has them."""

CLIENTS: Final = 256
WRITE_SECONDS: Final = 10
MOST_A_SECOND: Final = 12_000
"""Requests that are prepared for each second."""

_FIRST: Final = 10_000
_STEPS_PER_DECADE: Final = 6


@dataclass(frozen=True, slots=True)
class Step:
    """What writes cost on the way from one size to the next, in microseconds an entry, and memory at its end."""

    entries: int
    sequencing: float
    whole: float
    memory_mb: float


def build_drafts(count: int) -> list[Draft]:
    """Make entries that nobody has seen, each with keys of its own."""
    drafts = []
    for _ in range(count):
        pool = os.urandom(BODY)
        keys = tuple(pool[at : at + KEY_SIZE] for at in range(0, KEYS * KEY_SIZE, KEY_SIZE))
        drafts.append(Draft(pool, leaf_key(hash_leaf(pool)), keys))
    return drafts


def sizes(last: int) -> Iterator[int]:
    """Yield where the cost is noted: evenly on a logarithmic scale."""
    exponent = 0
    while (size := round(_FIRST * 10 ** (exponent / _STEPS_PER_DECADE))) < last:
        yield size
        exponent += 1
    yield last


def grow(writer: LogWriter, last: int) -> Iterator[Step]:
    """Append entries up to a size."""
    for first, size in pairwise((0, *sizes(last))):
        sequencing = making = 0.0
        whole = time.process_time()
        begin = writer.size
        while writer.size < size:
            made = time.thread_time()
            drafts = build_drafts(min(BATCH, size - writer.size))
            began = time.thread_time()
            now_ms = time.time_ns() // 1_000_000
            writer.sequence(drafts, now_ms)
            writer.tick(now_ms)
            sequencing += time.thread_time() - began
            making += began - made
        count = writer.size - begin
        whole = time.process_time() - whole - making
        step = Step(size, sequencing / count * 1e6, whole / count * 1e6, memory_of([os.getpid()]))
        print(f"{first:>10,} to {size:>10,}  {step}", flush=True)
        yield step


def build_log(data: Path, last: int) -> Sequence[Step]:
    """Begin a Rekor v2 log in a directory and grow it."""
    data.mkdir(parents=True)
    with lock_directory(data):
        (log,) = [log for log in open_logs(data, Settings(hostname="log.example.com")) if log.kind is LogKind.REKOR_V2]
        if log.active is None:
            raise SystemExit("a new log is frozen")
        writer = open_writer(log, log.active, None)
        steps = tuple(grow(writer, last))
        writer.close()
    return steps


@dataclass(frozen=True, slots=True)
class Served:
    """The server on the large log: seconds until it is ready, memory then and under load, writes a second."""

    start_seconds: float
    start_memory_mb: float
    load_memory_mb: float
    write: Measured


def serve_log(data: Path) -> Served:
    """Start the server on a log that is there, and write to it."""
    with tempfile.TemporaryDirectory(dir=data.parent) as name:
        roots = Path(name) / "roots.pem"
        roots.write_bytes(Authority().root)
        bodies = write_bodies(Path(name) / "bodies", v2_bodies(), WRITE_SECONDS * MOST_A_SECOND)
        with our_log(data, roots) as server:
            machine = verifications_a_second()
            memory, before = server.memory_mb(), server.cpu_seconds()
            load = write_closed(server.address, Posted("/api/v2/log/entries"), bodies, CLIENTS, WRITE_SECONDS)
            cpu = (server.cpu_seconds() - before) / load.requests * 1e6
            after = server.memory_mb()
            return Served(server.start_seconds, memory, after, Measured(load, cpu, after, machine))


def save_steps(steps: Sequence[Step]) -> None:
    """Keep the figures of the growth and draw them."""
    _keep({"batch": BATCH, "body": BODY, "keys": KEYS, "steps": [asdict(step) for step in steps]})
    curves = (
        Curve("the thread that sequences", tuple((step.entries, step.sequencing) for step in steps)),
        Curve("the whole process", tuple((step.entries, step.whole) for step in steps)),
    )
    PLOT.write_text(draw("CPU time of a write as the log grows", "entries in the log", "µs an entry", curves))


def _keep(found: Mapping[str, object]) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.write_text(json.dumps({**known, **found}, indent=2) + "\n")


def main() -> None:
    """Grow a log, unless the directory has one, and serve it; save what both cost."""
    data, last = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ENTRIES
    if not data.exists():
        save_steps(build_log(data, last))
    served = serve_log(data)
    print(served)
    _keep({"served": asdict(served)})


if __name__ == "__main__":
    main()
