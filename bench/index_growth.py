"""Measure what the index of a log costs as the log grows: `python -m bench.index_growth [DIRECTORY]`, six minutes.

Entries are synthetic, with four random keys each; batches and look-ups are as large as those of a busy log.
Keys that are looked up for duplicates are absent, which is the usual case, or each of another entry. Costs are CPU
time of the thread that adds or looks, since adding as fast as possible keeps the other core busy with sorting and
merging, which `all` counts too; the writer's start is CPU time as well, and as long as after a crash, since nothing is
saved when it is closed. p99, search and a reader's start are times on the wall.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import sample
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
                     add (us)               first (us/key)     search         start (ms)    memory    disk
   entries  /entry     all  p99/batch  merging  quiet  present   (us)  runs  reader  writer    (MB)  (B/entry)"""
_LINE: Final = (
    "{row.entries:>10,} {row.add_per_entry:>7.2f} {row.add_in_all:>7.2f} {row.add_p99_per_batch:>10.0f}"
    " {row.first_while_merging:>8.2f} {row.first_absent:>6.2f} {row.first_present:>8.2f} {row.search:>6.0f}"
    " {row.runs:>5} {row.reader_start_ms:>7.0f} {row.writer_start_ms:>7.0f} {row.memory_mb:>7.0f}"
    " {row.disk_per_entry:>10.0f}"
)


@value
class Growth:
    """What was measured on the way to a size; times in microseconds."""

    entries: int
    add_per_entry: float
    add_in_all: float
    add_p99_per_batch: float
    first_while_merging: float
    first_absent: float
    first_present: float
    search: float
    runs: int
    reader_start_ms: float
    writer_start_ms: float
    memory_mb: float
    disk_per_entry: float


def build_rows(begin: int, count: int) -> Sequence[IndexRow]:
    """Make entries with random keys."""
    pool = os.urandom(count * KEYS * KEY_SIZE)
    keys = [pool[at : at + KEY_SIZE] for at in range(0, len(pool), KEY_SIZE)]
    return [IndexRow(begin + n, tuple(keys[n * KEYS : (n + 1) * KEYS])) for n in range(count)]


class Grown:
    """An index that grows, with what it cost to grow, and some of the keys of its entries."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.index = SqliteIndex(directory)
        self.known: list[bytes] = []

    def grow(self, size: int) -> tuple[float, float, Sequence[float]]:
        """Add entries up to a size.

        Returns the CPU seconds of an entry in this thread, and in all, and the seconds that each batch took.
        """
        seconds: list[float] = []
        worked, made, began_all, first = 0.0, 0.0, time.process_time(), self.index.size
        while self.index.size < size:
            began_rows = time.thread_time()
            rows = build_rows(self.index.size, min(BATCH, size - self.index.size))
            self._remember(rows)
            began, began_work = time.perf_counter(), time.thread_time()
            self.index.add(rows)
            seconds.append(time.perf_counter() - began)
            worked += time.thread_time() - began_work
            made += began_work - began_rows
        in_all = time.process_time() - began_all - made
        return worked / (size - first), in_all / (size - first), seconds

    def open_again(self) -> float:
        """Close the index and open it; return milliseconds."""
        self.index.close()
        del self.index
        gc.collect()
        began = time.thread_time()
        self.index = SqliteIndex(self.directory)
        return (time.thread_time() - began) * 1000

    def time_absent(self) -> float:
        """Look up batches of absent keys; return microseconds a key."""
        return self._time([os.urandom(KEY_SIZE) for _ in range(MEASURED * BATCH)], 0)

    def time_present(self) -> float:
        """Look up batches of keys of entries of any age; return microseconds a key."""
        return self._time(sample(self.known, min(MEASURED * BATCH, len(self.known))), 1)

    def _time(self, keys: Sequence[bytes], hits: int) -> float:
        found, began = 0, time.thread_time()
        for first in range(0, len(keys), BATCH):
            found += len(self.index.first(keys[first : first + BATCH]))
        spent = time.thread_time() - began
        if found != hits * len(keys):
            raise SystemExit(f"{found} of {len(keys)} keys are found")
        return spent / len(keys) * _MICROSECONDS

    def _remember(self, rows: Sequence[IndexRow]) -> None:
        self.known += [row.keys[0] for row in rows[:: 1 if rows[0].index < SIZES[0] else BATCH // 2]]


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


def measure(grown: Grown) -> Iterator[Growth]:
    """Grow an index through all sizes."""
    directory = grown.directory
    for size in SIZES:
        per_entry, in_all, seconds = grown.grow(size - BATCH)
        last = build_rows(grown.index.size, BATCH)
        grown.index.add(last)
        while_merging = grown.time_absent()
        grown.index.tidy()
        memory_mb = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        files = [path for path in directory.iterdir() if not path.name.startswith("index.db")]
        yield Growth(
            entries=size,
            add_per_entry=per_entry * _MICROSECONDS,
            add_in_all=in_all * _MICROSECONDS,
            add_p99_per_batch=quantiles(seconds, n=100)[-1] * _MICROSECONDS,
            first_while_merging=while_merging,
            first_absent=grown.time_absent(),
            first_present=grown.time_present(),
            search=time_search(directory, [row.keys[0] for row in last]),
            runs=sum("-" in path.name for path in files),
            reader_start_ms=time_start(directory),
            writer_start_ms=grown.open_again(),
            memory_mb=memory_mb,
            disk_per_entry=sum(path.stat().st_size for path in files) / size,
        )


def main() -> None:
    """Print one line for each size."""
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        grown = Grown(Path(name))
        print(_HEAD)
        for row in measure(grown):
            print(_LINE.format(row=row), flush=True)
        grown.index.close()


if __name__ == "__main__":
    main()
