"""A log's writer with what operators see of it: numbers for Prometheus, and whether it can commit."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from cosignpy.version import VERSION
from log_server.log import LogKind
from log_server.metrics import (
    BATCH_SIZE,
    BUILD_INFO,
    DISK_FREE,
    DUPLICATES,
    FAILURES,
    INTEGRATION,
    NEW_ENTRIES,
    NEW_REKOR_ENTRIES,
    TREE_SIZE,
)
from log_server.sequencing.readiness import Readiness
from log_server.storage.protocol import StorageError
from log_server.tlog.values import Draft, Published

_DISK_SECONDS: Final = 10.0
"""How often the space that is left is asked for."""


class Writer(Protocol):
    """What is observed."""

    @property
    def size(self) -> int:
        """Return how many entries the log has."""
        ...

    @property
    def trouble(self) -> str:
        """Say why nothing is taken now."""
        ...

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        """Sequence a batch; see `Sequencer.sequence`."""
        ...

    def tick(self, now_ms: int) -> None:
        """Do what is due regularly."""
        ...


class ObservedWriter:
    """Passes everything on to a writer, and counts; it implements `Batches`."""

    def __init__(self, writer: Writer, kind: LogKind, folder: Path, readiness: Readiness) -> None:
        """Begin with the entries that the log has."""
        self._writer = writer
        self._folder = folder
        self._readiness = readiness
        self._disk_at = 0.0
        self._new = [NEW_ENTRIES.labels(kind)] + ([NEW_REKOR_ENTRIES[kind]] if kind in NEW_REKOR_ENTRIES else [])
        self._duplicates = DUPLICATES.labels(kind)
        self._failures = FAILURES.labels(kind)
        self._batch_size = BATCH_SIZE.labels(kind)
        self._seconds = INTEGRATION.labels(kind)
        self._size = TREE_SIZE.labels(kind)
        self._disk_free = DISK_FREE.labels(kind)
        self._size.set(writer.size)
        BUILD_INFO[kind].labels(VERSION).set(1)

    def sequence(self, drafts: Sequence[Draft], now_ms: int) -> Published:
        """Sequence a batch; see `Sequencer.sequence`.

        Raises:
            StorageError: Nothing was committed.
        """
        started = time.monotonic()
        try:
            published = self._writer.sequence(drafts, now_ms)
        except StorageError as error:
            self._failures.inc()
            self._readiness.refused(error, started)
            raise
        ended = time.monotonic()
        self._readiness.committed(ended)
        self._count(published, ended - started)
        return published

    def tick(self, now_ms: int) -> None:
        """Do what is due regularly, and look whether the log can commit."""
        self._writer.tick(now_ms)
        now = time.monotonic()
        self._readiness.look(self._writer.trouble, now)
        if now >= self._disk_at:
            self._disk_at = now + _DISK_SECONDS
            status = os.statvfs(self._folder)
            self._disk_free.set(status.f_bavail * status.f_frsize)

    def _count(self, published: Published, seconds: float) -> None:
        repeated = sum(place.duplicate for place in published.places)
        for counter in self._new:
            counter.inc(len(published.places) - repeated)
        self._duplicates.inc(repeated)
        self._batch_size.observe(len(published.places))
        self._seconds.observe(seconds)
        self._size.set(published.size)
