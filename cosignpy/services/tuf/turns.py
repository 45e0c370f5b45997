"""Turns among processes: one updates a mirror's cache while the others wait, or do without."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cosignpy.errors import FileError
from cosignpy.files import explain
from cosignpy.net.clock import Clock

TURN_TIMEOUT: Final = 120.0
"""Seconds to wait for others; one update is given half of that."""
_POLL: Final = 0.02


@contextmanager
def take_turn(lock: Path, clock: Clock) -> Iterator[None]:
    """Wait until nobody else has the turn, and have it inside the block.

    Raises:
        FileError: The lock cannot be made, or somebody keeps the turn for too long.
    """
    handle = _open(lock)
    try:
        deadline = clock.monotonic() + TURN_TIMEOUT
        while not _is_free(handle, lock):
            if clock.monotonic() >= deadline:
                raise FileError(str(lock), f"another process has held the lock for {TURN_TIMEOUT:.0f} seconds")
            clock.sleep(_POLL)
        yield
    finally:
        os.close(handle)


@contextmanager
def try_turn(lock: Path) -> Iterator[bool]:
    """Have the turn inside the block if it is free, and say whether it is; wait for nothing.

    Raises:
        FileError: The lock cannot be made.
    """
    handle = _open(lock)
    try:
        yield _is_free(handle, lock)
    finally:
        os.close(handle)


def _open(lock: Path) -> int:
    with explain(lock):
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is_free(handle: int, lock: Path) -> bool:
    with explain(lock):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
