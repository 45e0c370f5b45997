"""One writer for a data directory: two would give the same index to different entries."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cosignpy.errors import UsageError
from log_server.storage.failures import explain, storage_error

LOCK_FILE: Final = "writer.lock"
_LONGEST_PID: Final = 20
"""Octets of a process id in decimal, at the most."""


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Be the one writer of a data directory while the block runs. The kernel lets go when the process dies.

    The lock is flock(2)'s, so a process that was forked shares it: start workers afresh instead.

    Raises:
        UsageError: Another process is it.
        StorageError: The lock file cannot be made.
    """
    path = directory / LOCK_FILE
    with explain(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(handle, directory)
        with explain(path):
            os.ftruncate(handle, 0)
            os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, directory: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(handle, _LONGEST_PID, 0).decode("ascii", "replace").strip()
        raise UsageError(
            f"process {holder} writes to {directory} already",
            f"stop it first (kill {holder}), or name another directory",
        ) from error
    except OSError as error:
        raise storage_error(directory, error) from error
