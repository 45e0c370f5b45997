"""Measure what the index of a log costs as the log grows: `python -m bench.index_growth [DIRECTORY]`, four minutes.

Entries are synthetic, with four random keys each; batches and look-ups are as large as those of a busy log.
Every key that is looked up for duplicates is absent, which is the usual and the dearest case. Costs are CPU time of
the thread that adds, since adding as fast as possible keeps the other core busy with merging; p99 is time on the wall.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import quantiles
from typing import Final

from cosignpy.values import value
from log_server.storage.protocol import KEY_SIZE, IndexRow
from log_server.storage.sqlite_index import SqliteIndex, open_index_reader

SIZES: Final = (10_000, 100_000, 1_000_000, 3_000_000, 10_000_000)
BATCH: Final = 256
KEYS: Final = 4
MEASURED: Final = 100
"""Batches over which the look-ups of a size are measured."""

_MICROSECONDS: Final = 1_000_000

_HEAD: Final = """\
                      add (us)      first (us/key)  search         start  memory   disk
   entries  /entry  p99/batch  merging   quiet        (us)   runs   (ms)    (MB)  (B/entry)"""
_LINE: Final = (
    "{row.entries:>10,} {row.add_per_entry:>7.2f} {row.add_p99_per_batch:>10.0f} {row.first_while_merging:>8.2f}"
    " {row.first_per_key:>7.2f} {row.search:>11.0f} {row.runs:>6} {row.start_ms:>6.0f} {row.memory_mb:>7.0f}"
    " {row.disk_per_entry:>6.0f}"
)


@value
class Growth:
    """What was measured on the way to a size; times in microseconds."""

    entries: int
    add_per_entry: float
    add_p99_per_batch: float
    first_while_merging: float
    first_per_key: float
    search: float
    runs: int
    start_ms: float
    memory_mb: float
    disk_per_entry: float


def build_rows(begin: int, count: int) -> Sequence[IndexRow]:
    """Make entries with random keys."""
    pool = os.urandom(count * KEYS * KEY_SIZE)
    keys = [pool[at : at + KEY_SIZE] for at in range(0, len(pool), KEY_SIZE)]
    return [IndexRow(begin + n, tuple(keys[n * KEYS : (n + 1) * KEYS])) for n in range(count)]


def grow(index: SqliteIndex, size: int) -> tuple[float, Sequence[float]]:
    """Add entries up to a size; return the CPU seconds of an entry, and the seconds that each batch took."""
    seconds: list[float] = []
    worked, first = 0.0, index.size
    while index.size < size:
        rows = build_rows(index.size, min(BATCH, size - index.size))
        began, began_work = time.perf_counter(), time.thread_time()
        index.add(rows)
        seconds.append(time.perf_counter() - began)
        worked += time.thread_time() - began_work
    return worked / (size - first), seconds


def time_first(index: SqliteIndex) -> float:
    """Look up batches of absent keys; return microseconds a key."""
    spent = 0.0
    for _ in range(MEASURED):
        keys = [os.urandom(KEY_SIZE) for _ in range(BATCH)]
        began = time.thread_time()
        index.first(keys)
        spent += time.thread_time() - began
    return spent / MEASURED / BATCH * _MICROSECONDS


def time_search(directory: Path, keys: Sequence[bytes]) -> float:
    """Search for single keys as another process does; return microseconds a search."""
    with closing(open_index_reader(directory)) as reader:
        reader.search(keys[0], limit=1)
        began = time.perf_counter()
        for key in keys:
            if len(reader.search(key, limit=10)) != 1:
                raise SystemExit(f"key {key.hex()} was added and is not found")
        return (time.perf_counter() - began) / len(keys) * _MICROSECONDS


def time_start(directory: Path) -> float:
    """Open the index once more; return milliseconds."""
    began = time.perf_counter()
    with closing(open_index_reader(directory)) as reader:
        reader.first([bytes(KEY_SIZE)])
    return (time.perf_counter() - began) * 1000


def measure(index: SqliteIndex, directory: Path) -> Iterator[Growth]:
    """Grow an index through all sizes."""
    for size in SIZES:
        per_entry, seconds = grow(index, size - BATCH)
        while_merging = time_first(index)
        last = build_rows(index.size, BATCH)
        index.add(last)
        index.tidy()
        files = [path for path in directory.iterdir() if not path.name.startswith("index.db")]
        yield Growth(
            entries=size,
            add_per_entry=per_entry * _MICROSECONDS,
            add_p99_per_batch=quantiles(seconds, n=100)[-1] * _MICROSECONDS,
            first_while_merging=while_merging,
            first_per_key=time_first(index),
            search=time_search(directory, [row.keys[0] for row in last]),
            runs=len(files),
            start_ms=time_start(directory),
            memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            disk_per_entry=sum(path.stat().st_size for path in files) / size,
        )


def main() -> None:
    """Print one line for each size."""
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as name, closing(SqliteIndex(Path(name))) as index:
        print(_HEAD)
        for row in measure(index, Path(name)):
            print(_LINE.format(row=row), flush=True)


if __name__ == "__main__":
    main()
